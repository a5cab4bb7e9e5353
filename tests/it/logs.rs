//! What no log line may have: payloads, values of arguments, secrets.

use serde_json::json;

use crate::world::{Answer, MachineKind, World, post};

const REGION: &str = "us-east-1";
const INPUT: &str = "marker-of-an-input";
const VALUE: &str = "marker-of-a-value";
const SECRET: &str = "marker-of-a-secret-key";
const KEY: &str = "marker-of-the-value-of-an-api-key";
const SESSION: &str = "marker-of-a-session-token";

/// Lines of a controller's log of a whole life at that level, in that form.
async fn life(level: &str, form: &str) -> (World, Vec<String>) {
    let world = World::new("log").await;
    let machine = world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let variables = [
        ("STEPGATE_LOG", level),
        ("STEPGATE_LOG_FORMAT", form),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_SESSION_TOKEN", SESSION),
    ];
    let controller = world.controller_with(&variables).await;
    let spec = |value: &str| {
        format!(
            "region: {REGION}\nstateMachines: [{{name: hello, arn: '{machine}'}}]\nmethods: [{{path: /run, method: \
             POST, action: StartExecution, stateMachine: hello, authorization: {{type: None}}, arguments: {{\
             traceHeader: {{value: '{value}'}}}}}}]\nstages: [{{name: a}}]\nusagePlans: [{{name: p, stages: [{{name: a}}], apiKeys: [\
             {{name: k, valueFrom: {{secretKeyRef: {{name: mine, key: v}}}}}}, {{name: made, secret: {{name: mine, key: \
             w}}}}]}}]"
        )
    };
    let secret = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: mine}}\nstringData: {{v: {KEY}}}");
    world.kube.apply(&secret).await.expect("the Secret applies");
    // Created, called, changed, in trouble, invalid, deleted.
    world.kube.apply_spec("api", &spec(VALUE)).await.expect("the object applies");
    let url = world.kube.wait_ready("api").await.status.expect("a status").endpoints[0].url.clone();
    Answer::until(200, || post(&url, "application/json", json!({"text": INPUT}).to_string())).await;
    world.kube.apply_spec("api", &spec(&format!("{VALUE}-changed"))).await.expect("the object applies");
    world.kube.wait_ready("api").await;
    world.aws.order_fault(json!({"service": "iam", "code": "AccessDenied", "status": 403})).await;
    world.kube.check_now("api", "denied").await;
    let invalid = spec(VALUE).replace("traceHeader: ", "includedData: ");
    world.kube.apply_spec("api", &invalid).await.expect("schema and CEL take it");
    world.kube.wait("api", "False", "Invalid").await;
    world.kube.delete("api").await;
    let lines = controller.log().lines().map(str::to_owned).collect();
    (world, lines)
}

async fn says_nothing_secret(level: &str, form: &str) {
    let (world, lines) = life(level, form).await;
    let kubeconfig = std::fs::read_to_string(&world.kube.least_privileged).expect("a kubeconfig");
    let kubeconfig: serde_json::Value = serde_json::from_str(&kubeconfig).expect("JSON");
    let token = kubeconfig["users"][0]["user"]["token"].as_str().expect("a token");
    let told = |line: &&String| [INPUT, VALUE, SECRET, SESSION, KEY, token].iter().any(|marker| line.contains(marker));
    let told: Vec<String> = lines.iter().filter(told).map(|line| line.chars().take(300).collect()).collect();
    assert!(
        told.is_empty(),
        "{} of {} lines tell:\n{}",
        told.len(),
        lines.len(),
        told[..told.len().min(12)].join("\n")
    );
    assert!(lines.iter().any(|line| line.contains("aws write")), "the log is of this life");
}

#[tokio::test]
async fn log_at_level_debug_has_no_payload_and_no_secret() {
    says_nothing_secret("debug", "json").await;
}

#[tokio::test]
async fn log_at_level_trace_has_no_payload_and_no_secret() {
    says_nothing_secret("trace", "json").await;
}

#[tokio::test]
async fn log_as_text_at_level_trace_for_every_target_has_no_payload_and_no_secret() {
    says_nothing_secret(
        "trace,aws_smithy_runtime=trace,aws_sigv4=trace,aws_config=trace,kube=trace,hyper=trace",
        "text",
    )
    .await;
}
