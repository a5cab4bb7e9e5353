//! The REST API that carries the owner's tag, or the one to take over.

use std::collections::{BTreeMap, BTreeSet};

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
    let Draft { definition, unused_validators } = match (&desired.rest_api, &holder) {
        (None, _) | (_, Holder::Other(_)) => Draft::default(),
        // What others have made there is listed, whether it is kept or goes, or would go: a put removes it.
        (Some(_), _) if !scope.settled || desired.adopt.is_some() || head.tags.contains_key(KEEP_TAG) => {
            whole_draft(aws, &head.id, own_role).await?
        }
        (Some(wanted), _) => wanted_draft(aws, &wanted.definition, &head.id, own_role).await?,
    };
    let RestApiHead { id, name, tags, settings, status } = head;
    let api = RestApi { name, tags: ours.of(tags), settings, definition };
    Ok(Some(ObservedRestApi { id, holder, status, api, unused_validators }))
}

/// A draft as it was read.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) definition: Definition,
    pub(super) unused_validators: BTreeMap<String, Validation>,
}

/// The draft with everything that it has.
pub(super) async fn whole_draft(aws: &impl Aws, id: &RestApiId, own_role: Option<&Arn>) -> Result<Draft> {
    draft(aws, Read { authorizers: true, models: true, validators: true }, id, own_role).await
}

/// The draft. What only some APIs have is read where it is wanted or used.
async fn wanted_draft(aws: &impl Aws, wanted: &Definition, id: &RestApiId, own_role: Option<&Arn>) -> Result<Draft> {
    let (authorizers, models) = (!wanted.authorizers.is_empty(), !wanted.models.is_empty());
    draft(aws, Read { authorizers, models, validators: false }, id, own_role).await
}

/// What is read though no method uses it.
struct Read {
    authorizers: bool,
    models: bool,
    validators: bool,
}

async fn draft(aws: &impl Aws, read: Read, id: &RestApiId, own_role: Option<&Arn>) -> Result<Draft> {
    let mut found = Definition {
        methods: aws.get_methods(id, own_role).await?,
        gateway_responses: aws.get_gateway_responses(id).await?,
        ..Definition::default()
    };
    let uses = |used: fn(&Method) -> bool| found.methods.values().any(used);
    let authorized = uses(|method| matches!(method.authorization, Authorization::Authorizer { .. }));
    let (validated, modelled) = (uses(|method| method.validation.is_some()), uses(|method| !method.models.is_empty()));
    if authorized || read.authorizers {
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
    let mut unused_validators = BTreeMap::new();
    if validated || read.validators {
        let validators = aws.get_request_validators(id).await?;
        let mut used = BTreeSet::new();
        for method in found.methods.values_mut() {
            if let Some(Validation::Unknown(unknown)) = &method.validation
                && let Some((_, known)) = validators.get(unknown)
            {
                used.insert(unknown.clone());
                let needed = Validation::needed(&method.models, &method.parameters);
                method.validation = known.limited_to(needed.as_ref());
            }
        }
        unused_validators.extend(validators.into_iter().filter(|(id, _)| !used.contains(id)).map(|(_, named)| named));
    }
    if modelled || read.models {
        found.models = aws.get_models(id).await?;
    }
    Ok(Draft { definition: found, unused_validators })
}

/// By the id of before if that is still the owner's, else by tag: API Gateway's names are not unique. If the owner has
/// none, the one to take over, whosever it is; and else the one of before, which another one has now.
async fn find(aws: &impl Aws, desired: &Desired, scope: &Scope) -> Result<Option<RestApiHead>> {
    let owned = |head: &RestApiHead| holder_of(desired, scope, head) == Holder::Owner;
    let mut taken = None;
    if let Some(id) = &scope.rest_api_id
        && let Some(head) = aws.get_rest_api(id).await?
    {
        if owned(&head) {
            return Ok(Some(head));
        }
        // Another one beside it would be of no use to callers. Where nothing is wanted it is none of ours.
        taken = Some(head).filter(|_| scope.made_api(id) && desired.rest_api.is_some());
    }
    let all = aws.get_rest_apis().await?;
    let own = all.iter().filter(|head| owned(head)).min_by(|a, b| a.id.cmp(&b.id));
    let wanted = |head: &&RestApiHead| desired.adopt.as_ref().is_some_and(|adopt| adopt.rest_api == head.id);
    Ok(own.or_else(|| all.iter().find(wanted)).cloned().or(taken))
}

fn holder_of(desired: &Desired, scope: &Scope, head: &RestApiHead) -> Holder {
    holder(desired, &head.tags, scope.made_api(&head.id))
}
