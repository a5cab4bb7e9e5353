//! Whether a plan may be made that waits for an approval.

use kube::{Resource, ResourceExt};

use crate::api::{APPROVE, Mode, StepFunctionsApi};
use crate::model::Desired;
use crate::plan::Plan;
use crate::status::Pass;

/// By which hash a plan is approved, if it has to be; the error is what is shown as long as it is not. `drifted` if the plan
/// is no more than what others did.
pub(super) fn approval<'p>(
    object: &'p StepFunctionsApi,
    plan: &'p Plan,
    desired: &Desired,
    drifted: bool,
) -> Result<Option<&'p str>, Pass<'p>> {
    if plan.is_empty() || object.spec.mode != Mode::Plan && !plan.adopts() {
        return Ok(None);
    }
    let approval = object.annotations().get(APPROVE).map(String::as_str);
    let record = object.status.as_ref().and_then(|status| status.approved.as_ref());
    let done = record.filter(|approved| approved.done).map(|done| done.hash.as_str());
    // One that was carried out is of no interest for another plan.
    let approval = approval.filter(|hash| done != Some(hash) || *hash == plan.hash());
    // What is left of a plan that was begun has another hash.
    let begun = record.filter(|approved| approved.is_begun(approval, &desired.hash()));
    let beyond = begun.and_then(|begun| plan.beyond(&begun.writes));
    let is_left = begun.is_some() && beyond.is_none();
    let holds = |hash: &&str| (*hash == plan.hash() || is_left) && done != Some(hash);
    approval.filter(|hash| plan.blockers.is_empty() && holds(hash)).map(Some).ok_or(Pass::Planned {
        plan,
        approval,
        beyond,
        drifted,
        deleting: object.meta().deletion_timestamp.is_some(),
    })
}
