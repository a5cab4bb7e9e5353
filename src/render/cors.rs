//! Cross-origin resource sharing: preflight, answers and gateway errors from one section.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::Cors;
use crate::model::{Authorization, Backend, GatewayResponse, Integration, IntegrationResponse, Method, Parameter};

const ALLOW_ORIGIN: &str = "Access-Control-Allow-Origin";
/// What API Gateway's console allows when it enables CORS: a JSON body, and everything a signed call carries.
const ALLOW_HEADERS: &str = "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token";
const ALL_VERBS: &str = "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT";

/// Headers of every answer that are the same for every caller.
pub(super) fn headers(cors: &Cors) -> BTreeMap<String, String> {
    let (name, value) = match cors.allow_origins.as_slice() {
        [only] => (ALLOW_ORIGIN, only.as_str()),
        _ => ("Vary", "Origin"),
    };
    BTreeMap::from([(name.to_owned(), format!("'{value}'"))])
}

/// The start of a template that echoes the caller's origin if it is one of several; `None` with a single one.
pub(super) fn echo(cors: &Cors) -> Option<String> {
    let [_, _, ..] = cors.allow_origins.as_slice() else { return None };
    let any: Vec<String> = cors.allow_origins.iter().map(|origin| format!("$origin == \"{origin}\"")).collect();
    Some(format!(
        "#set($origin = \"$!input.params('Origin')\")#if({})\
         #set($context.responseOverride.header.{ALLOW_ORIGIN} = $origin)#end",
        any.join(" || ")
    ))
}

/// The OPTIONS method of a path with these methods. Browsers ask without credentials, so anyone may.
pub(super) fn preflight(cors: &Cors, path: &str, verbs: &BTreeSet<&str>) -> Method {
    let allowed = if verbs.contains("ANY") {
        ALL_VERBS.to_owned()
    } else {
        verbs.iter().copied().chain(["OPTIONS"]).collect::<Vec<_>>().join(",")
    };
    let mut headers = headers(cors);
    headers.insert("Access-Control-Allow-Methods".to_owned(), format!("'{allowed}'"));
    headers.insert("Access-Control-Allow-Headers".to_owned(), format!("'{ALLOW_HEADERS}'"));
    let template = echo(cors).map(|text| ("application/json".to_owned(), text));
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
        parameters: Parameter::of_path(path),
        responses: integration.method_responses(),
        integration: Some(integration),
        foreign: BTreeMap::new(),
    }
}

/// Errors that API Gateway answers itself need the header too, or a browser hides them from the page. They cannot look
/// at the caller's origin, so with several origins every page may read them: they say nothing but what went wrong.
pub(super) fn gateway_responses(cors: &Cors) -> BTreeMap<String, GatewayResponse> {
    let origin = match cors.allow_origins.as_slice() {
        [only] => only.as_str(),
        _ => "*",
    };
    let response = GatewayResponse {
        headers: BTreeMap::from([(ALLOW_ORIGIN.to_owned(), format!("'{origin}'"))]),
        templates: BTreeMap::from([(
            "application/json".to_owned(),
            r#"{"message":$context.error.messageString}"#.to_owned(),
        )]),
    };
    ["DEFAULT_4XX", "DEFAULT_5XX"].into_iter().map(|kind| (kind.to_owned(), response.clone())).collect()
}
