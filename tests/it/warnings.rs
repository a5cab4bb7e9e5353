//! What is allowed and probably not meant is said, once, and applied.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;

use crate::samples::{self, REGION};
use crate::world::{World, condition};

const SAYS: &str = "spec.methods[POST /run].arguments.input.header: Authorization carries a caller's secret";

/// A spec with something questionable in it.
fn questionable(world: &World) -> String {
    samples::spec(world)
        .replace("stateMachine: hello,", "stateMachine: hello, arguments: {input: {header: Authorization}},")
}

#[tokio::test]
async fn a_warning_is_in_the_accepted_condition_and_in_one_event_and_goes_with_its_cause() {
    let world = samples::world("warnings").await;
    let _controller = world.controller().await;
    world.kube.apply_spec("api", &questionable(&world)).await.expect("the spec applies");
    let object = world.kube.wait_ready("api").await;
    let accepted = condition(&object, "Accepted").expect("a condition");
    assert_eq!((accepted.status.as_str(), accepted.reason.as_str()), ("True", "Warned"));
    assert!(accepted.message.starts_with(SAYS), "{}", accepted.message);

    world.aws.forget_calls().await;
    world.kube.check_now("api", "again").await;
    assert_eq!(world.aws.writes().await, []);
    let warned = world.kube.events("api").await.into_iter().filter(|(reason, _)| reason == "Warned");
    assert_eq!(warned.map(|(_, note)| note).collect::<Vec<_>>(), [accepted.message.as_str()], "one event");

    world.kube.apply_spec("api", &samples::spec(&world)).await.expect("the spec applies");
    let object = world.kube.wait_ready("api").await;
    let accepted = condition(&object, "Accepted").expect("a condition");
    assert_eq!((accepted.reason.as_str(), accepted.message.as_str()), ("Valid", ""));
    assert!(world.aws.leftovers(REGION).await.len() == 2, "an API and a role");
}

#[tokio::test]
async fn the_command_line_prints_warnings_beside_its_output() {
    let world = World::new("warnings-cli").await;
    let spec: String = questionable(&world).lines().map(|line| format!("  {line}\n")).collect();
    let manifest =
        format!("apiVersion: stepgate.dev/v1alpha1\nkind: StepFunctionsApi\nmetadata: {{name: x}}\nspec:\n{spec}");
    for command in [&["render", "-"][..], &["plan", "--offline", "-"]] {
        let mut child = tokio::process::Command::new(env!("CARGO_BIN_EXE_stepgate"))
            .args(command)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        child.stdin.take().expect("a pipe").write_all(manifest.as_bytes()).await.expect("it reads");
        let ran = child.wait_with_output().await.expect("it ends");
        assert!(ran.status.success() && !ran.stdout.is_empty());
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(told.starts_with(&format!("warning: x: {SAYS}")) && told.lines().count() == 1, "{told}");
    }
}
