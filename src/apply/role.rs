//! The role.

use super::Ids;
use crate::aws::{Aws, Result};
use crate::model::Role;
use crate::plan::TagChange;

pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, role: &Role) -> Result<()> {
    ids.role = Some(aws.create_role(role).await?);
    Ok(())
}

pub(super) async fn tag(aws: &impl Aws, role: &str, tags: &TagChange) -> Result<()> {
    if !tags.set.is_empty() {
        aws.tag_role(role, &tags.set).await?;
    }
    if !tags.remove.is_empty() {
        aws.untag_role(role, &tags.remove).await?;
    }
    Ok(())
}

pub(super) async fn delete(aws: &impl Aws, ids: &mut Ids, role: &str) -> Result<()> {
    aws.delete_role(role).await?;
    // It may be one that another has taken the place of.
    ids.role.take_if(|arn| arn.role_name() == role);
    Ok(())
}
