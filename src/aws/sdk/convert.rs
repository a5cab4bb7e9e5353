//! API Gateway's answers in terms of the model, in the form in which `render` writes it.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_apigateway::types::{
    Authorizer as SdkAuthorizer, AuthorizerType, GatewayResponse as SdkGatewayResponse, Integration as SdkIntegration,
    IntegrationType, Method as SdkMethod, MethodSnapshot as SdkMethodSnapshot, Model as SdkModel, RequestValidator,
    Resource,
};

use crate::model::{
    ApiSummary, Arn, Authorization, Authorizer, AuthorizerKind, Backend, Credentials, GatewayResponse, Integration,
    IntegrationResponse, Invocation, Method, MethodKey, MethodResponse, MethodSnapshot, ModelSchema, Parameter,
    Validation,
};

/// All methods of a resource.
pub(super) fn methods(resource: Resource, own_role: Option<&Arn>) -> Vec<(MethodKey, Method)> {
    let path = resource.path.unwrap_or_default();
    let methods = resource.resource_methods.unwrap_or_default().into_iter();
    methods.map(|(verb, found)| (MethodKey { path: path.clone(), verb }, method(found, own_role))).collect()
}

fn method(found: SdkMethod, own_role: Option<&Arn>) -> Method {
    let foreign = foreign(&found);
    let responses = found.method_responses.unwrap_or_default().into_iter().map(|(status, response)| {
        let headers = response.response_parameters.unwrap_or_default().into_keys();
        let headers = headers.map(|name| name.trim_start_matches("method.response.header.").to_owned()).collect();
        (status, MethodResponse { headers })
    });
    let is_checked = found.request_validator_id.as_ref().is_some_and(|id| !id.is_empty());
    Method {
        authorization: match found.authorization_type.as_deref() {
            Some("NONE") | None => Authorization::None,
            Some("AWS_IAM") => Authorization::Iam,
            Some("CUSTOM" | "COGNITO_USER_POOLS") => Authorization::Authorizer {
                name: found.authorizer_id.unwrap_or_default(),
                scopes: found.authorization_scopes.unwrap_or_default().into_iter().collect(),
            },
            Some(other) => Authorization::Other(other.to_owned()),
        },
        api_key_required: found.api_key_required.unwrap_or_default(),
        models: found.request_models.unwrap_or_default().into_iter().collect(),
        validation: found.request_validator_id.filter(|id| !id.is_empty()).map(Validation::Unknown),
        // What no validator checks is not required, whatever is declared.
        parameters: found
            .request_parameters
            .unwrap_or_default()
            .into_iter()
            .filter_map(parameter)
            .map(|(parameter, required)| {
                let checked = is_checked || parameter.location == "path";
                (parameter, required && checked)
            })
            .collect(),
        responses: responses.collect(),
        integration: found.method_integration.map(|found| integration(found, own_role)),
        foreign,
    }
}

/// What a deployment tells of its methods, by path and verb.
pub(super) fn api_summary(found: HashMap<String, HashMap<String, SdkMethodSnapshot>>) -> ApiSummary {
    let of_path = |(path, verbs): (String, HashMap<String, SdkMethodSnapshot>)| {
        verbs.into_iter().map(move |(verb, found)| {
            let authorization = found.authorization_type.unwrap_or_else(|| "NONE".to_owned());
            let api_key_required = found.api_key_required;
            (MethodKey { path: path.clone(), verb }, MethodSnapshot { authorization, api_key_required })
        })
    };
    found.into_iter().flat_map(of_path).collect()
}

