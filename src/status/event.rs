//! Events: one per outcome that is new. Their text is stable, so that repeats become a series and not new objects.

use super::Pass;
use crate::api::{ConditionType, Reason, StepFunctionsApi, StepFunctionsApiStatus};
use crate::model::Desired;
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
        Pass::Settled { plan, drifted: false, .. } if !plan.steps.is_empty() => {
            Some(EventDraft::new(false, Reason::Applied, told("", plan)))
        }
        Pass::Failed { trouble, .. } if news => {
            // Waiting in a line is nothing to be warned of.
            Some(EventDraft::new(trouble.reason != Reason::Throttled, trouble.reason, trouble.message.clone()))
        }
        Pass::Planned { plan, beyond, deleting, .. } if news => {
            let hash = plan.hash();
            let would_do = match beyond {
                _ if *deleting => format!("the deletion, plan {hash}, would do: "),
                Some(beyond) => format!("plan {hash}, with what the approved one did not have ({beyond}), would do: "),
                None => format!("plan {hash} would do: "),
            };
            Some(EventDraft::new(false, Reason::Planned, told(&would_do, plan)))
        }
        Pass::Drifted(plan) if news => {
            let found = others_did(plan, &old, old.revision.as_deref());
            Some(EventDraft::new(
                true,
                Reason::Drifted,
                told(&format!("left as it is, {found}to set it right: "), plan),
            ))
        }
        Pass::Paused { .. } if news => Some(EventDraft::new(false, Reason::Paused, "AWS is left alone".to_owned())),
        _ => None,
    }
}

/// What a pass began that could not tell its end, because the process ended: it is done now.
pub(super) fn unfinished(object: &StepFunctionsApi, pass: &Pass<'_>) -> Option<EventDraft> {
    let status = object.status.as_ref().filter(|_| matches!(pass, Pass::Settled { .. }))?;
    let of = |kind, reason: Reason| {
        status.condition(kind).filter(|condition| condition.reason == reason.to_string()).map(|found| &found.message)
    };
    let begun = of(ConditionType::Ready, Reason::Applying)?;
    Some(match of(ConditionType::Drifted, Reason::Drifted) {
        Some(drift) => {
            EventDraft::new(false, Reason::DriftHealed, format!("begun in a pass that was cut off, done now: {drift}"))
        }
        None => EventDraft::new(false, Reason::Applied, format!("begun in a pass that was cut off, done now: {begun}")),
    })
}

/// What a pass has written before it met what may last long, after `untold` ones, and what others did, as far as it healed
/// that; `None` for nothing.
pub fn done_so_far(object: &StepFunctionsApi, untold: Vec<Step>, mut plan: Plan) -> Option<EventDraft> {
    let before = object.status.clone().unwrap_or_default();
    // Roles and the like are in the status before they are made.
    let deleted = |step: &Step| match step.action {
        Action::CreateStage { .. } | Action::CreateRestApi(_) => deleted(&step.action, &plan, &before),
        _ => None,
    };
    let moved = |step: &Step| moved(step, &before).map(|(stage, to)| had_been_moved(stage, to));
    let found: Vec<String> = plan.steps.iter().filter_map(|step| deleted(step).or_else(|| moved(step))).collect();
    plan.steps.splice(0..0, untold);
    let reason = if found.is_empty() { Reason::Applied } else { Reason::DriftHealed };
    let words = if found.is_empty() { String::new() } else { format!("{}: ", found.join("; ")) };
    (!plan.steps.is_empty()).then(|| EventDraft::new(false, reason, told(&format!("{words}done so far: "), &plan)))
}

fn had_been_moved(stage: &str, to: &str) -> String {
    let what = if to.ends_with(FOREIGN) { "" } else { "revision " };
    format!("stage {stage} had been moved to {what}{to}")
}

