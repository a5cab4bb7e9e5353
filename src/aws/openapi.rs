//! The OpenAPI document that carries a REST API to `PutRestApi`.
//!
//! `PutRestApi mode=overwrite` resets what the document leaves out, so it holds everything that is expressible;
//! `mode=merge` leaves that alone, and takes a method that both have whole from the document
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-update.html>).

use serde_json::{Map, Value, json};

use crate::model::{
    ApiSettings, Authorization, Authorizer, AuthorizerKind, Backend, Credentials, GatewayResponse, Integration,
    MODEL_REFERENCE, Method, RestApi, Validation,
};

/// The document for an API. `own_role` is the ARN behind [`Credentials::OwnRole`].
pub fn openapi(api: &RestApi, own_role: &str) -> Value {
    let mut paths = Map::new();
    for (key, method) in &api.definition.methods {
        let item = paths.entry(key.path.clone()).or_insert_with(|| json!({}));
        let verb = match key.verb.as_str() {
            "ANY" => "x-amazon-apigateway-any-method".to_owned(),
            verb => verb.to_ascii_lowercase(),
        };
        item[verb] = operation(method, own_role);
    }
    let mut document = json!({
        "openapi": "3.0.1",
        "info": {"title": api.name, "version": "1.0"},
        "paths": paths,
        "components": {"securitySchemes": {"sigv4": {
            "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4",
        }}},
    });
    for (name, authorizer) in &api.definition.authorizers {
        document["components"]["securitySchemes"][name] = security_scheme(authorizer);
    }
    if !api.definition.models.is_empty() {
        let models = api.definition.models.iter().map(|(name, schema)| (name.clone(), schema.value().clone()));
        document["components"]["schemas"] = models.collect();
    }
    let validations = api.definition.methods.values().filter_map(|method| method.validation.as_ref());
    let validators: Map<String, Value> = validations.filter_map(validator).collect();
    if !validators.is_empty() {
        document["x-amazon-apigateway-request-validators"] = Value::Object(validators);
    }
    settings(&mut document, &api.settings);
    if api.definition.methods.values().any(|method| method.api_key_required) {
        document["components"]["securitySchemes"]["api_key"] =
            json!({"type": "apiKey", "name": "x-api-key", "in": "header"});
    }
    if !api.definition.gateway_responses.is_empty() {
        let responses = api.definition.gateway_responses.iter();
        document["x-amazon-apigateway-gateway-responses"] =
            responses.map(|(kind, response)| (kind.clone(), gateway_response(response))).collect();
    }
    document
}

/// Everything of the settings that the document can hold. The endpoint's type and its IP address type it cannot.
fn settings(document: &mut Value, settings: &ApiSettings) {
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            document[format!("x-amazon-apigateway-{name}")] = value;
        }
    };
    set("policy", settings.policy.as_ref().map(|policy| policy.value().clone()));
    set("minimum-compression-size", settings.minimum_compression_size.map(Value::from));
    set("security-policy", settings.security_policy.clone().map(Value::from));
    set("endpoint-access-mode", settings.endpoint_access_mode.clone().map(Value::from));
    let binary = &settings.binary_media_types;
    set("binary-media-types", (!binary.is_empty()).then(|| json!(binary)));
    if let Some(description) = &settings.description {
        document["info"]["description"] = json!(description);
    }
    let mut endpoint = Map::new();
    if settings.disable_execute_api_endpoint {
        endpoint.insert("disableExecuteApiEndpoint".to_owned(), json!(true));
    }
    if !settings.vpc_endpoint_ids.is_empty() {
        endpoint.insert("vpcEndpointIds".to_owned(), json!(settings.vpc_endpoint_ids));
    }
    if !endpoint.is_empty() {
        // In OpenAPI 3 this extension belongs to a server
        // (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-endpoint-configuration.html>).
        document["servers"] = json!([{"url": "/", "x-amazon-apigateway-endpoint-configuration": endpoint}]);
    }
}

/// An authorizer as a security scheme
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>).
fn security_scheme(authorizer: &Authorizer) -> Value {
    let mut details = json!({"authorizerResultTtlInSeconds": authorizer.cache_seconds});
    let (kind, authtype) = match &authorizer.kind {
        AuthorizerKind::Cognito(pools) => {
            details["providerARNs"] = json!(pools);
            ("cognito_user_pools", "cognito_user_pools")
        }
        AuthorizerKind::Token(_) => ("token", "custom"),
        AuthorizerKind::Request(_) => {
            if !authorizer.identity_sources.is_empty() {
                details["identitySource"] = json!(authorizer.identity_sources.join(", "));
            }
            ("request", "custom")
        }
        AuthorizerKind::Other(kind) => (kind.as_str(), "custom"),
    };
    details["type"] = json!(kind);
    if let AuthorizerKind::Token(invocation) | AuthorizerKind::Request(invocation) = &authorizer.kind {
        details["authorizerUri"] = json!(invocation.uri);
        if let Some(role) = &invocation.credentials {
            details["authorizerCredentials"] = json!(role);
        }
    }
    if let Some(pattern) = &authorizer.identity_pattern {
        details["identityValidationExpression"] = json!(pattern);
    }
    // A scheme names one header. That of a token and of a pool is the one that is read; of a request, AWS's examples say
    // that it is unused.
    let header = match &authorizer.kind {
        AuthorizerKind::Request(_) => None,
        _ => authorizer.sources(Authorizer::HEADER).next(),
    };
    json!({
        "type": "apiKey", "in": "header", "name": header.unwrap_or("Unused"),
        "x-amazon-apigateway-authtype": authtype, "x-amazon-apigateway-authorizer": details,
    })
}

