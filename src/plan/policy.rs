//! The role's permissions: the inline policy and attached managed policies.

use super::{Action, Blocker, Change, Step, Steps, waiting};
use crate::model::{Deployment, Desired, INLINE_POLICY_MAX, Observed, ObservedRole, PolicyDocument};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    let found = observed.role.as_ref().filter(|found| found.owned).map(|found| &found.role);
    for former in &observed.former_roles {
        let role = &former.role.name;
        let inline = former.role.inline_policy.iter().map(|_| Action::DeleteRolePolicy { role: role.clone() });
        let managed = former.role.managed_policies.iter();
        let managed = managed.map(|policy| Action::DetachRolePolicy { role: role.clone(), policy: policy.clone() });
        steps.remove.extend(inline.chain(managed).map(Step::new));
    }
    let Some(role) = desired.role.as_ref().map(|role| role.name.clone()) else { return steps };

    let has = found.and_then(|found| found.inline_policy.as_ref());
    let put = |from: Option<&PolicyDocument>, policy: &PolicyDocument| Step {
        changes: match found {
            Some(_) => Change::between("role policy", from.map(PolicyDocument::value), Some(policy.value())),
            None => Vec::new(),
        },
        action: Action::PutRolePolicy { role: role.clone(), policy: policy.clone() },
    };
    let wanted = with_held(desired, observed, has);
    if let Some(size) = wanted.as_ref().map(PolicyDocument::size).filter(|size| *size > INLINE_POLICY_MAX) {
        let held = desired.held().into_keys().cloned().collect();
        steps.blockers.push(Blocker::PolicyTooLarge { held, size });
    }
    match (&wanted, has) {
        (Some(wanted), has) if has != Some(wanted) => {
            let both = with_served(wanted, desired, observed, has).filter(|both| both.size() <= INLINE_POLICY_MAX);
            match both.filter(|_| waiting::any_changes(desired, observed)) {
                // Callers use the old machines until the stages have moved, and the new ones from then on.
                Some(both) => {
                    steps.build.extend((has != Some(&both)).then(|| put(has, &both)));
                    steps.remove.extend((both != *wanted).then(|| put(Some(&both), wanted)));
                }
                None => steps.build.push(put(has, wanted)),
            }
        }
        (None, Some(has)) => steps.remove.push(Step {
            changes: Change::between("role policy", Some(has.value()), None),
            action: Action::DeleteRolePolicy { role: role.clone() },
        }),
        _ => {}
    }

    let wanted = desired.role.iter().flat_map(|role| &role.managed_policies);
    let attached = |arn| found.is_some_and(|found| found.managed_policies.contains(arn));
    let change = |from, to| found.map_or_else(Vec::new, |_| Change::between("role managedPolicies", from, to));
    for policy in wanted.filter(|arn| !attached(arn)) {
        let action = Action::AttachRolePolicy { role: role.clone(), policy: policy.clone() };
        steps.build.push(Step { action, changes: change(None, Some(policy)) });
    }
    let kept = |arn| desired.role.as_ref().is_some_and(|role| role.managed_policies.contains(arn));
    for policy in found.iter().flat_map(|found| &found.managed_policies).filter(|arn| !kept(arn)) {
        let action = Action::DetachRolePolicy { role: role.clone(), policy: policy.clone() };
        steps.remove.push(Step { action, changes: change(Some(policy), None) });
    }
    steps
}

/// Policies that others gave the role.
pub(super) fn kept(observed: &Observed) -> impl Iterator<Item = String> + '_ {
    let named = |role: &'_ ObservedRole| {
        let name = role.role.name.clone();
        role.foreign_policies.clone().into_iter().map(move |policy| format!("policy {policy} of role {name}"))
    };
    observed.role.iter().chain(&observed.former_roles).flat_map(named)
}

/// The spec's own policy, and what the older revisions need that stages hold on to.
fn with_held(desired: &Desired, observed: &Observed, has: Option<&PolicyDocument>) -> Option<PolicyDocument> {
    let held = desired.held().into_keys().filter_map(|revision| observed.deployment_of(revision));
    with_needs(desired.role.as_ref()?.inline_policy.clone(), held, has)
}

/// A policy, and what stages need for what they serve until they have moved. What others added to the role is no part of
/// that.
fn with_served(
    policy: &PolicyDocument,
    desired: &Desired,
    observed: &Observed,
    has: Option<&PolicyDocument>,
) -> Option<PolicyDocument> {
    let served = waiting::meanwhile(desired, observed);
    let served = observed.deployments.iter().filter(|deployment| served.contains(&deployment.id));
    with_needs(Some(policy.clone()), served, has)
}

/// A policy, and what deployments need. Where that is not known, the role keeps what it has.
fn with_needs<'a>(
    mut policy: Option<PolicyDocument>,
    deployments: impl Iterator<Item = &'a Deployment>,
    has: Option<&'a PolicyDocument>,
) -> Option<PolicyDocument> {
    for deployment in deployments {
        let needed = deployment.needs.as_ref().map_or(has, |needs| needs.policy.as_ref());
        policy = match (policy, needed) {
            (Some(policy), Some(needed)) => Some(policy.union(needed).unwrap_or(policy)),
            (policy, needed) => policy.or_else(|| needed.cloned()),
        };
    }
    policy
}
