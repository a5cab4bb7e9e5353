//! From the answer of a backend to that for the caller: integration response, template, headers.

use std::collections::BTreeMap;

use regex_lite::Regex;

use super::answer::StepFunctions;
use super::gateway::Refusal;
use super::{JSON, Response, header, run};
use crate::model::{Integration, IntegrationResponse};
use crate::vtl::Context;

/// The answer to the caller, from that of the backend.
///
/// # Errors
/// What API Gateway answers when it fails at that.
pub(super) fn respond(
    integration: &Integration,
    answer: &StepFunctions,
    context: &mut Context,
) -> Result<Response, Refusal> {
    let (status, response) = select(integration, answer.status)
        .ok_or_else(|| Refusal::failed(format!("the method has no response for status {}", answer.status)))?;
    context.body.clone_from(&answer.body);
    let accept = header(&context.headers, "accept");
    let accept = accept.map_or(JSON, |value| value.split([',', ';']).next().unwrap_or(JSON).trim());
    let templates = &response.templates;
    let (kind, template) = match templates.get_key_value(accept).or_else(|| templates.get_key_value(JSON)) {
        Some((kind, template)) => (kind.as_str(), Some(template)),
        None => (JSON, None),
    };
    let (body, overrides) = match template.map(|template| run(template, context)) {
        None => (answer.body.clone(), context.overrides.clone()),
        Some(Ok(output)) => (output.text, output.overrides),
        Some(Err(error)) => {
            return Err(Refusal::failed(format!("the response template for {status} stops at {error}")));
        }
    };
    let mut headers = BTreeMap::from([("Content-Type".to_owned(), kind.to_owned())]);
    headers.extend(mapped(response, answer, context));
    headers.extend(overrides.response_headers);
    let status = overrides.status.as_deref().unwrap_or(status);
    match status.parse() {
        Ok(status) => Ok(Response { status, headers, body }),
        Err(_) => Err(Refusal::failed(format!("$context.responseOverride.status is set to {status:?}"))),
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
            return header(&answer.headers, name).map(str::to_owned);
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
