//! What API Gateway refuses itself, before a call reaches Step Functions.

use std::collections::{BTreeMap, BTreeSet};

use jsonschema::Draft;
use regex_lite::{Captures, Regex};
use serde_json::{Map, Value, json};

use super::route::Reached;
use super::{JSON, Response, header};
use crate::model::{
    Authorization, Definition, Integration, MODEL_REFERENCE, Method, Models, Parameter, RestApi, Validation,
};
use crate::vtl::Context;

/// Why API Gateway answers a call itself, with one of the API's gateway responses.
pub(super) struct Refusal {
    /// Type of the gateway response.
    kind: &'static str,
    /// Status, unless the gateway response has one.
    status: u16,
    /// In API Gateway's words.
    message: String,
    /// In ours, which say more.
    pub problem: String,
}

impl Refusal {
    /// No method is there.
    pub fn no_method(problem: String) -> Self {
        let message = "Missing Authentication Token".to_owned();
        Self { kind: "MISSING_AUTHENTICATION_TOKEN", status: 403, message, problem }
    }

    /// A template or a mapping does not work.
    pub fn failed(problem: String) -> Self {
        Self { kind: "DEFAULT_5XX", status: 500, message: "Internal server error".to_owned(), problem }
    }

    /// The answer to the caller. These bodies are no templates: variables are filled in and nothing else.
    pub fn response(&self, definition: &Definition, context: &Context) -> Response {
        let general = if self.status < 500 { "DEFAULT_4XX" } else { "DEFAULT_5XX" };
        let responses = &definition.gateway_responses;
        let response = responses.get(self.kind).or_else(|| responses.get(general)).cloned().unwrap_or_default();
        let own = || json!({ "message": self.message }).to_string();
        let mut members = context.context.clone();
        members.insert(
            "error".to_owned(),
            json!({
                "message": self.message,
                "messageString": json!(self.message).to_string(),
                "responseType": self.kind,
            }),
        );
        let body = response.templates.get(JSON).map_or_else(own, |template| filled(template, &members));
        let mut headers = BTreeMap::from([("Content-Type".to_owned(), JSON.to_owned())]);
        // Those of a manifest are literals.
        headers.extend(response.headers.into_iter().map(|(name, text)| (name, text.trim_matches('\'').to_owned())));
        let status = response.status.and_then(|status| status.parse().ok()).unwrap_or(self.status);
        Response { status, headers, body }
    }
}

/// A text with the values of the variables in it.
fn filled(template: &str, context: &Map<String, Value>) -> String {
    let Ok(variable) = Regex::new(r"\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)") else { return template.to_owned() };
    let value = |found: &Captures<'_>| {
        let mut names = found[1].split('.');
        let first = names.next().and_then(|name| context.get(name));
        match names.try_fold(first?, |value, name| value.get(name)) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Null) | None => None,
            Some(value) => Some(value.to_string()),
        }
    };
    variable.replace_all(template, |found: &Captures<'_>| value(found).unwrap_or_default()).into_owned()
}

/// What decides about calls of a method before its template does, and no file says.
pub(super) fn not_checked(api: &RestApi, reached: &Reached) -> BTreeSet<String> {
    let method = reached.method;
    let who = match &method.authorization {
        Authorization::None => None,
        Authorization::Iam => Some("whether the call is signed by somebody who may call the method".to_owned()),
        Authorization::Authorizer { name, .. } => Some(format!("whether the authorizer {name} lets the caller in")),
        Authorization::Other(_) => Some("who calls".to_owned()),
    };
    let mut found: BTreeSet<String> = who.into_iter().collect();
    if method.api_key_required {
        found.insert("whether the API key is one of a usage plan of the stage".to_owned());
    }
    if api.settings.policy.is_some() {
        found.insert("whether the resource policy lets the caller in".to_owned());
    }
    found.insert("throttling and quotas".to_owned());
    found
}

