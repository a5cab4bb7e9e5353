//! How long a spec with 300 methods takes to become the desired state: `cargo bench`. The bound is 50 ms.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde_json::json;
use stepgate::api::StepFunctionsApiSpec;
use stepgate::model::Owner;
use stepgate::render::render;

const METHODS: usize = 300;
const ROUNDS: usize = 50;

/// Methods with all that a method usually has, below the limit of 300 resources: two on each path.
fn spec() -> StepFunctionsApiSpec {
    let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:Orders";
    let methods = (0..METHODS / 2).flat_map(|n| {
        let path = format!("/orders-{n}");
        [
            json!({
                "path": path, "method": "POST", "action": "StartExecution", "stateMachine": "orders",
                "arguments": {
                    "name": {"header": "Idempotency-Key"},
                    "input": {"object": {"order": {"body": {}}, "id": {"bodyField": "$.id"}, "by": {"context": "identity.sourceIp"}}},
                },
            }),
            json!({
                "path": path, "method": "GET", "action": "DescribeExecution", "stateMachine": "orders",
                "arguments": {"executionArn": {"query": "arn"}}, "response": {"unwrap": "output"},
            }),
        ]
    });
    let spec = json!({
        "region": "us-east-1",
        "stateMachines": [{"name": "orders", "arn": machine}],
        "methods": methods.collect::<Vec<_>>(),
        "cors": {"allowOrigins": ["https://a.example", "https://b.example"]},
        "stages": [{"name": "prod"}],
    });
    serde_json::from_value(spec).expect("a spec")
}

fn main() {
    let owner = Owner { installation: "bench".into(), namespace: "default".into(), name: "orders".into() };
    let spec = spec();
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            let desired = render(black_box(&owner), black_box(&spec), None).expect("a valid spec").desired;
            black_box(&desired.revision);
            start.elapsed()
        })
        .collect();
    times.sort();
    let (median, slowest) = (times[ROUNDS / 2], times[ROUNDS - 1]);
    println!("render and hash {METHODS} methods: median {median:?}, slowest of {ROUNDS} {slowest:?}");
}
