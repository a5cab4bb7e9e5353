//! What the templates of a call can read: the call itself, and `$context` with made-up members where the sample says none.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::header;
use super::route::{Reached, Route};
use super::sample::Sample;
use crate::model::{Authorization, AuthorizerKind, Definition, Stage};
use crate::vtl::{Context, Overrides};

/// The context of a call of that stage.
pub(super) fn of(definition: &Definition, sample: &Sample, route: &Route, name: &str, stage: &Stage) -> Context {
    Context {
        body: sample.body.clone(),
        path: route.reached.as_ref().map(|reached| reached.variables.clone()).unwrap_or_default(),
        query: query(sample),
        headers: sample.headers.clone(),
        stage_variables: stage.variables.clone(),
        context: members(definition, sample, route, name),
        overrides: Overrides::default(),
    }
}

/// The query parameters of a call: of its path, and before those its own.
fn query(sample: &Sample) -> BTreeMap<String, String> {
    let text = sample.path.as_deref().and_then(|path| path.split_once('?')).map_or("", |(_, text)| text);
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut found: BTreeMap<String, String> = pairs.map(|(name, value)| (decoded(name), decoded(value))).collect();
    found.extend(sample.query.clone());
    found
}

/// `$context`: what the sample says, and made up what it does not.
fn members(definition: &Definition, sample: &Sample, route: &Route, stage: &str) -> Map<String, Value> {
    let resource = route.reached.as_ref().map_or("/", |reached| reached.key.path.as_str());
    let mut context = json!({
        "accountId": "123456789012",
        "apiId": "sampleapi1",
        "deploymentId": "sample",
        "domainName": "sampleapi1.execute-api.amazonaws.com",
        "domainPrefix": "sampleapi1",
        "extendedRequestId": "sample-extended-request-id",
        "httpMethod": route.verb,
        "identity": {"sourceIp": "192.0.2.1", "userAgent": header(&sample.headers, "user-agent")},
        "path": format!("/{stage}{}", route.path),
        "protocol": "HTTP/1.1",
        "requestId": "sample-request-id",
        "requestTime": "01/Jan/2026:00:00:00 +0000",
        "requestTimeEpoch": 1_767_225_600_000_u64,
        "resourceId": "sample",
        "resourcePath": resource,
        "stage": stage,
    });
    if !sample.claims.is_empty() {
        let lambda = route.reached.as_ref().is_ok_and(|reached| is_of_a_function(definition, reached));
        context["authorizer"] = if lambda { json!(sample.claims) } else { json!({ "claims": sample.claims }) };
    }
    merge(&mut context, &Value::Object(sample.context.clone()));
    match context {
        Value::Object(context) => context,
        _ => Map::new(),
    }
}

/// Whether a Lambda function authorizes the callers: what it tells of them is not below `claims`.
fn is_of_a_function(definition: &Definition, reached: &Reached) -> bool {
    let Authorization::Authorizer { name, .. } = &reached.method.authorization else { return false };
    let authorizer = definition.authorizers.get(name);
    authorizer
        .is_some_and(|authorizer| matches!(authorizer.kind, AuthorizerKind::Token(_) | AuthorizerKind::Request(_)))
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from.clone(),
    }
}
