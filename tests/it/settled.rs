//! An object that is as it should be is looked at and left alone.

use kube::ResourceExt;
use serde_json::json;

use crate::world::{Call, MachineKind, World, eventually};

const REGION: &str = "us-east-1";

/// A world with the reference API applied under the name `api`, as the issue describes it.
async fn reference(name: &str) -> (World, String) {
    let world = World::new(name).await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let spec = format!(
        r#"
region: {REGION}
stateMachines: [{{name: hello, arn: "{machine}"}}]
methods:
  - {{path: /execution, method: POST, action: StartExecution, stateMachine: hello, authorization: {{type: None}}}}
  - {{path: /execution, method: GET, action: DescribeExecution, stateMachine: hello, authorization: {{type: None}},
     arguments: {{executionArn: {{query: arn}}}}}}
cors: {{allowOrigins: ["*"]}}
stages: [{{name: prod}}]"#
    );
    (world, spec)
}

fn listed(calls: &[Call]) -> String {
    calls.iter().map(|(service, operation)| format!("{service}:{operation}")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn creating_takes_nine_calls_and_checking_nine() {
    let (world, spec) = reference("calls").await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    let creating = world.aws.calls().await;
    println!("creating: {} calls: {}", creating.len(), listed(&creating));

    world.aws.forget_calls().await;
    world.kube.check_now("api", "now").await;
    let checking = world.aws.calls().await;
    println!("checking: {} calls: {}", checking.len(), listed(&checking));
    assert!(creating.len() <= 9, "{}", listed(&creating));
    assert!(!checking.is_empty() && checking.len() <= 9, "{}", listed(&checking));
}

#[tokio::test]
async fn checks_by_the_clock_write_nothing() {
    let (world, spec) = reference("clock").await;
    let _controller = world.controller_with(&[("STEPGATE_CHECK_INTERVAL", "1s")]).await;
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    let before = world.kube.wait_ready("api").await;
    world.aws.forget_calls().await;
    eventually("three checks", || async {
        let calls = world.aws.calls().await;
        let checks = calls.iter().filter(|(_, operation)| operation == "GetStages").count();
        if checks >= 3 { Ok(()) } else { Err(listed(&calls)) }
    })
    .await;
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(world.kube.get("api").await.resource_version(), before.resource_version());
}

#[tokio::test]
async fn a_check_on_request_writes_its_echo_only() {
    let (world, spec) = reference("request").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    let mut before = world.kube.wait_ready("api").await.status.expect("a status");
    world.aws.forget_calls().await;
    for request in ["first", "second"] {
        let after = world.kube.check_now("api", request).await;
        before.last_handled_check_now = Some(request.to_owned());
        assert_eq!(after.status.expect("a status"), before);
    }
    let calls = world.aws.calls().await;
    assert_eq!(calls.iter().filter(|(_, operation)| operation == "GetStages").count(), 2, "{}", listed(&calls));
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(world.kube.events("api").await.len(), 1, "one event, of the creation");
}

#[tokio::test]
async fn a_restart_calls_aws_for_no_settled_object() {
    let (world, spec) = reference("restart").await;
    let controller = world.controller().await;
    world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    let before = world.kube.wait_ready("api").await;
    controller.terminate().await;
    world.aws.forget_calls().await;
    let _controller = world.controller().await;
    // Another object, applied after the restart, is through: so the settled one has been looked at too.
    let paused = format!("mode: Paused\n{}", spec.trim_start());
    world.kube.apply_spec("later", &paused).await.expect("the spec applies");
    world.kube.wait("later", "Unknown", "Paused").await;
    assert_eq!(world.aws.calls().await, []);
    assert_eq!(world.kube.get("api").await.resource_version(), before.resource_version());
    // Unless it is asked to.
    world.kube.patch("api", json!({"metadata": {"annotations": {"stepgate.dev/check-now": "x"}}})).await;
    eventually("a check", || async {
        let calls = world.aws.calls().await;
        if calls.is_empty() { Err("no call".to_owned()) } else { Ok(()) }
    })
    .await;
}

/// The reference API with so many methods, two on each path.
fn with_methods(spec: &str, count: usize) -> String {
    let mut spec: serde_json::Value = serde_saphyr::from_str(spec).expect("YAML");
    let methods = spec["methods"].as_array().expect("methods").clone();
    let at = |n: usize| {
        let mut method = methods[n % 2].clone();
        method["path"] = json!(format!("/orders-{}", n / 2));
        method
    };
    spec["methods"] = (0..count).map(at).collect();
    spec.to_string()
}

#[tokio::test]
async fn three_hundred_methods_take_as_many_calls_as_ten() {
    let (world, spec) = reference("many").await;
    let _controller = world.controller().await;
    let mut counts = Vec::new();
    for (name, methods) in [("few", 10), ("many", 300)] {
        world.aws.forget_calls().await;
        world.kube.apply_spec(name, &with_methods(&spec, methods)).await.expect("the spec applies");
        world.kube.wait_ready(name).await;
        let creating = world.aws.calls().await.len();
        world.aws.forget_calls().await;
        world.kube.check_now(name, "now").await;
        counts.push((creating, world.aws.calls().await.len()));
        assert_eq!(world.aws.writes().await, []);
    }
    println!("created and checked with 10 methods and with 300: {counts:?} calls");
    assert_eq!(counts[0], counts[1]);
}
