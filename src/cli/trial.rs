//! A call through a rendered API, without AWS: what Step Functions would get, and what the caller.

use std::collections::BTreeMap;

use regex_lite::Regex;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::sample::{Answer, Sample};
use super::trial_answer::{SERIALIZATION, StepFunctions};
use crate::model::{Backend, Desired, Integration, IntegrationResponse, Method, MethodKey, Segment};
use crate::vtl::{self, Context, Overrides};

const JSON: &str = "application/json";

/// What a call comes to, for people and programs.
#[derive(Serialize)]
pub(super) struct Trial {
    method: String,
    stage: String,
    /// What Step Functions receives; nothing when it is not called.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Value>,
    /// What it is taken to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Value>,
    /// What is wrong, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// What the caller gets.
    response: Option<Response>,
}

/// An answer to the caller.
#[derive(Serialize)]
struct Response {
    status: u16,
    headers: BTreeMap<String, String>,
    #[serde(serialize_with = "serialize_shown")]
    body: String,
}

impl Response {
    /// One of API Gateway's own.
    fn own(status: u16, message: &str) -> Self {
        let headers = BTreeMap::from([("Content-Type".to_owned(), JSON.to_owned())]);
        Self { status, headers, body: json!({ "message": message }).to_string() }
    }
}

/// Makes the call.
///
/// # Errors
/// With the field of the sample, or the option, that leads nowhere.
pub(super) fn call(
    desired: &Desired,
    sample: &Sample,
    method: Option<&str>,
    stage: Option<&str>,
) -> Result<Trial, String> {
    let api = desired.rest_api.as_ref().ok_or("the manifest has no API")?;
    let route = route(&api.definition.methods, sample, method)?;
    let integration = route.method.integration.as_ref().ok_or("the method has no integration")?;
    let (stage_name, field) = match (stage, &sample.stage) {
        (Some(name), _) => (name, "--stage"),
        (None, Some(name)) => (name.as_str(), "stage"),
        (None, None) => (desired.stages.keys().next().map_or("", String::as_str), "stage"),
    };
    let stage = desired.stages.get(stage_name).ok_or_else(|| {
        let names: Vec<&str> = desired.stages.keys().map(String::as_str).collect();
        format!("{field}: there is no stage {stage_name:?}; there are {}", names.join(", "))
    })?;
    let mut context = Context {
        body: sample.body.clone(),
        path: route.variables.clone(),
        query: sample.query.clone(),
        headers: sample.headers.clone(),
        stage_variables: stage.variables.clone(),
        context: members(sample, &route, stage_name),
        overrides: Overrides::default(),
    };
    let mut trial = Trial {
        method: route.key.to_string(),
        stage: stage_name.to_owned(),
        request: None,
        answer: None,
        problem: None,
        response: None,
    };
    trial.response = Some(trial.answered(integration, &mut context, &sample.answer)?);
    Ok(trial)
}

impl Trial {
    /// What the caller gets; what leads there is noted.
    fn answered(
        &mut self,
        integration: &Integration,
        context: &mut Context,
        answer: &Answer,
    ) -> Result<Response, String> {
        let kind = content_type(&context.headers);
        let Some(template) = integration.request_templates.get(&kind) else {
            self.problem = Some(format!("headers.Content-Type: the method does not take {kind}"));
            return Ok(Response::own(415, "Unsupported Media Type"));
        };
        let output = match run(template, context) {
            Ok(output) => output,
            Err(error) => {
                self.problem = Some(format!("the request template stops at {error}"));
                return Ok(Response::own(500, "Internal server error"));
            }
        };
        context.overrides = output.overrides.clone();
        let answer = match &integration.backend {
            Backend::Aws { uri, .. } => {
                let action = uri.rsplit('/').next().unwrap_or_default();
                self.problem = not_an_object(&output);
                let answer = match &self.problem {
                    Some(_) => StepFunctions::error(SERIALIZATION, ""),
                    None => StepFunctions::answer(action, &output.text, answer)?,
                };
                self.request = Some(json!({"action": action, "body": shown(&output.text)}));
                self.answer = Some(json!({"status": answer.status, "body": shown(&answer.body)}));
                answer
            }
            _ => mock(&output.text),
        };
        Ok(respond(integration, &answer, context, &mut self.problem))
    }
}

fn serialize_shown<S: serde::Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    shown(text).serialize(serializer)
}

fn run(template: &str, context: &Context) -> Result<vtl::Output, vtl::Error> {
    vtl::evaluate(&vtl::parse(template)?, context)
}

/// A text as the JSON it is, or as text.
fn shown(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| json!(text))
}

