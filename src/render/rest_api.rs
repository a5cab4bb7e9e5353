//! The REST API: methods, preflights, gateway responses.

use std::collections::{BTreeMap, BTreeSet};

use super::{Problems, arn::Arns, authorizer, cors, endpoint, gateway_response, method, method_field, model_schema};
use crate::api::{GatewayResponses, StepFunctionsApiSpec};
use crate::model::{Credentials, Definition, KEEP_TAG, Method, MethodKey, Owner, RestApi, Segment};

/// API Gateway's limit for the resources of an API; every segment of a path is one, and so is the root.
const RESOURCES_MAX: usize = 300;

pub(super) fn render(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    credentials: Credentials,
    arns: &mut Arns<'_>,
    problems: &mut Problems,
) -> RestApi {
    let mut definition = Definition {
        authorizers: authorizer::render(spec, arns, problems),
        models: model_schema::render(spec, problems),
        ..Definition::default()
    };
    for method in &spec.methods {
        let key = MethodKey { path: method.path.clone(), verb: method.method.as_str().to_owned() };
        let rendered = method::render(spec, method, credentials.clone(), &mut definition.models, problems);
        definition.methods.insert(key, rendered);
    }
    check_paths(spec, problems);
    if let Some(cors) = &spec.cors {
        let mut paths: BTreeMap<&str, Vec<(&str, &Method)>> = BTreeMap::new();
        for (key, method) in &definition.methods {
            paths.entry(&key.path).or_default().push((&key.verb, method));
        }
        let preflight = |(path, methods): (&str, Vec<(&str, &Method)>)| {
            let key = MethodKey { path: path.to_owned(), verb: "OPTIONS".to_owned() };
            (key, cors::preflight(cors, path, &methods))
        };
        let preflights: Vec<_> = paths.into_iter().map(preflight).collect();
        definition.methods.extend(preflights);
    }
    if spec.gateway_responses == GatewayResponses::Generated {
        definition.gateway_responses = gateway_response::render(spec.cors.as_ref());
    }
    let name = spec.name.clone().unwrap_or_else(|| owner.api_name());
    let settings = endpoint::render(spec, problems);
    let mut tags = owner.tags(&spec.tags);
    if spec.adopt.as_ref().is_some_and(|adopt| !adopt.prune) {
        tags.insert(KEEP_TAG.to_owned(), "true".to_owned());
    }
    RestApi { name, tags, settings, definition }
}

/// What API Gateway answers itself at the root of a domain name: "reserved for the service health check"
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>).
const HEALTH_CHECKS: [&str; 2] = ["/ping", "/sping"];

/// What API Gateway asks of paths beyond their characters: a variable has no sibling variable of another name, its name
/// is used once in a path, and nothing follows a greedy one.
fn check_paths(spec: &StepFunctionsApiSpec, problems: &mut Problems) {
    let mut resources: BTreeSet<String> = BTreeSet::from(["/".to_owned()]);
    let mut variables: BTreeMap<String, &str> = BTreeMap::new();
    for method in &spec.methods {
        let field = format!("{}.path", method_field(method));
        if HEALTH_CHECKS.contains(&method.path.as_str()) {
            problems.warn(
                &field,
                "API Gateway keeps /ping and /sping for its own health check: by a domain name, calls may not get here; \
                 take another path",
            );
        }
        let mut parent = String::new();
        let mut seen = BTreeSet::new();
        let segments: Vec<&str> = method.path.split('/').filter(|segment| !segment.is_empty()).collect();
        for (index, segment) in segments.iter().enumerate() {
            let parsed = Segment::parse(segment);
            if let Some(name) = parsed.variable() {
                let sibling = variables.entry(parent.clone()).or_insert(segment);
                if sibling != segment {
                    problems.add(&field, format!("{segment} and {sibling} stand at the same place; use one name"));
                }
                if !seen.insert(name) {
                    problems.add(&field, format!("{segment} stands twice in the path; use two names"));
                }
                if matches!(parsed, Segment::Greedy(_)) && index + 1 < segments.len() {
                    problems.add(&field, format!("nothing can follow {segment}, which takes all that follows"));
                }
            }
            parent = format!("{parent}/{segment}");
            resources.insert(parent.clone());
        }
    }
    if resources.len() > RESOURCES_MAX {
        problems.add(
            "spec.methods",
            format!(
                "the paths have {} resources, and API Gateway allows {RESOURCES_MAX}; make two APIs of them",
                resources.len()
            ),
        );
    }
}
