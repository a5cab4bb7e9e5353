//! What the program asks of API Gateway about usage plans and API keys.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use super::Result;
use crate::model::{
    ApiKey, ApiKeyId, ApiKeyValue, ObservedApiKey, Quota, RestApiId, StageName, Tags, Throttle, UsagePlan, UsagePlanId,
    UsagePlanSettings,
};

/// A usage plan without its keys.
#[derive(Clone, Debug, PartialEq)]
pub struct UsagePlanHead {
    /// Its id.
    pub id: UsagePlanId,
    /// Its name.
    pub name: String,
    /// Settings.
    pub settings: UsagePlanSettings,
    /// Limits of methods, by API and stage.
    pub stages: BTreeMap<(RestApiId, StageName), BTreeMap<String, Throttle>>,
    /// All of its tags.
    pub tags: Tags,
}

/// Changes of a usage plan; empty for what stays. A stage is written `apiId:stageName`, a method `/path/VERB`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsagePlanPatch {
    /// New name.
    pub name: Option<String>,
    /// New description; empty to have none.
    pub description: Option<String>,
    /// New throttle; `Some(None)` to have none.
    pub throttle: Option<Option<Throttle>>,
    /// New quota; `Some(None)` to have none.
    pub quota: Option<Option<Quota>>,
    /// Stages to take out.
    pub remove_stages: BTreeSet<String>,
    /// Stages to take in.
    pub add_stages: BTreeSet<String>,
    /// Limits of methods to remove, by stage and method.
    pub remove_throttles: BTreeSet<(String, String)>,
    /// Limits of methods to set, by stage and method.
    pub set_throttles: BTreeMap<(String, String), Throttle>,
}

/// Usage plans and API keys of one region. Deleting what does not exist succeeds.
#[allow(missing_docs, reason = "each method is the operation of its name")]
pub trait UsagePlans {
    fn get_usage_plans(&self) -> impl Future<Output = Result<Vec<UsagePlanHead>>> + Send;
    fn get_usage_plan_keys(&self, id: &UsagePlanId) -> impl Future<Output = Result<BTreeSet<ApiKeyId>>> + Send;
    fn create_usage_plan(&self, plan: &UsagePlan, api: &RestApiId) -> impl Future<Output = Result<UsagePlanId>> + Send;
    fn update_usage_plan(&self, id: &UsagePlanId, patch: &UsagePlanPatch) -> impl Future<Output = Result<()>> + Send;
    fn delete_usage_plan(&self, id: &UsagePlanId) -> impl Future<Output = Result<()>> + Send;
    /// Keys whose name starts with that, or all.
    fn get_api_keys(&self, prefix: Option<&str>) -> impl Future<Output = Result<Vec<ObservedApiKey>>> + Send;
    fn create_api_key(&self, key: &ApiKey) -> impl Future<Output = Result<(ApiKeyId, ApiKeyValue)>> + Send;
    /// Gives it that name and lets callers use it.
    fn update_api_key(&self, id: &ApiKeyId, name: &str) -> impl Future<Output = Result<()>> + Send;
    fn delete_api_key(&self, id: &ApiKeyId) -> impl Future<Output = Result<()>> + Send;
    fn create_usage_plan_key(&self, plan: &UsagePlanId, key: &ApiKeyId) -> impl Future<Output = Result<()>> + Send;
    fn delete_usage_plan_key(&self, plan: &UsagePlanId, key: &ApiKeyId) -> impl Future<Output = Result<()>> + Send;
}
