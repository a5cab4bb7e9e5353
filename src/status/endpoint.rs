//! A method on a stage, as a line that calls it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::actions::{self, Kind};
use crate::api::{self, EndpointStatus};
use crate::model::{Authorization, Authorizer, Backend, Method, MethodKey, Segment};

/// What stands for the parameters that cannot have any text, by location and name.
pub(super) type Values = BTreeMap<(&'static str, String), String>;

/// A method of the spec, and values for what it reads: one of the words, a number, true.
pub(super) fn values(method: &api::Method) -> (MethodKey, Values) {
    let mut values = Values::new();
    for (name, source) in &method.arguments {
        let argument = actions::find(&method.action).and_then(|action| action.argument(name));
        let value = match argument.map(|argument| argument.kind) {
            Some(Kind::Integer { min, .. }) => Some(min.max(1).to_string()),
            Some(Kind::Boolean) => Some("true".to_owned()),
            Some(Kind::Enum(words)) => words.first().map(|word| (*word).to_owned()),
            _ => None,
        };
        note(&serde_json::to_value(source).unwrap_or_default(), value.as_deref(), &mut values);
    }
    (MethodKey { path: method.path.clone(), verb: method.method.as_str().to_owned() }, values)
}

/// Notes the parameter that a source reads, or those of the sources of an object.
fn note(source: &Value, value: Option<&str>, values: &mut Values) {
    let value = match source["type"].as_str() {
        Some("Integer" | "Number") => Some("1"),
        Some("Boolean") => Some("true"),
        _ => value,
    };
    for (field, location) in [("query", "querystring"), ("header", "header"), ("path", "path")] {
        if let (Some(name), Some(value)) = (source[field].as_str(), value) {
            values.insert((location, name.to_owned()), value.to_owned());
        }
    }
    source["object"].as_object().into_iter().flatten().for_each(|(_, source)| note(source, None, values));
}

/// URL and curl line of a method; `None` for a preflight, which is not for people. Capitals stand for the caller's values.
pub(super) fn of(
    stage: &str,
    url: &str,
    region: &str,
    key: &MethodKey,
    method: &Method,
    values: &Values,
    authorizers: &BTreeMap<String, Authorizer>,
) -> Option<EndpointStatus> {
    if key.verb == "OPTIONS" {
        return None;
    }
    let whole = |path: &str| if path == "/" { url.to_owned() } else { format!("{url}{path}") };
    let called = whole(&called(&key.path, values));
    Some(EndpointStatus {
        stage: stage.to_owned(),
        method: key.verb.clone(),
        curl: curl(&called, region, &key.verb, method, values, authorizers),
        url: whole(&key.path),
    })
}

/// A path with something in place of its variables: curl reads braces as a list.
fn called(path: &str, values: &Values) -> String {
    let segments = path.split('/').map(|segment| match Segment::parse(segment).variable() {
        Some(name) => values.get(&("path", name.to_owned())).cloned().unwrap_or_else(|| name.to_uppercase()),
        None => segment.to_owned(),
    });
    segments.collect::<Vec<_>>().join("/")
}

fn curl(
    url: &str,
    region: &str,
    verb: &str,
    method: &Method,
    values: &Values,
    authorizers: &BTreeMap<String, Authorizer>,
) -> String {
    let authorizer = match &method.authorization {
        Authorization::Authorizer { name, .. } => authorizers.get(name),
        _ => None,
    };
    let named = |location: &str, start: &'static str| {
        let found = method.parameters.keys().filter(move |parameter| parameter.location == location);
        let identity = authorizer.into_iter().flat_map(|authorizer| authorizer.sources(start));
        found.map(|parameter| parameter.name.as_str()).chain(identity).collect::<BTreeSet<_>>()
    };
    let value = |location, name: &str| values.get(&(location, name.to_owned())).map_or("VALUE", String::as_str);
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
        line.push_str(&format!(" -H '{header}: {}'", value("header", header)));
    }
    if !method.models.is_empty() {
        line.push_str(" -H 'Content-Type: application/json'");
    }
    if matches!(verb, "POST" | "PUT" | "PATCH" | "ANY") {
        line.push_str(&format!(" -d '{}'", body(method)));
    }
    let query = named("querystring", Authorizer::QUERY);
    let query: Vec<String> = query.iter().map(|name| format!("{name}={}", value("querystring", name))).collect();
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
