//! Events: one per outcome that is new. Their text is stable, so that repeats become a series and not new objects.

use super::{Pass, is_settled};
use crate::api::{ConditionType, Reason, StepFunctionsApi, StepFunctionsApiStatus};

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
        Pass::Settled { plan, .. } if !plan.steps.is_empty() => {
            let lines = plan.lines().join("; ");
            // After anything but a settled pass over this spec, the steps may be what is left of a change of it.
            let reason = if is_settled(object) { Reason::DriftHealed } else { Reason::Applied };
            Some(EventDraft::new(false, reason, lines))
        }
        Pass::Failed { trouble, .. } if news => Some(EventDraft::new(true, trouble.reason, trouble.message.clone())),
        Pass::Planned(plan) if news => {
            Some(EventDraft::new(false, Reason::Planned, format!("would do: {}", plan.lines().join("; "))))
        }
        Pass::Paused { .. } if news => Some(EventDraft::new(false, Reason::Paused, "AWS is left alone".to_owned())),
        _ => None,
    }
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
