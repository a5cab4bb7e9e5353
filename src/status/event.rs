//! Events: one per outcome that is new. Their text is stable, so that repeats become a series and not new objects.

use super::Pass;
use crate::api::{ConditionType, Reason, StepFunctionsApi, StepFunctionsApiStatus};
use crate::plan::{Action, Plan};

/// Limit of events.k8s.io/v1 for a note, in bytes.
const NOTE_MAX: usize = 1024;

/// An event to publish.
#[derive(Clone, Debug, PartialEq)]
pub struct EventDraft {
    /// Normal or Warning.
    pub warning: bool,
    /// Why.
    pub reason: Reason,
    /// What happened.
    pub note: String,
}

impl EventDraft {
    /// With the note cut to what Kubernetes takes.
    pub fn new(warning: bool, reason: Reason, mut note: String) -> Self {
        if note.len() > NOTE_MAX {
            let end = (0..=NOTE_MAX - 3).rev().find(|end| note.is_char_boundary(*end)).unwrap_or_default();
            note.truncate(end);
            note.push_str("...");
        }
        Self { warning, reason, note }
    }
}

pub(super) fn next(object: &StepFunctionsApi, new: &StepFunctionsApiStatus, pass: &Pass<'_>) -> Option<EventDraft> {
    let old = object.status.clone().unwrap_or_default();
    let news = ready_changed(&old, new);
    match pass {
        Pass::Settled { plan, drifted, .. } if !plan.steps.is_empty() => {
            let steps = plan.summary();
            Some(match drifted {
                true => EventDraft::new(false, Reason::DriftHealed, format!("{}{steps}", found(plan))),
                false => EventDraft::new(false, Reason::Applied, steps),
            })
        }
        Pass::Failed { trouble, .. } if news => {
            // Waiting in a line is nothing to be warned of.
            Some(EventDraft::new(trouble.reason != Reason::Throttled, trouble.reason, trouble.message.clone()))
        }
        Pass::Planned { plan, .. } if news => {
            Some(EventDraft::new(false, Reason::Planned, format!("plan {} would do: {}", plan.hash(), plan.summary())))
        }
        Pass::Drifted(plan) if news => Some(EventDraft::new(
            true,
            Reason::Drifted,
            format!("{}would set it right: {}", found(plan), plan.summary()),
        )),
        Pass::Paused { .. } if news => Some(EventDraft::new(false, Reason::Paused, "AWS is left alone".to_owned())),
        _ => None,
    }
}

/// What others did to the definition and to what stages serve, as far as the healing tells.
fn found(plan: &Plan) -> String {
    let draft = plan.steps.iter().any(|step| matches!(step.action, Action::PutRestApi { .. }));
    let moved = plan.steps.iter().filter_map(|step| match &step.action {
        Action::UpdateStage { name, update } if update.revision.is_some() => {
            Some(format!("stage {name} had been moved"))
        }
        _ => None,
    });
    let mut moved: Vec<String> = moved.collect();
    match (draft, moved.is_empty()) {
        (false, true) => return String::new(),
        (true, true) => moved.push("the draft had been changed and not deployed".to_owned()),
        (true, false) => moved.insert(0, "the draft had been changed".to_owned()),
        (false, false) => {}
    }
    format!("{}: ", moved.join("; "))
}

/// An event of warnings that were not there before.
pub(super) fn warned(before: &StepFunctionsApiStatus, new: &StepFunctionsApiStatus) -> Option<EventDraft> {
    let warnings = |status: &StepFunctionsApiStatus| {
        let (kind, reason) = (ConditionType::Accepted.to_string(), Reason::Warned.to_string());
        let found = status.conditions.iter().find(|condition| condition.type_ == kind && condition.reason == reason);
        found.map(|condition| condition.message.clone())
    };
    let now = warnings(new).filter(|now| Some(now) != warnings(before).as_ref())?;
    Some(EventDraft::new(true, Reason::Warned, now))
}

fn ready_changed(old: &StepFunctionsApiStatus, new: &StepFunctionsApiStatus) -> bool {
    let ready = |status: &StepFunctionsApiStatus| {
        let kind = ConditionType::Ready.to_string();
        let found = status.conditions.iter().find(|condition| condition.type_ == kind);
        found.map(|condition| (condition.reason.clone(), condition.message.clone()))
    };
    ready(old) != ready(new)
}
