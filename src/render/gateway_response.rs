//! What API Gateway answers itself, when a call does not reach its method: in the shape of every other error.
//!
//! These bodies are no mapping templates: variables are filled in and nothing else
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-gatewayResponse-definition.html>).

use std::collections::BTreeMap;

use super::cors;
use crate::api::Cors;
use crate::model::GatewayResponse;

/// A response type, its status (as AWS has it by default), the error's name, and the message: of ours where API Gateway's
/// own is empty, misleading or has ARNs in it.
type Row = (&'static str, Option<&'static str>, &'static str, Option<&'static str>);

/// The types of <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>, but
/// for `REQUEST_TOO_LARGE`, which cannot be customised.
const TABLE: [Row; 20] = [
    ("ACCESS_DENIED", Some("403"), "AccessDenied", Some("The caller may not use this method")),
    ("API_CONFIGURATION_ERROR", Some("500"), "ConfigurationError", Some("The API is not set up correctly")),
    ("AUTHORIZER_CONFIGURATION_ERROR", Some("500"), "ConfigurationError", Some("The API is not set up correctly")),
    ("AUTHORIZER_FAILURE", Some("500"), "AuthorizerFailure", Some("The caller could not be authorized; try again")),
    ("BAD_REQUEST_BODY", Some("400"), "BadRequestBody", None),
    ("BAD_REQUEST_PARAMETERS", Some("400"), "BadRequestParameters", None),
    ("DEFAULT_4XX", None, "BadRequest", None),
    ("DEFAULT_5XX", None, "InternalError", Some("The API failed; try again")),
    ("EXPIRED_TOKEN", Some("403"), "ExpiredToken", Some("The token has expired; get a new one")),
    (
        "INTEGRATION_FAILURE",
        Some("504"),
        "IntegrationFailure",
        Some("AWS Step Functions could not be reached; try again"),
    ),
    (
        "INTEGRATION_TIMEOUT",
        Some("504"),
        "IntegrationTimeout",
        Some("AWS Step Functions did not answer in time; the call may have taken effect"),
    ),
    ("INVALID_API_KEY", Some("403"), "InvalidApiKey", Some("The API key in X-Api-Key is missing or not valid here")),
    ("INVALID_SIGNATURE", Some("403"), "InvalidSignature", None),
    (
        "MISSING_AUTHENTICATION_TOKEN",
        Some("403"),
        "MissingAuthenticationToken",
        Some("There is no such path and method here, or the call has to be signed"),
    ),
    ("QUOTA_EXCEEDED", Some("429"), "QuotaExceeded", Some("The quota of this API key is used up")),
    ("RESOURCE_NOT_FOUND", Some("404"), "ResourceNotFound", Some("There is no such path here")),
    ("THROTTLED", Some("429"), "Throttled", Some("Too many calls; try again later")),
    ("UNAUTHORIZED", Some("401"), "Unauthorized", Some("The call has to carry a valid token")),
    (
        "UNSUPPORTED_MEDIA_TYPE",
        Some("415"),
        "UnsupportedMediaType",
        Some("The body has to be JSON, with Content-Type: application/json"),
    ),
    ("WAF_FILTERED", Some("403"), "Filtered", Some("A firewall refused the call")),
];

/// Every type of the table, with the headers of CORS.
pub(super) fn render(cors: Option<&Cors>) -> BTreeMap<String, GatewayResponse> {
    let headers = cors.map(cors::of_gateway).unwrap_or_default();
    let response = |&(kind, status, error, message): &Row| {
        // The variable messageString has its quotes with it. Clients can choose requestId, but not extendedRequestId.
        let message = message.map_or("$context.error.messageString".to_owned(), |text| format!("\"{text}\""));
        let body =
            format!("{{\"error\":\"{error}\",\"message\":{message},\"requestId\":\"$context.extendedRequestId\"}}");
        let response = GatewayResponse {
            status: status.map(str::to_owned),
            headers: headers.clone(),
            templates: BTreeMap::from([("application/json".to_owned(), body)]),
        };
        (kind.to_owned(), response)
    };
    TABLE.iter().map(response).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_once_the_variables_are_filled_in() {
        for (kind, response) in render(None) {
            let body = &response.templates["application/json"];
            let filled = body.replace("$context.error.messageString", r#""it's \"so\"""#);
            let body: BTreeMap<String, String> =
                serde_json::from_str(&filled).unwrap_or_else(|e| panic!("{kind}: {e}"));
            assert_eq!(body.keys().collect::<Vec<_>>(), ["error", "message", "requestId"], "{kind}");
            assert!(!body["message"].contains('$'), "{kind}: {body:?}");
        }
    }
}
