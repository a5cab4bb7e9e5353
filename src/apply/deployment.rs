//! Deployments.

use super::Ids;
use crate::aws::{Aws, Result};
use crate::model::{Deployment, Revision};

/// Without a stage: given the name of an existing one, AWS resets more of it than its deployment.
pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, revision: &Revision) -> Result<()> {
    let id = aws.create_deployment(ids.need_rest_api()?, revision).await?;
    ids.deployments.push(Deployment { id, revision: revision.clone() });
    Ok(())
}
