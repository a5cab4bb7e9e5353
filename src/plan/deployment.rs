//! Deployments: a snapshot exactly when no existing one holds what a stage should serve, and no more old ones than wanted.

use std::collections::BTreeSet;

use super::{Action, Blocker, Step, Steps, stage};
use crate::model::{Deployment, DeploymentId, Desired, Observed, Revision};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    let Some(current) = &desired.revision else { return steps };
    steps.blockers.extend(unpinnable(desired, observed));
    let create = stage::any_serves_current(desired) && observed.deployment_of(current).is_none();
    if create {
        steps.build.push(Step::new(Action::CreateDeployment(current.clone())));
    }
    let kept = desired.history.saturating_sub(usize::from(create));
    let used = used(desired, observed);
    let old = observed.deployments.iter().skip(kept).filter(|deployment| !used.contains(&deployment.id));
    steps.remove.extend(old.map(|Deployment { id, revision, .. }| {
        Step::new(Action::DeleteDeployment { id: id.clone(), revision: revision.clone() })
    }));
    steps
}

/// What stages and canaries serve when the plan is done, those of others included.
fn used(desired: &Desired, observed: &Observed) -> BTreeSet<DeploymentId> {
    let mut used = observed.used_by_others.clone();
    for (name, wanted) in &desired.stages {
        let found = observed.stages.get(name);
        let serves = (desired.served_by(name), found.map(|found| &found.deployment));
        let canary = (desired.revision.as_ref(), found.and_then(|found| found.canary_deployment.as_ref()));
        let canary = wanted.canary.as_ref().map(|_| canary);
        for (revision, has) in [Some(serves), canary].into_iter().flatten() {
            let stays = has.filter(|id| observed.revision_of(id) == revision);
            let found = || Some(&observed.deployment_of(revision?)?.id);
            used.extend(stays.or_else(found).cloned());
        }
    }
    used
}

/// Stages that are not there and cannot be made: nothing holds the revision that they are to serve, such as after others
/// deleted the API. The rest does not suffer for it.
pub(super) fn unmet(desired: &Desired, observed: &Observed) -> Vec<Blocker> {
    let held = desired.held().into_iter().filter(|(_, stage)| !observed.stages.contains_key(*stage));
    held.filter_map(|(revision, stage)| missing(observed, revision, stage)).collect()
}

/// Older revisions that stages are to serve and whose needs are not known: the status that had them was lost.
pub(super) fn unrecorded(desired: &Desired, observed: &Observed) -> Vec<String> {
    let held = desired.held().into_iter().filter(|_| desired.role.is_some());
    let without = |revision: &Revision| observed.deployment_of(revision).is_some_and(|found| found.needs.is_none());
    held.filter(|(revision, _)| without(revision))
        .map(|(revision, stage)| format!("{revision} of stage {stage}"))
        .collect()
}

/// Revisions that stages cannot hold on to.
fn unpinnable(desired: &Desired, observed: &Observed) -> Vec<Blocker> {
    let role = desired.role.as_ref().map(|role| &role.name);
    let held = desired.held().into_iter().filter_map(|(revision, stage)| {
        let Some(found) = observed.deployment_of(revision) else {
            return missing(observed, revision, stage).filter(|_| observed.stages.contains_key(stage));
        };
        let gone = found.needs.as_ref().and_then(|needs| needs.role.as_ref()).filter(|needed| Some(*needed) != role)?;
        let field = format!("spec.stages[{stage}].deployment");
        Some(Blocker::RoleOfRevision { field, revision: revision.clone(), role: gone.clone() })
    });
    held.collect()
}

fn missing(observed: &Observed, revision: &Revision, stage: &str) -> Option<Blocker> {
    let field = format!("spec.stages[{stage}].deployment");
    let existing = observed.deployments.iter().map(|found| found.revision.clone()).collect();
    let none = observed.deployment_of(revision).is_none();
    none.then(|| Blocker::NoSuchRevision { field, revision: revision.clone(), existing })
}
