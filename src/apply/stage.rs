//! Stages.

use super::{Ids, rest_api};
use crate::aws::{Aws, Result, StagePatch, TaggedResource};
use crate::model::{Revision, Stage};
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
    ids.stages.insert(name.to_owned(), deployment);
    Ok(())
}

pub(super) async fn update(aws: &impl Aws, ids: &mut Ids, name: &str, update: &StageUpdate) -> Result<()> {
    let StageUpdate { revision, description, set_variables, remove_variables } = update.clone();
    let deployment = revision.map(|revision| ids.need_deployment(&revision).cloned()).transpose()?;
    let patch = StagePatch { deployment, description, set_variables, remove_variables };
    aws.update_stage(ids.need_rest_api()?, name, &patch).await?;
    ids.stages.extend(patch.deployment.map(|deployment| (name.to_owned(), deployment)));
    Ok(())
}

pub(super) async fn tag(aws: &impl Aws, ids: &Ids, name: &str, tags: &TagChange) -> Result<()> {
    rest_api::change_tags(aws, TaggedResource::Stage(ids.need_rest_api()?, name), tags).await
}
