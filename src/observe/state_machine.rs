//! The state machines that the spec names. A settled spec's were there when it was applied.

use std::collections::BTreeMap;

use super::Scope;
use crate::aws::{Aws, Result};
use crate::model::{Arn, Desired, MachineType};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
) -> Result<BTreeMap<Arn, Option<MachineType>>> {
    let mut machines = BTreeMap::new();
    if !scope.settled {
        for arn in desired.machines.keys() {
            machines.insert(arn.clone(), aws.describe_state_machine(arn).await?);
        }
    }
    Ok(machines)
}
