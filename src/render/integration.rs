//! Integrations that the spec gives in API Gateway's own terms.

use std::collections::BTreeMap;

use super::{Problems, method_field, template};
use crate::api::{self, MethodIntegration, PassthroughBehavior, StepFunctionsApiSpec};
use crate::model::{IntegrationResponse, Parameter};
use crate::vtl::Makes;

/// The part of an integration that the spec gives to the letter.
pub(super) struct Exact {
    pub(super) refuses_unmatched: bool,
    pub(super) request_templates: BTreeMap<String, String>,
    pub(super) responses: BTreeMap<String, IntegrationResponse>,
}

pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    own: &MethodIntegration,
    problems: &mut Problems,
) -> Exact {
    let field = format!("{}.integration", method_field(method));
    let templates = |field: &str, texts: &BTreeMap<String, String>, makes: Makes, problems: &mut Problems| {
        for (kind, text) in texts {
            template::check(spec, &format!("{field}[{kind}]"), text, makes, problems);
        }
        texts.clone()
    };
    let refuses_unmatched = own.passthrough_behavior == PassthroughBehavior::Never;
    if !refuses_unmatched && method.state_machine.is_some() {
        problems.warn(
            format!("{field}.passthroughBehavior"),
            "bodies that no template is for are passed on as they are, so callers are not kept to stateMachine",
        );
    }
    let request_templates =
        templates(&format!("{field}.requestTemplates"), &own.request_templates, Makes::Request, problems);
    let mut responses: BTreeMap<String, IntegrationResponse> = BTreeMap::new();
    for answer in &own.responses {
        let field = format!("{field}.responses[{}]", answer.status_code);
        let same = |other: &IntegrationResponse| other.pattern == answer.selection_pattern;
        if responses.values().any(same) {
            problems.add(&field, "another answer has the same selectionPattern, or none either; give each its own");
        }
        let response = IntegrationResponse {
            pattern: answer.selection_pattern.clone(),
            headers: answer.headers.clone(),
            templates: templates(&format!("{field}.templates"), &answer.templates, Makes::Response, problems),
        };
        responses.insert(answer.status_code.to_string(), response);
    }
    Exact { refuses_unmatched, request_templates, responses }
}

/// Adds what the integration declares.
pub(super) fn declare(method: &api::Method, parameters: &mut BTreeMap<Parameter, bool>) {
    let declared = method.integration.iter().flat_map(|own| &own.request_parameters);
    for (name, required) in declared {
        if let Some((location, name)) = name.split_once('.') {
            let parameter = Parameter::new(location, name);
            *parameters.entry(parameter).or_default() |= required;
        }
    }
}
