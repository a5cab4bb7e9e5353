//! The REST API.

use super::{Ids, unplanned};
use crate::aws::{Aws, Class, Error, RestApiHead, Result, TaggedResource};
use crate::model::{ApiStatus, OWNER_TAG, RestApi, RestApiId};
use crate::plan::TagChange;

pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, api: &RestApi) -> Result<()> {
    took(ids, aws.create_rest_api(api).await?)
}

/// What a put reset is left to the step that restores it, if there is one.
pub(super) async fn put(aws: &impl Aws, ids: &mut Ids, api: &RestApi, keep: bool) -> Result<()> {
    let head = aws.put_rest_api(ids.need_rest_api()?, api, keep, ids.role.as_ref()).await?;
    took(ids, head)?;
    if keep || api.settings.may_be_reset() { Ok(()) } else { compare(ids, api) }
}

pub(super) async fn update(aws: &impl Aws, ids: &mut Ids, api: &RestApi) -> Result<()> {
    let head = aws.update_rest_api(need_head(ids)?, api).await?;
    took(ids, head)?;
    compare(ids, api)
}

fn need_head(ids: &Ids) -> Result<&RestApiHead> {
    ids.head.as_ref().ok_or_else(|| unplanned("the API's settings"))
}

/// Notes an answer about the API. While AWS works on a change it takes no other, and a deployment would snapshot the
/// setting of before.
fn took(ids: &mut Ids, head: RestApiHead) -> Result<()> {
    let status = head.status.clone();
    ids.rest_api = Some(head.id.clone());
    ids.head = Some(head);
    let error = |class, message: String| {
        Err(Error {
            tried: "change the API".to_owned(),
            operation: "apigateway:UpdateRestApi",
            class,
            code: None,
            message,
            retry_after: None,
        })
    };
    match status {
        ApiStatus::Available => Ok(()),
        ApiStatus::Updating => error(Class::Updating, "API Gateway has begun; it takes about 15 minutes".to_owned()),
        ApiStatus::Failed(message) => error(Class::Invalid, message),
    }
}

/// Whether AWS answered last with the wanted name and settings.
pub(super) fn is_as_wanted(ids: &Ids, wanted: &RestApi) -> bool {
    ids.head.as_ref().is_some_and(|found| {
        found.name == wanted.name && found.settings == wanted.settings.in_terms_of(&found.id, &found.settings)
    })
}

/// Nothing is deployed while the draft has other settings than wanted: a put is known to lose the resource policy, and
/// the API would be open (<https://github.com/hashicorp/terraform-provider-aws/issues/49672>).
fn compare(ids: &Ids, wanted: &RestApi) -> Result<()> {
    if is_as_wanted(ids, wanted) {
        return Ok(());
    }
    Err(Error {
        tried: "change the API's settings".to_owned(),
        operation: "apigateway:UpdateRestApi",
        class: Class::Conflict,
        code: None,
        message: "they came back different, so nothing is deployed; they are compared again".to_owned(),
        retry_after: None,
    })
}

/// Tags are written without a condition. So the API is read before, to be nobody's, and after: of two objects that want it
/// at the same time the last one has it.
pub(super) async fn adopt(aws: &impl Aws, id: &RestApiId, tags: &TagChange) -> Result<()> {
    let owner = tags.set.get(OWNER_TAG);
    let taken = async || {
        let tags = aws.get_rest_api(id).await?.map(|head| head.tags).unwrap_or_default();
        let other = tags.get(OWNER_TAG).filter(|holder| Some(*holder) != owner);
        other.map_or(Ok(()), |other| {
            Err(Error {
                tried: format!("adopt API {id}"),
                operation: "apigateway:TagResource",
                class: Class::Conflict,
                code: None,
                message: format!("object {other} has just adopted it"),
                retry_after: None,
            })
        })
    };
    taken().await?;
    change_tags(aws, TaggedResource::RestApi(id), tags).await?;
    taken().await
}

pub(super) async fn tag(aws: &impl Aws, ids: &Ids, tags: &TagChange) -> Result<()> {
    change_tags(aws, TaggedResource::RestApi(ids.need_rest_api()?), tags).await
}

pub(super) async fn delete(aws: &impl Aws, ids: &mut Ids) -> Result<()> {
    aws.delete_rest_api(ids.need_rest_api()?).await?;
    (ids.rest_api, ids.head) = (None, None);
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
