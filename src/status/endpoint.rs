//! A method on a stage, as a line that calls it.

use std::collections::{BTreeMap, BTreeSet};

use crate::actions;
use crate::api::EndpointStatus;
use crate::model::{Authorization, Authorizer, Backend, Method, MethodKey};

/// URL and curl line of a method; `None` for a preflight, which is not for people. Capitals stand for the caller's values.
pub(super) fn of(
    stage: &str,
    url: &str,
    region: &str,
    key: &MethodKey,
    method: &Method,
    authorizers: &BTreeMap<String, Authorizer>,
) -> Option<EndpointStatus> {
    if key.verb == "OPTIONS" {
        return None;
    }
    let url = if key.path == "/" { url.to_owned() } else { format!("{url}{}", key.path) };
    Some(EndpointStatus {
        stage: stage.to_owned(),
        method: key.verb.clone(),
        curl: curl(&url, region, &key.verb, method, authorizers),
        url,
    })
}

fn curl(url: &str, region: &str, verb: &str, method: &Method, authorizers: &BTreeMap<String, Authorizer>) -> String {
    let authorizer = match &method.authorization {
        Authorization::Authorizer { name, .. } => authorizers.get(name),
        _ => None,
    };
    let named = |location: &str, start: &'static str| {
        let found = method.parameters.keys().filter(move |parameter| parameter.location == location);
        let identity = authorizer.into_iter().flat_map(|authorizer| authorizer.sources(start));
        found.map(|parameter| parameter.name.as_str()).chain(identity).collect::<BTreeSet<_>>()
    };
    let mut line = match verb {
        "HEAD" => "curl -I".to_owned(),
        "ANY" => "curl -X POST".to_owned(),
        verb => format!("curl -X {verb}"),
    };
    if method.authorization == Authorization::Iam {
        line.push_str(&format!(
            " --aws-sigv4 aws:amz:{region}:execute-api --user \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
        ));
    }
    if method.api_key_required {
        line.push_str(" -H 'x-api-key: KEY'");
    }
    for header in named("header", Authorizer::HEADER) {
        line.push_str(&format!(" -H '{header}: VALUE'"));
    }
    if !method.models.is_empty() {
        line.push_str(" -H 'Content-Type: application/json'");
    }
    if matches!(verb, "POST" | "PUT" | "PATCH" | "ANY") {
        line.push_str(&format!(" -d '{}'", body(method)));
    }
    let query: Vec<String> =
        named("querystring", Authorizer::QUERY).iter().map(|name| format!("{name}=VALUE")).collect();
    let query = if query.is_empty() { String::new() } else { format!("?{}", query.join("&")) };
    format!("{line} '{url}{query}'")
}

/// A body that the method takes: where it is the action's own request, that has its required arguments.
fn body(method: &Method) -> String {
    let Some(integration) = &method.integration else { return "{}".to_owned() };
    let Backend::Aws { uri, .. } = &integration.backend else { return "{}".to_owned() };
    let action = uri.rsplit('/').next().and_then(actions::find).filter(|_| integration.passes_body());
    let arguments = action.iter().flat_map(|action| action.arguments).filter(|argument| argument.required);
    let arguments: Vec<String> = arguments.map(|argument| format!("\"{}\": \"VALUE\"", argument.name)).collect();
    format!("{{{}}}", arguments.join(", "))
}
