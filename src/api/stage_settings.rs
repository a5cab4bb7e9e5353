//! What a stage does with calls: throttling, logs, metrics, cache, canary.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Verb;
use super::fields::{form, stage_variable_values};
use super::reference::ValueFrom;

/// Limits for each method: a bucket of burstLimit requests that fills at rateLimit a second. Calls beyond get 429.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Throttling {
    /// Requests per second, such as 100 or 0.5. With 0 every call is refused. The account's quota holds beside it.
    #[schemars(range(min = 0.0, max = 1_000_000.0))]
    pub rate_limit: f64,

    /// Requests at once.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub burst_limit: i32,
}

/// Execution logs in CloudWatch Logs, in the log group API-Gateway-Execution-Logs_API/STAGE. They need a role that is set
/// once for account and region (API Gateway's settings, Logging); it is never set from here, because it is shared by all
/// APIs.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!has(self.dataTrace) || !self.dataTrace || self.level != 'Off'")
    .message("dataTrace needs level Error or Info"))]
pub struct Logging {
    /// Off (default): none. Error: calls that fail. Info: all calls.
    #[serde(default)]
    pub level: LogLevel,

    /// Whether whole requests and answers are logged too, with inputs and outputs of executions. Not for production.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub data_trace: bool,
}

/// What execution logs hold.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogLevel {
    #[default]
    Off,
    Error,
    Info,
}

/// A cache of answers to GET, for this stage alone; it costs by the hour. Answers are kept apart by every query
/// parameter, header and path variable that the method reads. They are shared by all callers of a method: who is not
/// let in gets none, but who is let in may get what another asked for.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StageCache {
    /// Size in GB. It takes API Gateway some minutes to make one; a new size empties it.
    pub size: CacheSize,

    /// Whether all GET methods use it (default), or only those with cache.enabled in methods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,

    /// Seconds that an answer is kept, 300 by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 3600))]
    pub ttl_seconds: Option<i32>,

    /// Whether answers are encrypted in the cache.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub encrypted: bool,

    /// Whether a caller who asks for a fresh answer (Cache-Control: max-age=0) needs the permission
    /// execute-api:InvalidateCache (default), or may always have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub require_authorization: Option<bool>,

    /// What a caller gets who asks for a fresh answer and may not. SucceedWithResponseHeader (default): the kept answer
    /// and a Warning header. SucceedWithoutResponseHeader: the kept answer. FailWith403: 403.
    #[serde(default)]
    pub unauthorized: Unauthorized,
}

/// Sizes of a cache in GB.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheSize {
    #[serde(rename = "0.5")]
    Gb0_5,
    #[serde(rename = "1.6")]
    Gb1_6,
    #[serde(rename = "6.1")]
    Gb6_1,
    #[serde(rename = "13.5")]
    Gb13_5,
    #[serde(rename = "28.4")]
    Gb28_4,
    #[serde(rename = "58.2")]
    Gb58_2,
    #[serde(rename = "118")]
    Gb118,
    #[serde(rename = "237")]
    Gb237,
}

impl CacheSize {
    /// As API Gateway writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gb0_5 => "0.5",
            Self::Gb1_6 => "1.6",
            Self::Gb6_1 => "6.1",
            Self::Gb13_5 => "13.5",
            Self::Gb28_4 => "28.4",
            Self::Gb58_2 => "58.2",
            Self::Gb118 => "118",
            Self::Gb237 => "237",
        }
    }
}

/// What a caller gets who asks for a fresh answer and may not.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unauthorized {
    FailWith403,
    #[default]
    SucceedWithResponseHeader,
    SucceedWithoutResponseHeader,
}

/// A method's own part in the stage's cache; what is not given is as for the stage.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MethodCache {
    /// Whether its answers are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub enabled: Option<bool>,

    /// Seconds that an answer is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 3600))]
    pub ttl_seconds: Option<i32>,

    /// Whether answers are encrypted in the cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub encrypted: Option<bool>,
}

/// Settings of one method on a stage; what is not given is as for the stage.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "self.method == 'GET' || !has(self.cache) || !has(self.cache.enabled) || !self.cache.enabled")
    .message("cache.enabled is for GET only: an answer is not kept apart by the body"))]
