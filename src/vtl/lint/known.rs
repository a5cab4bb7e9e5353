//! What API Gateway gives templates
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).

/// Members of `$input`.
pub(super) const INPUT: [&str; 4] = ["body", "json", "params", "path"];

/// Functions of `$util`.
pub(super) const UTIL: [&str; 6] =
    ["base64Decode", "base64Encode", "escapeJavaScript", "parseJson", "urlDecode", "urlEncode"];

/// Members of `$context`. Below `authorizer` there is whatever an authorizer gives.
pub(super) const CONTEXT: [&str; 31] = [
    "accountId",
    "apiId",
    "authenticate",
    "authorize",
    "authorizer",
    "awsEndpointRequestId",
    "cipherSuite",
    "customDomain",
    "deploymentId",
    "domainName",
    "domainPrefix",
    "endpointType",
    "error",
    "extendedRequestId",
    "httpMethod",
    "identity",
    "integration",
    "isCanaryRequest",
    "path",
    "protocol",
    "requestId",
    "requestOverride",
    "requestTime",
    "requestTimeEpoch",
    "resourceId",
    "resourcePath",
    "responseOverride",
    "stage",
    "tlsVersion",
    "wafResponseCode",
    "webaclArn",
];

/// Members of `$context.identity`.
pub(super) const IDENTITY: [&str; 15] = [
    "accountId",
    "apiKey",
    "apiKeyId",
    "caller",
    "clientCert",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
    "vpcId",
];

/// Further names that are rare, or of newer kinds of API.
pub(super) const RARE: [&str; 3] = ["vpceId", "waf", "xrayTraceId"];

/// Variables that are there without `#set`.
pub(super) const VARIABLES: [&str; 7] =
    ["context", "foreach", "input", "stageVariables", "util", "velocityCount", "velocityHasNext"];
