//! What an AWS in trouble, wrong credentials and wrong names lead to: condition and event say what and where, it is
//! tried again at growing intervals, and heals by itself.

use std::time::Duration;

use serde_json::json;
use stepgate::api::StepFunctionsApi;

use crate::world::{Answer, Controller, MachineKind, Proxy, World, condition, env, eventually, post};

const REGION: &str = "us-east-1";

fn spec(world: &World) -> String {
    format!(
        "region: {REGION}\nstateMachines: [{{name: hello, arn: '{}'}}]\nmethods: [{{path: /run, method: POST, action: \
         StartExecution, stateMachine: hello, authorization: {{type: None}}}}]\nstages: [{{name: a}}]",
        world.aws.machine_arn(REGION, "Hello")
    )
}

/// An applied object whose machine exists.
async fn applied(world: &World) {
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    world.kube.apply_spec("api", &spec(world)).await.expect("the object applies");
}

/// The object once it waits for a better time: not ready for that reason, tried again, with an event that says the same.
async fn waits(world: &World, reason: &str, says: &[&str]) -> StepFunctionsApi {
    let object = world.kube.wait("api", "False", reason).await;
    let status = |kind: &str| condition(&object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
    assert_eq!([status("Reconciling"), status("Stalled")], ["True", "False"]);
    explains(world, &object, reason, says).await;
    object
}

/// The object once only another spec helps.
async fn stalls(world: &World, reason: &str, says: &[&str]) -> StepFunctionsApi {
    let object = world.kube.wait("api", "False", reason).await;
    let status = |kind: &str| condition(&object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
    assert_eq!([status("Reconciling"), status("Stalled")], ["False", "True"]);
    explains(world, &object, reason, says).await;
    object
}

async fn explains(world: &World, object: &StepFunctionsApi, reason: &str, says: &[&str]) {
    let message = condition(object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    for words in says {
        assert!(message.contains(words), "{words:?} is not in {message:?}");
    }
    eventually(&format!("an event {reason}"), || async {
        let events = world.kube.events("api").await;
        let told = events.iter().any(|(its, note)| its == reason && says.iter().all(|words| note.contains(words)));
        if told { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

/// The object answers calls, and the controller never died.
async fn serves(world: &World, controller: &mut Controller) {
    let object = world.kube.wait_ready("api").await;
    let url = object.status.expect("a status").endpoints[0].url.clone();
    Answer::until(200, || post(&url, "application/json", "{}")).await;
    assert!(controller.is_running());
}

#[tokio::test]
async fn unreachable_aws_is_named_and_the_object_heals_when_it_is_back() {
    let world = World::new("unreachable").await;
    let mut proxy = Proxy::cut_off(env("AWS_ENDPOINT_URL").trim_start_matches("http://"));
    let endpoint = format!("http://{}", proxy.address());
    let mut controller = world.controller_with(&[("AWS_ENDPOINT_URL", &endpoint)]).await;
    applied(&world).await;
    let says = ["failed to read role", "in us-east-1 (iam:GetRole)", "onnection refused", &proxy.address()];
    waits(&world, "AwsUnavailable", &says).await;
    proxy.restore().await;
    serves(&world, &mut controller).await;
}

#[tokio::test]
async fn silent_aws_is_given_up_after_a_while_and_asked_again() {
    let world = World::new("silent").await;
    world.aws.order_fault(json!({"service": "iam", "operation": "GetRole", "action": "hang", "seconds": 60})).await;
    let mut controller = world.controller().await;
    applied(&world).await;
    waits(&world, "AwsUnavailable", &["failed to read role", "(iam:GetRole)", "timeout"]).await;
    serves(&world, &mut controller).await;
}

#[tokio::test]
async fn host_that_does_not_exist_is_named_with_its_region() {
    let world = World::new("nowhere").await;
    let _controller = world.controller_with(&[("AWS_ENDPOINT_URL", "http://apigateway.nowhere.invalid")]).await;
    applied(&world).await;
    waits(&world, "AwsUnavailable", &["in us-east-1 (iam:GetRole)", "dns error"]).await;
}

#[tokio::test]
async fn refused_credentials_are_named_and_right_ones_heal() {
    let world = World::new("credentials").await;
    let mut controller = world.controller().await;
    applied(&world).await;
    serves(&world, &mut controller).await;
    for code in ["UnrecognizedClientException", "ExpiredToken", "AccessDenied", "InvalidClientTokenId"] {
        let words = format!("{code}: not you");
        let fault = json!({"service": "iam", "code": code, "status": 403, "message": "not you", "count": -1});
        world.aws.order_fault(fault).await;
        world.kube.check_now("api", code).await;
        waits(&world, "Denied", &["failed to read role", "(iam:GetRole)", &words]).await;
        world.aws.no_faults().await;
        world.kube.check_now("api", &format!("{code} healed")).await;
        serves(&world, &mut controller).await;
    }
}

#[tokio::test]
async fn missing_credentials_are_named_and_a_restart_with_them_heals() {
    let world = World::new("no-credentials").await;
    let nobody = [("AWS_ACCESS_KEY_ID", ""), ("AWS_SECRET_ACCESS_KEY", ""), ("HOME", "/nonexistent")];
    let controller = world.controller_with(&nobody).await;
    applied(&world).await;
    waits(&world, "Denied", &["failed to read role", "(iam:GetRole)", "credentials"]).await;
    controller.kill();
    let mut controller = world.controller().await;
    serves(&world, &mut controller).await;
}

#[tokio::test]
async fn timeout_beyond_the_quota_names_its_field_and_waits_for_the_quota() {
    let world = World::new("quota-of-timeout").await;
    let refusal = "Timeout should be between 50 ms and 29000 ms";
    let fault = json!({"service": "apigateway", "operation": "PutRestApi", "code": "BadRequestException", "status": 400,
                       "message": refusal, "count": -1});
    world.aws.order_fault(fault).await;
    let _controller = world.controller().await;
    world.kube.apply(&world.example("activity-worker")).await.expect("the example applies");
    let object = world.kube.wait("activity-worker", "False", "Refused").await;
    let is = |kind: &str| condition(&object, kind).map(|condition| condition.status.clone()).unwrap_or_default();
    assert_eq!([is("Stalled"), is("Reconciling")], ["False", "True"]);
    let message = condition(&object, "Ready").map(|ready| ready.message.clone()).unwrap_or_default();
    assert!(message.starts_with("spec.methods[POST /tasks].timeoutMillis: ") && message.contains(refusal), "{message}");
    assert!(message.contains("Maximum integration timeout in milliseconds"), "{message}");
}

#[tokio::test]
async fn machine_that_does_not_exist_is_waited_for() {
    let world = World::new("no-machine").await;
    let mut controller = world.controller().await;
    world.kube.apply_spec("api", &spec(&world)).await.expect("the object applies");
    let arn = world.aws.machine_arn(REGION, "Hello");
    let says = ["spec.stateMachines[hello].arn: ", arn.as_str(), "does not exist; create it or correct the ARN"];
    waits(&world, "StateMachineNotFound", &says).await;
    assert_eq!(world.aws.writes().await, Vec::new());
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    serves(&world, &mut controller).await;
}

#[tokio::test]
async fn role_of_another_account_is_refused_with_its_field() {
    let world = World::new("foreign-role").await;
    let _controller = world.controller().await;
    // No machine tells the account, so only AWS can know.
    let spec = "region: us-east-1\nrole: {arn: 'arn:aws:iam::999999999999:role/theirs'}\nmethods: [{path: /, method: \
                POST, action: StartExecution}]\nstages: [{name: a}]";
    world.kube.apply_spec("api", spec).await.expect("the object applies");
    let says = ["spec.role.arn: ", "Cross-account pass role", "give a role of the account that the API is in"];
    stalls(&world, "Refused", &says).await;
    world.kube.delete("api").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn managed_policy_that_does_not_exist_is_named_with_its_field_and_waited_for() {
    let world = World::new("no-policy").await;
    let mut controller = world.controller().await;
    let missing = format!("arn:aws:iam::{}:policy/missing", world.aws.id);
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let spec = format!("{}\nrole: {{managedPolicyArns: ['{missing}']}}", spec(&world));
    world.kube.apply_spec("api", &spec).await.expect("the object applies");
    let says = ["spec.role.managedPolicyArns: ", &missing, "create it or correct the ARN"];
    waits(&world, "NotFound", &says).await;
    let document =
        json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "states:*", "Resource": "*"}]});
    let policy = world.aws.iam().create_policy().policy_name("missing").policy_document(document.to_string());
    policy.send().await.expect("a policy");
    serves(&world, &mut controller).await;
}

#[tokio::test]
async fn faults_of_aws_are_tried_again_with_patience_and_heal() {
    let world = World::new("faults").await;
    let mut controller = world.controller().await;
    world.aws.machine(REGION, "Hello", MachineKind::Standard).await;
    let cases = [
        ("TooManyRequestsException", 429, "Throttled", "throttled"),
        ("InternalFailure", 500, "AwsUnavailable", "transient"),
        ("ServiceUnavailableException", 503, "AwsUnavailable", "transient"),
    ];
    for (code, status, reason, outcome) in cases {
        let operation = "GetRestApis";
        let fault =
            json!({"service": "apigateway", "operation": operation, "code": code, "status": status, "count": -1});
        world.aws.order_fault(fault).await;
        world.aws.forget_calls().await;
        world.kube.apply_spec("api", &spec(&world)).await.expect("the object applies");
        let words = format!("{code}: injected");
        waits(&world, reason, &["failed to list APIs in us-east-1 (apigateway:GetRestApis)", &words]).await;
        let three_tries = || async {
            let calls = world.aws.calls().await.into_iter().filter(|(_, name)| name == operation).count();
            if calls >= 3 { Ok(calls) } else { Err(format!("{calls} calls")) }
        };
        // Back-off: 1 s, 2 s, ...; a busy loop would have made hundreds in the time of three.
        let start = std::time::Instant::now();
        let calls = eventually("three tries", three_tries).await;
        assert!(calls == 3 && start.elapsed() > Duration::from_secs(2), "{calls} in {:?}", start.elapsed());
        assert_eq!(world.aws.writes().await, Vec::new());
        let counted = format!("stepgate_aws_calls_total{{operation=\"apigateway:GetRestApis\",outcome=\"{outcome}\"}}");
        assert!(controller.metrics().await.contains(&counted), "{counted}");
        world.aws.no_faults().await;
        serves(&world, &mut controller).await;
        world.kube.delete("api").await;
    }
}