/// What the model has no place for, but for what changes nothing: the model `Empty` takes every body.
fn foreign(found: &SdkMethod) -> BTreeMap<String, String> {
    let mut foreign = BTreeMap::new();
    let mut note = |name: String, value: Option<&str>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            foreign.insert(name, value.to_owned());
        }
    };
    note("operationName".to_owned(), found.operation_name());
    for (status, response) in found.method_responses().into_iter().flatten() {
        for (kind, model) in response.response_models().into_iter().flatten().filter(|(_, model)| *model != "Empty") {
            note(format!("responses.{status}.models.{kind}"), Some(model));
        }
    }
    if let Some(integration) = found.method_integration() {
        for (name, value) in integration.request_parameters().into_iter().flatten() {
            note(name.replacen("integration.request", "integration.requestParameters", 1), Some(value));
        }
        note("integration.contentHandling".to_owned(), integration.content_handling().map(|to| to.as_str()));
        for (status, response) in integration.integration_responses().into_iter().flatten() {
            let handling = response.content_handling().map(|to| to.as_str());
            note(format!("integration.responses.{status}.contentHandling"), handling);
        }
    }
    foreign
}

fn parameter((name, required): (String, bool)) -> Option<(Parameter, bool)> {
    let (location, name) = name.strip_prefix("method.request.")?.split_once('.')?;
    Some((Parameter::new(location, name), required))
}

fn integration(found: SdkIntegration, own_role: Option<&Arn>) -> Integration {
    let credentials = match found.credentials.as_deref() {
        None => Credentials::Missing,
        Some(role) if own_role.is_some_and(|own| own.as_str() == role) => Credentials::OwnRole,
        Some(role) => Arn::parse(role).map_or(Credentials::Missing, Credentials::Given),
    };
    let verb = found.http_method.as_deref().unwrap_or_default();
    let backend = match &found.r#type {
        Some(IntegrationType::Aws) if verb == "POST" => {
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
        // The third value refuses as soon as there is a template
        // (<https://docs.aws.amazon.com/apigateway/latest/developerguide/integration-passthrough-behaviors.html>).
        refuses_unmatched: match found.passthrough_behavior.as_deref() {
            Some("NEVER") => true,
            Some("WHEN_NO_TEMPLATES") => found.request_templates.as_ref().is_some_and(|all| !all.is_empty()),
            _ => false,
        },
        request_templates: found.request_templates.unwrap_or_default().into_iter().collect(),
        timeout_millis: found.timeout_in_millis,
        responses: responses.collect(),
        cache_keys: found.cache_key_parameters.unwrap_or_default().into_iter().map(cache_key).collect(),
    }
}

/// An authorizer with its id and its name.
pub(super) fn authorizer(found: SdkAuthorizer) -> Option<(String, (String, Authorizer))> {
    let invocation =
        Invocation { uri: found.authorizer_uri.unwrap_or_default(), credentials: found.authorizer_credentials };
    let kind = match found.r#type? {
        AuthorizerType::CognitoUserPools => {
            AuthorizerKind::Cognito(found.provider_arns.unwrap_or_default().into_iter().collect())
        }
        AuthorizerType::Token => AuthorizerKind::Token(invocation),
        AuthorizerType::Request => AuthorizerKind::Request(invocation),
        other => AuthorizerKind::Other(other.to_string()),
    };
    let sources = found.identity_source.unwrap_or_default();
    let sources = sources.split(',').map(str::trim).filter(|source| !source.is_empty()).map(str::to_owned);
    let authorizer = Authorizer {
        kind,
        identity_sources: sources.collect(),
        identity_pattern: found.identity_validation_expression.filter(|pattern| !pattern.is_empty()),
        // AWS's default (<https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html>).
        cache_seconds: found.authorizer_result_ttl_in_seconds.unwrap_or(300),
    };
    Some((found.id?, (found.name?, authorizer)))
}

/// A request validator by its id.
pub(super) fn request_validator(found: RequestValidator) -> Option<(String, (String, Validation))> {
    let (body, parameters) = (found.validate_request_body, found.validate_request_parameters);
    Some((found.id?, (found.name.unwrap_or_default(), Validation::Checks { body, parameters })))
}

/// A model by its name, `None` for those that every API has.
pub(super) fn model(found: SdkModel) -> Option<(String, ModelSchema)> {
    let name = found.name.filter(|name| !["Empty", "Error"].contains(&name.as_str()))?;
    Some((name, ModelSchema::parse(found.schema.as_deref().unwrap_or_default())))
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
    let status = found.status_code.filter(|status| !status.is_empty());
    Some((found.response_type?.as_str().to_owned(), GatewayResponse { status, headers, templates }))
}
