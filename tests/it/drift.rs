//! What others change in AWS: reported where that is asked for, looked for as often as the object says.

mod others;

use aws_sdk_apigateway::types::{AuthorizerType, Op, PatchOperation};
use serde_json::json;

use crate::samples::{self, REGION, spec};
use crate::world::{World, condition, eventually};

const NAME: &str = "api";

async fn set_note(world: &World, id: &str, value: &str) {
    let patch = PatchOperation::builder().op(Op::Replace).path("/variables/note").value(value).build();
    let request = world.aws.apigateway(REGION).update_stage().rest_api_id(id).stage_name("live");
    request.patch_operations(patch).send().await.expect("a change by hand");
}

async fn note(world: &World, id: &str) -> String {
    let stage = world.aws.apigateway(REGION).get_stage().rest_api_id(id).stage_name("live").send().await;
    stage.expect("the stage").variables.unwrap_or_default().remove("note").unwrap_or_default()
}

/// Waits until one event of that reason has all of these words.
async fn told_once(world: &World, reason: &str, words: &[&str]) {
    eventually(&format!("{reason} with {words:?}"), || async {
        let events = world.kube.events(NAME).await;
        let whole = |note: &str| words.iter().all(|words| note.contains(words));
        let told = events.iter().filter(|(why, note)| why == reason && whole(note)).count();
        if told == 1 { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

#[tokio::test]
async fn drift_is_reported_and_left_until_the_spec_changes() {
    let world = samples::world("reported").await;
    let mut controller = world.controller().await;
    let report = spec(&world) + "driftPolicy: Report\n";
    world.kube.apply_spec(NAME, &report).await.expect("it applies");
    let object = world.kube.wait_ready(NAME).await;
    assert_eq!(condition(&object, "Drifted").expect("Drifted").status, "False");
    let id = object.status.and_then(|status| status.rest_api_id).expect("an API");

    set_note(&world, &id, "theirs").await;
    world.aws.forget_calls().await;
    world.kube.check_now(NAME, "1").await;
    let object = world.kube.wait(NAME, "False", "Drifted").await;
    let words = r#"update stage live (stage/live variables.note: "theirs" -> "first")"#;
    for kind in ["Ready", "Drifted"] {
        let told = condition(&object, kind).expect("the condition");
        assert!(told.message.contains(words), "{told:?}");
    }
    for kind in ["Stalled", "Reconciling"] {
        assert_eq!(condition(&object, kind).expect("the condition").status, "False");
    }
    let drift = world.kube.kubectl(&["get", "sfnapi", NAME, "-o", "wide", "--no-headers"]).await.expect("a line");
    assert!(drift.contains("True"), "{drift}");
    told_once(&world, "Drifted", &[words]).await;

    // Also by a controller that did not see it come, and after AWS was not there for a while.
    controller.kill();
    controller = world.controller().await;
    world.aws.order_fault(json!({"operation": "GetStages", "status": 500})).await;
    world.kube.check_now(NAME, "2").await;
    world.kube.wait(NAME, "False", "Drifted").await;
    assert_eq!((world.aws.writes().await, note(&world, &id).await.as_str()), (vec![], "theirs"));

    // Undone by hand: all is well.
    set_note(&world, &id, "first").await;
    world.kube.check_now(NAME, "3").await;
    let object = world.kube.wait_ready(NAME).await;
    assert_eq!(condition(&object, "Drifted").expect("Drifted").status, "False");

    // A change of the spec sets all right, and so does the other policy.
    set_note(&world, &id, "again").await;
    world.kube.check_now(NAME, "4").await;
    world.kube.wait(NAME, "False", "Drifted").await;
    world.kube.apply_spec(NAME, &report.replace("first", "second")).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    assert_eq!(note(&world, &id).await, "second");
    set_note(&world, &id, "again-2").await;
    world.kube.check_now(NAME, "5").await;
    world.kube.wait(NAME, "False", "Drifted").await;
    world.kube.apply_spec(NAME, &spec(&world).replace("first", "second")).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    assert_eq!(note(&world, &id).await, "second");
    drop(controller);
}

#[tokio::test]
async fn object_is_checked_as_often_as_its_annotation_says() {
    let world = samples::world("interval").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    let every = async |text: &str| {
        world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-interval": text}}})).await;
    };
    every("1s").await;
    set_note(&world, &id, "theirs").await;
    eventually("the healing", || async {
        let note = note(&world, &id).await;
        if note == "first" { Ok(()) } else { Err(note) }
    })
    .await;

    every("often").await;
    world.kube.check_now(NAME, "1").await;
    let object = world.kube.wait_ready(NAME).await;
    let told = condition(&object, "Accepted").expect("Accepted");
    assert_eq!((told.status.as_str(), told.reason.as_str()), ("True", "Warned"));
    assert!(told.message.contains("metadata.annotations[stepgate.dev/check-interval]: "), "{told:?}");
}

#[tokio::test]
async fn drift_healed_by_a_process_that_ended_at_once_is_told_by_the_next() {
    let world = samples::world("cut-healing").await;
    let controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    set_note(&world, &id, "theirs").await;
    let hang = json!({"operation": "UpdateStage", "action": "hang", "seconds": 20, "when": "after"});
    world.aws.order_fault(hang).await;
    world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": "1"}}})).await;
    eventually("the healing", || async {
        let now = note(&world, &id).await;
        if now == "first" { Ok(()) } else { Err(now) }
    })
    .await;
    controller.kill();
    world.aws.no_faults().await;
    let _controller = world.controller().await;
    told_once(&world, "DriftHealed", &[r#"stage/live variables.note: "theirs" -> "first""#]).await;
    world.kube.check_now(NAME, "2").await;
    let events = world.kube.events(NAME).await;
    assert_eq!(events.iter().filter(|(reason, _)| reason == "DriftHealed").count(), 1, "{events:?}");
}

#[tokio::test]
async fn what_others_made_in_the_api_is_named_before_a_put_removes_it() {
    let world = samples::world("foreign-parts").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    let gateway = world.aws.apigateway(REGION);
    let model = gateway.create_model().rest_api_id(&id).name("Theirs").content_type("application/json").schema("{}");
    model.send().await.expect("a model");
    let pool = format!("arn:aws:cognito-idp:{REGION}:{}:userpool/us-east-1_abc", world.aws.id);
    let authorizer = gateway.create_authorizer().rest_api_id(&id).name("theirs").provider_arns(pool);
    let authorizer = authorizer.r#type(AuthorizerType::CognitoUserPools);
    authorizer.identity_source("method.request.header.Authorization").send().await.expect("an authorizer");
    let planned = spec(&world).replace("second", "first") + "mode: Plan\ngatewayResponses: None\n";
    world.kube.apply_spec(NAME, &planned).await.expect("it applies");
    eventually("the plan", || async {
        let status = world.kube.get(NAME).await.status.unwrap_or_default();
        let steps = status.plan.map(|plan| plan.steps).unwrap_or_default().join("\n");
        if ["models.Theirs", "theirs"].iter().all(|part| steps.contains(part)) { Ok(()) } else { Err(steps) }
    })
    .await;
}

#[tokio::test]
async fn what_others_made_beside_what_is_described_is_found_by_one_of_ten_checks() {
    let world = samples::world("foreign-whole").await;
    let _controller = world.controller_with(&[("STEPGATE_CHECK_INTERVAL", "1s")]).await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    let gateway = world.aws.apigateway(REGION);
    let model = gateway.create_model().rest_api_id(&id).name("Theirs").content_type("application/json").schema("{}");
    model.send().await.expect("a model");
    told_once(&world, "DriftHealed", &["models.Theirs"]).await;
    let model = gateway.get_model().rest_api_id(&id).model_name("Theirs").send().await;
    assert!(model.is_err(), "it is there");
}

#[tokio::test]
async fn writes_of_a_pass_that_failed_are_told_with_those_that_end_it() {
    let world = samples::world("told-late").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    // A healing whose answer is an error has its effect.
    set_note(&world, &id, "theirs").await;
    let lost =
        json!({"operation": "UpdateStage", "when": "after", "status": 503, "code": "ServiceUnavailableException"});
    world.aws.order_fault(lost).await;
    world.kube.check_now(NAME, "1").await;
    told_once(&world, "DriftHealed", &[r#"stage/live variables.note: "theirs" -> "first""#]).await;

    // A change that takes two passes.
    world.aws.order_fault(json!({"operation": "CreateDeployment", "action": "reset"})).await;
    let changed = spec(&world) + "gatewayResponses: None\n";
    world.kube.apply_spec(NAME, &changed).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    told_once(&world, "Applied", &["put definition of API", "create deployment", "update stage live"]).await;
}
