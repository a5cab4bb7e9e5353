//! Authorizers: who, beside IAM, decides who may call.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{form, user_pool_arns};
use super::reference::ValueFrom;

/// Decides who may call: Amazon Cognito user pools, or a Lambda function of yours. (The JWT authorizer of 2026 is not
/// here yet: the AWS SDK does not know it.)
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.cognito) != has(self.lambda)").message("give exactly one of cognito and lambda"),
    validation = Rule::new(
        "!has(self.lambda) || self.lambda.type != 'Request' || self.cacheSeconds == 0 || has(self.lambda.identitySources)")
        .message("AWS keeps answers by their identitySources: name at least one, or set cacheSeconds to 0")
        .field_path(".cacheSeconds"),
)]
pub struct Authorizer {
    /// Name that methods use.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(
        validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"),
        validation = Rule::new("!(self in ['sigv4', 'apiKey', 'api_key'])")
            .message("sigv4, apiKey and api_key are names of our own; take another"),
    )]
    pub name: String,

    /// Lets in callers with a token of one of these user pools.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CognitoAuthorizer")]
    pub cognito: Option<CognitoAuthorizer>,

    /// Asks a Lambda function, which answers with an IAM policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "LambdaAuthorizer")]
    pub lambda: Option<LambdaAuthorizer>,

    /// How long AWS keeps an answer for the same caller, in seconds; 0 asks at every call. A Lambda function's policy
    /// then counts for other methods, too: let it name all that the caller may do.
    #[serde(default = "cache_seconds")]
    #[schemars(range(min = 0, max = 3600))]
    pub cache_seconds: i32,
}

/// AWS's default.
fn cache_seconds() -> i32 {
    300
}

/// Cognito user pools.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.userPoolArns) != has(self.userPoolArnsFrom)")
    .message("give exactly one of userPoolArns and userPoolArnsFrom"))]
pub struct CognitoAuthorizer {
    /// ARNs of the user pools, such as arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_AbCdEf123.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "user_pool_arns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub user_pool_arns: Vec<String>,

    /// Where they are read from instead: one in a line, or a list in JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub user_pool_arns_from: Option<ValueFrom>,

    /// Header with the token. A method without scopes takes an identity token, one with scopes an access token.
    #[serde(default = "authorization")]
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "the name of a header has letters, digits, _ and - only"))]
    pub header: String,
}

fn authorization() -> String {
    "Authorization".to_owned()
}

/// A Lambda function that decides.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "self.type != 'Token' || !has(self.identitySources) || \
         (size(self.identitySources) == 1 && has(self.identitySources[0].header))")
        .message("a Token authorizer reads one header: give one identitySource with header, or none for Authorization")
        .field_path(".identitySources"),
    validation = Rule::new("self.type == 'Token' || !has(self.identityPattern)")
        .message("only a Token authorizer has a pattern: its token has to match").field_path(".identityPattern"),
    validation = Rule::new("has(self.functionArn) != has(self.functionArnFrom)")
        .message("give exactly one of functionArn and functionArnFrom"),
    validation = Rule::new("!(has(self.roleArn) && has(self.roleArnFrom))")
        .message("give roleArn or roleArnFrom, not both"),
)]
pub struct LambdaAuthorizer {
    /// ARN of the function, or of a version or an alias of it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 256))]
    #[x_kube(validation = form(
        r"arn:[a-z-]+:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?",
        "must be the ARN of a function, such as arn:aws:lambda:us-east-1:123456789012:function:NAME"))]
    pub function_arn: String,

    /// Where that ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub function_arn_from: Option<ValueFrom>,

    /// Token (default): the function gets the value of one header. Request: it gets the whole request without its body.
    #[serde(default, rename = "type")]
    pub kind: LambdaAuthorizerType,

    /// What identifies a caller. A call without all of them is answered 401 and the function is not asked (Request: as
    /// long as answers are kept). Default for Token: the header Authorization.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 10))]
    pub identity_sources: Vec<IdentitySource>,

    /// Regular expression that a token has to match as a whole; others are answered 401 and the function is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 256))]
    pub identity_pattern: Option<String>,

    /// Role that API Gateway assumes to invoke the function. Without it the function itself must allow it, which is yours
    /// to do: `aws lambda add-permission --action lambda:InvokeFunction --principal apigateway.amazonaws.com`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 2048))]
    #[x_kube(validation = form(
        r"arn:[a-z-]+:iam::\d{12}:role/.+", "must be the ARN of a role, such as arn:aws:iam::123456789012:role/NAME"))]
    pub role_arn: Option<String>,

    /// Where that ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub role_arn_from: Option<ValueFrom>,
}

/// What a Lambda authorizer gets.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LambdaAuthorizerType {
    #[default]
    Token,
    Request,
}

/// A part of a request that identifies its caller: exactly one of these.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.header), has(self.query), has(self.stageVariable), has(self.context)].filter(given, given).size() == 1")
    .message("give exactly one of header, query, stageVariable and context"))]
pub struct IdentitySource {
    /// A request header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "the name of a header has letters, digits, _ and - only"))]
    pub header: Option<String>,

    /// A query parameter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9._$-]+", "the name of a query parameter has letters, digits and . _ $ - only"))]
    pub query: Option<String>,

    /// A stage variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_]+", "the name of a stage variable has letters, digits and _ only"))]
    pub stage_variable: Option<String>,

    /// What API Gateway knows of the call, such as identity.sourceIp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    #[x_kube(validation = form(r"[A-Za-z]+(\.[A-Za-z]+)*", "must be a member of $context, such as identity.sourceIp"))]
    pub context: Option<String>,
}
