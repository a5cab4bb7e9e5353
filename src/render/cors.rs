//! Cross-origin resource sharing: preflight, answers and gateway errors from one section.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Cors;
use crate::model::{Authorization, Backend, Integration, IntegrationResponse, Method, Parameter};

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
/// What API Gateway's console allows when it enables CORS: a JSON body, and everything a signed call carries.
const ALLOW_HEADERS: [&str; 5] = ["Content-Type", "X-Amz-Date", "Authorization", "X-Api-Key", "X-Amz-Security-Token"];
/// What `response.location` sets.
pub(super) const LOCATION: &str = "Location";
const ALL_VERBS: [&str; 7] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/// What CORS adds to an answer.
#[derive(Default)]
pub(super) struct Sharing {
    /// Headers that are the same for every caller.
    pub(super) headers: BTreeMap<String, String>,
    /// Directives that start the answer's template and set the headers for callers of an allowed origin; empty if no
    /// header depends on the caller.
    pub(super) directives: String,
}

/// For an answer of a method that sets headers of these names itself.
pub(super) fn of_answer(cors: &Cors, own: &BTreeSet<String>) -> Sharing {
    sharing(cors, exposed(cors, own))
}

/// Headers that tell scripts what they may read.
fn exposed(cors: &Cors, own: &BTreeSet<String>) -> Vec<(&'static str, String)> {
    let mut given = cors.expose_headers.clone();
    // Without it a page cannot find what it started.
    if let Some(location) = own.get(LOCATION).filter(|_| !given.is_empty() && given != ["*"])
        && !given.iter().any(|name| name.eq_ignore_ascii_case(location))
    {
        given.push(location.clone());
    }
    let own = own.iter().map(String::as_str);
    list(&given, own).map(|names| ("Access-Control-Expose-Headers", names)).into_iter().collect()
}

/// The given words, else the default ones; `None` without any.
fn list<'a>(given: &'a [String], default: impl Iterator<Item = &'a str>) -> Option<String> {
    let words: Vec<&str> =
        if given.is_empty() { default.collect() } else { given.iter().map(String::as_str).collect() };
    (!words.is_empty()).then(|| words.join(","))
}

/// Whether answers differ with the origin that asks.
pub(super) fn depends_on_origin(cors: &Cors) -> bool {
    cors.allow_origins != ["*"]
}

