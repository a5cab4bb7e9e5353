//! The spec of a `StepFunctionsApi`. Doc comments are what `kubectl explain` shows.

use std::collections::BTreeMap;

use kube::{CustomResource, KubeSchema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adopt::Adopt;
use super::authorizer::Authorizer;
use super::cors::Cors;
use super::domain::Domain;
use super::endpoint::Endpoint;
use super::fields::{REGION, form, name_of, object_name, tag_keys, tag_values};
use super::machine::StateMachine;
use super::method::Method;
use super::model_schema::Model;
use super::reference::{DocumentFrom, Outputs, ValueFrom};
use super::role::Role;
use super::stage::Stage;
use super::status::StepFunctionsApiStatus;
use super::usage_plan::UsagePlan;

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
    validation = object_name(),
    selectable = ".spec.region",
    selectable = ".spec.className",
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
    printcolumn(
        name = "Drift",
        type_ = "string",
        json_path = ".status.conditions[?(@.type==\"Drifted\")].status",
        description = "Whether others have changed AWS, and it was not set right.",
        priority = 1
    ),
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
        "self.methods.all(m, !has(m.request) || !has(m.request.template) || !has(m.request.template.name) || (has(self.templates) && \
         self.templates.exists(t, t.name == m.request.template.name)))")
        .message("every method's request.template.name must be the name of an entry of spec.templates")
        .field_path(".methods"),
    validation = Rule::new(
        "self.methods.all(m, !has(m.response) || !has(m.response.templates) || m.response.templates.all(r, \
         !has(r.template.name) || (has(self.templates) && self.templates.exists(t, t.name == r.template.name))))")
        .message("every template.name of a method's response must be the name of an entry of spec.templates")
        .field_path(".methods"),
    validation = Rule::new(
        "self.methods.all(m, !has(m.request) || !has(m.request.model) || (has(self.models) && \
         self.models.exists(s, s.name == m.request.model)))")
        .message("every method's request.model must be the name of an entry of spec.models")
        .field_path(".methods"),
    validation = Rule::new(
        "self.methods.all(m, !has(m.authorization.authorizer) || (has(self.authorizers) && self.authorizers.exists(a, \
         a.name == m.authorization.authorizer && has(a.cognito) == (m.authorization.type == 'Cognito'))))")
        .message("every method's authorization.authorizer must be the name of an entry of spec.authorizers of its type")
        .field_path(".methods"),
    validation = Rule::new(
        "!has(self.stateMachines) || self.stateMachines.all(s, !has(s.stageVariable) || \
         self.stages.all(g, has(g.variables) && s.stageVariable in g.variables || \
         has(g.variablesFrom) && s.stageVariable in g.variablesFrom))")
        .message(Message::Expression(
            "'every stage must give the variable that an entry of spec.stateMachines names as stageVariable; stage ' + \
             self.stages.filter(g, self.stateMachines.exists(s, has(s.stageVariable) && \
             !(has(g.variables) && s.stageVariable in g.variables) && \
             !(has(g.variablesFrom) && s.stageVariable in g.variablesFrom))).map(g, g.name)[0] + ' does not'".into()))
        .field_path(".stages"),
    validation = Rule::new(
        "!has(self.usagePlans) || self.usagePlans.all(p, p.stages.all(s, self.stages.exists(g, g.name == s.name)))")
        .message("every stage of a usage plan must be the name of an entry of spec.stages")
        .field_path(".usagePlans"),
    validation = Rule::new("!has(self.domains) || self.domains.all(d, self.stages.exists(g, g.name == d.stage))")
        .message("every domain's stage must be the name of an entry of spec.stages")
        .field_path(".domains"),
    validation = Rule::new("!has(self.tags) || !has(self.tagsFrom) || self.tagsFrom.all(k, !(k in self.tags))")
        .message("a tag stands in tags or in tagsFrom, not in both"),
)]
pub struct StepFunctionsApiSpec {
    /// AWS region of the API and its state machines, such as us-east-1. Cannot be changed.
    #[schemars(length(max = 32))]
    #[x_kube(
        validation = form(REGION.0, REGION.1),
        validation = Rule::new("self == oldSelf").message("region cannot be changed; make a new object"),
    )]
    pub region: String,

    /// Name of the StepFunctionsApiClass that sets limits and defaults for this object. Without it, that of the controller's
    /// --default-class, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 253))]
    #[x_kube(validation = name_of("a class"))]
    pub class_name: Option<String>,

    /// Name of the API in AWS. Default: NAMESPACE-NAME of this object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    pub name: Option<String>,

    /// Text for people, in AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub description: Option<String>,

    /// An API that was made elsewhere, to be taken over in place of making a new one. `stepgate import API_ID` writes a
    /// manifest of it. Callers notice nothing if the manifest describes what there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Adopt")]
    pub adopt: Option<Adopt>,

    /// Where and how the API is reached, and from where: endpoint type, TLS, compression, resource policy. Without it the
    /// API is Regional and open to the internet, as far as each method's authorization lets callers in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Endpoint")]
    pub endpoint: Option<Endpoint>,

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

    /// Models of bodies that methods refer to by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub models: Vec<Model>,

    /// Who decides which callers methods take, beside IAM. At most 10, a limit of AWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub authorizers: Vec<Authorizer>,

    /// What callers can do, by path and HTTP method.
    #[schemars(length(min = 1, max = 500))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".into(), "method".into()]))]
    pub methods: Vec<Method>,

    /// What API Gateway answers itself, when a call does not reach its method. Generated (default): errors in the shape of
    /// all others, with the headers of spec.cors. None: nothing is set, so that it is API Gateway's own, or with spec.adopt
    /// what the API has.
    #[serde(default, skip_serializing_if = "GatewayResponses::is_generated")]
    pub gateway_responses: GatewayResponses,

    /// Lets web pages of other origins call the API: preflight, answers and gateway errors. Without it browsers refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Cors")]
    pub cors: Option<Cors>,

    /// Names under which callers reach the API; the first part of every path. At most 10, a limit of AWS.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub stages: Vec<Stage>,

    /// What is written for other workloads: URLs and ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Outputs")]
    pub outputs: Option<Outputs>,

    /// Usage plans with their API keys, for methods with apiKeyRequired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub usage_plans: Vec<UsagePlan>,

    /// Domain names of your own that lead to stages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 20))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into(), "basePath".into()]))]
    pub domains: Vec<Domain>,

    /// Tags for the API, its stages, its role, and all else that is created and can have tags. Tags that others set are
    /// left alone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "tag_values")]
    pub tags: BTreeMap<String, String>,

    /// Tags whose values are read from elsewhere, by their keys. Each has the form of those in tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 40))]
    #[x_kube(validation = tag_keys())]
    pub tags_from: BTreeMap<String, ValueFrom>,

    /// How many of the newest deployments are kept to go back to with stages[].deployment.pin. An older one that a stage or
    /// a canary uses is kept beside them, as long as it is used. Default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "u32", range(min = 1, max = 50))]
    pub history: Option<u32>,

    /// What happens in AWS when this object is deleted. Delete (default): API, stages and created role go with it.
    /// That holds for an API of spec.adopt too, with all that it has. Retain: they stay and are found again, by their tags,
    /// when the same object is applied again.
    #[serde(default)]
    pub deletion_policy: DeletionPolicy,

    /// What happens when others change in AWS what this object describes. Heal (default): it is set right at the next check.
    /// Report: the conditions Ready and Drifted and an event say what, and nothing is written; the next change of the spec
    /// sets all right.
    #[serde(default)]
    pub drift_policy: DriftPolicy,

    /// Apply (default): make AWS match. Plan: write nothing to AWS and show in status.plan what would be written; the
    /// annotation stepgate.dev/approve with the plan's hash has exactly that applied. A deletion is planned and waits for
    /// approval, too, unless deletionPolicy is Retain.
    /// Paused: leave AWS alone altogether, a deletion included.
    #[serde(default)]
    pub mode: Mode,
}

/// A mapping template (VTL) to use in several methods.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.body) != has(self.bodyFrom)").message("give exactly one of body and bodyFrom"))]
pub struct Template {
    /// Name that methods use.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"))]
    pub name: String,

    /// The template. It makes the JSON request of a method's action, or a body of its response.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(min = 1, max = 307_200))]
    pub body: String,

    /// Where the template is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DocumentFrom")]
    pub body_from: Option<DocumentFrom>,
}

/// What deletion does in AWS.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeletionPolicy {
    #[default]
    Delete,
    Retain,
}

/// What happens when others change AWS.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DriftPolicy {
    #[default]
    Heal,
    Report,
}

/// Whether API Gateway's own answers are set.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GatewayResponses {
    #[default]
    Generated,
    None,
}

impl GatewayResponses {
    fn is_generated(&self) -> bool {
        *self == Self::Generated
    }
}

/// How far the controller goes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    #[default]
    Apply,
    Plan,
    Paused,
}
