//! What operators watch: metrics, health, and a graceful end.

use crate::world::{MachineKind, World, eventually};

#[tokio::test]
async fn metrics_count_calls_and_objects_and_a_term_ends_the_process_well() {
    let world = World::new("metrics").await;
    let machine = world.aws.machine("us-east-1", "hello", MachineKind::Standard).await;
    let controller = world.controller().await;
    let spec = format!(
        "region: us-east-1\nstateMachines: [{{name: hello, arn: '{machine}'}}]\nmethods: [{{path: /, method: POST, \
         action: StartExecution, stateMachine: hello}}]\nstages: [{{name: a}}]"
    );
    world.kube.apply_spec("good", &spec).await.expect("it applies");
    world.kube.apply_spec("bad", &spec.replace("us-east-1:", "eu-west-1:")).await.expect("it applies");
    world.kube.wait_ready("good").await;
    world.kube.wait("bad", "False", "Invalid").await;

    let wanted = [
        r#"stepgate_aws_calls_total{operation="apigateway:CreateRestApi",outcome="ok"} 1"#,
        r#"stepgate_aws_calls_total{operation="iam:GetRole",outcome="not_found"} 1"#,
        r#"stepgate_passes_total{reason="Applied"}"#,
        r#"stepgate_passes_total{reason="Invalid"}"#,
        "stepgate_objects 2",
        "stepgate_objects_ready 1",
        "stepgate_objects_stalled 1",
    ];
    eventually("the metrics", || async {
        let text = controller.metrics().await;
        let missing: Vec<&str> = wanted.into_iter().filter(|line| !text.contains(line)).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("no {missing:?} in {text}")) }
    })
    .await;
    assert!(controller.terminate().await.success());
}
