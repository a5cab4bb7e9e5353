//! Tests of methods: a stage moves only when all are answered as expected.

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

#[tokio::test]
async fn stage_variables_are_tested_before_they_change() {
    let world = World::new("preflight-variables").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let spec = |colour: &str| {
        let expect = json!({"status": 200, "body": {"output": "\"green\""}});
        let tests = json!([{"name": "colour", "startsExecution": true, "expect": expect}]);
        let mut spec = spec(&machine, "", &tests);
        spec["methods"][0]["arguments"]["input"] = json!({"stageVariable": "colour"});
        spec["stages"][0]["variables"] = json!({"colour": colour});
        spec.to_string()
    };
    world.kube.apply_spec("api", &spec("green")).await.expect("the spec applies");
    let id = world.kube.wait_ready("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    world.kube.apply_spec("api", &spec("red")).await.expect("the spec applies");
    world.kube.wait("api", "False", "PreflightFailed").await;
    let stage = world.aws.apigateway(REGION).get_stage().rest_api_id(id).stage_name("prod").send().await;
    let variables = stage.expect("the stage").variables.unwrap_or_default();
    assert_eq!(variables.get("colour").map(String::as_str), Some("green"));
}

#[tokio::test]
async fn what_needs_no_test_does_not_wait_for_one_that_fails_and_is_told() {
    let world = World::new("preflight-held").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |input: &str, status: u16, stages: Value| {
        let tests = json!([{"name": "t", "startsExecution": true, "expect": {"status": status}}]);
        let mut spec = spec(&machine, input, &tests);
        spec["stages"] = stages;
        world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    };
    let status = async || world.kube.get("api").await.status.expect("a status");
    apply("{\"release\":1}", 200, json!([{"name": "alpha"}, {"name": "beta"}])).await;
    world.kube.wait_ready("api").await;
    let first = status().await.revision.expect("a revision");
    apply("{\"release\":2}", 200, json!([{"name": "alpha"}, {"name": "beta"}])).await;
    world.kube.wait_ready("api").await;
    let second = status().await.revision.expect("a revision");
    assert_ne!(first, second);

    let pin = json!({"pin": first});
    let stages = json!([
        {"name": "alpha", "deployment": pin, "canary": {"percent": 10}},
        {"name": "beta", "deployment": pin, "variables": {"v": "2"}},
        {"name": "hot", "deployment": pin},
        {"name": "new"},
    ]);
    apply("{\"release\":3}", 404, stages.clone()).await;
    let object = world.kube.wait("api", "False", "PreflightFailed").await;
    let message = condition(&object, "Ready").expect("Ready").message.clone();
    assert!(message.ends_with("no stage was given what it tests"), "{message}");
    let status_now = object.status.expect("a status");
    let told: Vec<(&str, &str)> =
        status_now.stages.iter().map(|stage| (stage.name.as_str(), stage.revision.as_str())).collect();
    assert_eq!(told, [("alpha", first.as_str()), ("beta", &first), ("hot", &first)]);
    assert_eq!(status_now.endpoints, [], "the methods of an older revision are not known");
    let gateway = world.aws.apigateway(REGION);
    let id = status_now.rest_api_id.expect("an API");
    let found = gateway.get_stages().rest_api_id(&id).send().await.expect("stages");
    for stage in found.item() {
        let name = stage.stage_name().unwrap_or_default();
        let told = status_now.stages.iter().find(|told| told.name == name).expect("a stage that is told");
        assert_eq!(stage.deployment_id(), Some(told.deployment_id.as_str()), "{name}");
        assert!(stage.canary_settings().is_none(), "{name}");
        let v = stage.variables().and_then(|variables| variables.get("v")).map(String::as_str);
        assert_eq!(v, (name == "beta").then_some("2"), "{name}");
    }
    eventually("the event of what was done", || async {
        let events = world.kube.events("api").await;
        let done = ["update stage alpha", "create stage hot", "variables.v"];
        let told = events.iter().any(|(reason, note)| {
            reason == "Applied" && note.starts_with("done so far: ") && done.iter().all(|step| note.contains(step))
        });
        if told { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;

    // The rest follows, and is told without what was told before.
    apply("{\"release\":3}", 200, stages).await;
    world.kube.wait_ready("api").await;
    eventually("the event of the rest", || async {
        let events = world.kube.events("api").await;
        let rest = |note: &str| note.contains("canary") && note.contains("create stage new") && !note.contains("hot");
        if events.iter().any(|(_, note)| rest(note)) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

#[tokio::test]
async fn role_keeps_what_a_stage_calls_as_long_as_its_variables_wait() {
    let world = World::new("preflight-role").await;
    let one = world.aws.machine(REGION, "one", MachineKind::Express).await;
    let two = world.aws.machine(REGION, "two", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |more: bool, stages: Value| {
        let mut spec = spec(&one, "{}", &json!([]));
        spec["stateMachines"] = json!([{"name": "m", "stageVariable": "arn"}]);
        if more {
            let mut tested = spec["methods"][0].clone();
            tested["path"] = json!("/more");
            tested["tests"] = json!([
                {"name": "t", "startsExecution": true, "stageVariables": {"arn": one}, "expect": {"status": 404}},
            ]);
            spec["methods"].as_array_mut().expect("methods").push(tested);
        }
        spec["stages"] = stages;
        world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    };
    let a = json!({"name": "a", "variables": {"arn": one}});
    let stage =
        |arn: &str, deployment: Value| json!({"name": "p", "variables": {"arn": arn}, "deployment": deployment});
    apply(false, json!([a, {"name": "p", "variables": {"arn": one}}])).await;
    let first = world.kube.wait_ready("api").await.status.and_then(|status| status.revision).expect("a revision");
    apply(true, json!([a, stage(&two, json!({"pin": first}))])).await;
    let status = world.kube.wait("api", "False", "PreflightFailed").await.status.expect("a status");
    let url = status.stages.iter().find(|stage| stage.name == "p").expect("p").url.clone();
    let machine = async || {
        let answer = Answer::until(200, || post(&format!("{url}/run"), JSON, "{}")).await;
        answer.json()["stateMachineArn"].as_str().unwrap_or_default().to_owned()
    };
    assert_eq!(machine().await, two);

    // Its old variables come back with what the test is for, and until then it serves on.
    world.aws.forget_calls().await;
    apply(true, json!([a, {"name": "p", "variables": {"arn": one}}])).await;
    eventually("a test of that", || async {
        let status = world.kube.get("api").await.status.expect("a status");
        let seen = status.observed_generation == 3 && tests_made(&world).await > 0;
        if seen { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    assert_eq!(machine().await, two);
}

#[tokio::test]
async fn a_check_while_a_test_fails_writes_nothing() {
    let world = World::new("preflight-quiet").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let mut spec = spec(&machine, "{}", &json!([]));
    spec["stages"] = json!([{"name": "a"}, {"name": "p"}]);
    world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    let first = world.kube.wait_ready("api").await.status.and_then(|status| status.revision).expect("a revision");
    spec["methods"][0]["arguments"]["input"]["value"] = json!("{\"n\":2}");
    spec["methods"][0]["tests"] = json!([{"name": "t", "startsExecution": true, "expect": {"status": 404}}]);
    spec["stages"][1] = json!({
        "name": "p", "deployment": {"pin": first}, "logging": {"level": "Info"}, "clientCertificate": true,
        "variables": {"v": "2"}, "throttling": {"rateLimit": 3, "burstLimit": 2},
    });
    world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    let status = world.kube.wait("api", "False", "PreflightFailed").await.status.expect("a status");
    let gateway = world.aws.apigateway(REGION);
    let stage = gateway.get_stage().rest_api_id(status.rest_api_id.expect("an API")).stage_name("p").send().await;
    let stage = stage.expect("the stage");
    assert!(stage.client_certificate_id().is_some(), "{stage:?}");
    assert_eq!(stage.variables().and_then(|variables| variables.get("v")).map(String::as_str), Some("2"));
    let settings = stage.method_settings().and_then(|all| all.get("*/*")).expect("settings");
    assert_eq!((settings.throttling_rate_limit(), settings.throttling_burst_limit()), (3.0, 2));
    for request in ["1", "2"] {
        world.aws.forget_calls().await;
        world.kube.check_now("api", request).await;
        assert_eq!(world.aws.writes().await, [("apigateway".to_owned(), "TestInvokeMethod".to_owned())], "{request}");
    }
}
