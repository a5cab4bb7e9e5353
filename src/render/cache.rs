//! What a stage's cache may hold. API Gateway tells answers apart by what is declared as key and by nothing else
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>): a parameter that is no key
//! gives one caller what another asked for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problems, cors, method_field, stage::serves};
use crate::api::{self, StepFunctionsApiSpec, Verb};
use crate::model::Parameter;

/// Notes every method whose answers the stage would cache and must not.
pub(super) fn check(spec: &StepFunctionsApiSpec, stage: &api::Stage, problems: &mut Problems) {
    for method in spec.methods.iter().filter(|method| caches(stage, method)) {
        if let Some(why) = unfit(method) {
            let field = format!("spec.stages[{}].methods[GET {}].cache.enabled", stage.name, method.path);
            let text =
                format!("the stage's cache would hold answers of {}, {why}; set this to false", method_field(method));
            problems.add(field, text);
        }
    }
}

/// Everything that tells cached answers of the method apart: all that it reads of the request. Empty where no stage
/// caches it.
pub(super) fn keys(
    spec: &StepFunctionsApiSpec,
    method: &api::Method,
    parameters: &mut BTreeMap<Parameter, bool>,
) -> BTreeSet<Parameter> {
    if !spec.stages.iter().any(|stage| caches(stage, method)) {
        return BTreeSet::new();
    }
    if spec.cors.as_ref().is_some_and(cors::depends_on_origin) {
        // The answer names the origin that asked.
        parameters.insert(Parameter::new("header", "Origin"), false);
    }
    parameters.keys().cloned().collect()
}

/// Whether GET of the method comes from the stage's cache; other verbs never do.
fn caches(stage: &api::Stage, method: &api::Method) -> bool {
    let Some(cache) = stage.cache.as_ref().filter(|_| serves(method.method, Verb::Get)) else { return false };
    let own = stage.methods.iter().find(|own| own.path == method.path && Verb::from(own.method) == Verb::Get);
    let own = own.and_then(|own| own.cache.as_ref()).and_then(|cache| cache.enabled);
    own.or(cache.enabled).unwrap_or(true)
}

/// Why answers of the method may not be cached.
fn unfit(method: &api::Method) -> Option<String> {
    let reads = method.action.starts_with("Describe")
        || method.action.starts_with("List")
        || method.action == "GetExecutionHistory";
    if !reads {
        return Some(format!("and {} does something at each call", method.action));
    }
    if method.integration.is_some() || method.request.as_ref().is_some_and(|request| request.template.is_some()) {
        return Some("and what its template reads of the request is not declared".to_owned());
    }
    if method.arguments.is_empty() && method.state_machine.is_none() {
        return Some("and its request is the body".to_owned());
    }
    let is_key = |source: &api::ArgumentSource| {
        let given = [&source.query, &source.header, &source.path, &source.value, &source.stage_variable];
        given.into_iter().any(Option::is_some)
    };
    let unkeyed = method.arguments.iter().find(|(_, source)| !is_key(source));
    unkeyed.map(|(argument, _)| {
        format!("and its argument {argument} depends on more of the call than query, headers and path")
    })
}
