//! State machines are not ours: nothing is written, but a missing one, or one of the wrong type, blocks the plan.

use super::Blocker;
use crate::model::{Desired, MachineType, Observed};

pub(super) fn blockers(desired: &Desired, observed: &Observed) -> Vec<Blocker> {
    let mut blockers = Vec::new();
    for (arn, found) in &observed.machines {
        let Some(uses) = desired.machines.get(arn) else { continue };
        match found {
            None => blockers
                .push(Blocker::MachineMissing { fields: uses.fields.iter().cloned().collect(), arn: arn.clone() }),
            Some(has) => {
                let wrong = uses.needs.iter().filter(|(needed, _)| needed != has);
                blockers.extend(wrong.map(|(needed, field)| mismatch(field, *needed, *has, arn.as_str())));
            }
        }
    }
    blockers
}

fn mismatch(field: &str, needed: MachineType, has: MachineType, arn: &str) -> Blocker {
    let message =
        format!("the action works on {needed} state machines only, and {arn} is {has}; take another action or machine");
    Blocker::MachineType { field: field.to_owned(), message }
}
