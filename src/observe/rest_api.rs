//! The REST API that carries the owner's tag.

use super::{OwnTags, Scope};
use crate::aws::{Aws, RestApiHead, Result};
use crate::model::{Arn, Authorization, Definition, Desired, Method, ObservedRestApi, RestApi, RestApiId, Validation};

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
        Some(wanted) => definition(aws, &wanted.definition, &head.id, own_role).await?,
        None => Definition::default(),
    };
    let RestApiHead { id, name, tags, settings, status } = head;
    Ok(Some(ObservedRestApi { id, status, api: RestApi { name, tags: ours.of(tags), settings, definition } }))
}

/// The draft. What only some APIs have is read where it is wanted or used.
async fn definition(aws: &impl Aws, wanted: &Definition, id: &RestApiId, own_role: Option<&Arn>) -> Result<Definition> {
    let mut found = Definition {
        methods: aws.get_methods(id, own_role).await?,
        gateway_responses: aws.get_gateway_responses(id).await?,
        ..Definition::default()
    };
    let uses = |used: fn(&Method) -> bool| found.methods.values().any(used);
    let authorized = uses(|method| matches!(method.authorization, Authorization::Authorizer { .. }));
    let (validated, modelled) = (uses(|method| method.validation.is_some()), uses(|method| !method.models.is_empty()));
    if authorized || !wanted.authorizers.is_empty() {
        let authorizers = aws.get_authorizers(id).await?;
        for method in found.methods.values_mut() {
            if let Authorization::Authorizer { name, .. } = &mut method.authorization
                && let Some((known, _)) = authorizers.get(name)
            {
                name.clone_from(known);
            }
        }
        found.authorizers = authorizers.into_values().collect();
    }
    if validated {
        let validators = aws.get_request_validators(id).await?;
        for method in found.methods.values_mut() {
            if let Some(Validation::Unknown(unknown)) = &method.validation
                && let Some(known) = validators.get(unknown)
            {
                method.validation = Some(known.clone());
            }
        }
    }
    if modelled || !wanted.models.is_empty() {
        found.models = aws.get_models(id).await?;
    }
    Ok(found)
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