/// That others' changes were healed by these steps. With a change of the spec only that is told which cannot be the
/// change's own doing; `None` if that is nothing.
pub fn healed(object: &StepFunctionsApi, plan: &Plan, desired: &Desired, drifted: bool) -> Option<EventDraft> {
    // Without that, differences may be what is left of an earlier change.
    let before = object.status.as_ref().filter(|status| status.applied.is_some() && !plan.is_empty())?;
    let revision = desired.revision.as_ref().map(|revision| revision.0.as_str());
    let found = others_did(plan, before, revision);
    let note = match drifted {
        true => told(&found, plan),
        false => format!("{}healed with a change of the spec", Some(found).filter(|found| !found.is_empty())?),
    };
    Some(EventDraft::new(false, Reason::DriftHealed, note))
}

/// A plan after some words, in as much detail as an event can have.
fn told(words: &str, plan: &Plan) -> String {
    format!("{words}{}", plan.summary_within(NOTE_MAX.saturating_sub(words.len())))
}

/// What others did to what there was before, as far as the steps tell that lead to this revision.
fn others_did(plan: &Plan, before: &StepFunctionsApiStatus, revision: Option<&str>) -> String {
    let deleted_api = plan.steps.iter().any(|step| matches!(step.action, Action::CreateRestApi(_)));
    // With an API go its stages and deployments.
    let with_it =
        |step: &&Step| deleted_api && matches!(step.action, Action::CreateStage { .. } | Action::CreateDeployment(_));
    let others = plan.steps.iter().filter(|step| !with_it(step));
    let mut found: Vec<String> = others.filter_map(|step| deleted(&step.action, plan, before)).collect();
    let put = plan.steps.iter().any(|step| matches!(step.action, Action::PutRestApi { .. }));
    let draft = put && !deleted_api && before.revision.as_deref() == revision;
    let moved: Vec<(&str, &str)> = plan.steps.iter().filter_map(|step| moved(step, before)).collect();
    // What a stage of others' deployments serves may be that draft.
    let deployed = if moved.iter().any(|(_, to)| to.ends_with(FOREIGN)) { "" } else { " and not deployed" };
    found.extend(draft.then(|| format!("the draft had been changed{deployed}")));
    found.extend(moved.iter().map(|(stage, to)| had_been_moved(stage, to)));
    if found.is_empty() { String::new() } else { format!("{}: ", found.join("; ")) }
}

/// The stage that a step brings back, and where it was moved to from what it was brought to.
fn moved<'p>(step: &'p Step, before: &StepFunctionsApiStatus) -> Option<(&'p str, &'p str)> {
    let Action::UpdateStage { name, update } = &step.action else { return None };
    update.revision.as_ref()?;
    let serves = step.changes.first()?.from.as_ref()?.as_str()?;
    let brought = before.stages.iter().find(|stage| stage.name == *name)?;
    (brought.revision != serves).then_some((name, serves))
}

/// What others had deleted, if a step makes it anew.
fn deleted(step: &Action, plan: &Plan, before: &StepFunctionsApiStatus) -> Option<String> {
    let (was, what) = match step {
        Action::CreateRole(role) => (before.created_roles.contains(&role.name), format!("role {}", role.name)),
        Action::CreateRestApi(_) => (before.rest_api_id.is_some(), "the API".to_owned()),
        Action::CreateDeployment(revision) => {
            let known = before.deployments.iter().any(|known| known.revision == revision.0);
            (known, format!("the deployment of revision {revision}"))
        }
        Action::CreateStage { name, .. } => {
            (before.stages.iter().any(|stage| stage.name == *name), format!("stage {name}"))
        }
        Action::CreateUsagePlan { name, .. } => {
            (before.usage_plans.iter().any(|plan| plan.name == *name), format!("usage plan {name}"))
        }
        Action::CreateApiKey { name, .. } => {
            let mut keys = before.usage_plans.iter().flat_map(|plan| &plan.api_keys);
            // Else it has another value.
            let goes = |step: &Step| matches!(&step.action, Action::DeleteApiKey { name: goes, .. } if goes == name);
            (keys.any(|key| key.name == *name) && !plan.steps.iter().any(goes), format!("API key {name}"))
        }
        Action::CreateDomainName { name, .. } => {
            (before.domains.iter().any(|domain| domain.name == *name), format!("domain name {name}"))
        }
        _ => return None,
    };
    was.then(|| format!("{what} had been deleted"))
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