/// Holds a call against what its method asks for, and gives its content type.
///
/// # Errors
/// Why it is refused.
pub(super) fn checked(
    definition: &Definition,
    method: &Method,
    context: &Context,
    not_checked: &mut BTreeSet<String>,
) -> Result<String, Refusal> {
    let kind = content_type(&context.headers);
    let Some(Validation::Checks { body, parameters }) = method.validation else { return Ok(kind) };
    if parameters {
        has_parameters(method, context)?;
    }
    if body && let Some(name) = method.models.get(&kind) {
        fits(&definition.models, name, &context.body, not_checked).map_err(|problem| Refusal {
            kind: "BAD_REQUEST_BODY",
            status: 400,
            message: "Invalid request body".to_owned(),
            problem: format!("API Gateway refuses the call: {problem}"),
        })?;
    }
    Ok(kind)
}

/// Whether the parameters that have to be there are, and not blank
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-request-validation.html>).
fn has_parameters(method: &Method, context: &Context) -> Result<(), Refusal> {
    let given = |Parameter { location, name }: &Parameter| match location.as_str() {
        "header" => header(&context.headers, name),
        "querystring" => context.query.get(name).map(String::as_str),
        _ => context.path.get(name).map(String::as_str),
    };
    let required = method.parameters.iter().filter(|(_, required)| **required).map(|(parameter, _)| parameter);
    let missing = required.filter(|parameter| given(parameter).is_none_or(|text| text.trim().is_empty()));
    let missing: Vec<&str> = missing.map(|parameter| parameter.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let message = format!("Missing required request parameters: [{}]", missing.join(", "));
    let problem = format!("API Gateway refuses the call: {message}");
    Err(Refusal { kind: "BAD_REQUEST_PARAMETERS", status: 400, message, problem })
}

/// Says what of a body does not hold against a model. An empty body counts as `{}`, as it does in templates.
fn fits(models: &Models, name: &str, body: &str, not_checked: &mut BTreeSet<String>) -> Result<(), String> {
    let body = if body.is_empty() { "{}" } else { body };
    let body: Value = serde_json::from_str(body).map_err(|error| format!("the body is not JSON: {error}"))?;
    let schemas: Map<String, Value> =
        models.iter().map(|(name, schema)| (name.clone(), schema.value().clone())).collect();
    let schema = json!({"$ref": format!("{MODEL_REFERENCE}{name}"), "components": {"schemas": schemas}});
    let wrong = |formats: bool| {
        let options = jsonschema::options().with_draft(Draft::Draft4).should_validate_formats(formats);
        let validator = options.build(&schema).map_err(|error| error.to_string())?;
        let said = validator.iter_errors(&body).map(|error| match error.instance_path().as_str() {
            "" => error.to_string(),
            path => format!("{path}: {error}"),
        });
        Ok::<_, String>(said.collect::<Vec<_>>())
    };
    match (wrong(false), wrong(true)) {
        (Err(error), _) | (_, Err(error)) => {
            not_checked.insert(format!("the body against the model {name}: {error}"));
            Ok(())
        }
        (Ok(wrong), _) if !wrong.is_empty() => {
            Err(format!("the body does not hold against the model {name}: {}", wrong.join("; ")))
        }
        (_, Ok(wrong)) => {
            // AWS does not say whether it looks at `format`.
            not_checked.extend(wrong.into_iter().map(|wrong| format!("format in the model {name}: {wrong}")));
            Ok(())
        }
    }
}

/// The media type that chooses model and request template: without parameters, and JSON when none is said.
fn content_type(headers: &BTreeMap<String, String>) -> String {
    header(headers, "content-type")
        .map_or(JSON, |value| value.split(';').next().unwrap_or(JSON).trim())
        .to_ascii_lowercase()
}

/// The request template for a content type.
///
/// # Errors
/// Without one the call is refused, unless its body is to go on as it is.
pub(super) fn template<'a>(integration: &'a Integration, kind: &str) -> Result<&'a str, Refusal> {
    let templates = &integration.request_templates;
    let passed = (!integration.refuses_unmatched).then_some(Integration::PASS_BODY);
    templates.get(kind).map(String::as_str).or(passed).ok_or_else(|| {
        let taken: Vec<&str> = templates.keys().map(String::as_str).collect();
        Refusal {
            kind: "UNSUPPORTED_MEDIA_TYPE",
            status: 415,
            message: "Unsupported Media Type".to_owned(),
            problem: format!("headers.Content-Type: the method does not take {kind}, but {}", taken.join(", ")),
        }
    })
}
