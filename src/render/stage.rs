//! Stages.

use std::collections::BTreeMap;

use super::{Problems, arn::Arns, cache};
use crate::api::{self, StepFunctionsApiSpec, Verb};
use crate::model::{
    AccessLog, Arn, Canary, LogLevel, Logging, MethodCache, MethodKey, MethodSettings, Owner, Stage, StageName, Tags,
    Throttling, Unauthorized,
};

/// API Gateway's limit for the tags of a resource.
const TAGS_MAX: usize = 50;

/// An access log's line without payload: who looks for a call finds it, who reads it learns nothing of inputs or outputs.
const LOG_FORMAT: &str = concat!(
    r#"{"requestId":"$context.requestId","extendedRequestId":"$context.extendedRequestId","#,
    r#""requestTime":"$context.requestTime","sourceIp":"$context.identity.sourceIp","#,
    r#""httpMethod":"$context.httpMethod","resourcePath":"$context.resourcePath","status":"$context.status","#,
    r#""responseLength":"$context.responseLength","responseLatency":"$context.responseLatency","#,
    r#""integrationStatus":"$context.integration.status","integrationLatency":"$context.integration.latency","#,
    r#""errorType":"$context.error.responseType"}"#,
);

pub(super) fn render(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    arns: &mut Arns<'_>,
    problems: &mut Problems,
) -> BTreeMap<StageName, Stage> {
    let mut stages = BTreeMap::new();
    for stage in &spec.stages {
        let field = format!("spec.stages[{}]", stage.name);
        cache::check(spec, stage, problems);
        let settings = settings(stage);
        let rendered = Stage {
            description: stage.description.clone(),
            variables: stage.variables.clone(),
            tags: tags(owner, spec, stage, &field, problems),
            tracing: stage.tracing,
            cache_size: stage.cache.as_ref().map(|cache| cache.size.as_str().to_owned()),
            methods: methods(spec, stage, &settings, &field, problems),
            settings,
            canary: stage.canary.as_ref().and_then(canary),
            access_log: stage.access_log.as_ref().map(|log| access_log(log, &field, arns, problems)),
            client_certificate: stage.client_certificate,
        };
        if stage.logging.as_ref().is_some_and(|logging| logging.data_trace) {
            problems.warn(format!("{field}.logging.dataTrace"), DATA_TRACE);
        }
        if stages.insert(stage.name.clone(), rendered).is_some() {
            problems.add(field, "stands twice");
        }
    }
    stages
}

const DATA_TRACE: &str = "whole requests and answers are logged, with inputs and outputs of executions; remove it when you have what you need";

fn tags(owner: &Owner, spec: &StepFunctionsApiSpec, stage: &api::Stage, field: &str, problems: &mut Problems) -> Tags {
    let mut users = spec.tags.clone();
    users.extend(stage.tags.clone());
    let tags = owner.tags(&users);
    if tags.len() > TAGS_MAX {
        let text = format!(
            "with those of spec.tags and the owner's, the stage would have {} tags, and API Gateway allows {TAGS_MAX}",
            tags.len()
        );
        problems.add(format!("{field}.tags"), text);
    }
    tags
}

/// What holds for all methods of the stage that have no settings of their own.
fn settings(stage: &api::Stage) -> MethodSettings {
    let defaults = MethodCache::default();
    let cache = stage.cache.as_ref().map_or(defaults, |cache| MethodCache {
        enabled: cache.enabled.unwrap_or(true),
        ttl_seconds: cache.ttl_seconds.unwrap_or(defaults.ttl_seconds),
        encrypted: cache.encrypted,
        require_authorization: cache.require_authorization.unwrap_or(defaults.require_authorization),
        unauthorized: match cache.unauthorized {
            api::Unauthorized::FailWith403 => Unauthorized::FailWith403,
            api::Unauthorized::SucceedWithResponseHeader => Unauthorized::SucceedWithResponseHeader,
            api::Unauthorized::SucceedWithoutResponseHeader => Unauthorized::SucceedWithoutResponseHeader,
        },
    });
    MethodSettings {
        throttling: stage.throttling.as_ref().and_then(throttling),
        logging: stage.logging.as_ref().map(logging).unwrap_or_default(),
        metrics: stage.metrics,
        cache,
    }
}

fn throttling(limits: &api::Throttling) -> Option<Throttling> {
    Throttling::own(limits.rate_limit, limits.burst_limit)
}

fn logging(logging: &api::Logging) -> Logging {
    let level = match logging.level {
        api::LogLevel::Off => LogLevel::Off,
        api::LogLevel::Error => LogLevel::Error,
        api::LogLevel::Info => LogLevel::Info,
    };
    Logging { level, data_trace: logging.data_trace }
}

/// Whole settings of single methods: the stage's with the method's own on top.
fn methods(
    spec: &StepFunctionsApiSpec,
    stage: &api::Stage,
    of_stage: &MethodSettings,
    field: &str,
    problems: &mut Problems,
) -> BTreeMap<MethodKey, MethodSettings> {
    let mut methods = BTreeMap::new();
    for own in &stage.methods {
        let verb = Verb::from(own.method);
        let key = MethodKey { path: own.path.clone(), verb: verb.as_str().to_owned() };
        let field = format!("{field}.methods[{key}]");
        if !spec.methods.iter().any(|method| method.path == own.path && serves(method.method, verb)) {
            problems.add(&field, "no such method in spec.methods; correct path or method, or remove it");
        }
        if own.logging.as_ref().is_some_and(|logging| logging.data_trace) {
            problems.warn(format!("{field}.logging.dataTrace"), DATA_TRACE);
        }
        let cache = own.cache.clone().unwrap_or_default();
        let settings = MethodSettings {
            throttling: own.throttling.as_ref().map_or(of_stage.throttling, throttling),
            logging: own.logging.as_ref().map_or(of_stage.logging, logging),
            metrics: own.metrics.unwrap_or(of_stage.metrics),
            cache: MethodCache {
                enabled: cache.enabled.unwrap_or(of_stage.cache.enabled),
                ttl_seconds: cache.ttl_seconds.unwrap_or(of_stage.cache.ttl_seconds),
                encrypted: cache.encrypted.unwrap_or(of_stage.cache.encrypted),
                ..of_stage.cache
            },
        };
        if methods.insert(key, settings).is_some() {
            problems.add(field, "stands twice");
        }
    }
    methods
}

/// Whether a method of the spec answers calls of that verb.
pub(super) fn serves(method: Verb, verb: Verb) -> bool {
    method == verb || method == Verb::Any
}

fn canary(canary: &api::Canary) -> Option<Canary> {
    let rendered = Canary { percent: canary.percent, variables: canary.variables.clone(), use_stage_cache: false };
    (canary.percent > 0.0).then_some(rendered)
}

fn access_log(log: &api::AccessLog, field: &str, arns: &Arns<'_>, problems: &mut Problems) -> AccessLog {
    let field = format!("{field}.accessLog.destinationArn");
    if let Some(arn) = problems.check(&field, Arn::parse(&log.destination_arn)) {
        arns.check_place(&field, &arn, problems);
    }
    AccessLog {
        destination_arn: log.destination_arn.clone(),
        format: log.format.clone().unwrap_or_else(|| LOG_FORMAT.to_owned()),
    }
}
