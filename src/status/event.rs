//! Events: one per outcome that is new. Their text is stable, so that repeats become a series and not new objects.

use super::Pass;
use crate::api::{ConditionType, Reason, StepFunctionsApi, StepFunctionsApiStatus};
use crate::plan::{Action, FOREIGN, Plan, Step};

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
            Some(if *drifted { healed(plan) } else { EventDraft::new(false, Reason::Applied, told("", plan)) })
        }
        Pass::Failed { trouble, .. } if news => {
            // Waiting in a line is nothing to be warned of.
            Some(EventDraft::new(trouble.reason != Reason::Throttled, trouble.reason, trouble.message.clone()))
        }
        Pass::Planned { plan, .. } if news => {
            let would_do = format!("plan {} would do: ", plan.hash());
            Some(EventDraft::new(false, Reason::Planned, told(&would_do, plan)))
        }
        Pass::Drifted(plan) if news => {
            Some(EventDraft::new(true, Reason::Drifted, told(&format!("{}would set it right: ", found(plan)), plan)))
        }
        Pass::Paused { .. } if news => Some(EventDraft::new(false, Reason::Paused, "AWS is left alone".to_owned())),
        _ => None,
    }
}

/// That others' changes were healed by these steps.
pub fn healed(plan: &Plan) -> EventDraft {
    EventDraft::new(false, Reason::DriftHealed, told(&found(plan), plan))
}

/// A plan after some words, in as much detail as an event can have.
fn told(words: &str, plan: &Plan) -> String {
    format!("{words}{}", plan.summary_within(NOTE_MAX.saturating_sub(words.len())))
}

/// What others did to role, definition and stages, as far as the healing tells.
fn found(plan: &Plan) -> String {
    let deleted_api = plan.steps.iter().any(|step| matches!(step.action, Action::CreateRestApi(_)));
    // With an API go its stages.
    let with_it = |step: &&Step| deleted_api && matches!(step.action, Action::CreateStage { .. });
    let others = plan.steps.iter().filter(|step| !with_it(step));
    let mut gone: Vec<String> = others.filter_map(|step| deleted(&step.action)).collect();
    let draft = !deleted_api && plan.steps.iter().any(|step| matches!(step.action, Action::PutRestApi { .. }));
    let moved: Vec<(&str, &str)> = plan.steps.iter().filter_map(moved).collect();
    // What a stage of others' deployments serves may be that draft.
    let deployed = if moved.iter().any(|(_, to)| to.ends_with(FOREIGN)) { "" } else { " and not deployed" };
    gone.extend(draft.then(|| format!("the draft had been changed{deployed}")));
    gone.extend(moved.iter().map(|(stage, to)| {
        let what = if to.ends_with(FOREIGN) { "" } else { "revision " };
        format!("stage {stage} had been moved to {what}{to}")
    }));
    if gone.is_empty() { String::new() } else { format!("{}: ", gone.join("; ")) }
}

/// The stage that a step brings back, and where it was moved to.
fn moved(step: &Step) -> Option<(&str, &str)> {
    match &step.action {
        Action::UpdateStage { name, update } if update.revision.is_some() => {
            Some((name, step.changes.first()?.from.as_ref()?.as_str()?))
        }
        _ => None,
    }
}

/// What others had deleted, if a step makes it anew.
fn deleted(step: &Action) -> Option<String> {
    let what = match step {
        Action::CreateRole(role) => format!("role {}", role.name),
        Action::CreateRestApi(_) => "the API".to_owned(),
        Action::CreateStage { name, .. } => format!("stage {name}"),
        Action::CreateUsagePlan { name, .. } => format!("usage plan {name}"),
        Action::CreateApiKey { name, .. } => format!("API key {name}"),
        Action::CreateDomainName { name, .. } => format!("domain name {name}"),
        _ => return None,
    };
    Some(format!("{what} had been deleted"))
}

/// An event of warnings that were not there before.
pub(super) fn warned(before: &StepFunctionsApiStatus, new: &StepFunctionsApiStatus) -> Option<EventDraft> {
    let warnings = |status: &StepFunctionsApiStatus| {
        let reason = Reason::Warned.to_string();
        let found = status.condition(ConditionType::Accepted).filter(|condition| condition.reason == reason);
        found.map(|condition| condition.message.clone())
    };
    let now = warnings(new).filter(|now| Some(now) != warnings(before).as_ref())?;
    Some(EventDraft::new(true, Reason::Warned, now))
}

/// An event of what others did and is left as it is, while all else is as it should be.
pub(super) fn left(
    before: &StepFunctionsApiStatus,
    new: &StepFunctionsApiStatus,
    pass: &Pass<'_>,
) -> Option<EventDraft> {
    let drifted = |status: &StepFunctionsApiStatus| {
        let found = status.condition(ConditionType::Drifted).filter(|condition| condition.status == "True");
        found.map(|condition| condition.message.clone())
    };
    let now = drifted(new).filter(|_| matches!(pass, Pass::Settled { .. }))?;
    (drifted(before).as_ref() != Some(&now)).then(|| EventDraft::new(true, Reason::Drifted, now))
}

fn ready_changed(old: &StepFunctionsApiStatus, new: &StepFunctionsApiStatus) -> bool {
    let ready = |status: &StepFunctionsApiStatus| {
        let found = status.condition(ConditionType::Ready);
        found.map(|condition| (condition.reason.clone(), condition.message.clone()))
    };
    ready(old) != ready(new)
}
