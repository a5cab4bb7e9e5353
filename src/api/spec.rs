//! The spec of a `StepFunctionsApi`. Doc comments are what `kubectl explain` shows.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{
    action_names, form, list_arguments, managed_policy_arns, origins, stage_variable_values, tag_values,
};
use super::status::StepFunctionsApiStatus;

/// The HTTP API: where it is, who may call what, and what each method does in Step Functions.
#[derive(CustomResource, KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[kube(
    group = "stepgate.dev",
    version = "v1alpha1",
    kind = "StepFunctionsApi",
    plural = "stepfunctionsapis",
    shortname = "sfnapi",
    category = "all",
    category = "stepgate",
    namespaced,
    status = "StepFunctionsApiStatus",
    derive = "PartialEq",
    doc = "An HTTP API in Amazon API Gateway in front of AWS Step Functions: role, methods, mapping templates, CORS, \
           deployments and stages from one object.",
    validation = Rule::new("size(self.metadata.name) <= 100")
        .message("metadata.name must have at most 100 characters: it is part of a tag in AWS"),
    selectable = ".spec.region",
    selectable = ".spec.mode",
    printcolumn(
        name = "Ready",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].status",
        description = "Whether AWS matches the spec."
    ),
    printcolumn(
        name = "Status",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Ready\")].message",
        description = "What is going on, or what to do."
    ),
    printcolumn(
        name = "URL",
        type_ = "string",
        json_path = ".status.stages[0].url",
        description = "Invoke URL of the first stage."
    ),
    printcolumn(
        name = "Revision",
        type_ = "string",
        json_path = ".status.revision",
        description = "Hash of what the stages serve."
    ),
    printcolumn(name = "Region", type_ = "string", json_path = ".spec.region", priority = 1),
    printcolumn(name = "Age", type_ = "date", json_path = ".metadata.creationTimestamp")
)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "self.methods.all(m, !has(m.stateMachine) || (has(self.stateMachines) && \
         self.stateMachines.exists(s, s.name == m.stateMachine)))")
        .message("every method's stateMachine must be the name of an entry of spec.stateMachines")
        .field_path(".methods"),
    validation = Rule::new(
        "self.methods.all(m, !has(m.request) || !has(m.request.template.name) || (has(self.templates) && \
         self.templates.exists(t, t.name == m.request.template.name)))")
        .message("every method's request.template.name must be the name of an entry of spec.templates")
        .field_path(".methods"),
    validation = Rule::new(
        "!has(self.stateMachines) || self.stateMachines.all(s, !has(s.stageVariable) || \
         self.stages.all(g, has(g.variables) && s.stageVariable in g.variables))")
        .message(Message::Expression(
            "'every stage must give the variable that an entry of spec.stateMachines names as stageVariable; stage ' + \
             self.stages.filter(g, self.stateMachines.exists(s, has(s.stageVariable) && \
             !(has(g.variables) && s.stageVariable in g.variables))).map(g, g.name)[0] + ' does not'".into()))
        .field_path(".stages"),
)]
pub struct StepFunctionsApiSpec {
    /// AWS region of the API and its state machines, such as us-east-1. Cannot be changed.
    #[schemars(length(max = 32))]
    #[x_kube(
        validation = form(r"[a-z]{2,4}(-[a-z]+)+-\d+", "must be the name of an AWS region, such as us-east-1"),
        validation = Rule::new("self == oldSelf").message("region cannot be changed; make a new object"),
    )]
    pub region: String,

    /// Name of the API in AWS. Default: NAMESPACE-NAME of this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    pub name: Option<String>,

    /// The role that API Gateway assumes to call Step Functions. Without it one is created that may do what the methods
    /// do, on their state machines, and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Role")]
    pub role: Option<Role>,

    /// State machines that methods refer to by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub state_machines: Vec<StateMachine>,

    /// Mapping templates that methods refer to by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub templates: Vec<Template>,

    /// What callers can do, by path and HTTP method.
    #[schemars(length(min = 1, max = 500))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".into(), "method".into()]))]
    pub methods: Vec<Method>,

    /// Lets web pages of other origins call the API: preflight, answers and gateway errors. Without it browsers refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Cors")]
    pub cors: Option<Cors>,

    /// Names under which callers reach the API; the first part of every path. At most 10, a limit of AWS.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub stages: Vec<Stage>,

    /// Tags for the API, its stages and its role. Tags that others set are left alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "tag_values")]
    #[x_kube(
        validation = Rule::new("self.all(k, size(k) >= 1 && size(k) <= 128)")
            .message("a tag key has 1 to 128 characters"),
        validation = Rule::new("self.all(k, k.matches('^[a-zA-Z0-9 _.:/=+@-]+$'))")
            .message("a tag key has letters, digits, spaces and _ . : / = + @ - only"),
        validation = Rule::new("self.all(k, !k.lowerAscii().startsWith('aws:') && !k.startsWith('stepgate.dev/'))")
            .message("tag keys that start with aws: or stepgate.dev/ are reserved"),
    )]
    pub tags: BTreeMap<String, String>,

    /// What happens in AWS when this object is deleted. Delete (default): API, stages and created role go with it.
    /// Retain: they stay and are found again, by their tags, when the same object is applied again.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// Apply (default): make AWS match. Plan: write nothing to AWS and show in status.plan what would be written.
    /// Paused: leave AWS alone altogether, a deletion included.
    #[serde(default)]
    pub mode: Mode,
}

