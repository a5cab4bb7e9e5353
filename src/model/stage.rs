//! Stages: names under which callers reach a deployment.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::method_settings::whole;
use super::{DeploymentId, MethodKey, MethodSettings, Revision, SettingsChange, Tags, short};

/// Name of a stage, the first part of every path that callers use.
pub type StageName = String;

/// A stage's own settings, live for callers without a deployment. Which deployment it serves follows from the API's
/// revision.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// Text for people.
    pub description: Option<String>,
    /// Stage variables.
    pub variables: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
    /// Whether calls are traced by X-Ray.
    pub tracing: bool,
    /// Size of the cache in GB, in API Gateway's words; `None` for no cache.
    pub cache_size: Option<String>,
    /// Settings of all methods that have none of their own.
    pub settings: MethodSettings,
    /// Settings of single methods: all of them, the stage's included, because API Gateway copies those only once.
    pub methods: BTreeMap<MethodKey, MethodSettings>,
    /// A share of the calls that gets other variables.
    pub canary: Option<Canary>,
    /// Access logs.
    pub access_log: Option<AccessLog>,
    /// Whether calls to the backend carry a client certificate of this stage's own.
    pub client_certificate: bool,
}

/// Hash of what a stage's calls lead to: the revision that it serves, and its variables.
pub fn route(revision: &Revision, variables: &BTreeMap<String, String>) -> String {
    short(&Sha256::digest(format!("{revision} {variables:?}")))
}

impl Stage {
    /// The same of its canary, if it has one.
    pub fn canary_route(&self, revision: &Revision) -> Option<String> {
        let canary = self.canary.as_ref()?;
        Some(short(&Sha256::digest(format!("{revision} {:?} {:?}", self.variables, canary.variables))))
    }

    /// Hash of what it has beside that. The certificate is another thing.
    pub fn settings_hash(&self) -> String {
        let beside = Self { variables: BTreeMap::new(), canary: None, client_certificate: false, ..self.clone() };
        short(&Sha256::digest(format!("{beside:?}")))
    }

    /// What there is of this stage after its creation: API Gateway takes the rest only in updates
    /// (<https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html>).
    pub fn as_created(&self) -> Self {
        Self {
            settings: MethodSettings::default(),
            methods: BTreeMap::new(),
            access_log: None,
            client_certificate: false,
            ..self.clone()
        }
    }
}

/// What a stage was brought to before, whatever became of it since.
#[derive(Clone, Debug, PartialEq)]
pub struct Brought {
    /// The deployment that it served.
    pub deployment: DeploymentId,
    /// [`route`], if that is known.
    pub route: Option<String>,
    /// [`Stage::canary_route`], if there was a canary.
    pub canary_route: Option<String>,
    /// [`Stage::settings_hash`], if that is known.
    pub settings: Option<String>,
}

impl Brought {
    /// Whether its calls were led to that revision with these variables.
    pub fn led_to(&self, revision: &Revision, variables: &BTreeMap<String, String>) -> bool {
        self.route.as_ref() == Some(&route(revision, variables))
    }

    /// Whether it had these settings.
    pub fn had_settings(&self, stage: &Stage) -> bool {
        self.settings.as_ref() == Some(&stage.settings_hash())
    }
}

/// A share of a stage's calls that gets other variables, on the stage's own deployment.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Canary {
    /// Percent of the calls.
    #[serde(serialize_with = "whole")]
    pub percent: f64,
    /// Variables that it has in place of, or beside, the stage's.
    pub variables: BTreeMap<String, String>,
    /// Whether it shares the stage's cache. Never desired: its answers may differ.
    pub use_stage_cache: bool,
}

/// Where a line is written for each call, and what is in it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessLog {
    /// A log group of CloudWatch Logs, or a delivery stream of Data Firehose.
    pub destination_arn: String,
    /// The line, with `$context` variables.
    pub format: String,
}

/// Changes of a stage's own settings; `None` and empty for what stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageChange {
    /// New description; empty to have none.
    pub description: Option<String>,
    /// Variables to set.
    pub set_variables: BTreeMap<String, String>,
    /// Variables to remove.
    pub remove_variables: BTreeSet<String>,
    /// Whether to trace.
    pub tracing: Option<bool>,
    /// Size of the cache, or none any more.
    pub cache_size: Option<Option<String>>,
    /// What becomes of the canary.
    pub canary: Option<CanaryChange>,
    /// New access logs, or none any more.
    pub access_log: Option<Option<AccessLog>>,
    /// Settings by method; under `None` those of all other methods, which come first.
    pub settings: BTreeMap<Option<MethodKey>, SettingsChange>,
}

/// What becomes of a stage's canary.
#[derive(Clone, Debug, PartialEq)]
pub enum CanaryChange {
    /// It ends.
    Remove,
    /// It has these.
    Set {
        /// Percent of the calls.
        percent: f64,
        /// Variables to set.
        set_variables: BTreeMap<String, String>,
        /// Variables to remove.
        remove_variables: BTreeSet<String>,
    },
}
