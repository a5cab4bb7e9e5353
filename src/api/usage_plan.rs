//! Usage plans: which API keys may call which stages, how fast and how often.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api_key::ApiKey;
use super::fields::form;
use super::method::Verb;

/// What holders of its API keys may do: calls a second, calls a day, and on which stages. The plan and its keys in AWS are
/// this object's: keys and stages that others add to it are taken out again.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlan {
    /// Name within this object; in AWS it follows the name of the API.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"))]
    pub name: String,

    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub description: Option<String>,

    /// How fast each key may call. Calls above it are answered with 429. AWS applies it on a best-effort basis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeyThrottling")]
    pub throttling: Option<KeyThrottling>,

    /// How many calls each key has in a period. Calls above it are answered with 429. AWS applies it on a best-effort
    /// basis: it is no means to bound costs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Quota")]
    pub quota: Option<Quota>,

    /// Stages that the plan's keys open.
    #[schemars(length(min = 1, max = 10))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub stages: Vec<UsagePlanStage>,

    /// The plan's API keys. A key is in one plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["name".into()]))]
    pub api_keys: Vec<ApiKey>,
}

/// A rate and a burst: a bucket of burstLimit calls that fills with rateLimit calls a second.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct KeyThrottling {
    /// Calls a second, on average.
    #[schemars(range(min = 0))]
    pub rate_limit: f64,

    /// Calls at once.
    #[schemars(range(min = 0))]
    pub burst_limit: i32,
}

/// So many calls in a period.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "!has(self.offset) || (self.period == 'Day' ? self.offset == 0 : \
     self.period == 'Week' ? self.offset <= 6 : self.offset <= 27)")
    .message("offset is 0 for a Day, at most 6 for a Week and at most 27 for a Month").field_path(".offset"))]
pub struct Quota {
    /// Calls in a period.
    #[schemars(range(min = 1))]
    pub limit: i32,

    /// Length of a period: a calendar day, week or month in UTC.
    pub period: Period,

    /// Calls that are subtracted from limit in the first period. Default: 0.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub offset: i32,
}

/// Length of a quota's period.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    Day,
    Week,
    Month,
}

impl Period {
    /// As API Gateway writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }
}

/// A stage that the plan's keys open.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanStage {
    /// Name of an entry of spec.stages.
    #[schemars(length(min = 1, max = 128))]
    pub name: String,

    /// Limits of single methods, on top of the plan's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["path".into(), "method".into()]))]
    pub methods: Vec<UsagePlanMethod>,
}

/// The limit of a method for each key.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanMethod {
    /// Path of an entry of spec.methods.
    #[schemars(length(max = 512))]
    pub path: String,

    /// Its HTTP method.
    pub method: Verb,

    /// How fast each key may call it.
    pub throttling: KeyThrottling,
}
