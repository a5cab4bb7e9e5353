//! Conditions. Stalled exactly when only a change of the spec helps, and never together with Reconciling (kstatus).

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use super::trouble::joined;
use super::{Context, Pass};
use crate::api::{APPROVE, ConditionType, Reason};
use crate::model::Desired;
use crate::plan::{Part, Plan};
use crate::render::Problem;

/// Kubernetes' limit for a condition's message.
const MESSAGE_MAX: usize = 32_768;

/// What a condition says; `None` leaves it as it was.
type Says = Option<(Status, Reason, String)>;

#[derive(Clone, Copy)]
enum Status {
    True,
    False,
    Unknown,
}

use Status::{False, True};

fn says(status: Status, reason: Reason, message: impl Into<String>) -> Says {
    Some((status, reason, message.into()))
}

pub(super) fn next(old: &[Condition], pass: &Pass<'_>, generation: i64, context: Context<'_>) -> Vec<Condition> {
    let rows: [(ConditionType, Says); 10] = [
        (ConditionType::Ready, ready(pass)),
        (ConditionType::Reconciling, reconciling(pass)),
        (ConditionType::Stalled, stalled(pass)),
        (ConditionType::Accepted, accepted(pass, context.warnings)),
        (ConditionType::Drifted, drifted(pass)),
        (ConditionType::RoleReady, part(pass, Part::Role)),
        (ConditionType::ApiReady, part(pass, Part::RestApi)),
        (ConditionType::StagesReady, part(pass, Part::Stages)),
        (ConditionType::UsagePlansReady, part(pass, Part::UsagePlans)),
        (ConditionType::DomainsReady, part(pass, Part::Domains)),
    ];
    rows.into_iter()
        .filter_map(|(kind, says)| {
            let before = old.iter().find(|condition| condition.type_ == kind.to_string());
            shown(kind, pass, before.is_some()).then(|| condition(kind, says, before, generation, context))
        })
        .collect()
}

/// Whether there is something that the condition is about. Every object has the others' parts.
fn shown(kind: ConditionType, pass: &Pass<'_>, before: bool) -> bool {
    let touches = |wanted: Part| match pass {
        Pass::Applying { plan, .. } => before || plan.steps.iter().any(|step| step.action.part() == wanted),
        Pass::Failed { .. } => before || failed_part(pass) == Some(wanted),
        _ => before,
    };
    let desired = match pass {
        Pass::Settled { desired, .. } => Some(*desired),
        _ => pass.served(),
    };
    match (kind, desired) {
        (ConditionType::UsagePlansReady, Some(desired)) => !desired.usage_plans.is_empty(),
        (ConditionType::DomainsReady, Some(desired)) => !desired.domains.is_empty(),
        (ConditionType::UsagePlansReady, _) => touches(Part::UsagePlans),
        (ConditionType::DomainsReady, _) => touches(Part::Domains),
        _ => true,
    }
}

/// The part of the step that failed.
fn failed_part(pass: &Pass<'_>) -> Option<Part> {
    pass.broken_off().map(|(_, failure)| failure.action.part())
}

fn condition(
    kind: ConditionType,
    says: Says,
    before: Option<&Condition>,
    generation: i64,
    context: Context<'_>,
) -> Condition {
    let (status, reason, mut message) = match (says, before) {
        (Some((status, reason, message)), _) => {
            let status = match status {
                True => "True",
                False => "False",
                Status::Unknown => "Unknown",
            };
            (status.to_owned(), reason.to_string(), context.secrets.hide(&message))
        }
        (None, Some(before)) => (before.status.clone(), before.reason.clone(), before.message.clone()),
        (None, None) => ("Unknown".to_owned(), Reason::Unknown.to_string(), String::new()),
    };
    if message.len() > MESSAGE_MAX {
        let end = (0..=MESSAGE_MAX - 3).rev().find(|end| message.is_char_boundary(*end)).unwrap_or_default();
        message.truncate(end);
        message.push_str("...");
    }
    // The time tells when the status flipped, not when it was last looked at.
    let same = before.filter(|before| before.status == status);
    let last_transition_time = same.map_or_else(|| context.now.clone(), |before| before.last_transition_time.clone());
    Condition {
        type_: kind.to_string(),
        status,
        reason,
        message,
        last_transition_time,
        observed_generation: Some(generation),
    }
}

