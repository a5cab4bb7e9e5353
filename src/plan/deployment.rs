//! Deployments: a snapshot exactly when no existing one holds what a stage should serve, and no more old ones than wanted.

use std::collections::BTreeSet;

use super::{Action, Blocker, Step, Steps};
use crate::model::{Deployment, DeploymentId, Desired, Observed, Revision, StageName};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    let Some(current) = &desired.revision else { return steps };
    steps.blockers.extend(unpinnable(desired, observed));
    let create = desired.serves_current() && observed.deployment_of(current).is_none();
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

/// Whether a stage cannot have what it is to serve: it is not what the spec describes, and no deployment holds it.
pub(super) fn is_gone(desired: &Desired, observed: &Observed, revision: &Revision) -> bool {
    desired.revision.as_ref() != Some(revision) && observed.deployment_of(revision).is_none()
}

/// Stages that are not there and cannot be made: nothing holds the revision that they are to serve, such as after others
/// deleted the API. The rest does not suffer for it.
pub(super) fn unmet(desired: &Desired, observed: &Observed) -> Vec<Blocker> {
    gone(desired, observed, |stage| !observed.stages.contains_key(stage))
}

/// Whether a stage is one of those.
pub(super) fn is_unmet(desired: &Desired, observed: &Observed, stage: &str) -> bool {
    let gone = desired.served_by(stage).is_some_and(|revision| is_gone(desired, observed, revision));
    gone && !observed.stages.contains_key(stage)
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
    let mut blockers = gone(desired, observed, |stage| observed.stages.contains_key(stage));
    let role = desired.role.as_ref().map(|role| &role.name);
    let others = desired.held().into_iter().filter(|(revision, _)| has_other_limits(desired, observed, revision));
    blockers.extend(
        others.map(|(revision, stage)| Blocker::OtherLimits { field: field(stage), revision: revision.clone() }),
    );
    blockers.extend(desired.held().into_iter().filter_map(|(revision, stage)| {
        let needs = observed.deployment_of(revision)?.needs.as_ref()?;
        let other = needs.role.as_ref().filter(|needed| Some(*needed) != role)?;
        Some(Blocker::RoleOfRevision { field: field(stage), revision: revision.clone(), role: other.clone() })
    }));
    blockers
}

/// Whether a revision was made under other limits than those that hold now.
pub(super) fn has_other_limits(desired: &Desired, observed: &Observed, revision: &Revision) -> bool {
    let made = |found: &Deployment| found.needs.as_ref().and_then(|needs| needs.limits.clone());
    desired.limits.is_some() && observed.deployment_of(revision).is_some_and(|found| made(found) != desired.limits)
}

/// Those of the stages that cannot have what they are to serve.
fn gone(desired: &Desired, observed: &Observed, of: impl Fn(&StageName) -> bool) -> Vec<Blocker> {
    let existing: Vec<Revision> = observed.deployments.iter().map(|found| found.revision.clone()).collect();
    let stages = desired.stages.keys().filter(|stage| of(stage));
    let gone = stages.filter_map(|stage| Some((stage, desired.served_by(stage)?)));
    let gone = gone.filter(|(_, revision)| is_gone(desired, observed, revision));
    let blocker = |(stage, revision): (&StageName, &Revision)| Blocker::NoSuchRevision {
        field: field(stage),
        revision: revision.clone(),
        existing: existing.clone(),
    };
    gone.map(blocker).collect()
}

fn field(stage: &str) -> String {
    format!("spec.stages[{stage}].deployment")
}
