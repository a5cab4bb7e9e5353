//! The role's permissions.

use std::collections::BTreeSet;

use super::Scope;
use crate::aws::{Aws, Result};
use crate::model::{Arn, Desired, INLINE_POLICY, Role};

/// Reads those that are ours into the role, and answers the others' by name.
pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    role: &mut Role,
) -> Result<BTreeSet<String>> {
    let wanted = desired.role.as_ref();
    let is_ours = |arn: &Arn| {
        scope.managed_policies.contains(arn) || wanted.is_some_and(|wanted| wanted.managed_policies.contains(arn))
    };
    let attached = aws.list_attached_role_policies(&role.name).await?;
    let (ours, foreign): (BTreeSet<Arn>, BTreeSet<Arn>) = attached.into_iter().partition(is_ours);
    role.managed_policies = ours;
    let mut names = aws.list_role_policies(&role.name).await?;
    if names.remove(INLINE_POLICY) {
        role.inline_policy = aws.get_role_policy(&role.name).await?;
    }
    let inline = names.into_iter().map(|name| format!("{name} (inline)"));
    Ok(foreign.into_iter().map(|arn| arn.to_string()).chain(inline).collect())
}
