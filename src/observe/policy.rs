//! The role's permissions.

use super::Scope;
use crate::aws::{Aws, Result};
use crate::model::{Arn, Desired, Role};

pub(super) async fn observe(aws: &impl Aws, desired: &Desired, scope: &Scope, role: &mut Role) -> Result<()> {
    let wanted = desired.role.as_ref();
    if !scope.settled || wanted.is_some_and(|wanted| wanted.inline_policy.is_some()) {
        role.inline_policy = aws.get_role_policy(&role.name).await?;
    }
    if !scope.settled || wanted.is_some_and(|wanted| !wanted.managed_policies.is_empty()) {
        let ours = |arn: &Arn| {
            scope.managed_policies.contains(arn) || wanted.is_some_and(|wanted| wanted.managed_policies.contains(arn))
        };
        role.managed_policies = aws.list_attached_role_policies(&role.name).await?;
        role.managed_policies.retain(ours);
    }
    Ok(())
}
