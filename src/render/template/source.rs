//! How the text of one source gets out of the call.

use super::builder::Builder;
use crate::api::{ArgumentSource, AuthorizationType};

/// A caller's text.
pub(super) struct Read {
    /// The expression that gives it.
    pub(super) text: String,
    /// Condition under which there is one; `None` for always.
    pub(super) present: Option<String>,
}

/// The text of a source; of a field of the body that is a number or a boolean, its text. An object or a list as a field
/// is needed not to be there: a template cannot write it as text. `None` after noting what is wrong.
pub(super) fn read(builder: &mut Builder<'_>, source: &ArgumentSource, field: &str) -> Option<Read> {
    if source.body.is_some() {
        // $input.body and not $input.json('$'): the latter makes "" of null, of nothing and of what is no JSON.
        return Some(Read { text: "$input.body".to_owned(), present: None });
    }
    let variable = builder.variable();
    let present = Some(format!("{variable} != \"\""));
    if let Some(path) = &source.body_field {
        builder.need_fields(field);
        builder.set(&format!("#set({variable} = \"$!input.path('{path}')\")"));
        let scalar = format!("!$input.json('{path}').startsWith(\"{{\") && !$input.json('{path}').startsWith(\"[\")");
        builder.need(field, "the call's value is an object or a list", scalar);
        return Some(Read { text: variable, present });
    }
    let mut after = String::new();
    let expression = if let Some(name) = &source.query {
        format!("$!input.params().querystring.get('{name}')")
    } else if let Some(name) = &source.path {
        // A REST API hands a path on as it was sent; of a query it has decoded the text. A + of a path is no blank.
        after = format!(
            "#if({variable}.contains(\"%\"))\
             #set({variable} = $util.urlDecode({variable}.replace(\"+\", \"%2B\")))#end"
        );
        format!("$!input.params().path.get('{name}')")
    } else if let Some(name) = &source.header {
        // The map of headers has names as they were sent. This lookup takes any case, but a path or query parameter of
        // the name comes first, and must not pass for the header.
        let others = format!("$!input.params().path.get('{name}')$!input.params().querystring.get('{name}')");
        let exactly = format!("$!input.params().header.get('{name}')");
        after = format!("#if(\"{others}\" != \"\")#set({variable} = \"{exactly}\")#end");
        format!("$!input.params('{name}')")
    } else if let Some(name) = &source.stage_variable {
        for stage in builder.spec.stages.iter().filter(|stage| !stage.variables.contains_key(name)) {
            let missing = format!("spec.stages[{}].variables.{name}", stage.name);
            builder.problems.add(missing, format!("missing: {field} reads it"));
        }
        format!("$!stageVariables.get('{name}')")
    } else if let Some(name) = &source.context {
        if !CONTEXT.contains(&name.as_str()) {
            let message = format!("API Gateway has no $context.{name}; there are {}", CONTEXT.join(", "));
            builder.problems.add(format!("{field}.context"), message);
        }
        format!("$!context.{name}")
    } else if let Some(name) = &source.claim {
        match claims(builder.method.authorization.kind) {
            Some(claims) => claim(claims, name),
            None => {
                let text = "nobody vouches for claims here; give the method authorization by Cognito or Lambda";
                builder.problems.add(format!("{field}.claim"), text);
                return None;
            }
        }
    } else {
        builder.problems.add(field, "give exactly one source");
        return None;
    };
    builder.set(&format!("#set({variable} = \"{expression}\"){after}"));
    Some(Read { text: variable, present })
}

/// Where a template finds what an authorizer knows of the caller
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>): the
/// claims of a Cognito token are in `context.authorizer.claims`, the context of a Lambda function in `context.authorizer`.
fn claims(kind: AuthorizationType) -> Option<&'static str> {
    match kind {
        AuthorizationType::Cognito => Some("context.authorizer.claims"),
        AuthorizationType::Lambda => Some("context.authorizer"),
        AuthorizationType::Iam | AuthorizationType::None => None,
    }
}

/// A member of what an authorizer knows; empty if there is none.
fn claim(claims: &str, name: &str) -> String {
    let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if plain { format!("$!{claims}.{name}") } else { format!("$!{claims}['{name}']") }
}

/// Members of `$context` that a mapping template has for every kind of authorization here
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).
const CONTEXT: [&str; 23] = [
    "accountId",
    "apiId",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "extendedRequestId",
    "httpMethod",
    "identity.accountId",
    "identity.caller",
    "identity.principalOrgId",
    "identity.sourceIp",
    "identity.user",
    "identity.userAgent",
    "identity.userArn",
    "identity.vpcId",
    "path",
    "protocol",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "stage",
];
