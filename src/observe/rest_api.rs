//! The REST API that carries the owner's tag, or the one to take over.

use super::{OwnTags, Scope, holder};
use crate::aws::{Aws, RestApiHead, Result};
use crate::model::{
    Arn, Authorization, Definition, Desired, Holder, KEEP_TAG, Method, ObservedRestApi, RestApi, RestApiId, Validation,
};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    ours: &OwnTags,
    own_role: Option<&Arn>,
) -> Result<Option<ObservedRestApi>> {
    let Some(head) = find(aws, desired, scope).await? else { return Ok(None) };
    let holder = holder_of(desired, scope, &head);
    // An API that is to go needs no look inside, and one of another object's is none of ours.
    let definition = match (&desired.rest_api, &holder) {
        (None, _) | (_, Holder::Other(_)) => Definition::default(),
        // What others have made there is listed, whether it is kept or goes, or would go: a put removes it.
        (Some(_), _) if !scope.settled || desired.adopt.is_some() || head.tags.contains_key(KEEP_TAG) => {
            whole_definition(aws, &head.id, own_role).await?
        }
        (Some(wanted), _) => definition(aws, &wanted.definition, &head.id, own_role).await?,
    };
    let RestApiHead { id, name, tags, settings, status } = head;
    Ok(Some(ObservedRestApi { id, holder, status, api: RestApi { name, tags: ours.of(tags), settings, definition } }))
}

/// The draft with everything that it has.
pub(super) async fn whole_definition(aws: &impl Aws, id: &RestApiId, own_role: Option<&Arn>) -> Result<Definition> {
    draft(aws, (true, true), id, own_role).await
}

/// The draft. What only some APIs have is read where it is wanted or used.
async fn definition(aws: &impl Aws, wanted: &Definition, id: &RestApiId, own_role: Option<&Arn>) -> Result<Definition> {
    draft(aws, (!wanted.authorizers.is_empty(), !wanted.models.is_empty()), id, own_role).await
}

/// The draft, with authorizers and models where they are asked for or used.
async fn draft(
    aws: &impl Aws,
    (authorizers, models): (bool, bool),
    id: &RestApiId,
    own_role: Option<&Arn>,
) -> Result<Definition> {
    let mut found = Definition {
        methods: aws.get_methods(id, own_role).await?,
        gateway_responses: aws.get_gateway_responses(id).await?,
        ..Definition::default()
    };
    let uses = |used: fn(&Method) -> bool| found.methods.values().any(used);
    let authorized = uses(|method| matches!(method.authorization, Authorization::Authorizer { .. }));
    let (validated, modelled) = (uses(|method| method.validation.is_some()), uses(|method| !method.models.is_empty()));
    if authorized || authorizers {
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
    if modelled || models {
        found.models = aws.get_models(id).await?;
    }
    Ok(found)
}

/// By the id of before if that is still the owner's, else by tag: API Gateway's names are not unique. If the owner has
/// none, the one to take over, whosever it is.
async fn find(aws: &impl Aws, desired: &Desired, scope: &Scope) -> Result<Option<RestApiHead>> {
    let owned = |head: &RestApiHead| holder_of(desired, scope, head) == Holder::Owner;
    if let Some(id) = &scope.rest_api_id
        && let Some(head) = aws.get_rest_api(id).await?.filter(owned)
    {
        return Ok(Some(head));
    }
    let all = aws.get_rest_apis().await?;
    let own = all.iter().filter(|head| owned(head)).min_by(|a, b| a.id.cmp(&b.id));
    let wanted = |head: &&RestApiHead| desired.adopt.as_ref().is_some_and(|adopt| adopt.rest_api == head.id);
    Ok(own.or_else(|| all.iter().find(wanted)).cloned())
}

fn holder_of(desired: &Desired, scope: &Scope, head: &RestApiHead) -> Holder {
    holder(desired, &head.tags, scope.made_api(&head.id))
}