/// Why Step Functions cannot read a request, with the place that made it so.
fn not_an_object(output: &vtl::Output) -> Option<String> {
    if output.text.trim().is_empty() {
        return None;
    }
    match serde_json::from_str::<Value>(&output.text) {
        Ok(Value::Object(_)) => None,
        Ok(_) => Some("Step Functions refuses the request: it is no JSON object".to_owned()),
        Err(error) => Some(format!(
            "Step Functions refuses the request: it is not JSON: {error}; {} of the template makes that",
            output.origin_of(error.line(), error.column())
        )),
    }
}

/// API Gateway answers itself, with the status that the template says.
fn mock(request: &str) -> StepFunctions {
    let status = serde_json::from_str::<Value>(request).ok().and_then(|request| request["statusCode"].as_u64());
    let status = status.and_then(|status| u16::try_from(status).ok()).unwrap_or(500);
    StepFunctions { status, headers: BTreeMap::new(), body: String::new() }
}

/// The answer to the caller, from that of the backend.
fn respond(
    integration: &Integration,
    answer: &StepFunctions,
    context: &mut Context,
    problem: &mut Option<String>,
) -> Response {
    let Some((status, response)) = select(integration, answer.status) else {
        return Response::own(500, "Internal server error");
    };
    context.body.clone_from(&answer.body);
    let accept = context.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept"));
    let accept = accept.map_or(JSON, |(_, value)| value.split([',', ';']).next().unwrap_or(JSON).trim());
    let templates = &response.templates;
    let (kind, template) = match templates.get_key_value(accept).or_else(|| templates.get_key_value(JSON)) {
        Some((kind, template)) => (kind.as_str(), Some(template)),
        None => (JSON, None),
    };
    let (body, overrides) = match template.map(|template| run(template, context)) {
        None => (answer.body.clone(), context.overrides.clone()),
        Some(Ok(output)) => (output.text, output.overrides),
        Some(Err(error)) => {
            problem.get_or_insert_with(|| format!("the response template for {status} stops at {error}"));
            return Response::own(500, "Internal server error");
        }
    };
    let mut headers = BTreeMap::from([("Content-Type".to_owned(), kind.to_owned())]);
    headers.extend(mapped(response, answer, context));
    headers.extend(overrides.response_headers);
    let status = overrides.status.as_deref().unwrap_or(status);
    match status.parse() {
        Ok(status) => Response { status, headers, body },
        Err(_) => {
            problem.get_or_insert_with(|| format!("$context.responseOverride.status is set to {status:?}"));
            Response::own(500, "Internal server error")
        }
    }
}

/// The integration response for a status of the backend: that whose pattern matches the whole of it, or the default.
fn select(integration: &Integration, status: u16) -> Option<(&str, &IntegrationResponse)> {
    let status = status.to_string();
    let matches = |response: &IntegrationResponse| {
        let pattern = response.pattern.as_deref().map(|pattern| Regex::new(&format!("^(?:{pattern})$")));
        pattern.is_some_and(|pattern| pattern.is_ok_and(|pattern| pattern.is_match(&status)))
    };
    let mut responses = integration.responses.iter();
    let found = responses.clone().find(|(_, response)| matches(response));
    let found = found.or_else(|| responses.find(|(_, response)| response.pattern.is_none()));
    found.map(|(status, response)| (status.as_str(), response))
}

/// The headers that mappings give; one whose source is not there is left out.
fn mapped(response: &IntegrationResponse, answer: &StepFunctions, context: &Context) -> Vec<(String, String)> {
    let value = |mapping: &str| {
        if let Some(literal) = mapping.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            return Some(literal.to_owned());
        }
        if let Some(name) = mapping.strip_prefix("integration.response.header.") {
            let found = answer.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
            return found.map(|(_, value)| value.clone());
        }
        let template = match mapping.strip_prefix("integration.response.body") {
            Some("") => "$input.body".to_owned(),
            Some(path) => format!("$input.path('${path}')"),
            None => format!("${mapping}"),
        };
        run(&template, context).ok().map(|output| output.text).filter(|text| !text.is_empty())
    };
    response.headers.iter().filter_map(|(name, mapping)| Some((name.clone(), value(mapping)?))).collect()
}

/// The media type that chooses the request template: without parameters, and JSON when none is said.
fn content_type(headers: &BTreeMap<String, String>) -> String {
    let found = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    found.map_or(JSON, |(_, value)| value.split(';').next().unwrap_or(JSON).trim()).to_ascii_lowercase()
}

/// The method that a call reaches.
struct Route<'a> {
    key: &'a MethodKey,
    method: &'a Method,
    verb: String,
    path: String,
    variables: BTreeMap<String, String>,
}

