//! Tests of methods: a stage moves only when all are answered as expected.

mod foreign;
mod waiting;

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Answer, MachineKind, World, condition, eventually, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";
/// What brings a new definition to callers.
const MOVES: [&str; 3] = ["CreateDeployment", "CreateStage", "UpdateStage"];

async fn moves(world: &World) -> Vec<String> {
    let writes = world.aws.writes().await.into_iter().map(|(_, operation)| operation);
    writes.filter(|operation| MOVES.contains(&operation.as_str())).collect()
}

async fn tests_made(world: &World) -> usize {
    world.aws.calls().await.iter().filter(|(_, operation)| operation == "TestInvokeMethod").count()
}

#[tokio::test]
async fn example_is_tested_before_its_stages_are_made_and_not_again() {
    let world = World::new("preflight").await;
    world.aws.machine(REGION, "OrdersExpress", MachineKind::Express).await;
    world.aws.machine(REGION, "Archive", MachineKind::Standard).await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply(&world.example("preflight")).await.expect("the example applies");
    let status = world.kube.wait_ready("preflight").await.status.expect("a status");
    let calls: Vec<String> = world.aws.calls().await.into_iter().map(|(_, operation)| operation).collect();
    let last_test = calls.iter().rposition(|call| call == "TestInvokeMethod").expect("a test");
    let first_move = calls.iter().position(|call| MOVES.contains(&call.as_str())).expect("a deployment");
    // The first is made again as long as the new role does not work.
    let last_read = calls[..last_test].iter().rposition(|call| call != "TestInvokeMethod").expect("a read");
    assert!(last_test - last_read >= 3 && last_test < first_move, "{calls:?}");

    let url = &status.stages.iter().find(|stage| stage.name == "prod").expect("prod").url;
    let answer = Answer::until(200, || post(&format!("{url}/orders"), JSON, r#"{"order": 7}"#)).await;
    assert_eq!(answer.json()["status"], "SUCCEEDED", "{answer:?}");

    // What does not move is not tested, and a second pass writes nothing.
    world.aws.forget_calls().await;
    world.kube.check_now("preflight", "again").await;
    assert_eq!((world.aws.writes().await, tests_made(&world).await), (vec![], 0));
}

/// A spec with one method and these tests of it.
fn spec(machine: &str, input: &str, tests: &Value) -> Value {
    json!({
        "region": REGION,
        "stateMachines": [{"name": "m", "arn": machine}],
        "methods": [{
            "path": "/run", "method": "POST", "action": "StartSyncExecution", "stateMachine": "m",
            "authorization": {"type": "None"}, "arguments": {"input": {"value": input}}, "tests": tests,
        }],
        "stages": [{"name": "prod"}],
    })
}

#[tokio::test]
async fn a_test_may_give_a_machine_of_its_own_and_the_role_reaches_it() {
    let world = World::new("preflight-machine").await;
    let served = world.aws.machine(REGION, "served", MachineKind::Express).await;
    let tried = world.aws.machine(REGION, "tried", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |machine: &str| {
        let started = json!({"status": 200, "body": {"stateMachineArn": machine}});
        let test = json!({"name": "t", "startsExecution": true, "stageVariables": {"arn": machine}, "expect": started});
        let mut spec = spec(&served, "{}", &json!([test]));
        spec["stateMachines"] = json!([{"name": "m", "stageVariable": "arn"}]);
        let mut other = spec["methods"][0].clone();
        (other["path"], other["action"], other["tests"]) = (json!("/other"), json!("StartExecution"), json!([]));
        other["stateMachine"] = json!("s");
        spec["stateMachines"].as_array_mut().expect("machines").push(json!({"name": "s", "stageVariable": "arn"}));
        spec["methods"].as_array_mut().expect("methods").push(other);
        spec["stages"][0]["variables"] = json!({"arn": served});
        world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    };
    apply(&tried).await;
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let answer = Answer::until(200, || post(&format!("{}/run", status.stages[0].url), JSON, "{}")).await;
    assert_eq!(answer.json()["stateMachineArn"], *served);
    let policy = world.aws.inline_policy(&status.role_arn.expect("a role")).await;
    let grant = |action: &str, machines: Value| json!({"Effect": "Allow", "Action": action, "Resource": machines});
    let statements =
        [grant("states:StartExecution", json!(served)), grant("states:StartSyncExecution", json!([served, tried]))];
    assert_eq!(policy["Statement"], json!(statements));

    // What a stage may not name, a test may not either.
    for (bad, words) in [("red", "is not an ARN"), (&*tried.replace("tried", "*"), "cannot have wildcards")] {
        apply(bad).await;
        let object = world.kube.wait("api", "False", "Invalid").await;
        let message = &condition(&object, "Ready").expect("Ready").message;
        assert!(message.contains("spec.methods[POST /run].tests[t].stageVariables.arn: "), "{message}");
        assert!(message.contains(words), "{message}");
        apply(&tried).await;
        world.kube.wait_ready("api").await;
    }
}

#[tokio::test]
async fn own_writes_to_the_object_are_no_reason_to_start_another_execution() {
    let world = World::new("preflight-once").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let spec = json!({
        "region": REGION,
        "stateMachines": [{"name": "m", "arn": machine}],
        "methods": [{
            "path": "/run", "method": "POST", "action": "StartExecution", "stateMachine": "m",
            "authorization": {"type": "None"},
            "tests": [{"name": "created", "startsExecution": true, "expect": {"status": 201}}],
        }],
        "stages": [{"name": "prod"}],
    });
    world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    // Before a new role works, nothing is started.
    let started = async || {
        let list = world.aws.states(REGION).list_executions().state_machine_arn(&machine).send().await;
        list.expect("executions").executions().len()
    };
    eventually("an execution", || async {
        let started = started().await;
        if started > 0 { Ok(()) } else { Err(started.to_string()) }
    })
    .await;
    world.kube.wait("api", "False", "PreflightFailed").await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(started().await, 1);
    world.kube.patch("api", json!({"metadata": {"annotations": {"stepgate.dev/check-now": "1"}}})).await;
    eventually("one that was asked for", || async {
        let started = started().await;
        if started == 2 { Ok(()) } else { Err(started.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn stage_stays_while_a_test_fails_and_moves_when_the_spec_is_right() {
    let world = World::new("preflight-stays").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |input: &str, expected: &str| {
        let tests = json!([{"name": "colour", "startsExecution": true, "expect": {"body": {"output": expected}}}]);
        let spec = spec(&machine, input, &tests).to_string();
        world.kube.apply_spec("api", &spec).await.expect("the spec applies");
    };
    apply(r#"{"colour":"green"}"#, r#"{"colour":"green"}"#).await;
    let before = world.kube.wait_ready("api").await.status.expect("a status");
    let url = format!("{}/run", before.stages[0].url);
    let output = async || Answer::until(200, || post(&url, JSON, "{}")).await.json()["output"].clone();
    assert_eq!(output().await, r#"{"colour":"green"}"#);

    world.aws.forget_calls().await;
    apply(r#"{"colour":"SECRET"}"#, r#"{"colour":"green"}"#).await;
    let object = world.kube.wait("api", "False", "PreflightFailed").await;
    let ready = condition(&object, "Ready").expect("Ready");
    for words in [
        "test POST /run \"colour\"",
        "the body differs at $.output",
        "is hidden, showBody: true",
        "no stage was given what it tests",
    ] {
        assert!(ready.message.contains(words), "{}", ready.message);
    }
    assert_eq!(condition(&object, "StagesReady").map(|condition| condition.reason.as_str()), Some("PreflightFailed"));
    assert_eq!(condition(&object, "Stalled").map(|condition| condition.status.as_str()), Some("False"));
    assert_eq!(moves(&world).await, [""; 0]);
    assert_eq!(output().await, r#"{"colour":"green"}"#);
    let said = eventually("the event", || async {
        let events = world.kube.events("api").await;
        events.into_iter().find(|(reason, _)| reason == "PreflightFailed").ok_or("no event".to_owned())
    });
    assert!(!said.await.1.contains("SECRET"));
    assert!(!ready.message.contains("SECRET"), "{}", ready.message);

    apply(r#"{"colour":"red"}"#, r#"{"colour":"red"}"#).await;
    world.kube.wait_ready("api").await;
    assert_eq!(moves(&world).await, ["CreateDeployment", "UpdateStage"]);
    eventually("the new answer", || async {
        let output = output().await;
        if output == r#"{"colour":"red"}"# { Ok(()) } else { Err(output.to_string()) }
    })
    .await;
}

#[tokio::test]
async fn body_is_shown_on_request_only_and_every_kind_of_difference_is_told() {
    let world = World::new("preflight-told").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let cases = [
        (json!({"status": 201}), true, "expected status 201, got 200; the body is {"),
        (json!({"headers": {"X-None": "1"}}), false, "header X-None is missing; the body is hidden"),
        (json!({"headers": {"Content-Type": "text/x"}}), false, "header Content-Type is not \"text/x\""),
        (json!({"body": {"status": "FAILED"}}), true, "the body differs at $.status; the body is {"),
        (json!({"body": [1]}), false, "the body differs at $; the body is hidden"),
    ];
    for (n, (expect, show, _)) in cases.iter().enumerate() {
        let tests = json!([{"name": "t", "startsExecution": true, "showBody": show, "expect": expect}]);
        let spec = spec(&machine, r#"{"n":1}"#, &tests).to_string();
        world.kube.apply_spec(&format!("case-{n}"), &spec).await.expect("the spec applies");
    }
    for (n, (_, _, words)) in cases.iter().enumerate() {
        // The first answers may be those of a role that does not work yet.
        let object = eventually(words, || async {
            let object = world.kube.wait(&format!("case-{n}"), "False", "PreflightFailed").await;
            let message = condition(&object, "Ready").expect("Ready").message.clone();
            if message.contains(words) { Ok(object) } else { Err(message) }
        })
        .await;
        let stages = object.status.expect("a status").stages;
        assert!(stages.is_empty(), "{stages:?}");
    }
}

#[tokio::test]
async fn new_role_that_does_not_work_yet_is_waited_for() {
    let world = World::new("preflight-role").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let tests = json!([{"name": "t", "startsExecution": true}]);
    // Step Functions fails for a while, as API Gateway does that may not assume the role yet.
    world
        .aws
        .order_fault(json!({"service": "stepfunctions", "operation": "StartSyncExecution", "status": 500, "count": 2}))
        .await;
    world.kube.apply_spec("api", &spec(&machine, "{}", &tests).to_string()).await.expect("the spec applies");
    world.kube.wait_ready("api").await;
    assert!(tests_made(&world).await > 2);
    let events = world.kube.events("api").await;
    assert!(events.iter().all(|(reason, _)| reason == "Applied"), "nobody is alarmed: {events:?}");
}
