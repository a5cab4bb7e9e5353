//! What a stage does with calls of a method: throttling, logs, metrics, cache.

use serde::{Serialize, Serializer};

/// Settings of one method on a stage, or of all that have none of their own. Default: API Gateway's own defaults.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodSettings {
    /// Limits of its own; `None` when only those of the account hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling: Option<Throttling>,
    /// Execution logs.
    pub logging: Logging,
    /// Whether CloudWatch gets metrics for each method.
    pub metrics: bool,
    /// What of it comes from the stage's cache.
    pub cache: MethodCache,
}

/// Limits of a method: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttling {
    /// Requests per second.
    #[serde(serialize_with = "whole")]
    pub rate_limit: f64,
    /// Requests at once.
    pub burst_limit: i32,
}

impl Throttling {
    /// What API Gateway writes for a method that has no limits of its own: the account's quota
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>).
    const OF_ACCOUNT: Self = Self { rate_limit: 10_000.0, burst_limit: 5_000 };
    /// What lifts limits again. Terraform writes it for every method without limits.
    pub const NONE: Self = Self { rate_limit: -1.0, burst_limit: -1 };

    /// The limits, unless they are none.
    pub fn own(rate_limit: f64, burst_limit: i32) -> Option<Self> {
        let limits = Self { rate_limit, burst_limit };
        (limits != Self::OF_ACCOUNT && limits != Self::NONE).then_some(limits)
    }
}

/// As people write numbers: 100, not 100.0.
pub(super) fn whole<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < 1e9 {
        serializer.serialize_i64(*number as i64)
    } else {
        serializer.serialize_f64(*number)
    }
}

/// Execution logs of a method.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Logging {
    /// What is logged.
    pub level: LogLevel,
    /// Whether requests and answers are logged whole.
    pub data_trace: bool,
}

/// What execution logs hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum LogLevel {
    /// Nothing.
    #[default]
    Off,
    /// Calls that failed.
    Error,
    /// All calls.
    Info,
}

/// What of a method comes from the stage's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodCache {
    /// Whether its answers are cached.
    pub enabled: bool,
    /// Seconds that an answer is good for.
    pub ttl_seconds: i32,
    /// Whether answers are encrypted in the cache.
    pub encrypted: bool,
    /// Whether a caller who asks for a fresh answer (`Cache-Control: max-age=0`) must be allowed to.
    pub require_authorization: bool,
    /// What a caller gets who asks for one and may not.
    pub unauthorized: Unauthorized,
}

impl Default for MethodCache {
    fn default() -> Self {
        Self {
            enabled: false,
            ttl_seconds: 300,
            encrypted: false,
            require_authorization: true,
            unauthorized: Unauthorized::default(),
        }
    }
}

/// What a caller gets who asks for a fresh answer and may not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Unauthorized {
    /// 403.
    FailWith403,
    /// The cached answer, with a warning in a header.
    #[default]
    SucceedWithResponseHeader,
    /// The cached answer.
    SucceedWithoutResponseHeader,
}

/// A change of the settings of one method, or of all.
#[derive(Clone, Debug, PartialEq)]
pub struct SettingsChange {
    /// What is there; `None` when that is not known, and every setting has to be written: a method's first setting makes
    /// API Gateway fill in the others by its own rules.
    pub from: Option<MethodSettings>,
    /// What should be there; `None` for nothing, so that the stage's or API Gateway's defaults hold.
    pub to: Option<MethodSettings>,
    /// Which of the settings are written.
    pub part: SettingsPart,
}

/// The settings that one write carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsPart {
    /// All but logs.
    WithoutLogs,
    /// Logs: refused where the account has no role for them, and so written alone.
    Logs,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_the_account_and_lifted_ones_are_none() {
        assert_eq!(Throttling::own(10_000.0, 5_000), None);
        assert_eq!(Throttling::own(-1.0, -1), None);
        // Half lifted is not what a spec can say, so it shows.
        assert!(Throttling::own(-1.0, 50).is_some());
        assert!(Throttling::own(0.0, 0).is_some());
    }

    #[test]
    fn numbers_print_as_people_write_them() {
        let json = |rate| serde_json::to_string(&Throttling { rate_limit: rate, burst_limit: 5 }).unwrap();
        assert_eq!(json(100.0), r#"{"rateLimit":100,"burstLimit":5}"#);
        assert_eq!(json(0.5), r#"{"rateLimit":0.5,"burstLimit":5}"#);
    }
}
