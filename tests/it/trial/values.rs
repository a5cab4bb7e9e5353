//! Values of a call that no request is made of: `--sample` names their fields.

use serde_json::{Value, json};

use super::Files;
use super::refused::{comes_to, machine};
use crate::samples::REGION;

#[tokio::test]
async fn values_that_no_request_is_made_of_are_named_by_their_fields() {
    let manifest = json!({
        "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi", "metadata": {"name": "typed"}, "spec": {
            "region": REGION, "stateMachines": [{"name": "m", "arn": machine("M")}], "stages": [{"name": "a"}],
            "methods": [{
                "path": "/", "method": "POST", "action": "StartExecution", "stateMachine": "m",
                "authorization": {"type": "None"}, "arguments": {
                    "name": {"bodyField": "$.name"},
                    "input": {"object": {
                        "count": {"query": "count", "type": "Integer"}, "price": {"query": "price", "type": "Number"},
                        "dry": {"header": "X-Dry", "type": "Boolean"},
                        "inner": {"object": {"id": {"bodyField": "$.id", "type": "Integer"}}},
                    }},
                },
            }, {
                "path": "/list", "method": "GET", "action": "ListExecutions", "stateMachine": "m",
                "authorization": {"type": "None"},
                "arguments": {"statusFilter": {"query": "status"}, "maxResults": {"query": "max"}},
            }],
        },
    });
    let files = Files::of("typed", &manifest.to_string());
    let post = |query: &str, dry: &str, body: Value| json!({"method": "POST", "path": format!("/?{query}"), "headers": {"X-Dry": dry}, "body": body});
    comes_to(&files, post("count=1&price=2.5", "true", json!({"name": "a", "id": 7})), 200, "", "").await;
    let field = |name: &str| format!("spec.methods[POST /].arguments.{name}: the call's value is ");
    for (sample, fields) in [
        (post("count=a", "true", json!({})), vec![field("input.object.count") + "no whole number of 64 bits"]),
        (post("count=1&price=x", "yes", json!({})), vec![field("input.object.dry"), field("input.object.price")]),
        (post("", "", json!({"id": 1.5})), vec![field("input.object.inner.object.id")]),
        (post("", "", json!({"name": ["a"]})), vec![field("name") + "an object or a list"]),
        (post("", "", json!("{")), vec!["the body is not JSON".to_owned()]),
        (
            json!({"method": "GET", "path": "/list?status=DONE&max=-1"}),
            vec![
                "arguments.statusFilter: the call's value is none of ".to_owned(),
                "arguments.maxResults: ".to_owned(),
            ],
        ),
    ] {
        let shown = comes_to(&files, sample.clone(), 400, "SerializationException", &fields[0]).await;
        let told = shown["problem"].as_str().unwrap_or_default();
        assert!(fields.iter().all(|field| told.contains(field)), "{fields:?}: {told}");
        assert_eq!(told.matches("spec.methods").count(), fields.len(), "{told}");
    }
}