/// The role that API Gateway assumes: given by ARN, or created.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.arn) || (!has(self.stateMachineArns) && !has(self.managedPolicyArns))")
        .message("a role given by arn is not changed: remove stateMachineArns and managedPolicyArns, or arn")
)]
pub struct Role {
    /// ARN of an existing role of the same account, which must trust apigateway.amazonaws.com. It is used as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 2048))]
    #[x_kube(validation = form(
        r"arn:[a-z-]+:iam::\d{12}:role/.+", "must be the ARN of a role, such as arn:aws:iam::123456789012:role/NAME"))]
    pub arn: Option<String>,

    /// Machines that callers may name themselves, for methods without stateMachine. `*` stands for any text in a name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), inner(length(max = 256)))]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub state_machine_arns: Vec<String>,

    /// Managed policies to attach to the created role, such as arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess.
    /// They are usually far wider than the policy that is computed without them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "managed_policy_arns")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub managed_policy_arns: Vec<String>,
}

/// A state machine under a name of this object: one for all stages, or one per stage.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.arn) != has(self.stageVariable)")
    .message("give exactly one of arn and stageVariable"))]
pub struct StateMachine {
    /// Name that methods use.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"))]
    pub name: String,

    /// ARN of the state machine, or of an alias or a version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    pub arn: Option<String>,

    /// Name of the stage variable that holds the ARN; every stage gives its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_]+", "the name of a stage variable has letters, digits and _ only"))]
    pub stage_variable: Option<String>,
}

/// A mapping template (VTL) to use in several methods.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Name that methods use.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"))]
    pub name: String,

    /// The template. It makes the JSON request of the method's action.
    #[schemars(length(min = 1, max = 307_200))]
    pub body: String,
}

/// One HTTP method on one path, and the Step Functions action behind it.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.arguments) || !has(self.request)")
    .message("give arguments or request.template, not both: a template makes the whole request"))]
pub struct Method {
    /// Path below the stage, such as /execution or /orders/{id}; / is the root. {name} takes one segment, {name+} at the
    /// end all that follow.
    #[schemars(length(max = 512))]
    #[x_kube(validation = form(
        r"/|(/([A-Za-z0-9_.:,-]+|\{[A-Za-z0-9_.-]+\+?\}))+",
        "must be / or segments that start with / each, such as /orders/{id}, without / at the end; a segment has \
         letters, digits and _ . : , - only, or is {name} or {name+}"))]
    pub path: String,

    /// HTTP method that callers use. ANY takes all that the path does not list. OPTIONS belongs to spec.cors.
    pub method: Verb,

    /// Action of the Step Functions API. StartExecution answers at once, StartSyncExecution (EXPRESS machines) when the
    /// workflow has ended, DescribeExecution tells status and output, StopExecution stops.
    #[schemars(schema_with = "action_names")]
    pub action: String,

    /// Name of an entry of spec.stateMachines: the machine to start, or the one whose executions may be looked at.
    /// Without it callers name the machine or execution, among those of role.stateMachineArns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    pub state_machine: Option<String>,

    /// Who may call it. Default: callers that sign with AWS credentials (IAM).
    #[serde(default)]
    pub authorization: Authorization,

    /// Where each argument of the action comes from, by the argument's name. Values from callers are escaped: no input
    /// can add or replace an argument. Default: with stateMachine, input is the body; without, the body is the action's
    /// own request.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 10), transform = list_arguments)]
    pub arguments: BTreeMap<String, ArgumentSource>,

    /// A mapping template of your own instead of arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Request")]
    pub request: Option<Request>,
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
pub struct Authorization {
    /// IAM (default): calls must be signed (SigV4) by someone with execute-api:Invoke. None: anyone on the internet may
    /// call, and start executions that you pay for.
    #[serde(default, rename = "type")]
    pub kind: AuthorizationType,
}

