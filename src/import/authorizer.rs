//! Authorizers, as far as methods use them.

use crate::api::{Authorizer, CognitoAuthorizer, IdentitySource, LambdaAuthorizer, LambdaAuthorizerType};
use crate::model::{self, AuthorizerKind, Definition};

/// The authorizer of that name. What it does not say of it shows when it is rendered.
pub(super) fn describe(name: &str, definition: &Definition) -> Result<Authorizer, String> {
    let found = definition.authorizers.get(name).ok_or_else(|| format!("its authorizer {name} is not there"))?;
    let (mut cognito, mut lambda) = (None, None);
    match &found.kind {
        AuthorizerKind::Cognito(pools) => {
            let header = found.sources(model::Authorizer::HEADER).next().unwrap_or_default().to_owned();
            let user_pool_arns = pools.iter().cloned().collect();
            cognito = Some(CognitoAuthorizer { user_pool_arns, user_pool_arns_from: None, header });
        }
        AuthorizerKind::Token(invocation) | AuthorizerKind::Request(invocation) => {
            let function =
                invocation.uri.split_once("/functions/").and_then(|(_, rest)| rest.strip_suffix("/invocations"));
            lambda = Some(LambdaAuthorizer {
                function_arn: function.unwrap_or_default().to_owned(),
                function_arn_from: None,
                kind: match found.kind {
                    AuthorizerKind::Request(_) => LambdaAuthorizerType::Request,
                    _ => LambdaAuthorizerType::Token,
                },
                identity_sources: found.identity_sources.iter().map(|source| identity_source(source)).collect(),
                identity_pattern: found.identity_pattern.clone(),
                role_arn: invocation.credentials.clone(),
                role_arn_from: None,
            });
        }
        AuthorizerKind::Other(kind) => return Err(format!("its authorizer {name} is of type {kind}")),
    }
    Ok(Authorizer { name: name.to_owned(), cognito, lambda, cache_seconds: found.cache_seconds })
}

/// Whether methods with that authorizer are of type Cognito.
pub(super) fn is_cognito(name: &str, definition: &Definition) -> bool {
    let found = definition.authorizers.get(name);
    found.is_some_and(|found| matches!(found.kind, AuthorizerKind::Cognito(_)))
}

fn identity_source(text: &str) -> IdentitySource {
    let mut source = IdentitySource::default();
    let starts = [
        (model::Authorizer::HEADER, &mut source.header),
        (model::Authorizer::QUERY, &mut source.query),
        ("stageVariables.", &mut source.stage_variable),
        ("context.", &mut source.context),
    ];
    for (start, field) in starts {
        *field = text.strip_prefix(start).map(str::to_owned);
    }
    source
}
