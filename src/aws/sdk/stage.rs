//! Stages: their settings as patch operations, and back. Paths:
//! <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch>.

use std::collections::BTreeMap;

use aws_sdk_apigateway::types::{
    AccessLogSettings, CacheClusterStatus, CanarySettings, MethodSetting, Op, PatchOperation, Stage as SdkStage,
    UnauthorizedCacheControlHeaderStrategy as Strategy,
};

use crate::aws::StagePatch;
use crate::model::{
    AccessLog, Canary, CanaryChange, ClientCertificateId, DeploymentId, LogLevel, Logging, MethodCache, MethodKey,
    MethodSettings, ObservedStage, SettingsChange, SettingsPart, Stage, StageChange, StageName, Throttling,
    Unauthorized,
};

fn replace(path: impl Into<String>, value: impl ToString) -> PatchOperation {
    build(Op::Replace, path.into(), Some(value.to_string()))
}

fn remove(path: impl Into<String>) -> PatchOperation {
    build(Op::Remove, path.into(), None)
}

fn build(op: Op, path: String, value: Option<String>) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).set_value(value).build()
}

/// The operations of a patch, in an order in which each holds by itself: a cut between two calls leaves a stage that the
/// next pass completes.
pub(super) fn operations(patch: &StagePatch) -> Vec<PatchOperation> {
    let StagePatch { deployment, canary_deployment, client_certificate, change } = patch;
    let StageChange { description, set_variables, remove_variables, tracing, cache_size, canary, access_log, settings } =
        change;
    let mut operations = Vec::new();
    operations.extend(deployment.iter().map(|id| replace("/deploymentId", id)));
    operations.extend(canary_deployment.iter().map(|id| replace("/canarySettings/deploymentId", id)));
    operations.extend(description.iter().map(|text| replace("/description", text)));
    operations.extend(set_variables.iter().map(|(name, value)| replace(format!("/variables/{name}"), value)));
    operations.extend(remove_variables.iter().map(|name| remove(format!("/variables/{name}"))));
    operations.extend(tracing.iter().map(|on| replace("/tracingEnabled", on)));
    match cache_size {
        Some(Some(size)) => {
            operations.push(replace("/cacheClusterEnabled", true));
            operations.push(replace("/cacheClusterSize", size));
        }
        Some(None) => operations.push(replace("/cacheClusterEnabled", false)),
        None => {}
    }
    operations.extend(canary.iter().flat_map(canary_operations));
    // An empty value takes the certificate off.
    let id = |id: &Option<ClientCertificateId>| id.as_ref().map(ToString::to_string).unwrap_or_default();
    operations.extend(client_certificate.iter().map(|certificate| replace("/clientCertificateId", id(certificate))));
    operations.extend(settings.iter().flat_map(|(method, change)| settings_operations(method.as_ref(), change)));
    match access_log {
        Some(Some(log)) => {
            operations.push(replace("/accessLogSettings/destinationArn", &log.destination_arn));
            operations.push(replace("/accessLogSettings/format", &log.format));
        }
        Some(None) => operations.push(remove("/accessLogSettings")),
        None => {}
    }
    operations
}

fn canary_operations(change: &CanaryChange) -> Vec<PatchOperation> {
    let CanaryChange::Set { percent, set_variables, remove_variables } = change else {
        return vec![remove("/canarySettings")];
    };
    let variable = |name: &String| format!("/canarySettings/stageVariableOverrides/{name}");
    let mut operations =
        vec![replace("/canarySettings/percentTraffic", percent), replace("/canarySettings/useStageCache", false)];
    operations.extend(set_variables.iter().map(|(name, value)| replace(variable(name), value)));
    operations.extend(remove_variables.iter().map(|name| remove(variable(name))));
    operations
}

fn settings_operations(method: Option<&MethodKey>, change: &SettingsChange) -> Vec<PatchOperation> {
    let root = format!("/{}", settings_key(method));
    let Some(to) = &change.to else { return vec![remove(root)] };
    let from = change.from.as_ref().map(leaves).unwrap_or_default();
    let is_log = |path: &str| path.starts_with("logging/");
    let wanted = |path: &str| is_log(path) == (change.part == SettingsPart::Logs);
    let changed = leaves(to).into_iter().filter(|leaf| wanted(leaf.0) && !from.contains(leaf));
    changed.map(|(path, value)| replace(format!("{root}/{path}"), value)).collect()
}

/// As in paths and in what is read back: `*/*`, `~1orders~1{id}/GET`.
fn settings_key(method: Option<&MethodKey>) -> String {
    method.map_or_else(|| "*/*".to_owned(), |key| format!("{}/{}", key.path.replace('/', "~1"), key.verb))
}

/// Every setting by the path of its patch.
fn leaves(settings: &MethodSettings) -> Vec<(&'static str, String)> {
    let MethodSettings { throttling, logging, metrics, cache } = settings;
    let limits = throttling.unwrap_or(Throttling::NONE);
    vec![
        ("throttling/rateLimit", limits.rate_limit.to_string()),
        ("throttling/burstLimit", limits.burst_limit.to_string()),
        ("logging/loglevel", log_level(logging.level).to_owned()),
        ("logging/dataTrace", logging.data_trace.to_string()),
        ("metrics/enabled", metrics.to_string()),
        ("caching/enabled", cache.enabled.to_string()),
        ("caching/ttlInSeconds", cache.ttl_seconds.to_string()),
        ("caching/dataEncrypted", cache.encrypted.to_string()),
        ("caching/requireAuthorizationForCacheControl", cache.require_authorization.to_string()),
        ("caching/unauthorizedCacheControlHeaderStrategy", strategy(cache.unauthorized).as_str().to_owned()),
    ]
}

