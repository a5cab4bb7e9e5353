//! Stages.

use super::{Ids, rest_api};
use crate::aws::{Aws, Result, StagePatch, TaggedResource};
use crate::model::{DeploymentId, Revision, Stage, StageChange};
use crate::plan::{StageUpdate, TagChange};

pub(super) async fn create(
    aws: &impl Aws,
    ids: &mut Ids,
    name: &str,
    stage: &Stage,
    revision: &Revision,
) -> Result<()> {
    let deployment = ids.need_deployment(revision)?.clone();
    aws.create_stage(ids.need_rest_api()?, name, stage, &deployment).await?;
    ids.variables.insert(name.to_owned(), stage.variables.clone());
    bring(ids, name, deployment);
    Ok(())
}

/// Notes what a stage serves from now on.
fn bring(ids: &mut Ids, name: &str, deployment: DeploymentId) {
    ids.stages.insert(name.to_owned(), deployment);
    ids.brought.insert(name.to_owned());
}

pub(super) async fn update(aws: &impl Aws, ids: &mut Ids, name: &str, update: &StageUpdate) -> Result<()> {
    let StageUpdate { revision, canary_revision, client_certificate, change } = update;
    let deployment = |revision: &Option<Revision>| {
        revision.as_ref().map(|revision| ids.need_deployment(revision).cloned()).transpose()
    };
    let certificate = |attached: bool| attached.then(|| ids.need_client_certificate(name).cloned()).transpose();
    let patch = StagePatch {
        deployment: deployment(revision)?,
        canary_deployment: deployment(canary_revision)?,
        client_certificate: client_certificate.map(certificate).transpose()?,
        change: change.clone(),
    };
    aws.update_stage(ids.need_rest_api()?, name, &patch).await?;
    let variables = ids.variables.entry(name.to_owned()).or_default();
    variables.extend(change.set_variables.clone());
    variables.retain(|variable, _| !change.remove_variables.contains(variable));
    if let Some(deployment) = patch.deployment.or_else(|| ids.stages.get(name).cloned()) {
        bring(ids, name, deployment);
    }
    Ok(())
}

pub(super) async fn update_logs(aws: &impl Aws, ids: &Ids, name: &str, change: &StageChange) -> Result<()> {
    let patch = StagePatch { change: change.clone(), ..StagePatch::default() };
    aws.update_stage(ids.need_rest_api()?, name, &patch).await
}

pub(super) async fn tag(aws: &impl Aws, ids: &Ids, name: &str, tags: &TagChange) -> Result<()> {
    rest_api::change_tags(aws, TaggedResource::Stage(ids.need_rest_api()?, name), tags).await
}
