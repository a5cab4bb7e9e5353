//! Stages with their settings.

use serde_json::json;

use crate::api::{
    AccessLog, Canary, LogLevel, Logging, MethodCache, Stage, StageCache, StageMethod, StageVerb, StepFunctionsApiSpec,
    Throttling, Unauthorized, Verb,
};
use crate::model::{self, MethodKey, MethodSettings};

/// A stage. What it does not say of it shows when it is rendered.
pub(super) fn describe(name: &str, found: &model::Stage) -> Stage {
    let of_stage = &found.settings;
    let size = found.cache_size.as_ref().and_then(|size| serde_json::from_value(json!(size)).ok());
    // One without variables is there for another deployment, which the spec has no word for.
    let canary = found.canary.as_ref().filter(|canary| !canary.variables.is_empty()).map(|canary| Canary {
        percent: canary.percent,
        variables: canary.variables.clone(),
        variables_from: Default::default(),
    });
    let access_log = found.access_log.as_ref().map(|log| AccessLog {
        destination_arn: log.destination_arn.clone(),
        destination_arn_from: None,
        format: Some(log.format.clone()),
    });
    Stage {
        name: name.to_owned(),
        description: found.description.clone(),
        deployment: None,
        variables: found.variables.clone(),
        variables_from: Default::default(),
        throttling: of_stage.throttling.map(throttling),
        logging: (of_stage.logging != model::Logging::default()).then(|| logging(of_stage.logging)),
        access_log,
        metrics: of_stage.metrics,
        tracing: found.tracing,
        cache: size.map(|size| StageCache {
            size,
            enabled: (!of_stage.cache.enabled).then_some(false),
            ttl_seconds: Some(of_stage.cache.ttl_seconds),
            encrypted: of_stage.cache.encrypted,
            require_authorization: (!of_stage.cache.require_authorization).then_some(false),
            unauthorized: match of_stage.cache.unauthorized {
                model::Unauthorized::FailWith403 => Unauthorized::FailWith403,
                model::Unauthorized::SucceedWithResponseHeader => Unauthorized::SucceedWithResponseHeader,
                model::Unauthorized::SucceedWithoutResponseHeader => Unauthorized::SucceedWithoutResponseHeader,
            },
        }),
        canary,
        client_certificate: found.client_certificate,
        tags: Default::default(),
        methods: found.methods.iter().filter_map(|(key, own)| method(key, own, found)).collect(),
    }
}

/// Leaves out settings of methods that the spec does not describe.
pub(super) fn without_strangers(spec: &mut StepFunctionsApiSpec) {
    let methods = spec.methods.clone();
    let serves = |own: &StageMethod| {
        let verb = Verb::from(own.method);
        methods.iter().any(|method| method.path == own.path && [verb, Verb::Any].contains(&method.method))
    };
    spec.stages.iter_mut().for_each(|stage| stage.methods.retain(serves));
}

/// What a method has of its own.
fn method(key: &MethodKey, own: &MethodSettings, stage: &model::Stage) -> Option<StageMethod> {
    let method: StageVerb = serde_json::from_value(json!(key.verb)).ok()?;
    let of_stage = &stage.settings;
    let cache = MethodCache {
        enabled: (own.cache.enabled != of_stage.cache.enabled).then_some(own.cache.enabled),
        ttl_seconds: (own.cache.ttl_seconds != of_stage.cache.ttl_seconds).then_some(own.cache.ttl_seconds),
        encrypted: (own.cache.encrypted != of_stage.cache.encrypted).then_some(own.cache.encrypted),
    };
    Some(StageMethod {
        path: key.path.clone(),
        method,
        throttling: own.throttling.filter(|_| own.throttling != of_stage.throttling).map(throttling),
        logging: (own.logging != of_stage.logging).then(|| logging(own.logging)),
        metrics: (own.metrics != of_stage.metrics).then_some(own.metrics),
        cache: (cache != MethodCache::default() && stage.cache_size.is_some()).then_some(cache),
    })
}

fn throttling(found: model::Throttling) -> Throttling {
    Throttling { rate_limit: found.rate_limit, burst_limit: found.burst_limit }
}

fn logging(found: model::Logging) -> Logging {
    let level = match found.level {
        model::LogLevel::Off => LogLevel::Off,
        model::LogLevel::Error => LogLevel::Error,
        model::LogLevel::Info => LogLevel::Info,
    };
    // Without a level nothing is logged, whatever else is set.
    Logging { level, data_trace: found.data_trace && found.level != model::LogLevel::Off }
}