fn validator(validation: &Validation) -> Option<(String, Value)> {
    let Validation::Checks { body, parameters } = validation else { return None };
    let checks = json!({"validateRequestBody": body, "validateRequestParameters": parameters});
    Some((validation.name().to_owned(), checks))
}

fn gateway_response(response: &GatewayResponse) -> Value {
    let headers = response.headers.iter().map(|(name, value)| (format!("gatewayresponse.header.{name}"), json!(value)));
    let mut document =
        json!({"responseParameters": headers.collect::<Map<_, _>>(), "responseTemplates": response.templates});
    if let Some(status) = &response.status {
        document["statusCode"] = json!(status);
    }
    document
}

fn operation(method: &Method, own_role: &str) -> Value {
    let parameters: Vec<Value> = method
        .parameters
        .iter()
        .map(|(parameter, required)| {
            let location = if parameter.location == "querystring" { "query" } else { &parameter.location };
            json!({"name": parameter.name, "in": location, "required": required, "schema": {"type": "string"}})
        })
        .collect();
    let responses: Map<String, Value> = method
        .responses
        .iter()
        .map(|(status, response)| {
            let headers: Map<String, Value> =
                (response.headers.iter()).map(|name| (name.clone(), json!({"schema": {"type": "string"}}))).collect();
            (status.clone(), json!({"description": status, "headers": headers}))
        })
        .collect();
    let mut operation = json!({"parameters": parameters, "responses": responses});
    let mut security = match &method.authorization {
        Authorization::Iam => vec![json!({"sigv4": []})],
        Authorization::Authorizer { name, scopes } => vec![json!({name: scopes})],
        Authorization::None | Authorization::Other(_) => Vec::new(),
    };
    // A requirement of its own, as AWS's own SAM writes it; API Gateway asks for all of them.
    if method.api_key_required {
        security.push(json!({"api_key": []}));
    }
    if !security.is_empty() {
        operation["security"] = json!(security);
    }
    if let Some(validation) = &method.validation {
        operation["x-amazon-apigateway-request-validator"] = json!(validation.name());
    }
    if !method.models.is_empty() {
        let content = method
            .models
            .iter()
            .map(|(kind, name)| (kind.clone(), json!({"schema": {"$ref": format!("{MODEL_REFERENCE}{name}")}})));
        operation["requestBody"] = json!({"required": true, "content": content.collect::<Map<_, _>>()});
    }
    if let Some(of_method) = &method.integration {
        operation["x-amazon-apigateway-integration"] = integration(of_method, own_role);
    }
    operation
}

fn integration(integration: &Integration, own_role: &str) -> Value {
    let responses: Map<String, Value> = integration
        .responses
        .iter()
        .map(|(status, response)| {
            let headers: Map<String, Value> = (response.headers.iter())
                .map(|(name, value)| (format!("method.response.header.{name}"), json!(value)))
                .collect();
            let mut mapped = json!({"statusCode": status, "responseParameters": headers});
            if !response.templates.is_empty() {
                mapped["responseTemplates"] = json!(response.templates);
            }
            (response.pattern.clone().unwrap_or_else(|| "default".to_owned()), mapped)
        })
        .collect();
    let mut document = json!({
        "passthroughBehavior": if integration.refuses_unmatched { "never" } else { "when_no_match" },
        "requestTemplates": integration.request_templates,
        "timeoutInMillis": integration.timeout_millis,
        "responses": responses,
    });
    if !integration.cache_keys.is_empty() {
        let keys = integration.cache_keys.iter().map(|parameter| format!("method.request.{parameter}"));
        document["cacheKeyParameters"] = keys.collect();
    }
    match &integration.backend {
        Backend::Aws { uri, credentials } => {
            document["type"] = json!("aws");
            document["httpMethod"] = json!("POST");
            document["uri"] = json!(uri);
            match credentials {
                Credentials::OwnRole => document["credentials"] = json!(own_role),
                Credentials::Given(arn) => document["credentials"] = json!(arn),
                Credentials::Missing => {}
            }
        }
        Backend::Mock => document["type"] = json!("mock"),
        Backend::Other(kind) => document["type"] = json!(kind),
    }
    document
}
