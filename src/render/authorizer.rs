//! Authorizers, and who may call a method.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::{Problems, arn::Arns, method_field};
use crate::api::{self, AuthorizationType, IdentitySource, LambdaAuthorizerType, StepFunctionsApiSpec};
use crate::model::{Arn, Authorization, Authorizer, AuthorizerKind, Invocation, partition};

/// The authorizers by name.
pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    arns: &mut Arns<'_>,
    problems: &mut Problems,
) -> BTreeMap<String, Authorizer> {
    let one = |authorizer: &api::Authorizer| {
        let field = format!("spec.authorizers[{}]", authorizer.name);
        let (kind, identity_sources) = if let Some(cognito) = &authorizer.cognito {
            for (index, pool) in cognito.user_pool_arns.iter().enumerate() {
                check(&format!("{field}.cognito.userPoolArns[{index}]"), pool, spec, problems);
            }
            let pools = cognito.user_pool_arns.iter().cloned().collect();
            (AuthorizerKind::Cognito(pools), vec![format!("{}{}", Authorizer::HEADER, cognito.header)])
        } else {
            let lambda = authorizer.lambda.as_ref()?;
            check(&format!("{field}.lambda.functionArn"), &lambda.function_arn, spec, problems);
            if let Some(role) = &lambda.role_arn {
                let field = format!("{field}.lambda.roleArn");
                if let Some(arn) = problems.check(&field, Arn::parse(role)) {
                    arns.check(&field, &arn, problems);
                }
            }
            let mut sources: Vec<String> = lambda.identity_sources.iter().map(source).collect();
            let invocation = Invocation { uri: uri(&lambda.function_arn, spec), credentials: lambda.role_arn.clone() };
            let kind = match lambda.kind {
                LambdaAuthorizerType::Token => {
                    if sources.is_empty() {
                        sources.push(format!("{}Authorization", Authorizer::HEADER));
                    }
                    AuthorizerKind::Token(invocation)
                }
                LambdaAuthorizerType::Request => AuthorizerKind::Request(invocation),
            };
            (kind, sources)
        };
        let identity_pattern = authorizer.lambda.as_ref().and_then(|lambda| lambda.identity_pattern.clone());
        if let Some(Err(message)) = identity_pattern.as_deref().map(check_pattern) {
            problems.add(format!("{field}.lambda.identityPattern"), message);
        }
        let rendered = Authorizer { kind, identity_sources, identity_pattern, cache_seconds: authorizer.cache_seconds };
        Some((authorizer.name.clone(), rendered))
    };
    let rendered: BTreeMap<String, Authorizer> = spec.authorizers.iter().filter_map(one).collect();
    for authorizer in &spec.authorizers {
        let used = |method: &api::Method| method.authorization.authorizer.as_ref() == Some(&authorizer.name);
        if !spec.methods.iter().any(used) {
            // Whether API Gateway imports it nevertheless is not documented; it would be for nothing.
            let field = format!("spec.authorizers[{}]", authorizer.name);
            problems.add(field, "no method uses it: name it in a method's authorization.authorizer, or remove it");
        }
    }
    rendered
}

/// Whether a text is a regular expression. API Gateway's are those of Java, which has more than is known here (look-around,
/// possessive groups, classes in classes, escapes of its own): what may be such is taken as it is.
fn check_pattern(pattern: &str) -> Result<(), String> {
    let Err(error) = Regex::new(pattern) else { return Ok(()) };
    let escapes = pattern.split('\\').skip(1).filter_map(|after| after.chars().next());
    let of_java = ["(?", "&&", "]]"].iter().any(|piece| pattern.contains(piece))
        || escapes.into_iter().any(|c| c.is_ascii_alphanumeric());
    if of_java { Ok(()) } else { Err(format!("is no regular expression: {error}")) }
}

/// Pools and functions may be in another account and region, but in no other partition.
fn check(field: &str, text: &str, spec: &StepFunctionsApiSpec, problems: &mut Problems) {
    let Some(arn) = problems.check(field, Arn::parse(text)) else { return };
    let wanted = partition(&spec.region).id;
    if arn.partition() != wanted {
        let text = format!("is in partition {}, and spec.region {} is in {wanted}", arn.partition(), spec.region);
        problems.add(field, text);
    }
}

/// The region in it is that of the function
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>).
fn uri(function: &str, spec: &StepFunctionsApiSpec) -> String {
    let region = function.split(':').nth(3).unwrap_or(&spec.region);
    let partition = partition(&spec.region).id;
    format!("arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations")
}

fn source(source: &IdentitySource) -> String {
    let IdentitySource { header, query, stage_variable, context } = source;
    let named = |start: &str, name: &Option<String>| name.as_ref().map(|name| format!("{start}{name}"));
    named(Authorizer::HEADER, header)
        .or_else(|| named(Authorizer::QUERY, query))
        .or_else(|| named("stageVariables.", stage_variable))
        .or_else(|| named("context.", context))
        .unwrap_or_default()
}

/// Who may call a method.
pub(super) fn of_method(method: &api::Method, problems: &mut Problems) -> Authorization {
    let api::Authorization { kind, authorizer, scopes } = &method.authorization;
    match (kind, authorizer) {
        (AuthorizationType::Iam, _) => Authorization::Iam,
        (AuthorizationType::None, _) => Authorization::None,
        (_, Some(name)) => Authorization::Authorizer { name: name.clone(), scopes: scopes.iter().cloned().collect() },
        (_, None) => {
            let field = format!("{}.authorization.authorizer", method_field(method));
            problems.add(field, "missing: the name of an entry of spec.authorizers");
            Authorization::Iam
        }
    }
}