fn writes(plan: &Plan) -> String {
    let count = plan.steps.len();
    let steps: Vec<String> = plan.steps.iter().map(|step| step.action.to_string()).collect();
    format!("{count} write{}: {}", if count == 1 { "" } else { "s" }, steps.join(", "))
}

fn planned(plan: &Plan, approval: Option<&str>, beyond: Option<&str>, deleting: bool) -> String {
    let hash = plan.hash();
    let other = match (approval, beyond) {
        (Some(begun), Some(beyond)) => {
            format!("Plan {begun} was begun, and what is left has what it did not have: {beyond}. ")
        }
        (Some(done), _) if done == hash => {
            format!("The approval of {done} was carried out before; to give it again, remove the annotation first. ")
        }
        (Some(other), _) => format!("The approval of {other} is for another plan. "),
        (None, _) => String::new(),
    };
    let (what, or) = match (plan.only_takes_over(), plan.adopts(), deleting) {
        // All that AWS tells of a deployment.
        (true, ..) => (" adopts an API as it is, with the methods that its stages serve now", ""),
        (_, true, _) => (" adopts an API", ""),
        (.., true) => (" is the deletion of this object", ", spec.mode to Apply, or deletionPolicy to Retain"),
        (.., false) => ("", ", or spec.mode to Apply"),
    };
    let approve = format!("To have it applied, set the annotation {APPROVE} to {hash}{or}.");
    format!("plan {hash}{what}, not applied. {other}{approve} {}{}", writes(plan), kept(plan))
}

/// What the API has beside what the spec describes.
fn kept(plan: &Plan) -> String {
    plan.kept().map(|kept| format!("; kept beside the spec: {kept}")).unwrap_or_default()
}

fn unrecorded(plan: &Plan) -> String {
    if plan.unrecorded.is_empty() {
        return String::new();
    }
    format!(
        "; what calls need was lost with an earlier status for revision {}: the role may lack it, and callers get a 500 then",
        plan.unrecorded.join(", ")
    )
}

fn drifted(pass: &Pass<'_>) -> Says {
    match pass {
        Pass::Applying { plan, drifted: true, .. }
        | Pass::Planned { plan, drifted: true, .. }
        | Pass::Drifted(plan) => says(True, Reason::Drifted, plan.summary()),
        Pass::Settled { plan, .. } => match plan.foreign_policies() {
            Some(policies) => says(True, Reason::Drifted, format!("given by others, left as it is: {policies}")),
            None => says(False, Reason::Applied, ""),
        },
        _ => None,
    }
}

