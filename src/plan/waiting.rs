//! Which stages wait for what is new to be tested, and what they serve until then.

use std::collections::BTreeSet;

use super::deployment;
use crate::model::{DeploymentId, Desired, Observed, ObservedStage, Revision, Stage, StageName};

/// Whether a stage or a canary is to lead calls to what is new.
pub(super) fn any_is_new(desired: &Desired, observed: &Observed) -> bool {
    desired.stages.iter().any(|(name, wanted)| is_new(desired, observed, name, wanted))
}

/// Whether a stage is to serve something else, or to have other variables.
pub(super) fn any_changes(desired: &Desired, observed: &Observed) -> bool {
    let other = |(name, found): (&StageName, &ObservedStage)| {
        let has = &found.stage;
        desired.stages.get(name).is_some_and(|wanted| {
            observed.revision_of(&found.deployment) != desired.served_by(name)
                || wanted.variables != has.variables
                || wanted.canary != has.canary
        })
    };
    any_is_new(desired, observed) || observed.stages.iter().any(other)
}

/// Whether a stage waits for what comes after the tests: for these, or for a deployment that is made after them.
pub(super) fn waits(desired: &Desired, observed: &Observed, name: &str, wanted: &Stage) -> bool {
    let Some(current) = &desired.revision else { return false };
    let serves_it = desired.served_by(name) == Some(current) || wanted.canary.is_some();
    is_new(desired, observed, name, wanted) || serves_it && observed.deployment_of(current).is_none()
}

/// Whether a stage or its canary is to lead calls to what it was not brought to before: what the spec describes now, or
/// variables, which may lead to another machine. That others changed it since makes it none.
fn is_new(desired: &Desired, observed: &Observed, name: &str, wanted: &Stage) -> bool {
    let Some(current) = &desired.revision else { return false };
    let (found, brought) = (observed.stages.get(name), observed.brought_to.get(name));
    // What is there already was tested, before a pass that ended there.
    let is_there = || {
        found.is_some_and(|found| {
            observed.revision_of(&found.deployment) == Some(current) && found.stage.variables == wanted.variables
        })
    };
    let was_brought = || brought.is_some_and(|brought| brought.led_to(current, &wanted.variables));
    let stage = desired.served_by(name) == Some(current) && !is_there() && !was_brought();
    let canary = wanted.canary.as_ref().is_some_and(|canary| {
        let is_there = || {
            let serves = found.and_then(|found| observed.revision_of(found.canary_deployment.as_ref()?));
            let has = found.and_then(|found| found.stage.canary.as_ref());
            serves == Some(current) && has.is_some_and(|has| has.variables == canary.variables)
        };
        let was_brought = || brought.is_some_and(|brought| brought.canary_route == wanted.canary_route(current));
        !is_there() && !was_brought()
    });
    stage || canary
}

/// What a stage is to serve before anything is tested, where it does not: an older revision, or the one that it was brought
/// to before others moved or deleted it. One that is gone comes back with the same variables only, and none under other
/// limits.
pub(super) fn goes_back<'a>(desired: &'a Desired, observed: &'a Observed, name: &str) -> Option<&'a Revision> {
    let (wanted, found) = (desired.served_by(name)?, observed.stages.get(name));
    let serves = found.and_then(|found| observed.revision_of(&found.deployment));
    if serves == Some(wanted) {
        return None;
    }
    if desired.revision.as_ref() != Some(wanted) {
        return Some(wanted);
    }
    let brought = observed.brought_to.get(name)?;
    let revision = observed.revision_of(&brought.deployment)?;
    let same = || desired.stages.get(name).is_some_and(|stage| brought.led_to(revision, &stage.variables));
    let may = (found.is_some() || same()) && !deployment::has_other_limits(desired, observed, revision);
    (may && serves != Some(revision)).then_some(revision)
}

/// Deployments that stages serve until what is new was tested.
pub(super) fn meanwhile<'a>(desired: &'a Desired, observed: &'a Observed) -> BTreeSet<&'a DeploymentId> {
    let back = desired.stages.keys().filter_map(|name| goes_back(desired, observed, name));
    let back = back.filter_map(|revision| Some(&observed.deployment_of(revision)?.id));
    observed.stages.values().flat_map(ObservedStage::deployments).chain(back).collect()
}
