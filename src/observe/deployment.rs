//! The API's deployments.

use std::collections::BTreeMap;

use super::Scope;
use crate::aws::{Aws, Result};
use crate::model::{Deployment, DeploymentId, ObservedStage, RestApiId, StageName};

pub(super) async fn observe(
    aws: &impl Aws,
    scope: &Scope,
    api: &RestApiId,
    stages: &BTreeMap<StageName, ObservedStage>,
) -> Result<Vec<Deployment>> {
    let seen = |id: &DeploymentId| scope.deployments.iter().find(|seen| seen.id == *id);
    if scope.settled
        && !stages.is_empty()
        && stages.values().flat_map(ObservedStage::deployments).all(|id| seen(id).is_some())
    {
        return Ok(scope.deployments.clone());
    }
    let mut deployments = aws.get_deployments(api).await?;
    // What others made and gave the description of one of ours is none.
    let there: Vec<DeploymentId> = deployments.iter().map(|deployment| deployment.id.clone()).collect();
    let forged = |deployment: &Deployment| {
        seen(&deployment.id).is_none()
            && scope.deployments.iter().any(|seen| seen.revision == deployment.revision && there.contains(&seen.id))
    };
    deployments.retain(|deployment| !forged(deployment));
    for deployment in &mut deployments {
        deployment.needs = seen(&deployment.id).and_then(|seen| seen.needs.clone());
    }
    Ok(deployments)
}
