//! Authorizers of a REST API.

use std::collections::BTreeSet;

use serde::Serialize;

/// Decides who may call. Its name is the key under which an API has it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Authorizer {
    /// Who is asked.
    pub kind: AuthorizerKind,
    /// What identifies a caller, as `method.request.header.X` and such, in the order in which it was written.
    pub identity_sources: Vec<String>,
    /// Regular expression that a token has to match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity_pattern: Option<String>,
    /// How long an answer is kept, in seconds.
    pub cache_seconds: i32,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AuthorizerKind {
    /// Cognito user pools, by ARN.
    Cognito(BTreeSet<String>),
    /// A Lambda function that gets a token.
    Token(Invocation),
    /// A Lambda function that gets the request.
    Request(Invocation),
    /// Anything else, in AWS's words; never desired.
    Other(String),
}

/// How a Lambda function is called.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Invocation {
    /// `arn:P:apigateway:R:lambda:path/2015-03-31/functions/ARN/invocations`.
    pub uri: String,
    /// Role that API Gateway assumes for it; `None` leaves it to the function's own permissions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
}

impl Authorizer {
    /// Start of an identity source that is a header.
    pub const HEADER: &str = "method.request.header.";
    /// Start of an identity source that is a query parameter.
    pub const QUERY: &str = "method.request.querystring.";

    /// Headers (or query parameters) among what identifies a caller.
    pub fn sources<'a>(&'a self, start: &'a str) -> impl Iterator<Item = &'a str> {
        self.identity_sources.iter().filter_map(move |source| source.strip_prefix(start))
    }
}
