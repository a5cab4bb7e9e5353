//! The API's deployments.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::Scope;
use crate::aws::{Aws, Result};
use crate::model::{
    ApiSummary, Brought, Deployment, DeploymentHead, DeploymentId, Desired, ObservedStage, RestApiId, Revision,
    StageName,
};

/// What the deployments of others hold that the owner's stages serve, as far as that is told.
pub(super) async fn summaries(
    aws: &impl Aws,
    api: &RestApiId,
    stages: &BTreeMap<StageName, ObservedStage>,
    ours: &[Deployment],
) -> Result<BTreeMap<DeploymentId, ApiSummary>> {
    let served = stages.values().filter(|stage| stage.owned).map(|stage| &stage.deployment);
    let served: BTreeSet<_> = served.filter(|id| ours.iter().all(|deployment| deployment.id != **id)).collect();
    let mut summaries = BTreeMap::new();
    for id in served {
        // AWS deploys no API without a method.
        let summary = aws.get_deployment(api, id).await?.filter(|summary| !summary.is_empty());
        summaries.extend(summary.map(|summary| (id.clone(), summary)));
    }
    Ok(summaries)
}

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    api: &RestApiId,
    stages: &BTreeMap<StageName, ObservedStage>,
) -> Result<Vec<Deployment>> {
    let seen = |id: &DeploymentId| scope.deployments.iter().find(|seen| seen.id == *id);
    // A stage that was moved leaves a deployment that others could delete.
    let serves_its_own = |(name, brought): (&StageName, &Brought)| {
        let canary = |found: &ObservedStage| match &found.canary_deployment {
            Some(id) => seen(id).is_some_and(|seen| desired.revision.as_ref() == Some(&seen.revision)),
            None => desired.stages.get(name).is_none_or(|wanted| wanted.canary.is_none()),
        };
        stages.get(name).is_some_and(|found| found.deployment == brought.deployment && canary(found))
    };
    if scope.settled && !scope.stages.is_empty() && scope.stages.iter().all(serves_its_own) {
        return Ok(scope.deployments.clone());
    }
    let found = aws.get_deployments(api).await?;
    // What others made and gave the description of one of ours is none.
    let forged = |revision: &Revision| {
        let there = |seen: &Deployment| found.iter().any(|deployment| deployment.id == seen.id);
        scope.deployments.iter().any(|seen| seen.revision == *revision && there(seen))
    };
    let ours = found.iter().filter_map(|DeploymentHead { id, revision, created }| {
        // What a deployment holds stays the same; anybody can edit its description.
        let known = seen(id).cloned();
        known.or_else(|| {
            let revision = revision.clone().filter(|revision| !forged(revision))?;
            Some(Deployment { id: id.clone(), revision, created: *created, needs: None })
        })
    });
    let mut ours: Vec<Deployment> = ours.collect();
    // Made in the same second: the status knows the order, and what it does not know is newer.
    let position = |id: &DeploymentId| scope.deployments.iter().position(|seen| seen.id == *id);
    ours.sort_by_cached_key(|Deployment { id, created, .. }| (Reverse(*created), position(id), Reverse(id.clone())));
    Ok(ours)
}
