//! One method: parameters, integration, answers.

use std::collections::BTreeMap;

use super::integration::{self, Exact};
use super::{Problems, authorizer, cache, method_field, response, template, validator};
use crate::actions::{self, Action};
use crate::api::{self, EndpointType, StepFunctionsApiSpec};
use crate::model::{Backend, Credentials, Integration, Method, Models, Parameter, Validation, partition};
use crate::spelling::instead;

/// Both content types that reach a method: JSON, and what `curl -d` says when it sends JSON.
const CONTENT_TYPES: [&str; 2] = ["application/json", "application/x-www-form-urlencoded"];

pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    credentials: Credentials,
    all_models: &mut Models,
    problems: &mut Problems,
) -> Method {
    let action = problems.check(&format!("{}.action", method_field(method)), find(&method.action));
    let exact = method.integration.as_ref().map(|own| integration::render(spec, method, own, problems));
    let made = action.filter(|_| exact.is_none());
    let request = made.map(|action| template::request(spec, method, action, problems)).unwrap_or_default();
    let responses = made.map(|action| response::render(spec, method, action, problems)).unwrap_or_default();
    let (region, arns) = (&spec.region, partition(&spec.region).id);
    let own = method.request.as_ref();
    // A template of the spec's own may need other things of a call than the action's arguments.
    let from_arguments = made.filter(|_| own.is_none_or(|own| own.template.is_none()));
    let models = validator::models(spec, method, from_arguments, all_models, problems);
    let mut parameters = parameters(method, problems);
    validator::require(method, from_arguments, &mut parameters);
    integration::declare(method, &mut parameters);
    let has_own_model = own.is_some_and(|own| own.model.is_some());
    let kinds = CONTENT_TYPES.iter().filter(|kind| !has_own_model || models.contains_key(**kind));
    let mut integration = Integration {
        backend: Backend::Aws {
            uri: format!("arn:{arns}:apigateway:{region}:states:action/{}", method.action),
            credentials,
        },
        refuses_unmatched: true,
        request_templates: kinds.map(|kind| ((*kind).to_owned(), request.clone())).collect(),
        timeout_millis: timeout(spec, method, action, problems),
        responses,
        cache_keys: cache::keys(spec, method, &mut parameters),
    };
    if let Some(Exact { refuses_unmatched, request_templates, responses }) = exact {
        integration = Integration { refuses_unmatched, request_templates, responses, ..integration };
    }
    Method {
        authorization: authorizer::of_method(method, problems),
        api_key_required: method.api_key_required,
        validation: Validation::needed(&models, &parameters),
        models,
        parameters,
        responses: integration.method_responses(),
        integration: Some(integration),
        foreign: BTreeMap::new(),
    }
}

fn find(name: &str) -> Result<&'static Action, String> {
    actions::find(name).ok_or_else(|| {
        format!("no action {name:?}{}", instead(name, actions::ACTIONS.iter().map(|action| action.name)))
    })
}

/// Milliseconds until callers get a 504.
fn timeout(spec: &StepFunctionsApiSpec, method: &api::Method, action: Option<&Action>, problems: &mut Problems) -> i32 {
    let millis = method.timeout_millis.unwrap_or(Integration::TIMEOUT_MILLIS);
    // The quota can be raised for Regional and Private endpoints only
    // (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
    let edge = spec.endpoint.as_ref().is_some_and(|endpoint| endpoint.kind == EndpointType::Edge);
    if edge && millis > Integration::TIMEOUT_MILLIS {
        problems.add(
            format!("{}.timeoutMillis", method_field(method)),
            format!(
                "is {millis}, and an Edge endpoint allows {} at most; give less, or another spec.endpoint.type",
                Integration::TIMEOUT_MILLIS
            ),
        );
    }
    let holds = action.and_then(|action| action.holds_seconds);
    if let Some(seconds) = holds.filter(|seconds| i64::from(millis) <= i64::from(*seconds) * 1000) {
        problems.warn(
            format!("{}.timeoutMillis", method_field(method)),
            format!(
                "{} may hold a call for {seconds} s, and callers get a 504 after {millis} ms: a task that is handed out \
                 after that is lost until it times out; give {} and have the quota raised",
                method.action,
                (seconds + 5) * 1000
            ),
        );
    }
    millis
}

/// Headers that carry secrets of the caller's.
const SECRET_HEADERS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-amz-security-token"];

/// Everything that is read from the request, declared, and the variables of the path.
fn parameters(method: &api::Method, problems: &mut Problems) -> BTreeMap<Parameter, bool> {
    let mut parameters = Parameter::of_path(&method.path);
    for (field, source) in template::leaves(method) {
        let field = format!("{}.{field}", method_field(method));
        if let Some(name) = &source.query {
            parameters.insert(Parameter::new("querystring", name), false);
        }
        if let Some(name) = &source.header {
            parameters.insert(Parameter::new("header", name), false);
            if SECRET_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
                problems.warn(
                    format!("{field}.header"),
                    format!(
                        "{name} carries a caller's secret, and what an execution gets stays readable in its history"
                    ),
                );
            }
        }
        if let Some(name) =
            source.path.as_deref().filter(|name| !parameters.contains_key(&Parameter::new("path", name)))
        {
            problems.add(
                format!("{field}.path"),
                format!("the path has no {{{name}}}; write it there, or take the argument from elsewhere"),
            );
        }
    }
    parameters
}