fn log_level(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Off => "OFF",
        LogLevel::Error => "ERROR",
        LogLevel::Info => "INFO",
    }
}

fn strategy(unauthorized: Unauthorized) -> Strategy {
    match unauthorized {
        Unauthorized::FailWith403 => Strategy::FailWith403,
        Unauthorized::SucceedWithResponseHeader => Strategy::SucceedWithResponseHeader,
        Unauthorized::SucceedWithoutResponseHeader => Strategy::SucceedWithoutResponseHeader,
    }
}

/// The canary of a stage to be created.
pub(super) fn canary_settings(canary: &Canary, deployment: &DeploymentId) -> CanarySettings {
    CanarySettings::builder()
        .percent_traffic(canary.percent)
        .deployment_id(&deployment.0)
        .set_stage_variable_overrides(Some(canary.variables.clone().into_iter().collect()))
        .use_stage_cache(canary.use_stage_cache)
        .build()
}

/// A stage; whose it is, is not decided here.
pub(super) fn observed(found: SdkStage) -> Option<(StageName, ObservedStage)> {
    let mut methods = BTreeMap::new();
    let mut of_stage = MethodSettings::default();
    for (key, found) in found.method_settings.unwrap_or_default() {
        match method_of(&key) {
            Some(method) => drop(methods.insert(method, settings(found))),
            None => of_stage = settings(found),
        }
    }
    // A cache that is going away is still called enabled.
    let cached =
        found.cache_cluster_enabled && found.cache_cluster_status != Some(CacheClusterStatus::DeleteInProgress);
    let client_certificate = found.client_certificate_id.filter(|id| !id.is_empty()).map(ClientCertificateId);
    let canary_deployment = found.canary_settings.as_ref().and_then(|found| found.deployment_id.clone());
    let stage = Stage {
        description: found.description.filter(|text| !text.is_empty()),
        variables: found.variables.unwrap_or_default().into_iter().collect(),
        tags: found.tags.unwrap_or_default().into_iter().collect(),
        tracing: found.tracing_enabled,
        cache_size: found.cache_cluster_size.filter(|_| cached).map(|size| size.as_str().to_owned()),
        settings: of_stage,
        methods,
        canary: found.canary_settings.map(canary),
        access_log: found.access_log_settings.and_then(access_log),
        client_certificate: client_certificate.is_some(),
    };
    let observed = ObservedStage {
        deployment: DeploymentId(found.deployment_id.unwrap_or_default()),
        owned: false,
        canary_deployment: canary_deployment.map(DeploymentId),
        client_certificate,
        stage,
    };
    Some((found.stage_name?, observed))
}

/// `None` for the key of all methods.
fn method_of(key: &str) -> Option<MethodKey> {
    let (path, verb) = key.rsplit_once('/')?;
    let path = path.replace("~1", "/");
    let path = if path.starts_with('/') { path } else { format!("/{path}") };
    (key != "*/*").then(|| MethodKey { path, verb: verb.to_owned() })
}

fn settings(found: MethodSetting) -> MethodSettings {
    MethodSettings {
        throttling: Throttling::own(found.throttling_rate_limit, found.throttling_burst_limit),
        logging: Logging {
            level: match found.logging_level.as_deref() {
                Some("ERROR") => LogLevel::Error,
                Some("INFO") => LogLevel::Info,
                _ => LogLevel::Off,
            },
            data_trace: found.data_trace_enabled,
        },
        metrics: found.metrics_enabled,
        cache: MethodCache {
            enabled: found.caching_enabled,
            ttl_seconds: found.cache_ttl_in_seconds,
            encrypted: found.cache_data_encrypted,
            require_authorization: found.require_authorization_for_cache_control,
            unauthorized: match found.unauthorized_cache_control_header_strategy {
                Some(Strategy::FailWith403) => Unauthorized::FailWith403,
                Some(Strategy::SucceedWithoutResponseHeader) => Unauthorized::SucceedWithoutResponseHeader,
                _ => Unauthorized::SucceedWithResponseHeader,
            },
        },
    }
}

fn canary(found: CanarySettings) -> Canary {
    Canary {
        percent: found.percent_traffic,
        variables: found.stage_variable_overrides.unwrap_or_default().into_iter().collect(),
        use_stage_cache: found.use_stage_cache,
    }
}

/// One half alone is not what a spec can say, and differs from all that is wanted.
fn access_log(found: AccessLogSettings) -> Option<AccessLog> {
    let (destination, format) = (found.destination_arn.unwrap_or_default(), found.format.unwrap_or_default());
    let log = AccessLog { destination_arn: destination.trim_end_matches(":*").to_owned(), format };
    (!log.destination_arn.is_empty() || !log.format.is_empty()).then_some(log)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_settings_are_read_as_they_are_written() {
        for path in ["/", "/orders", "/orders/{id}"] {
            let key = MethodKey { path: path.into(), verb: "GET".into() };
            assert_eq!(method_of(&settings_key(Some(&key))), Some(key));
        }
        assert_eq!(settings_key(Some(&MethodKey { path: "/a/{b}".into(), verb: "GET".into() })), "~1a~1{b}/GET");
        assert_eq!(method_of(&settings_key(None)), None);
        // Terraform writes the last part of the path only, and reads it back so.
        assert_eq!(method_of("orders/GET"), Some(MethodKey { path: "/orders".into(), verb: "GET".into() }));
    }
}
