//! The role itself: existence, trust, tags.

use super::{Action, Blocker, Change, Step, Steps, TagChange};
use crate::model::{Desired, Observed, ObservedRole, Role};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    match (&desired.role, &observed.role) {
        (Some(wanted), None) => steps.build.push(Step::new(Action::CreateRole(wanted.clone()))),
        (Some(wanted), Some(found)) if !found.owned => {
            steps.blockers.push(Blocker::NotOwned { what: format!("role {}", wanted.name) });
        }
        (Some(wanted), Some(found)) => steps.build.extend(update(wanted, found)),
        (None, Some(found)) if found.owned => {
            steps.remove.push(Step::new(Action::DeleteRole { role: found.role.name.clone() }));
        }
        (None, _) => {}
    }
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
    if let Some(tags) = TagChange::between(&found.role.tags, &wanted.tags) {
        steps.push(Step {
            changes: Change::between("role tags", Some(&found.role.tags), Some(&wanted.tags)),
            action: Action::TagRole { role, tags },
        });
    }
    steps
}