fn route<'a>(
    methods: &'a BTreeMap<MethodKey, Method>,
    sample: &Sample,
    option: Option<&str>,
) -> Result<Route<'a>, String> {
    let names = || methods.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(name) = option {
        let (key, method) = methods
            .iter()
            .find(|(key, _)| key.to_string() == name)
            .ok_or_else(|| format!("--method: there is no method {name:?}; there are {}", names()))?;
        let path = sample.path.clone().unwrap_or_else(|| key.path.clone());
        let variables = variables(&key.path, &path)
            .ok_or_else(|| format!("path: {path:?} is not of the form {}, the path of --method", key.path))?;
        let verb = sample.method.clone().unwrap_or_else(|| key.verb.replace("ANY", "POST"));
        if key.verb != "ANY" && verb != key.verb {
            return Err(format!("method: {verb:?} is not the verb of --method {name:?}"));
        }
        return Ok(Route { key, method, verb, path, variables });
    }
    let one = || (methods.len() == 1).then(|| methods.keys().next()).flatten();
    let path = match (&sample.path, one()) {
        (Some(path), _) => path.clone(),
        (None, Some(key)) => key.path.clone(),
        (None, None) => return Err(format!("path: missing; give it, or --method with one of {}", names())),
    };
    let verb = sample.method.clone().or_else(|| one().map(|key| key.verb.clone())).unwrap_or_else(|| "POST".to_owned());
    // The resource is found first, by the path, and then its method.
    let mut resources: Vec<(&str, BTreeMap<String, String>)> =
        methods.keys().filter_map(|key| Some((key.path.as_str(), variables(&key.path, &path)?))).collect();
    resources.sort_by_key(|(resource, _)| specificity(resource));
    let Some((resource, variables)) = resources.into_iter().next() else {
        return Err(format!("path: no method is at {path:?}; there are {}", names()));
    };
    let of = |verb: &str| methods.get_key_value(&MethodKey { path: resource.to_owned(), verb: verb.to_owned() });
    let (key, method) = of(&verb)
        .or_else(|| of("ANY"))
        .ok_or_else(|| format!("method: {resource} has no method {verb:?}; there are {}", names()))?;
    Ok(Route { key, method, verb, path, variables })
}

/// Literal segments go before variables, and those before the one that takes all that follows.
fn specificity(resource: &str) -> Vec<u8> {
    let rank = |segment| match Segment::parse(segment) {
        Segment::Literal(_) => 0,
        Segment::Variable(_) => 1,
        Segment::Greedy(_) => 2,
    };
    resource.split('/').map(rank).collect()
}

/// The variables of a path when it is of a resource's form.
fn variables(resource: &str, path: &str) -> Option<BTreeMap<String, String>> {
    let path = path.split('?').next().unwrap_or_default();
    let segments = |path| str::split(path, '/').filter(|segment| !segment.is_empty());
    let mut given = segments(path);
    let mut found = BTreeMap::new();
    for wanted in segments(resource).map(Segment::parse) {
        let segment = given.next()?;
        match wanted {
            Segment::Literal(text) if text != segment => return None,
            Segment::Literal(_) => {}
            Segment::Variable(name) => drop(found.insert(name.to_owned(), segment.to_owned())),
            Segment::Greedy(name) => {
                let all: Vec<&str> = std::iter::once(segment).chain(given.by_ref()).collect();
                found.insert(name.to_owned(), all.join("/"));
            }
        }
    }
    given.next().is_none().then_some(found)
}

/// `$context`: what the sample says, and made up what it does not.
fn members(sample: &Sample, route: &Route, stage: &str) -> Map<String, Value> {
    let agent = sample.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
    let mut context = json!({
        "accountId": "123456789012",
        "apiId": "sampleapi1",
        "deploymentId": "sample",
        "domainName": "sampleapi1.execute-api.amazonaws.com",
        "domainPrefix": "sampleapi1",
        "extendedRequestId": "sample-extended-request-id",
        "httpMethod": route.verb,
        "identity": {"sourceIp": "192.0.2.1", "userAgent": agent.map(|(_, agent)| agent)},
        "path": format!("/{stage}{}", route.path),
        "protocol": "HTTP/1.1",
        "requestId": "sample-request-id",
        "requestTime": "01/Jan/2026:00:00:00 +0000",
        "requestTimeEpoch": 1_767_225_600_000_u64,
        "resourceId": "sample",
        "resourcePath": route.key.path,
        "stage": stage,
    });
    if !sample.claims.is_empty() {
        context["authorizer"] = json!({ "claims": sample.claims });
    }
    merge(&mut context, &Value::Object(sample.context.clone()));
    match context {
        Value::Object(context) => context,
        _ => Map::new(),
    }
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