/// Kind of authorization.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthorizationType {
    #[default]
    #[serde(rename = "IAM")]
    Iam,
    None,
}

/// Where the value of an argument comes from: exactly one of these.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.body), has(self.bodyField), has(self.query), has(self.path), has(self.header), \
     has(self.stageVariable), has(self.context), has(self.value)].filter(given, given).size() == 1")
    .message("give exactly one source: body, bodyField, query, path, header, stageVariable, context or value"))]
pub struct ArgumentSource {
    /// The whole body, as it was sent. Write it as `body: {}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WholeBody")]
    pub body: Option<WholeBody>,

    /// A field of a JSON body, by its JSONPath, such as $.order.id or $.items[0].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    #[x_kube(validation = form(
        r"\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])+",
        "must be the JSONPath of one field, such as $.order.id or $.items[0]; body: {} is the whole body"))]
    pub body_field: Option<String>,

    /// A query parameter; the last one if it is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9._$-]+", "the name of a query parameter has letters, digits and . _ $ - only"))]
    pub query: Option<String>,

    /// A variable of the path, written {name} there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9_.-]+", "must be the name of a variable of the path without its braces, such as id"))]
    pub path: Option<String>,

    /// A request header, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "the name of a header has letters, digits, _ and - only"))]
    pub header: Option<String>,

    /// A stage variable, which every stage must give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_]+", "the name of a stage variable has letters, digits and _ only"))]
    pub stage_variable: Option<String>,

    /// What API Gateway knows of the call, such as requestId or identity.sourceIp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    #[x_kube(validation = form(r"[A-Za-z]+(\.[A-Za-z]+)*", "must be a member of $context, such as requestId or identity.sourceIp"))]
    pub context: Option<String>,

    /// A fixed text; for `input` a JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 32_768))]
    pub value: Option<String>,
}

/// The whole body; there is nothing to set.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WholeBody {}

/// How the request to Step Functions is made.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The mapping template (VTL) that makes the action's JSON request from JSON and form bodies.
    pub template: TemplateSource,
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

/// Cross-origin resource sharing.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!('*' in self.allowOrigins) || self.allowOrigins.size() == 1")
    .message("'*' already allows every origin: give it alone").field_path(".allowOrigins"))]
pub struct Cors {
    /// Origins whose pages may call, such as https://app.example.com; `*` for all. One of several is echoed to its own
    /// pages with Vary: Origin, others get no header.
    #[schemars(schema_with = "origins")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub allow_origins: Vec<String>,
}

/// A stage: a name under which callers reach the API, with variables of its own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    /// Name, the first part of every path.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(
        validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"),
        validation = Rule::new("self != 'test-invoke-stage'")
            .message("test-invoke-stage is a name of API Gateway's own; take another"),
    )]
    pub name: String,

    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub description: Option<String>,

    /// Stage variables. They take effect without a deployment. Not a place for secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "stage_variable_values")]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 64 && k.matches('^[A-Za-z0-9_]+$'))")
        .message("the name of a stage variable has up to 64 letters, digits and underscores"))]
    pub variables: BTreeMap<String, String>,
}

/// What deletion does in AWS.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    #[default]
    Delete,
    Retain,
}

/// How far the controller goes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Apply,
    Plan,
    Paused,
}
