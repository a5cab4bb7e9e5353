//! What callers get: statuses, headers, bodies.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{form, header_values};
use super::method::TemplateSource;

/// What callers get. Without it: a success of Step Functions as it is, with status 200, and
/// `{"error", "message", "requestId"}` with a fitting status for every error.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.statusField) || has(self.unwrap)")
        .message("statusField is a field of the workflow's output: it needs unwrap: output").field_path(".statusField"),
    validation = Rule::new("!has(self.templates) || !has(self.unwrap) || !self.templates.exists(t, t.status == 200)")
        .message("give unwrap or a template for status 200, not both: the template makes the whole body")
        .field_path(".templates"),
    validation = Rule::new("!has(self.templates) || !has(self.errors) || !self.templates.exists(t, t.status == 400)")
        .message("give errors or a template for status 400, not both: the template makes all refusals")
        .field_path(".templates"),
)]
pub struct Response {
    /// output: the body is what the workflow answered, byte for byte, in place of Step Functions' description of the
    /// execution. For StartSyncExecution and DescribeExecution. SUCCEEDED is 200, RUNNING and PENDING_REDRIVE 202 with
    /// `{"status": "RUNNING"}`, FAILED 502, TIMED_OUT 504, and ABORTED, stopped by somebody, 409, with error and cause of
    /// the workflow as error and message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Unwrap")]
    pub unwrap: Option<Unwrap>,

    /// JSONPath of a field of the workflow's output that gives the HTTP status, such as $.statusCode: a whole number from
    /// 200 to 599. Without the field the status is 200; with anything else in it callers get 502 and the error
    /// InvalidStatus. Needs unwrap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 128))]
    #[x_kube(validation = form(
        r"\$(\.[A-Za-z][A-Za-z0-9_]*)+",
        "must be the JSONPath of a field of an object, such as $.statusCode or $.http.status"))]
    pub status_field: Option<String>,

    /// Headers of successful answers, by name, with a fixed value each, such as Cache-Control: no-store. With unwrap, and
    /// for StartSyncExecution, they come with the workflow's output only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "header_values")]
    #[x_kube(
        validation = Rule::new("self.all(k, k.matches('^[A-Za-z][A-Za-z0-9-]{0,63}$'))")
            .message("the name of a header starts with a letter and has letters, digits and -, 64 at most"),
        validation = Rule::new(
            "self.all(k, !k.lowerAscii().startsWith('access-control-') && k.lowerAscii() != 'vary')")
            .message("headers of cross-origin sharing come from spec.cors"),
        validation = Rule::new(format!(
            "self.all(k, !k.lowerAscii().startsWith('x-amz') && !(k.lowerAscii() in [{RESERVED}]))"))
            .message("API Gateway sets or renames Connection, Content-Length, Date, Server, Transfer-Encoding, \
                      WWW-Authenticate, x-amz... and their like; Location comes from location: true"),
        validation = Rule::new("self.all(k, self.filter(l, l.lowerAscii() == k.lowerAscii()).size() == 1)")
            .message("names of headers mean the same in any case: give each once"),
    )]
    pub headers: BTreeMap<String, String>,

    /// For StartExecution: status 202, and the header Location with the URL where the execution can be looked at. That is
    /// a DescribeExecution method of this API with the same stateMachine that takes executionArn from a variable of its
    /// path or from a query parameter. The URL is relative to that of the call, so it holds for every stage and domain; in
    /// a browser: new URL(answer.headers.get('Location'), answer.url).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub location: bool,

    /// Another status or message for errors of Step Functions, by the error's name, such as ExecutionAlreadyExists:
    /// {status: 200}. `stepgate actions NAME` lists the errors of an action with what they answer by default.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 32))]
    pub errors: BTreeMap<String, ErrorAnswer>,

    /// Templates of your own in place of the generated ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 3))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["status".into()]))]
    pub templates: Vec<ResponseTemplate>,
}

/// Headers that API Gateway drops, renames to `x-amzn-remapped-...` or sets itself
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>), and `Location`.
const RESERVED: &str = "'authorization', 'connection', 'content-encoding', 'content-length', 'content-md5', 'date', \
                        'expect', 'host', 'keep-alive', 'location', 'max-forwards', 'proxy-authenticate', 'server', \
                        'te', 'trailer', 'transfer-encoding', 'upgrade', 'user-agent', 'via', 'warning', \
                        'www-authenticate'";

/// What of Step Functions' answer is the body.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub enum Unwrap {
    /// The workflow's output.
    Output,
}

/// The answer to one error.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.status) || has(self.message)").message("give status, message or both"))]
pub struct ErrorAnswer {
    /// HTTP status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 200, max = 599))]
    pub status: Option<i32>,

    /// Message in place of Step Functions' own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 500))]
    pub message: Option<String>,
}

/// A template of the user's for one kind of answer.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ResponseTemplate {
    /// What Step Functions answered: 200 a success (202 for callers with location), 400 an error of the action, 500 a
    /// failure of Step Functions. It is the status for callers unless the template sets $context.responseOverride.status.
    #[schemars(extend("enum" = [200, 400, 500]))]
    pub status: i32,

    /// The mapping template (VTL) that makes the body. Headers of spec.cors, of headers and of location come by
    /// themselves; the template must not set them.
    pub template: TemplateSource,
}
