//! The REST API.

use super::Ids;
use crate::aws::{Aws, Result, TaggedResource};
use crate::model::RestApi;
use crate::plan::TagChange;

pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, api: &RestApi) -> Result<()> {
    ids.rest_api = Some(aws.create_rest_api(api).await?);
    Ok(())
}

pub(super) async fn put(aws: &impl Aws, ids: &Ids, api: &RestApi) -> Result<()> {
    aws.put_rest_api(ids.need_rest_api()?, api, ids.role.as_ref()).await
}

pub(super) async fn tag(aws: &impl Aws, ids: &Ids, tags: &TagChange) -> Result<()> {
    change_tags(aws, TaggedResource::RestApi(ids.need_rest_api()?), tags).await
}

pub(super) async fn delete(aws: &impl Aws, ids: &mut Ids) -> Result<()> {
    aws.delete_rest_api(ids.need_rest_api()?).await?;
    ids.rest_api = None;
    ids.deployments.clear();
    Ok(())
}

pub(super) async fn change_tags(aws: &impl Aws, what: TaggedResource<'_>, tags: &TagChange) -> Result<()> {
    if !tags.set.is_empty() {
        aws.tag_resource(what, &tags.set).await?;
    }
    if !tags.remove.is_empty() {
        aws.untag_resource(what, &tags.remove).await?;
    }
    Ok(())
}
