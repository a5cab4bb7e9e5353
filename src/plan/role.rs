//! The role itself: existence, trust, boundary, tags. A role with a former name goes when all else is done.

use super::{Action, Blocker, Change, Step, Steps, TagChange};
use crate::model::{Desired, Observed, ObservedRole, Role};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    match (&desired.role, &observed.role) {
        (Some(wanted), None) => steps.build.push(Step::new(Action::CreateRole(wanted.clone()))),
        (Some(wanted), Some(found)) if !found.owned => {
            steps.blockers.push(Blocker::NotOwned { what: format!("role {}", wanted.name) });
        }
        (Some(wanted), Some(found)) if wanted.path != found.role.path => {
            let (role, has) = (wanted.name.clone(), found.role.path.clone());
            steps.blockers.push(Blocker::RolePath { role, has });
        }
        (Some(wanted), Some(found)) => steps.build.extend(update(wanted, found)),
        (None, _) => {}
    }
    let former = observed.former_roles.iter();
    steps.remove.extend(former.map(|former| Step::new(Action::DeleteRole { role: former.role.name.clone() })));
    steps
}

fn update(wanted: &Role, found: &ObservedRole) -> Vec<Step> {
    let role = wanted.name.clone();
    let mut steps = Vec::new();
    if wanted.trust != found.role.trust {
        steps.push(Step {
            changes: Change::between("role trust", Some(found.role.trust.value()), Some(wanted.trust.value())),
            action: Action::UpdateTrust { role: role.clone(), trust: wanted.trust.clone() },
        });
    }
    let (from, to) = (found.role.permissions_boundary.as_ref(), wanted.permissions_boundary.as_ref());
    if from != to {
        steps.push(Step {
            changes: Change::between("role permissionsBoundary", from, to),
            action: match to {
                Some(boundary) => Action::PutBoundary { role: role.clone(), boundary: boundary.clone() },
                None => Action::DeleteBoundary { role: role.clone() },
            },
        });
    }
    if let Some(tags) = TagChange::between(&found.role.tags, &wanted.tags) {
        steps.push(Step {
            changes: Change::between("role tags", Some(&found.role.tags), Some(&wanted.tags)),
            action: Action::TagRole { role, tags },
        });
    }
    steps
}
