//! What others do to stages that wait for a test.

use aws_sdk_apigateway::types::{DeploymentCanarySettings, Op, PatchOperation};
use serde_json::json;

use super::{REGION, spec};
use crate::world::{MachineKind, World, condition, eventually};

#[tokio::test]
async fn what_others_do_to_a_stage_that_waits_is_healed_before_the_test() {
    let world = World::new("preflight-foreign").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |release: u32, status: u16| {
        let tests = json!([{"name": "t", "startsExecution": true, "expect": {"status": status}}]);
        let mut spec = spec(&machine, &json!({"release": release}).to_string(), &tests);
        spec["stages"][0]["throttling"] = json!({"rateLimit": 3, "burstLimit": 2});
        world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    };
    apply(1, 200).await;
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let (id, old) = (status.rest_api_id.expect("an API"), status.stages[0].deployment_id.clone());
    apply(2, 200).await;
    let served = world.kube.wait_ready("api").await.status.expect("a status").stages.remove(0);
    let gateway = world.aws.apigateway(REGION);
    let delete = async || {
        gateway.delete_stage().rest_api_id(&id).stage_name("prod").send().await.expect("a stage less");
    };
    // It comes back as it was, and status says what is there.
    let until_back = async |how: &str| {
        let message = eventually(how, || async {
            let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await;
            let stage = stage.map_err(|error| error.to_string())?;
            let object = world.kube.get("api").await;
            let ready = condition(&object, "Ready").cloned().ok_or("no condition")?;
            let settings = stage.method_settings().and_then(|all| all.get("*/*"));
            let back = stage.deployment_id() == Some(&served.deployment_id)
                && settings.is_some_and(|settings| settings.throttling_burst_limit() == 2)
                && ready.reason == "PreflightFailed";
            if back { Ok(ready.message) } else { Err(format!("{stage:?} {ready:?}")) }
        })
        .await;
        assert!(message.ends_with("no stage was given what it tests"), "{message}");
        let told = world.kube.get("api").await.status.expect("a status").stages.remove(0);
        assert_eq!((&told.deployment_id, &told.revision), (&served.deployment_id, &served.revision), "{how}");
    };

    // At once with a release whose test fails.
    delete().await;
    apply(3, 404).await;
    world.kube.wait("api", "False", "PreflightFailed").await;
    until_back("deleted before").await;
    // While it fails.
    delete().await;
    world.kube.check_now("api", "deleted").await;
    until_back("deleted").await;
    eventually("the event", || async {
        let events = world.kube.events("api").await;
        let told = |note: &str| note.starts_with("stage prod had been deleted: done so far: create stage prod");
        let found = events.iter().any(|(reason, note)| reason == "DriftHealed" && told(note));
        if found { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    world.aws.move_stage(REGION, &id, "prod", &old).await;
    world.kube.check_now("api", "moved").await;
    until_back("moved").await;
    let edit = async || {
        let foreign = PatchOperation::builder().op(Op::Replace).path("/variables/x").value("foreign").build();
        let edit = gateway.update_stage().rest_api_id(&id).stage_name("prod").patch_operations(foreign);
        edit.send().await.expect("a variable by hand");
        let canary = DeploymentCanarySettings::builder().percent_traffic(50.0).build();
        let deploy = gateway.create_deployment().rest_api_id(&id).stage_name("prod").canary_settings(canary);
        deploy.send().await.expect("a canary by hand");
    };
    edit().await;
    world.kube.check_now("api", "edited").await;
    until_back("edited").await;
    let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await.expect("the stage");
    assert!(stage.canary_settings().is_none() && stage.variables().is_none_or(|all| all.is_empty()), "{stage:?}");
    world.aws.forget_calls().await;
    world.kube.check_now("api", "nothing").await;
    assert_eq!(world.aws.writes().await, [("apigateway".to_owned(), "TestInvokeMethod".to_owned())]);

    // And at once with one that succeeds.
    edit().await;
    world.aws.forget_calls().await;
    apply(4, 200).await;
    world.kube.wait_ready("api").await;
    let updates = world.aws.writes().await.into_iter().filter(|(_, operation)| operation == "UpdateStage");
    assert_eq!(updates.count(), 2, "back, and on");
    let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await.expect("the stage");
    assert!(stage.canary_settings().is_none() && stage.variables().is_none_or(|all| all.is_empty()), "{stage:?}");
    delete().await;
    apply(3, 200).await;
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await.expect("the stage");
    assert_eq!(Some(status.stages[0].revision.as_str()), status.revision.as_deref());
    assert_eq!(stage.deployment_id(), Some(status.stages[0].deployment_id.as_str()));
}

#[tokio::test]
async fn settings_that_others_change_are_healed_while_a_test_fails_and_new_ones_wait() {
    let world = World::new("preflight-settings").await;
    let machine = world.aws.machine(REGION, "m", MachineKind::Express).await;
    let _controller = world.controller().await;
    let apply = async |release: u32, status: u16, burst: u32| {
        let tests = json!([{"name": "t", "startsExecution": true, "expect": {"status": status}}]);
        let mut spec = spec(&machine, &json!({"release": release}).to_string(), &tests);
        spec["stages"][0] = json!({
            "name": "prod", "description": "ours", "tags": {"team": "a"},
            "throttling": {"rateLimit": 3, "burstLimit": burst},
            "methods": [{"path": "/run", "method": "POST", "metrics": true}],
        });
        world.kube.apply_spec("api", &spec.to_string()).await.expect("the spec applies");
    };
    apply(1, 200, 2).await;
    let id = world.kube.wait_ready("api").await.status.and_then(|status| status.rest_api_id).expect("an API");
    let gateway = world.aws.apigateway(REGION);
    let stage = async || {
        let stage = gateway.get_stage().rest_api_id(&id).stage_name("prod").send().await.expect("the stage");
        let settings = stage.method_settings().cloned().unwrap_or_default();
        let burst = |of: &str| settings.get(of).map(|settings| settings.throttling_burst_limit());
        let bursts = (burst("*/*"), burst("~1run/POST"));
        (stage.description, stage.tracing_enabled, stage.tags.and_then(|tags| tags.get("team").cloned()), bursts)
    };
    let ours = stage().await;
    assert_eq!(ours, (Some("ours".to_owned()), false, Some("a".to_owned()), (Some(2), Some(2))));

    apply(2, 404, 2).await;
    world.kube.wait("api", "False", "PreflightFailed").await;
    let replace = |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
    let edit = gateway.update_stage().rest_api_id(&id).stage_name("prod");
    let edit = edit.patch_operations(replace("/*/*/throttling/burstLimit", "9"));
    let edit = edit.patch_operations(replace("/~1run/POST/throttling/burstLimit", "9"));
    let edit = edit.patch_operations(replace("/tracingEnabled", "true"));
    edit.patch_operations(replace("/description", "theirs")).send().await.expect("settings by hand");
    let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{id}/stages/prod");
    gateway.tag_resource().resource_arn(&arn).tags("team", "theirs").send().await.expect("a tag by hand");
    world.kube.check_now("api", "edited").await;
    assert_eq!(stage().await, ours);
    world.kube.wait("api", "False", "PreflightFailed").await;
    eventually("the event", || async {
        let events = world.kube.events("api").await;
        let told = |note: &str| note.contains("stage/prod description: \"theirs\" -> \"ours\"");
        if events.iter().any(|(_, note)| told(note)) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    world.aws.forget_calls().await;
    world.kube.check_now("api", "nothing").await;
    assert_eq!(world.aws.writes().await, [("apigateway".to_owned(), "TestInvokeMethod".to_owned())]);

    // New ones come with what they are written beside.
    apply(2, 404, 4).await;
    eventually("a look at that", || async {
        let status = world.kube.get("api").await.status.expect("a status");
        let ready = condition(&world.kube.get("api").await, "Ready").cloned();
        let looked = status.observed_generation == 3 && ready.is_some_and(|ready| ready.reason == "PreflightFailed");
        if looked { Ok(()) } else { Err(format!("{status:?}")) }
    })
    .await;
    assert_eq!(stage().await, ours);
    apply(2, 200, 4).await;
    world.kube.wait_ready("api").await;
    assert_eq!(stage().await.3, (Some(4), Some(4)));
}
