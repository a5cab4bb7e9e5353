//! Deployments.

use super::Ids;
use crate::aws::{Aws, Result};
use crate::model::{DeploymentId, Revision};

/// Without a stage: given the name of an existing one, AWS resets more of it than its deployment.
pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, revision: &Revision) -> Result<()> {
    let created = aws.create_deployment(ids.need_rest_api()?, revision).await?;
    ids.deployments.insert(0, created);
    Ok(())
}

pub(super) async fn delete(aws: &impl Aws, ids: &mut Ids, id: &DeploymentId) -> Result<()> {
    aws.delete_deployment(ids.need_rest_api()?, id).await?;
    ids.deployments.retain(|deployment| deployment.id != *id);
    Ok(())
}
