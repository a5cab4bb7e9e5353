//! API Gateway's answers in terms of the model, in the form in which `render` writes it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigateway::types::{
    GatewayResponse as SdkGatewayResponse, Integration as SdkIntegration, IntegrationType, Method as SdkMethod,
    Resource,
};

use crate::model::{
    Arn, Authorization, Backend, Credentials, GatewayResponse, Integration, IntegrationResponse, Method, MethodKey,
    MethodResponse, Parameter,
};

fn present<const N: usize>(settings: [(&str, Option<String>); N]) -> BTreeMap<String, String> {
    settings.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// All methods of a resource.
pub(super) fn methods(resource: Resource, own_role: Option<&Arn>) -> Vec<(MethodKey, Method)> {
    let path = resource.path.unwrap_or_default();
    let methods = resource.resource_methods.unwrap_or_default().into_iter();
    methods.map(|(verb, found)| (MethodKey { path: path.clone(), verb }, method(found, own_role))).collect()
}

fn method(found: SdkMethod, own_role: Option<&Arn>) -> Method {
    let foreign = present([
        ("apiKeyRequired", found.api_key_required.filter(|required| *required).map(|_| "true".to_owned())),
        ("requestValidatorId", found.request_validator_id),
        ("authorizerId", found.authorizer_id),
        ("requestModels", names(found.request_models.as_ref())),
    ]);
    let responses = found.method_responses.unwrap_or_default().into_iter().map(|(status, response)| {
        let headers = response.response_parameters.unwrap_or_default().into_keys();
        let headers = headers.map(|name| name.trim_start_matches("method.response.header.").to_owned()).collect();
        (status, MethodResponse { headers })
    });
    Method {
        authorization: match found.authorization_type.as_deref() {
            Some("NONE") | None => Authorization::None,
            Some("AWS_IAM") => Authorization::Iam,
            Some(other) => Authorization::Other(other.to_owned()),
        },
        parameters: found.request_parameters.unwrap_or_default().into_iter().filter_map(parameter).collect(),
        responses: responses.collect(),
        integration: found.method_integration.map(|found| integration(found, own_role)),
        foreign,
    }
}

fn names<T>(map: Option<&HashMap<String, T>>) -> Option<String> {
    let mut names: Vec<&str> = map?.keys().map(String::as_str).collect();
    names.sort_unstable();
    Some(names.join(",")).filter(|names| !names.is_empty())
}

fn parameter((name, required): (String, bool)) -> Option<(Parameter, bool)> {
    let (location, name) = name.strip_prefix("method.request.")?.split_once('.')?;
    Some((Parameter { location: location.to_owned(), name: name.to_owned() }, required))
}

fn integration(found: SdkIntegration, own_role: Option<&Arn>) -> Integration {
    let credentials = match found.credentials.as_deref() {
        None => Credentials::Missing,
        Some(role) if own_role.is_some_and(|own| own.as_str() == role) => Credentials::OwnRole,
        Some(role) => Arn::parse(role).map_or(Credentials::Missing, Credentials::Given),
    };
    let verb = found.http_method.as_deref().unwrap_or_default();
    let backend = match &found.r#type {
        Some(IntegrationType::Aws)
            if verb == "POST" && found.request_parameters.as_ref().is_none_or(HashMap::is_empty) =>
        {
            Backend::Aws { uri: found.uri.unwrap_or_default(), credentials }
        }
        Some(IntegrationType::Mock) => Backend::Mock,
        other => Backend::Other(format!("{} {verb}", other.as_ref().map_or("none", IntegrationType::as_str))),
    };
    let responses = found.integration_responses.unwrap_or_default().into_iter().map(|(status, response)| {
        let headers = response.response_parameters.unwrap_or_default().into_iter();
        let headers = headers
            .map(|(name, value)| (name.trim_start_matches("method.response.header.").to_owned(), value))
            .collect();
        let templates = response.response_templates.unwrap_or_default().into_iter();
        let response = IntegrationResponse {
            // The console writes an empty pattern for the default.
            pattern: response.selection_pattern.filter(|pattern| !pattern.is_empty()),
            headers,
            // An empty template comes back as null, or not at all.
            templates: templates.filter(|(_, text)| !text.is_empty()).collect(),
        };
        (status, response)
    });
    Integration {
        backend,
        refuses_unmatched: found.passthrough_behavior.as_deref() == Some("NEVER"),
        request_templates: found.request_templates.unwrap_or_default().into_iter().collect(),
        timeout_millis: found.timeout_in_millis,
        responses: responses.collect(),
        cache_keys: found.cache_key_parameters.unwrap_or_default().into_iter().map(cache_key).collect(),
    }
}

/// A key that is no parameter of the request is nobody's here, and differs from all that are wanted.
fn cache_key(name: String) -> Parameter {
    parameter((name.clone(), false))
        .map_or(Parameter { location: "other".to_owned(), name }, |(parameter, _)| parameter)
}

/// A gateway response, `None` for those that nobody customised.
pub(super) fn gateway_response(found: SdkGatewayResponse) -> Option<(String, GatewayResponse)> {
    if found.default_response {
        return None;
    }
    let headers = found.response_parameters.unwrap_or_default().into_iter();
    let headers =
        headers.map(|(name, value)| (name.trim_start_matches("gatewayresponse.header.").to_owned(), value)).collect();
    let templates = found.response_templates.unwrap_or_default().into_iter().collect();
    Some((found.response_type?.as_str().to_owned(), GatewayResponse { headers, templates }))
}
