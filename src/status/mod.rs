//! What happened -> status and event. Pure: the time is an argument.

mod conditions;
mod deployment;
mod endpoint;
mod event;
mod names;
mod outputs;
mod trouble;

use std::collections::BTreeMap;

use self::endpoint::Values;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use crate::api::{
    APPROVE, ApprovedPlan, ConditionType, ENDPOINTS_MAX, PlanStatus, Reason, ReferenceStatus, StageStatus,
    StepFunctionsApi, StepFunctionsApiSpec, StepFunctionsApiStatus,
};
use crate::apply::{Failure, Ids, Outcome};
use crate::model::{Desired, MethodKey, Observed, TAG_PREFIX, invoke_url};
use crate::plan::Plan;
use crate::references::Secrets;
use crate::render::Problem;

pub use deployment::{brought_to, known_deployments};
pub use event::{EventDraft, done_so_far, healed};
pub use outputs::outputs;
pub use trouble::{Retry, Trouble};

/// How far a pass came.
#[derive(Debug)]
pub enum Pass<'a> {
    /// About to make these writes, because of others' changes or of the spec's; `approved` by its hash, in mode Plan.
    Applying { plan: &'a Plan, desired: &'a Desired, drifted: bool, approved: Option<&'a str> },
    /// AWS is as desired, after these writes (perhaps none).
    Settled { desired: &'a Desired, ids: &'a Ids, plan: &'a Plan, drifted: bool },
    /// Others have changed AWS; this would set it right.
    Drifted(&'a Plan),
    /// Mode Plan: this is what would be written. `approval` is what the annotation says, and `beyond` what its plan, which was
    /// begun, did not have. `drifted` if it is what others did, `deleting` if it is the deletion that waits for an approval.
    Planned { plan: &'a Plan, approval: Option<&'a str>, beyond: Option<String>, drifted: bool, deleting: bool },
    /// Mode Paused, which also holds up a deletion.
    Paused { deleting: bool },
    /// About to delete with these writes; `approved` by its hash, in mode Plan, for nothing that is wanted.
    Deleting { plan: &'a Plan, desired: &'a Desired, approved: Option<&'a str> },
    /// It went wrong, after some of the steps to what is wanted, or before any.
    Failed { trouble: &'a Trouble, made: Option<(&'a Outcome, &'a Desired)> },
}

impl<'a> Pass<'a> {
    /// The outcome of steps of which one failed.
    fn broken_off(&self) -> Option<(&'a Outcome, &'a Failure)> {
        let Self::Failed { made: Some((outcome, _)), .. } = self else { return None };
        Some((outcome, outcome.failure.as_ref()?))
    }

    /// What is wanted, where callers have all of it though a step failed.
    pub fn served(&self) -> Option<&'a Desired> {
        let Self::Failed { made: Some((_, desired)), .. } = self else { return None };
        self.broken_off().is_some_and(|(_, failure)| failure.action.spares_callers()).then_some(desired)
    }
}

/// What the status says beside what happened.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Time for conditions that change.
    pub now: &'a Time,
    /// URL template in place of AWS's own.
    pub invoke_url: Option<&'a str>,
    /// Value of the check-now annotation that this pass handles.
    pub check_now: Option<&'a str>,
    /// What there is to say about a valid spec.
    pub warnings: &'a [Problem],
    /// What the spec refers to, if that was looked at.
    pub references: Option<&'a [ReferenceStatus]>,
    /// What the API had of deployments and stages, if it was looked into.
    pub observed: Option<&'a Observed>,
    /// What is not to be shown of the values that the spec takes from others.
    pub secrets: &'a Secrets,
}

/// Whether the status says that AWS was as the present spec wants it when it was last looked at.
pub fn is_settled(object: &StepFunctionsApi) -> bool {
    let Some(status) = &object.status else { return false };
    let reason = Reason::Applied.to_string();
    let ready = |condition: &Condition| condition.status == "True" && condition.reason == reason;
    Some(status.observed_generation) == object.metadata.generation
        && status.condition(ConditionType::Ready).is_some_and(ready)
}

/// The new status of an object, and the events to publish of what is new. `before` is the status as it was last
/// written; the object's own is that of the start of the pass.
pub fn next(
    object: &StepFunctionsApi,
    before: &StepFunctionsApiStatus,
    pass: &Pass<'_>,
    context: Context<'_>,
) -> (StepFunctionsApiStatus, Vec<EventDraft>) {
    let generation = object.metadata.generation.unwrap_or_default();
    let mut status = before.clone();
    status.observed_generation = generation;
    status.conditions = conditions::next(&before.conditions, pass, generation, context);
    if let Some(references) = context.references {
        status.references = references.to_vec();
    }
    if let Some(observed) = context.observed {
        deployment::forget_gone(&mut status, observed, context.now);
        let brought = match pass {
            Pass::Failed { made, .. } => Some(made.map(|(outcome, _)| &outcome.ids.brought)),
            Pass::Planned { .. } | Pass::Drifted(_) => Some(None),
            _ => None,
        };
        if let Some(brought) = brought {
            let is_brought = |name: &str| brought.is_some_and(|brought| brought.contains(name));
            deployment::miss(&mut status, |name| observed.stages.contains_key(name) || is_brought(name));
        }
    }
    if !matches!(pass, Pass::Applying { .. }) {
        status.last_handled_check_now = context.check_now.map(str::to_owned);
    }
    let approval = object.metadata.annotations.as_ref().and_then(|annotations| annotations.get(APPROVE));
    status.approved.take_if(|approved| approved.done && Some(&approved.hash) != approval);
    status.plan = match pass {
        Pass::Planned { plan, .. } => Some(plan_status(plan, context.secrets)),
        _ => None,
    };
    match pass {
        Pass::Settled { desired, ids, .. } => {
            settled(&mut status, desired, ids, &object.spec, context);
            status.applied = Some(with_generated(desired, ids).hash());
            status.approved.iter_mut().for_each(ApprovedPlan::end);
        }
        Pass::Failed { made: Some((outcome, desired)), .. } if pass.served().is_some() => {
            settled(&mut status, desired, &outcome.ids, &object.spec, context);
        }
        Pass::Failed { made: Some((outcome, desired)), .. } => {
            take_ids(&mut status, &outcome.ids);
            if outcome.made > 0 {
                deployment::meanwhile(&mut status, desired, &outcome.ids);
                brought(&mut status, desired, &outcome.ids, &object.spec, context);
            }
        }
        // Tags and the like may be set before the pass ends; to remove them later, they have to be known before.
        Pass::Applying { plan, desired, drifted, approved } => {
            // From now on differences may be what is left of this.
            status.applied.take_if(|_| !drifted);
            record(&mut status, plan, desired, *approved);
            status.client_certificates |= plan.makes_client_certificates();
            status.tag_keys.extend(plan.tag_keys());
            status.created_roles.extend(plan.created_roles());
            status.managed_policy_arns.extend(plan.managed_policies().iter().map(ToString::to_string));
            names::announce(&mut status, plan);
        }
        Pass::Deleting { plan, desired, approved } => record(&mut status, plan, desired, *approved),
        _ => {}
    }
    let warned = event::warned(before, &status).into_iter().chain(event::left(before, &status, pass));
    let healed = match pass {
        Pass::Settled { desired, plan, drifted, .. } => healed(object, plan, desired, *drifted),
        _ => None,
    };
    let events =
        warned.chain(event::unfinished(object, pass)).chain(healed).chain(event::next(object, &status, pass)).collect();
    (status, events)
}

/// The desired state as the next pass will see it: values that AWS made are in their Secrets then.
fn with_generated(desired: &Desired, ids: &Ids) -> Desired {
    let mut desired = desired.clone();
    for (name, key) in desired.api_keys.iter_mut().filter(|(_, key)| key.value.is_none()) {
        key.value = ids.api_keys.get(name).map(|(_, value)| value.clone());
    }
    desired
}

/// Notes that an approved plan is begun. What is left of one is covered by the record of the whole, and may need no approval
/// any more.
fn record(status: &mut StepFunctionsApiStatus, plan: &Plan, desired: &Desired, approved: Option<&str>) {
    let begun = |begun: &ApprovedPlan| begun.is_begun(approved, &desired.hash());
    if let Some(hash) = approved.filter(|_| !status.approved.as_ref().is_some_and(begun)) {
        let (hash, wanted) = (hash.to_owned(), desired.hash());
        status.approved = Some(ApprovedPlan { hash, wanted, writes: plan.writes(), done: false });
    }
}

fn take_ids(status: &mut StepFunctionsApiStatus, ids: &Ids) {
    status.rest_api_id = ids.rest_api.as_ref().map(|id| id.0.clone());
    if let Some(role) = &ids.role {
        status.role_arn = Some(role.to_string());
    }
}

/// Stages that a pass made or wrote before it failed, and those that no status knew.
fn brought(
    status: &mut StepFunctionsApiStatus,
    desired: &Desired,
    ids: &Ids,
    spec: &StepFunctionsApiSpec,
    context: Context<'_>,
) {
    let Some(api) = &ids.rest_api else { return };
    let (before, mut left): (Vec<_>, Vec<_>) = std::mem::take(&mut status.stages)
        .into_iter()
        .partition(|known| spec.stages.iter().any(|stage| stage.name == known.name));
    for name in spec.stages.iter().map(|stage| &stage.name) {
        let known = before.iter().find(|known| known.name == *name).cloned();
        let deployment = ids.stages.get(name).filter(|_| ids.brought.contains(name) || known.is_none());
        status.stages.extend(match deployment {
            Some(deployment) => {
                let url = invoke_url(context.invoke_url, &api.0, &desired.region, name);
                let stage = deployment::stage(name, url, deployment, (desired, ids), &before, context.now);
                let (canary, settings_hash) =
                    known.map(|known| (known.canary, known.settings_hash)).unwrap_or_default();
                Some(StageStatus { canary, settings_hash, ..stage })
            }
            None => known,
        });
    }
    status.stages.append(&mut left);
    let StepFunctionsApiStatus { stages, endpoints, revision, .. } = status;
    let serves = |name: &str| stages.iter().find(|stage| stage.name == name).map(|stage| &stage.revision);
    endpoints.retain(|endpoint| serves(&endpoint.stage) == revision.as_ref());
}

fn settled(
    status: &mut StepFunctionsApiStatus,
    desired: &Desired,
    ids: &Ids,
    spec: &StepFunctionsApiSpec,
    context: Context<'_>,
) {
    take_ids(status, ids);
    status.role_arn = ids.role.as_ref().or(desired.given_role()).map(ToString::to_string);
    status.client_certificates = desired.stages.values().any(|stage| stage.client_certificate);
    status.revision = desired.revision.as_ref().map(|revision| revision.to_string());
    // One that the spec gives by now stays ours, and goes with the object.
    let given = desired.given_roles();
    status.created_roles.retain(|name| given.iter().any(|arn| arn.role_name() == name));
    status.created_roles.extend(desired.role.iter().map(|role| role.name.clone()));
    let attached = desired.role.iter().flat_map(|role| &role.managed_policies);
    status.managed_policy_arns = attached.map(ToString::to_string).collect();
    status.tag_keys = desired.tag_keys().into_iter().filter(|key| !key.starts_with(TAG_PREFIX)).collect();
    status.usage_plans = names::usage_plans(desired, ids);
    status.domains = names::domains(desired, ids);
    status.deployments = deployment::deployments(desired, ids);
    status.output_config_map = spec.outputs.as_ref().map(|outputs| outputs.config_map.clone());
    let before = std::mem::take(&mut status.stages);
    status.endpoints.clear();
    let (Some(revision), Some(id), Some(api)) = (&desired.revision, &ids.rest_api, &desired.rest_api) else { return };
    let values: BTreeMap<MethodKey, Values> = spec.methods.iter().map(endpoint::values).collect();
    for name in spec.stages.iter().map(|stage| &stage.name) {
        let Some(deployment) = ids.stages.get(name) else { continue };
        let url = invoke_url(context.invoke_url, &id.0, &desired.region, name);
        let methods = api.definition.methods.iter();
        let called = methods.filter_map(|(key, method)| {
            let values = values.get(key).cloned().unwrap_or_default();
            endpoint::of(name, &url, &desired.region, key, method, &values, &api.definition.authorizers)
        });
        // The methods of an older revision are not known.
        status.endpoints.extend(called.filter(|_| desired.served_by(name) == Some(revision)));
        status.stages.push(deployment::stage(name, url, deployment, (desired, ids), &before, context.now));
    }
    status.endpoints.truncate(ENDPOINTS_MAX);
}

/// Longest plan in status, in lines: an object has to stay far below etcd's limit.
const PLAN_LINES: usize = 200;

fn plan_status(plan: &Plan, secrets: &Secrets) -> PlanStatus {
    let mut steps: Vec<String> = plan.lines_within(PLAN_LINES).iter().map(|line| secrets.hide(line)).collect();
    if steps.len() > PLAN_LINES {
        let more = steps.len() - PLAN_LINES;
        steps.truncate(PLAN_LINES);
        steps.push(format!("... and {more} more lines; `stepgate plan` prints them all"));
    }
    PlanStatus { hash: plan.hash(), steps }
}
