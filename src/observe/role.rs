//! The role of the wanted name, and those of the owner's with other ones.

use std::collections::BTreeSet;

use super::{OwnTags, Scope, holder, policy};
use crate::aws::{Aws, Result};
use crate::model::{Desired, Holder, ObservedRole};

/// The role of the wanted name, whosever it is.
pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
) -> Result<Option<ObservedRole>> {
    match &desired.role {
        Some(wanted) => find(aws, desired, scope, ours, &wanted.name).await,
        None => Ok(None),
    }
}

/// Roles of the owner's that are not wanted any more. One that the spec gives is used as it is.
pub(super) async fn former(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
) -> Result<Vec<ObservedRole>> {
    let mut former = Vec::new();
    if scope.settled {
        return Ok(former);
    }
    let mut names: BTreeSet<&str> = scope.created_roles.iter().map(String::as_str).collect();
    let own_name = desired.owner.role_name(&desired.region);
    names.insert(&own_name);
    if let Some(wanted) = &desired.role {
        names.remove(wanted.name.as_str());
    }
    let given = desired.given_roles();
    for name in names {
        let found = find(aws, desired, scope, ours, name).await?;
        former.extend(found.filter(|found| found.owned && !given.contains(&found.arn)));
    }
    Ok(former)
}

async fn find(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
    name: &str,
) -> Result<Option<ObservedRole>> {
    let Some((arn, mut role)) = aws.get_role(name).await? else { return Ok(None) };
    let owned = holder(desired, &role.tags, scope.role.as_ref() == Some(&arn)) == Holder::Owner;
    role.tags = ours.of(role.tags);
    // Another's role is none of ours.
    let foreign_policies = match owned {
        true => policy::observe(aws, desired, scope, &mut role).await?,
        false => BTreeSet::new(),
    };
    Ok(Some(ObservedRole { arn, owned, role, foreign_policies }))
}
