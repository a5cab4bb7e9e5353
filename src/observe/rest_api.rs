//! The REST API that carries the owner's tag.

use super::{OwnTags, Scope};
use crate::aws::{Aws, RestApiHead, Result};
use crate::model::{Arn, Definition, Desired, ObservedRestApi, RestApi};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
    own_role: Option<&Arn>,
) -> Result<Option<ObservedRestApi>> {
    let Some(head) = find(aws, desired, scope).await? else { return Ok(None) };
    // An API that is to go needs no look inside.
    let definition = match &desired.rest_api {
        Some(_) => Definition {
            methods: aws.get_methods(&head.id, own_role).await?,
            gateway_responses: aws.get_gateway_responses(&head.id).await?,
        },
        None => Definition::default(),
    };
    let RestApiHead { id, name, tags, settings, status } = head;
    Ok(Some(ObservedRestApi { id, status, api: RestApi { name, tags: ours.of(tags), settings, definition } }))
}

/// By the id of before if that is still the owner's, else by tag: API Gateway's names are not unique.
async fn find(aws: &impl Aws, desired: &Desired, scope: &Scope) -> Result<Option<RestApiHead>> {
    let owned = |head: &RestApiHead| desired.owner.owns(&head.tags);
    if let Some(id) = &scope.rest_api_id
        && let Some(head) = aws.get_rest_api(id).await?.filter(owned)
    {
        return Ok(Some(head));
    }
    Ok(aws.get_rest_apis().await?.into_iter().filter(owned).min_by(|a, b| a.id.cmp(&b.id)))
}
