//! Stages.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::{form, stage_variable_values, tag_values};
use super::reference::ValueFrom;
use super::stage_settings::{AccessLog, Canary, Logging, StageCache, StageMethod, Throttling};

/// What a stage serves instead of what the spec describes now.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.pin) != has(self.after)").message("give exactly one of pin and after"))]
pub struct StageDeployment {
    /// A revision of status.deployments: the stage goes back to it at once, whatever else there is to do, and stays there.
    /// To go on with what the spec describes, remove it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 12))]
    #[x_kube(validation = form("[0-9a-f]{12}", "is not a revision: 12 characters from 0 to 9 and a to f, see status.deployments"))]
    pub pin: Option<String>,

    /// Name of another stage: this one serves the very deployment that the other serves, as soon as the other does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    pub after: Option<String>,
}

/// A stage: a name under which callers reach the API, with settings of its own. They take effect without a deployment.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "!has(self.variables) || !has(self.variablesFrom) || self.variablesFrom.all(k, !(k in self.variables))")
        .message("a stage variable stands in variables or in variablesFrom, not in both"),
    validation = Rule::new("has(self.cache) || !has(self.methods) || self.methods.all(m, !has(m.cache))")
        .message("a method's cache needs the stage's: give cache.size too"),
    validation = Rule::new("!has(self.canary) || has(self.canary.variables) || has(self.canary.variablesFrom) || has(self.deployment)")
        .message("a canary without variables needs deployment: without both it would serve what the stage serves"),
)]
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

    /// What the stage serves, if not what the spec describes now: an older revision, or what another stage serves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StageDeployment")]
    pub deployment: Option<StageDeployment>,

    /// Stage variables. Not a place for secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "stage_variable_values")]
    pub variables: BTreeMap<String, String>,

    /// Stage variables that are read from elsewhere, by their names. Each has the form of those in variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 64 && k.matches('^[A-Za-z0-9_]+$'))")
        .message("the name of a stage variable has up to 64 letters, digits and underscores"))]
    pub variables_from: BTreeMap<String, ValueFrom>,

    /// Limits for each method. Without them only the account's quota holds, for all APIs together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Throttling")]
    pub throttling: Option<Throttling>,

    /// Execution logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Logging")]
    pub logging: Option<Logging>,

    /// Access logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AccessLog")]
    pub access_log: Option<AccessLog>,

    /// Whether CloudWatch gets metrics for each method, beside those of the stage. They cost extra.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub metrics: bool,

    /// Whether calls are traced by X-Ray, into Step Functions where the state machine is traced too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tracing: bool,

    /// A cache of answers to GET.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StageCache")]
    pub cache: Option<StageCache>,

    /// A share of the calls that gets what the spec describes now, perhaps with other stage variables.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Canary")]
    pub canary: Option<Canary>,

    /// Whether API Gateway shows a client certificate of this stage's own to what it calls. Step Functions does not look
    /// at it; Security Hub's control APIGateway.2 asks for one. It is made and, when no longer wanted, deleted, and is
    /// valid for a year: to have a new one, apply false and then true.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_certificate: bool,

    /// Tags of the stage beside those of spec.tags, and instead of those of the same key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "tag_values")]
    pub tags: BTreeMap<String, String>,

    /// Settings of single methods.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 300))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".into(), "method".into()]))]
    pub methods: Vec<StageMethod>,
}
