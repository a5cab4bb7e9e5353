//! Methods: who may call what, and how a call becomes a request to Step Functions.

use std::collections::BTreeMap;

use kube::KubeSchema;
use kube::core::{Message, Rule};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::argument::ArgumentSource;
use super::fields::{action_names, form, header_names, list_arguments, query_names};
use super::integration::MethodIntegration;
use super::preflight::MethodTest;
use super::response::Response;
use crate::actions;

/// One HTTP method on one path, and the Step Functions action behind it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.arguments) || !has(self.request) || !has(self.request.template)")
        .message("give arguments or request.template, not both: a template makes the whole request"),
    validation = Rule::new(
        "!has(self.integration) || !has(self.arguments) && !has(self.response) && \
         (!has(self.request) || !has(self.request.template))")
        .message("give integration, or arguments, request.template and response: an integration is all of it")
        .field_path(".integration"),
    validation = only_for("has(self.response.unwrap)", "unwrap", &actions::WITH_OUTPUT, "answers the output of a workflow"),
    validation = only_for(
        "has(self.response.location) && self.response.location", "location", &actions::WITH_STATUS_URL,
        "answers an execution to look at"),
)]
pub struct Method {
    /// Path below the stage, such as /execution or /orders/{id}; / is the root. {name} takes one segment, {name+} at the
    /// end all that follow. /ping and /sping are API Gateway's own on domain names.
    #[schemars(length(max = 512))]
    #[x_kube(validation = form(
        r"/|(/((\.{0,2}[A-Za-z0-9_:,-]|\.{3})[A-Za-z0-9_.:,-]*|\{[A-Za-z0-9_.-]+\+?\}))+",
        "must be / or segments that start with / each, such as /orders/{id}, without / at the end; a segment has \
         letters, digits and _ . : , - only, or is {name} or {name+}; . and .. are none, as clients take them away"))]
    pub path: String,

    /// HTTP method that callers use. ANY takes all that the path does not list. OPTIONS belongs to spec.cors.
    pub method: Verb,

    /// Action of the Step Functions API. StartExecution answers at once, StartSyncExecution (EXPRESS machines) when the
    /// workflow has ended, DescribeExecution tells status and output, StopExecution stops. `stepgate actions` lists them
    /// all, `stepgate actions NAME` tells one's arguments and errors.
    #[schemars(schema_with = "action_names")]
    pub action: String,

    /// Name of an entry of spec.stateMachines: the machine to start, or the one whose executions and Map Runs may be
    /// looked at, and no other. Without it callers name the machine or execution themselves, among all that the role allows this action:
    /// those of role.stateMachineArns, and those of other methods with the same action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    pub state_machine: Option<String>,

    /// Who may call it. Default: callers that sign with AWS credentials (IAM).
    #[serde(default)]
    pub authorization: Authorization,

    /// Whether callers must also send an API key of one of spec.usagePlans, in the header x-api-key. Without one they get
    /// a 403, and so do all callers of a stage that no usage plan with a key has. A key tells callers apart and meters them; it is no replacement for authorization.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub api_key_required: bool,

    /// Where each argument of the action comes from, by the argument's name. Values from callers are escaped: no input
    /// can add or replace an argument. Default: with stateMachine, input is the body; without, the body is the action's
    /// own request. A call without a query parameter, a header or a field of the body (as application/json) that a
    /// required argument comes from is answered 400 and Step Functions is not called. With a wrong value the API sends what
    /// Step Functions refuses: the answer is 400 with the error SerializationException. As `name` of
    /// StartExecution a key of the caller's starts one execution of a STANDARD machine: while that runs, the same key with
    /// the same input answers it again; after its end, for 90 days, and with another input, the answer is 409
    /// ExecutionAlreadyExists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 10), transform = list_arguments)]
    pub arguments: BTreeMap<String, ArgumentSource>,

    /// Milliseconds after which callers get a 504; what was started goes on. Default 29000. More than that needs a higher
    /// quota for the integration timeout, which AWS gives on request, and not to Edge endpoints. GetActivityTask holds a
    /// call up to 60 seconds: with less, a task may be handed out to a caller that is not there any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 50, max = 300_000))]
    pub timeout_millis: Option<i32>,

    /// What a request has to have, and a mapping template of your own instead of arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Request")]
    pub request: Option<Request>,

    /// What callers get.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Response")]
    pub response: Option<Response>,

    /// The integration in API Gateway's own terms, in place of arguments, request.template and response: for an API that was
    /// made elsewhere and whose callers are to notice nothing. `stepgate import` writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MethodIntegration")]
    pub integration: Option<MethodIntegration>,

    /// Calls that have to be answered as expected before a stage moves to a new definition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub tests: Vec<MethodTest>,
}