fn sharing(cors: &Cors, mut more: Vec<(&'static str, String)>) -> Sharing {
    if cors.allow_credentials {
        more.push(("Access-Control-Allow-Credentials", "true".to_owned()));
    }
    if !depends_on_origin(cors) {
        more.push((ALLOW_ORIGIN, "*".to_owned()));
        return Sharing { headers: fixed(more), directives: String::new() };
    }
    let any: Vec<String> = cors.allow_origins.iter().map(|origin| format!("$origin == \"{origin}\"")).collect();
    let set: String = more.iter().map(|(name, value)| set_header(name, value)).collect();
    let directives = format!(
        "#set($origin = \"$!input.params('Origin')\")#if({}){}{set}#end",
        any.join(" || "),
        set_header(ALLOW_ORIGIN, "$origin"),
    );
    Sharing { headers: fixed(vec![("Vary", "Origin".to_owned())]), directives }
}

/// A directive that sets a header of the answer. Each can be set once.
pub(super) fn set_header(name: &str, value: &str) -> String {
    format!("#set($context.responseOverride.header.{name} = \"{value}\")")
}

/// Static header mappings.
fn fixed(headers: Vec<(&'static str, String)>) -> BTreeMap<String, String> {
    headers.into_iter().map(|(name, value)| (name.to_owned(), format!("'{value}'"))).collect()
}

/// The OPTIONS method of a path with these methods. Browsers ask without credentials, so anyone may.
pub(super) fn preflight(cors: &Cors, path: &str, methods: &[(&str, &Method)]) -> Method {
    let verbs: BTreeSet<&str> = methods.iter().map(|(verb, _)| *verb).collect();
    let verbs = if verbs.contains("ANY") { ALL_VERBS.into() } else { verbs.into_iter().chain(["OPTIONS"]).collect() };
    let verbs: BTreeSet<&str> = verbs;
    let parameters = methods.iter().flat_map(|(_, method)| method.parameters.keys());
    let read = parameters.filter(|parameter| parameter.location == "header").map(|parameter| parameter.name.as_str());
    let read = read.filter(|name| !ALLOW_HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name)));
    let read: BTreeSet<&str> = read.collect();
    let mut more = Vec::new();
    more.extend(list(&cors.allow_methods, verbs.into_iter()).map(|verbs| ("Access-Control-Allow-Methods", verbs)));
    more.extend(
        list(&cors.allow_headers, ALLOW_HEADERS.into_iter().chain(read))
            .map(|names| ("Access-Control-Allow-Headers", names)),
    );
    more.extend(cors.max_age_seconds.map(|seconds| ("Access-Control-Max-Age", seconds.to_string())));
    let Sharing { headers, directives } = sharing(cors, more);
    let template = (!directives.is_empty()).then(|| ("application/json".to_owned(), directives));
    let response = IntegrationResponse { pattern: None, headers, templates: template.into_iter().collect() };
    let integration = Integration {
        backend: Backend::Mock,
        refuses_unmatched: true,
        request_templates: BTreeMap::from([("application/json".to_owned(), r#"{"statusCode": 200}"#.to_owned())]),
        timeout_millis: Integration::TIMEOUT_MILLIS,
        responses: BTreeMap::from([("200".to_owned(), response)]),
        cache_keys: BTreeSet::new(),
    };
    Method {
        authorization: Authorization::None,
        api_key_required: false,
        models: BTreeMap::new(),
        validation: None,
        parameters: Parameter::of_path(path),
        responses: integration.method_responses(),
        integration: Some(integration),
        foreign: BTreeMap::new(),
    }
}

/// Headers of errors that API Gateway answers itself: without them a browser hides the error from the page.
///
/// They cannot depend on the caller's origin. The caller's own could be echoed, but only untested, so with credentials
/// any page on the web could learn from the error whether its visitor is logged in. So: the one origin; of several, `*`,
/// as the errors say nothing but what went wrong; with credentials, where browsers refuse `*`, the first.
pub(super) fn of_gateway(cors: &Cors) -> BTreeMap<String, String> {
    let origin = match cors.allow_origins.as_slice() {
        [_, _, ..] if !cors.allow_credentials => "*",
        [first, ..] => first.as_str(),
        [] => return BTreeMap::new(),
    };
    let mut headers = exposed(cors, &BTreeSet::new());
    headers.push((ALLOW_ORIGIN, origin.to_owned()));
    if cors.allow_credentials {
        headers.push(("Access-Control-Allow-Credentials", "true".to_owned()));
    }
    fixed(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn location_is_added_to_what_the_spec_exposes_where_an_answer_has_it() {
        let cors = |names: &str| -> Cors {
            let names: Vec<&str> = names.split(' ').filter(|name| !name.is_empty()).collect();
            serde_json::from_value(serde_json::json!({"allowOrigins": ["*"], "exposeHeaders": names})).unwrap()
        };
        let own: BTreeSet<String> = ["Cache-Control", "Location"].map(str::to_owned).into();
        let told = |names: &str, own: &BTreeSet<String>| exposed(&cors(names), own).pop().map(|(_, names)| names);
        assert_eq!(told("", &own).as_deref(), Some("Cache-Control,Location"));
        assert_eq!(told("X-Note", &own).as_deref(), Some("X-Note,Location"));
        assert_eq!(told("X-Note location", &own).as_deref(), Some("X-Note,location"));
        assert_eq!(told("*", &own).as_deref(), Some("*"));
        assert_eq!(told("X-Note", &BTreeSet::new()).as_deref(), Some("X-Note"));
    }
}
