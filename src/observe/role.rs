//! The role of the owner's name.

use super::{OwnTags, Scope, policy};
use crate::aws::{Aws, Result};
use crate::model::{Desired, ObservedRole};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
) -> Result<Option<ObservedRole>> {
    if scope.settled && desired.role.is_none() {
        return Ok(None);
    }
    let name = desired.owner.role_name();
    let Some((arn, mut role)) = aws.get_role(&name).await? else { return Ok(None) };
    let owned = desired.owner.owns(&role.tags);
    role.tags = ours.of(role.tags);
    if owned {
        policy::observe(aws, desired, scope, &mut role).await?;
    }
    Ok(Some(ObservedRole { arn, owned, role }))
}