/// A rule that a method has that part of a response only with these actions.
fn only_for(given: &str, field: &str, actions: &[&str], reason: &str) -> Rule {
    let words: Vec<String> = actions.iter().map(|action| format!("'{action}'")).collect();
    Rule::new(format!("!has(self.response) || !({given}) || self.action in [{}]", words.join(", ")))
        .message(Message::Message(format!("only {} {reason}", actions.join(" or "))))
        .field_path(format!(".response.{field}"))
}

/// HTTP method.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
    Any,
}

impl Verb {
    /// As HTTP and API Gateway write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Head => "HEAD",
            Self::Any => "ANY",
        }
    }
}

/// Who may call a method.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("(self.type in ['Cognito', 'Lambda']) == has(self.authorizer)")
        .message("type Cognito or Lambda needs an authorizer, and no other type has one").field_path(".authorizer"),
    validation = Rule::new("!has(self.scopes) || self.type == 'Cognito'")
        .message("only type Cognito has scopes").field_path(".scopes"),
)]
pub struct Authorization {
    /// IAM (default): calls must be signed (SigV4) by someone with execute-api:Invoke. Cognito and Lambda: an entry of
    /// spec.authorizers decides. None: anyone on the internet may call, and start executions that you pay for.
    #[serde(default, rename = "type")]
    pub kind: AuthorizationType,

    /// Name of an entry of spec.authorizers, for type Cognito or Lambda.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    pub authorizer: Option<String>,

    /// For type Cognito: the caller's access token must have one of these OAuth scopes, such as orders/write. Without
    /// them it is an identity token that lets a caller in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1, max = 20), inner(length(min = 1, max = 256)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub scopes: Vec<String>,
}

/// Kind of authorization.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthorizationType {
    #[default]
    #[serde(rename = "IAM")]
    Iam,
    None,
    Cognito,
    Lambda,
}

impl AuthorizationType {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Iam => "IAM",
            Self::None => "None",
            Self::Cognito => "Cognito",
            Self::Lambda => "Lambda",
        }
    }
}

/// What a request has to have, and how the request to Step Functions is made of it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.template) || has(self.model) || has(self.requiredQuery) || has(self.requiredHeaders)")
    .message("give at least one of template, model, requiredQuery and requiredHeaders"))]
pub struct Request {
    /// The mapping template (VTL) that makes the action's JSON request from JSON and form bodies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "TemplateSource")]
    pub template: Option<TemplateSource>,

    /// Name of an entry of spec.models that a body has to hold against; others are answered 400 and Step Functions is not
    /// called. Bodies have to be sent as Content-Type: application/json (curl -H) then; other types are answered 415.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    pub model: Option<String>,

    /// Query parameters that a call must have, with some value; others are answered 400 and Step Functions is not called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "query_names")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub required_query: Vec<String>,

    /// Headers that a call must have, with some value; others are answered 400 and Step Functions is not called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "header_names")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub required_headers: Vec<String>,
}

/// A mapping template: by name, or written here.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.name) != has(self.inline)").message("give exactly one of name and inline"))]
pub struct TemplateSource {
    /// Name of an entry of spec.templates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    pub name: Option<String>,

    /// The template itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 307_200))]
    pub inline: Option<String>,
}