/// What the stages serve: `stages alpha, beta at revision x; stage prod at revision y`.
fn serving(desired: &Desired) -> String {
    let mut served: BTreeMap<(bool, String), Vec<&str>> = BTreeMap::new();
    for name in desired.stages.keys() {
        let revision = desired.served_by(name);
        let held = revision != desired.revision.as_ref();
        let revision = revision.map(|revision| revision.to_string()).unwrap_or_default();
        served.entry((held, revision)).or_default().push(name);
    }
    let parts = served.into_iter().map(|((_, revision), names)| {
        let plural = if names.len() == 1 { "stage" } else { "stages" };
        format!("{plural} {} at revision {revision}", names.join(", "))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn ready(pass: &Pass<'_>) -> Says {
    match pass {
        Pass::Applying { plan, .. } => says(False, Reason::Applying, writes(plan)),
        Pass::Settled { desired, plan, .. } => {
            says(True, Reason::Applied, serving(desired) + &kept(plan) + &unrecorded(plan))
        }
        Pass::Drifted(plan) => {
            says(False, Reason::Drifted, format!("changed by others, left as it is: {}", plan.summary()))
        }
        Pass::Planned { plan, .. } if !plan.blockers.is_empty() => {
            let blockers: Vec<String> = plan.blockers.iter().map(ToString::to_string).collect();
            says(False, Reason::Planned, format!("nothing can be applied: {}", blockers.join("; ")))
        }
        Pass::Planned { plan, approval, beyond, deleting, .. } => {
            says(False, Reason::Planned, planned(plan, *approval, beyond.as_deref(), *deleting))
        }
        Pass::Paused { deleting: false } => says(Status::Unknown, Reason::Paused, "mode Paused, AWS is left alone"),
        Pass::Paused { deleting: true } => {
            let message = "mode Paused, the deletion waits; set spec.mode to Apply, or deletionPolicy to Retain";
            says(Status::Unknown, Reason::Paused, message)
        }
        Pass::Deleting { plan, .. } => says(False, Reason::Deleting, writes(plan)),
        Pass::Failed { trouble, .. } => says(False, trouble.reason, trouble.message.clone()),
    }
}

fn reconciling(pass: &Pass<'_>) -> Says {
    match pass {
        Pass::Applying { plan, .. } => says(True, Reason::Applying, writes(plan)),
        Pass::Deleting { plan, .. } => says(True, Reason::Deleting, writes(plan)),
        Pass::Failed { trouble, .. } if !trouble.stalled() => says(True, trouble.reason, "trying again"),
        Pass::Failed { trouble, .. } => says(False, trouble.reason, ""),
        Pass::Settled { .. } => says(False, Reason::Applied, ""),
        Pass::Drifted(_) => says(False, Reason::Drifted, ""),
        Pass::Planned { .. } => says(False, Reason::Planned, ""),
        Pass::Paused { .. } => says(False, Reason::Paused, ""),
    }
}

fn stalled(pass: &Pass<'_>) -> Says {
    match pass {
        Pass::Failed { trouble, .. } if trouble.stalled() => says(True, trouble.reason, trouble.message.clone()),
        Pass::Failed { trouble, .. } => says(False, trouble.reason, ""),
        Pass::Applying { .. } => says(False, Reason::Applying, ""),
        Pass::Deleting { .. } => says(False, Reason::Deleting, ""),
        Pass::Settled { .. } => says(False, Reason::Applied, ""),
        Pass::Drifted(_) => says(False, Reason::Drifted, ""),
        Pass::Planned { .. } => says(False, Reason::Planned, ""),
        Pass::Paused { .. } => says(False, Reason::Paused, ""),
    }
}

fn accepted(pass: &Pass<'_>, warnings: &[Problem]) -> Says {
    match pass {
        Pass::Failed { trouble, .. } if matches!(trouble.reason, Reason::Invalid | Reason::ReferenceInvalid) => {
            says(False, trouble.reason, trouble.message.clone())
        }
        Pass::Failed { trouble, .. } if trouble.reason == Reason::ReferenceMissing => {
            says(Status::Unknown, Reason::ReferenceMissing, "not known before all values are there")
        }
        Pass::Paused { .. } | Pass::Deleting { .. } => None,
        _ if !warnings.is_empty() => says(True, Reason::Warned, joined(warnings)),
        _ => says(True, Reason::Valid, ""),
    }
}

fn part(pass: &Pass<'_>, part: Part) -> Says {
    match pass {
        Pass::Settled { desired, .. } if part == Part::Role && desired.role.is_none() => {
            says(True, Reason::Given, "used as it is")
        }
        Pass::Settled { .. } => says(True, Reason::Applied, ""),
        Pass::Failed { trouble, .. } => pass.broken_off().map(|(outcome, failure)| {
            if failure.action.part() == part {
                (False, trouble.reason, trouble.message.clone())
            } else if outcome.left.contains(&part) && pass.served().is_none() {
                (Status::Unknown, Reason::Unknown, "an earlier step is not finished".to_owned())
            } else {
                (True, Reason::Applied, String::new())
            }
        }),
        Pass::Applying { plan, .. } if plan.steps.iter().any(|step| step.action.part() == part) => {
            says(False, Reason::Applying, "")
        }
        Pass::Drifted(plan) if plan.steps.iter().any(|step| step.action.part() == part) => {
            says(False, Reason::Drifted, "")
        }
        Pass::Deleting { .. } => says(False, Reason::Deleting, ""),
        _ => None,
    }
}