pub struct StageMethod {
    /// Path of the method, as in spec.methods.
    #[schemars(length(min = 1, max = 512))]
    pub path: String,

    /// HTTP method. Where spec.methods has ANY, the one that callers use.
    pub method: StageVerb,

    /// Its own limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Throttling")]
    pub throttling: Option<Throttling>,

    /// Its own execution logs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Logging")]
    pub logging: Option<Logging>,

    /// Whether CloudWatch gets metrics for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "bool")]
    pub metrics: Option<bool>,

    /// Its own part in the stage's cache.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "MethodCache")]
    pub cache: Option<MethodCache>,
}

/// HTTP methods that callers use.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
#[serde(rename_all = "UPPERCASE")]
pub enum StageVerb {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Head,
}

impl From<StageVerb> for Verb {
    fn from(verb: StageVerb) -> Self {
        match verb {
            StageVerb::Get => Self::Get,
            StageVerb::Post => Self::Post,
            StageVerb::Put => Self::Put,
            StageVerb::Patch => Self::Patch,
            StageVerb::Delete => Self::Delete,
            StageVerb::Head => Self::Head,
        }
    }
}

/// A line for each call, without its payload. It needs the role of execution logs, see logging.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.destinationArn) != has(self.destinationArnFrom)")
    .message("give exactly one of destinationArn and destinationArnFrom"))]
pub struct AccessLog {
    /// ARN of a log group of CloudWatch Logs, or of a delivery stream of Data Firehose whose name starts with
    /// amazon-apigateway-. It has to exist.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 2048))]
    #[x_kube(
        validation = Rule::new("!self.endsWith(':*')").message("remove :* from the end of the ARN of the log group"),
        validation = form(
            r"arn:[a-z-]+:logs:[a-z0-9-]+:\d{12}:log-group:[A-Za-z0-9._/#-]{1,512}(:\*)?|arn:[a-z-]+:firehose:[a-z0-9-]+:\d{12}:deliverystream/amazon-apigateway-.+",
            "must be the ARN of a log group, such as arn:aws:logs:us-east-1:123456789012:log-group:NAME, or of a delivery \
             stream whose name starts with amazon-apigateway-"),
    )]
    pub destination_arn: String,

    /// Where that ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub destination_arn_from: Option<ValueFrom>,

    /// The line, with $context variables. Default: JSON with request id, time, method, path, status, latencies and error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 3072))]
    #[x_kube(
        validation = Rule::new("self.contains('$context.requestId')")
            .message("API Gateway wants $context.requestId in it"),
        validation = Rule::new(r"!self.contains('\n')").message("must be a single line; in YAML, write it after >-"),
    )]
    pub format: Option<String>,
}

/// A share of the calls gets what the spec describes now. On a stage that deployment.pin holds at an older revision, that
/// tries the new one: to promote it, remove canary and pin; to give it up, remove the canary alone. On a stage that serves
/// what the spec describes anyhow, the canary gets other stage variables, such as the ARN of the state machine's next
/// version.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "!has(self.variables) || !has(self.variablesFrom) || self.variablesFrom.all(k, !(k in self.variables))")
        .message("a stage variable stands in variables or in variablesFrom, not in both"),
)]
pub struct Canary {
    /// Percent of the calls, such as 10 or 0.5. With 0 there is no canary.
    #[schemars(range(min = 0.0, max = 100.0))]
    pub percent: f64,

    /// Stage variables that it has in place of, or beside, the stage's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "stage_variable_values")]
    pub variables: BTreeMap<String, String>,

    /// Those that are read from elsewhere, by their names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 64 && k.matches('^[A-Za-z0-9_]+$'))")
        .message("the name of a stage variable has up to 64 letters, digits and underscores"))]
    pub variables_from: BTreeMap<String, ValueFrom>,
}

impl Canary {
    /// The value that some calls get for a stage variable.
    pub fn variable(&self, name: &str) -> Option<&String> {
        self.variables.get(name).filter(|_| self.percent > 0.0)
    }
}
