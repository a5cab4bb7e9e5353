//! Usage plans: which keys may call which stages, how fast and how often.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use super::{ApiKeyId, StageName, Tags};

/// Id that AWS gives to a usage plan.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsagePlanId(pub String);

impl fmt::Display for UsagePlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A usage plan, its keys aside.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsagePlan {
    /// Name in AWS; not unique there.
    pub name: String,
    /// Settings.
    pub settings: UsagePlanSettings,
    /// Limits of single methods by their key (`/orders/{id}/GET`), by the stages of the API that the plan is for.
    pub stages: BTreeMap<StageName, BTreeMap<String, Throttle>>,
    /// Tags.
    pub tags: Tags,
}

/// What a usage plan is beside its name, stages and keys.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanSettings {
    /// Text for people.
    pub description: Option<String>,
    /// How fast each key may call.
    pub throttle: Option<Throttle>,
    /// How often each key may call.
    pub quota: Option<Quota>,
}

/// A bucket of calls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttle {
    /// Calls a second.
    pub rate_limit: f64,
    /// Calls at once.
    pub burst_limit: i32,
}

/// So many calls in a period.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    /// Calls in a period.
    pub limit: i32,
    /// Calls less in the first one.
    pub offset: i32,
    /// `DAY`, `WEEK` or `MONTH`.
    pub period: String,
}

/// A usage plan as API Gateway has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedUsagePlan {
    /// Its id.
    pub id: UsagePlanId,
    /// Its content, foreign tags left out.
    pub plan: UsagePlan,
    /// Stages of other APIs, as `apiId:stageName`.
    pub foreign_stages: BTreeSet<String>,
    /// Its keys.
    pub keys: BTreeSet<ApiKeyId>,
}
