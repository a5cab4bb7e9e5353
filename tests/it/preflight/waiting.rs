//! What waits for a test of a method, and what does not.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use serde_json::{Value, json};

use super::{JSON, REGION, spec, tests_made};
use crate::world::{Answer, MachineKind, World, condition, eventually, post};

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

#[tokio::test]
async fn what_was_tested_once_comes_back_without_a_test() {
    let world = World::new("preflight-back").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let tests = json!([{"name": "t", "startsExecution": true, "expect": {"status": 200}}]);
    let mut spec = spec(&machine, "{}", &tests);
    spec["stages"] = json!([
        {"name": "can", "variables": {"v": "1"}, "canary": {"percent": 10, "variables": {"v": "2"}}},
        {"name": "prod", "variables": {"v": "1"}},
    ]);
    world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let (id, deployment) = (status.rest_api_id.expect("an API"), status.stages[0].deployment_id.clone());
    let gateway = world.aws.apigateway(REGION);
    let stages = async || {
        let found = gateway.get_stages().rest_api_id(&id).send().await.expect("stages");
        let told = |stage: &aws_sdk_apigateway::types::Stage| {
            let canary = stage.canary_settings().and_then(|canary| canary.stage_variable_overrides()).cloned();
            (stage.stage_name.clone(), stage.variables.clone(), canary)
        };
        found.item().iter().map(told).collect::<Vec<_>>()
    };
    let before = stages().await;
    let patched = async |stage: &str, patch: PatchOperation| {
        let update = gateway.update_stage().rest_api_id(&id).stage_name(stage).patch_operations(patch);
        update.send().await.expect("a change by hand");
    };
    let healed = async |request: &str| {
        world.aws.forget_calls().await;
        world.kube.check_now("api", request).await;
        world.kube.wait_ready("api").await;
        assert_eq!((stages().await, tests_made(&world).await), (before.clone(), 0), "{request}");
    };
    patched("prod", PatchOperation::builder().op(Op::Replace).path("/variables/v").value("evil").build()).await;
    patched("can", PatchOperation::builder().op(Op::Remove).path("/canarySettings").build()).await;
    healed("variables").await;
    for stage in ["can", "prod"] {
        gateway.delete_stage().rest_api_id(&id).stage_name(stage).send().await.expect("a stage less");
    }
    gateway.delete_deployment().rest_api_id(&id).deployment_id(&deployment).send().await.expect("a deployment less");
    healed("stages and deployment").await;

    // What it was brought to outlasts a pass that is refused.
    gateway.delete_stage().rest_api_id(&id).stage_name("prod").send().await.expect("a stage less");
    world.aws.forget_calls().await;
    let refusal = json!({"operation": "CreateStage", "status": 403, "code": "AccessDeniedException", "count": 1});
    world.aws.order_fault(refusal).await;
    world.kube.check_now("api", "refused").await;
    healed("refused before").await;
}

#[tokio::test]
async fn a_stage_that_is_gone_is_not_made_with_variables_that_a_test_refuses() {
    let world = World::new("preflight-gone").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |variable: &str, status: u16| {
        let tests = json!([{"name": "t", "startsExecution": true, "expect": {"status": status}}]);
        let mut spec = spec(&machine, "{}", &tests);
        spec["stages"][0]["variables"] = json!({"v": variable});
        world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    };
    apply("1", 200).await;
    let id = world.kube.wait_ready("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    apply("2", 404).await;
    world.kube.wait("api", "False", "PreflightFailed").await;
    let gateway = world.aws.apigateway(REGION);
    gateway.delete_stage().rest_api_id(&id).stage_name("prod").send().await.expect("a stage less");
    world.kube.check_now("api", "gone").await;
    let status = world.kube.wait("api", "False", "PreflightFailed").await.status.expect("a status");
    let [stage] = &status.stages[..] else { panic!("{status:?}") };
    assert_eq!((stage.missing, stage.url.as_str(), status.endpoints), (true, "", vec![]));
    assert_eq!(gateway.get_stages().rest_api_id(&id).send().await.expect("stages").item().len(), 0);
    apply("2", 200).await;
    world.kube.wait_ready("api").await;
    let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await.expect("the stage");
    assert_eq!(stage.variables().and_then(|variables| variables.get("v")).map(String::as_str), Some("2"));
}
