//! The status of a `StepFunctionsApi`.

use std::collections::BTreeSet;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::conditions::ConditionType;

/// What the controller found and did last.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StepFunctionsApiStatus {
    /// Generation of the spec that this status is about; -1 until the controller has seen the object.
    #[serde(default)]
    pub observed_generation: i64,

    /// Ready, Reconciling and Stalled (kstatus), and Accepted, RoleReady, ApiReady and StagesReady for the parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,

    /// Id of the REST API in API Gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub rest_api_id: Option<String>,

    /// ARN of the role that API Gateway assumes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub role_arn: Option<String>,

    /// Hash of what the spec describes, and stages serve that are not told otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub revision: Option<String>,

    /// The deployments that exist, the newest first: the revisions that stages[].deployment.pin can name. What others delete
    /// and no stage serves leaves the list with the next change of the spec, or by one of ten checks.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["id".into()]))]
    pub deployments: Vec<DeploymentStatus>,

    /// The stages, in the spec's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub stages: Vec<StageStatus>,

    /// The usage plans with their API keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub usage_plans: Vec<UsagePlanStatus>,

    /// The custom domain names, and where DNS has to lead them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub domains: Vec<DomainStatus>,

    /// Every method with its URL on every stage that serves what the spec describes, up to 500 of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<EndpointStatus>,

    /// Hash of all that was wanted when AWS last matched it. What differs from then on, others have changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub applied: Option<String>,

    /// In mode Plan: the plan that was approved last, as long as the annotation names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ApprovedPlan")]
    pub approved: Option<ApprovedPlan>,

    /// In mode Plan: what would be written to AWS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "PlanStatus")]
    pub plan: Option<PlanStatus>,

    /// Keys of the tags that were set from spec.tags, so that those that leave it can be removed.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub tag_keys: BTreeSet<String>,

    /// Names of the roles that were created, so that one that has another name now can be deleted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub created_roles: BTreeSet<String>,

    /// Managed policies that were attached from spec.role, so that those that leave it can be detached.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub managed_policy_arns: BTreeSet<String>,

    /// Objects that the spec refers to, as they were read last.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<ReferenceStatus>,

    /// Name of the ConfigMap that was written for spec.outputs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub output_config_map: Option<String>,
    /// Whether client certificates were made for stages, so that those that nothing wants any more can be deleted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub client_certificates: bool,

    /// Value of the annotation stepgate.dev/check-now that was handled last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub last_handled_check_now: Option<String>,
}

impl StepFunctionsApiStatus {
    /// The condition of that type.
    pub fn condition(&self, kind: ConditionType) -> Option<&Condition> {
        let kind = kind.to_string();
        self.conditions.iter().find(|condition| condition.type_ == kind)
    }
}

/// A stage as it is served.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StageStatus {
    /// Name of the stage.
    pub name: String,
    /// Invoke URL.
    pub url: String,
    /// Id of the deployment that it serves.
    pub deployment_id: String,
    /// Revision that this deployment holds.
    pub revision: String,
    /// Since when it serves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Time")]
    pub since: Option<Time>,
    /// Whether others deleted it and it waits to be made again. What is said of it here is what it was.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// Hash of that revision and of the stage's variables: what was tested, and is not again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub hash: Option<String>,
    /// Hash of its other settings, as the last pass that ended well left them: what others change of them since is drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub settings_hash: Option<String>,
    /// The canary, if a share of the calls goes to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "CanaryStatus")]
    pub canary: Option<CanaryStatus>,
}

/// A canary as it is served.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct CanaryStatus {
    /// Percent of the stage's calls that go to it.
    pub percent: f64,
    /// Id of the deployment that it serves.
    pub deployment_id: String,
    /// Revision that this deployment holds.
    pub revision: String,
    /// Hash of that revision and of the variables: what was tested, and is not again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub hash: Option<String>,
}

/// A deployment.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentStatus {
    /// Id of the deployment in API Gateway.
    pub id: String,
    /// Revision that it holds.
    pub revision: String,
    /// When it was made.
    pub created: Time,
    /// What its calls need, so that it works again when a stage goes back to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DeploymentNeeds")]
    pub needs: Option<DeploymentNeeds>,
}

/// What the calls of a deployment need.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DeploymentNeeds {
    /// Name of the created role that they assume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub role: Option<String>,
    /// Hash of the limits that the object's class set when it was made. Where the class limits what methods may do, a stage
    /// goes back to what was made under the same limits only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub limits: Option<String>,

    /// What the role's policy has to allow, as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub policy: Option<String>,
}

/// A method on a stage.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EndpointStatus {
    /// Name of the stage.
    pub stage: String,
    /// HTTP method.
    pub method: String,
    /// URL to call; {name} stands for a value of the caller's.
    pub url: String,
    /// A line for the shell that calls it; VALUE stands for a value of yours.
    pub curl: String,
}

/// A usage plan.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanStatus {
    /// Name of the plan in the spec.
    pub name: String,
    /// Id of the plan in API Gateway, once it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub id: Option<String>,
    /// Its API keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub api_keys: Vec<ApiKeyStatus>,
}

/// An API key. Its value is in the Secret that the spec names.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ApiKeyStatus {
    /// Name of the key in the spec.
    pub name: String,
    /// Id of the key in API Gateway.
    pub id: String,
}

/// A custom domain name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DomainStatus {
    /// The domain name.
    pub name: String,
    /// Host name that DNS has to lead it to, by a CNAME record or an alias.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub target: Option<String>,
    /// Id of the target's hosted zone, for an alias record in Route 53.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub hosted_zone_id: Option<String>,
    /// State of the domain name as API Gateway tells it; callers reach it when it is AVAILABLE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub state: Option<String>,
    /// URLs that lead to stages, by the spec's base paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<DomainUrl>,
}

/// A path of a custom domain name.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DomainUrl {
    /// URL of the stage below the domain name.
    pub url: String,
    /// Name of the stage.
    pub stage: String,
}

/// What would be written.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct PlanStatus {
    /// Hash of the steps: the same plan has the same hash.
    pub hash: String,
    /// The writes in their order, each with what it changes.
    pub steps: Vec<String>,
}

/// A plan that may be applied, also by several passes.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ApprovedPlan {
    /// Hash of the plan.
    pub hash: String,
    /// Hash of all that was wanted when it was approved.
    pub wanted: String,
    /// Hashes of what it writes: what is left of it when it is interrupted is made as long as it has no other writes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub writes: BTreeSet<String>,
    /// Whether it was carried out: the approval is used up then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub done: bool,
}

impl ApprovedPlan {
    /// It was carried out.
    pub fn end(&mut self) {
        self.done = true;
        self.writes.clear();
    }

    /// Whether it is begun by this approval, for what is wanted now, and not done.
    pub fn is_begun(&self, approval: Option<&str>, wanted: &str) -> bool {
        !self.done && approval == Some(&self.hash) && self.wanted == wanted
    }
}

/// An object that the spec refers to.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct ReferenceStatus {
    /// Kind of the object, with its API group after a dot unless that is the core's.
    pub kind: String,
    /// Name of the object.
    pub name: String,
    /// Its resourceVersion when it was read; absent when there was no such object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub resource_version: Option<String>,
}
