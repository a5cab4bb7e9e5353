//! Modes: Plan shows and writes nothing, Paused does not even look.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use serde_json::json;

use crate::samples::{self, REGION, spec};
use crate::world::{Answer, condition, eventually, post};

const NAME: &str = "api";

async fn told(world: &crate::world::World, wanted: &str) {
    eventually(&format!("the event {wanted}"), || async {
        let events = world.kube.events(NAME).await;
        if events.iter().any(|(reason, _)| reason == wanted) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
}

#[tokio::test]
async fn plan_of_a_new_object_writes_nothing_and_apply_carries_it_out() {
    let world = samples::world("planned").await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply_spec(NAME, &(spec(&world) + "mode: Plan\n")).await.expect("it applies");
    let object = world.kube.wait(NAME, "False", "Planned").await;
    let plan = object.status.expect("a status").plan.expect("a plan");
    for step in ["create role ", "put policy of role ", "create API ", "create stage live "] {
        assert!(plan.steps.iter().any(|line| line.starts_with(step)), "{step:?} is not in {plan:#?}");
    }
    told(&world, "Planned").await;
    let again = world.kube.check_now(NAME, "1").await;
    assert_eq!(again.status.and_then(|status| status.plan).as_ref(), Some(&plan));
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());

    world.kube.patch(NAME, json!({"spec": {"mode": "Apply"}})).await;
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(status.plan, None);
    eventually("the event of the same steps", || async {
        let events = world.kube.events(NAME).await;
        let done = plan.steps.join("; ");
        if events.contains(&("Applied".to_owned(), done)) { Ok(()) } else { Err(format!("{events:?}")) }
    })
    .await;
    Answer::until(200, || post(&status.endpoints[0].url, "application/json", "{}")).await;
}

#[tokio::test]
async fn plan_on_a_ready_object_keeps_serving_until_it_is_applied() {
    let world = samples::world("planned-change").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let before = world.kube.wait_ready(NAME).await.status.expect("a status");
    let url = before.endpoints[0].url.as_str();
    Answer::until(200, || post(url, "application/json", "{}")).await;
    world.aws.forget_calls().await;
    let changed = spec(&world).replace("first", "second").replace("/run", "/ran");
    world.kube.apply_spec(NAME, &(changed.clone() + "mode: Plan\n")).await.expect("it applies");
    let status = world.kube.wait(NAME, "False", "Planned").await.status.expect("a status");
    let plan = status.plan.expect("a plan");
    let steps = plan.steps.join("\n");
    assert!(steps.contains(r#"stage/live variables.note: "first" -> "second""#), "{steps}");
    assert!(steps.contains(r#"api POST /ran.authorization: (none) -> "None""#), "{steps}");
    assert_eq!((&status.rest_api_id, &status.revision), (&before.rest_api_id, &before.revision));
    assert_eq!(Answer::of(post(url, "application/json", "{}")).await.status, 200);
    assert_eq!(world.aws.writes().await, []);

    // Back to what is served: nothing to plan. Then the change, applied.
    world.kube.apply_spec(NAME, &(spec(&world) + "mode: Plan\n")).await.expect("it applies");
    assert_eq!(world.kube.wait_ready(NAME).await.status.expect("a status").plan, None);

    // What others do is told as such, and waits, too.
    let id = before.rest_api_id.as_deref().expect("an API");
    let set = async |note: &str| {
        let patch = PatchOperation::builder().op(Op::Replace).path("/variables/note").value(note).build();
        let request = world.aws.apigateway(REGION).update_stage().rest_api_id(id).stage_name("live");
        request.patch_operations(patch).send().await.expect("a change by hand");
    };
    for (at, note, drifted) in [("1", "theirs", "True"), ("2", "first", "False")] {
        set(note).await;
        let object = world.kube.check_now(NAME, at).await;
        let told = condition(&object, "Drifted").expect("Drifted");
        assert_eq!((told.status.as_str(), told.message.contains(note)), (drifted, drifted == "True"), "{told:?}");
    }

    world.kube.apply_spec(NAME, &changed).await.expect("it applies");
    let after = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!((&after.rest_api_id, &after.plan), (&before.rest_api_id, &None));
    Answer::until(200, || post(&after.endpoints[0].url, "application/json", "{}")).await;
}

#[tokio::test]
async fn deletion_in_mode_plan_shows_its_steps_and_waits() {
    let world = samples::world("planned-end").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    world.kube.patch(NAME, json!({"spec": {"mode": "Plan"}})).await;
    world.kube.wait_ready(NAME).await;
    world.aws.forget_calls().await;
    world.kube.kubectl(&["delete", "sfnapi", NAME, "--wait=false"]).await.expect("the deletion is taken");
    let object = world.kube.wait(NAME, "False", "Planned").await;
    let steps = object.status.and_then(|status| status.plan).expect("a plan").steps;
    assert!(steps[0].starts_with("delete API "), "{steps:?}");
    assert_eq!(world.aws.writes().await, []);
    world.kube.patch(NAME, json!({"spec": {"mode": "Apply"}})).await;
    world.kube.wait_gone(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn an_approved_deletion_that_was_interrupted_goes_on_by_itself() {
    let world = samples::world("planned-cut").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    world.kube.patch(NAME, json!({"spec": {"mode": "Plan"}})).await;
    world.kube.kubectl(&["delete", "sfnapi", NAME, "--wait=false"]).await.expect("the deletion is taken");
    let object = world.kube.wait(NAME, "False", "Planned").await;
    let hash = object.status.and_then(|status| status.plan).expect("a plan").hash;
    world.aws.order_fault(json!({"service": "iam", "operation": "DeleteRolePolicy", "status": 500, "count": 1})).await;
    approve(&world, &hash).await;
    world.kube.wait_gone(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn paused_object_is_left_alone_until_it_goes_on() {
    let world = samples::world("paused").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    let changed = spec(&world).replace("first", "second");
    world.aws.forget_calls().await;
    world.kube.apply_spec(NAME, &(changed.clone() + "mode: Paused\n")).await.expect("it applies");
    let paused = world.kube.wait(NAME, "Unknown", "Paused").await;
    assert!(
        ["Reconciling", "Stalled"].iter().all(|kind| condition(&paused, kind).is_some_and(|c| c.status == "False"))
    );
    world.kube.check_now(NAME, "1").await;
    assert_eq!(world.aws.calls().await, []);
    Answer::until(200, || post(&status.endpoints[0].url, "application/json", "{}")).await;
    told(&world, "Paused").await;

    world.kube.apply_spec(NAME, &changed).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    let id = status.rest_api_id.expect("an id");
    let stage = world.aws.apigateway(REGION).get_stage().rest_api_id(id).stage_name("live").send().await;
    let variables = stage.expect("the stage").variables.unwrap_or_default();
    assert_eq!(variables.get("note").map(String::as_str), Some("second"));
}

#[tokio::test]
async fn deletion_of_a_paused_object_waits_until_it_goes_on() {
    let world = samples::world("paused-end").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    world.kube.patch(NAME, json!({"spec": {"mode": "Paused"}})).await;
    world.kube.wait(NAME, "Unknown", "Paused").await;
    world.aws.forget_calls().await;
    world.kube.kubectl(&["delete", "sfnapi", NAME, "--wait=false"]).await.expect("the deletion is taken");
    let object = world.kube.wait(NAME, "Unknown", "Paused").await;
    assert!(object.metadata.deletion_timestamp.is_some(), "the pass was over the deletion");
    assert_eq!(world.aws.calls().await, []);
    world.kube.patch(NAME, json!({"spec": {"mode": "Apply"}})).await;
    world.kube.wait_gone(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn approved_plan_is_applied_and_no_other() {
    let world = samples::world("approved").await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply_spec(NAME, &(spec(&world) + "mode: Plan\n")).await.expect("it applies");
    let object = world.kube.wait(NAME, "False", "Planned").await;
    let hash = object.status.expect("a status").plan.expect("a plan").hash;
    let message = async || condition(&world.kube.get(NAME).await, "Ready").expect("Ready").message.clone();
    assert!(message().await.contains(&format!("set the annotation stepgate.dev/approve to {hash}")));

    // The approval of something else says so.
    approve(&world, "0123456789ab").await;
    told_by_ready(&world, "The approval of 0123456789ab is for another plan.").await;
    assert_eq!(world.aws.writes().await, []);

    // The right one is carried out, over a failure in its midst.
    world.aws.order_fault(json!({"operation": "CreateDeployment", "status": 500})).await;
    approve(&world, &hash).await;
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(
        (&status.plan, status.approved.map(|approved| (approved.hash, approved.done))),
        (&None, Some((hash.clone(), true)))
    );
    Answer::until(200, || post(&status.endpoints[0].url, "application/json", "{}")).await;

    // The next change waits for an approval of its own, which a change elsewhere in the object does not spoil.
    world.aws.forget_calls().await;
    let changed = spec(&world).replace("first", "second") + "mode: Plan\n";
    world.kube.apply_spec(NAME, &changed).await.expect("it applies");
    let object = world.kube.wait(NAME, "False", "Planned").await;
    let next = object.status.expect("a status").plan.expect("a plan").hash;
    assert_ne!(next, hash);
    assert!(!message().await.contains("is for another plan"), "it was carried out: {}", message().await);
    assert_eq!(world.aws.writes().await, []);
    world.kube.apply_spec(NAME, &(changed + "deletionPolicy: Retain\n")).await.expect("it applies");
    approve(&world, &next).await;
    world.kube.wait_ready(NAME).await;

    // A plan that changed after it was approved is not applied.
    world.kube.apply_spec(NAME, &(spec(&world).replace("first", "third") + "mode: Plan\n")).await.expect("it applies");
    let object = world.kube.wait(NAME, "False", "Planned").await;
    let third = object.status.expect("a status").plan.expect("a plan").hash;
    world.kube.apply_spec(NAME, &(spec(&world).replace("first", "fourth") + "mode: Plan\n")).await.expect("it applies");
    world.aws.forget_calls().await;
    approve(&world, &third).await;
    told_by_ready(&world, &format!("The approval of {third} is for another plan.")).await;
    assert_eq!(world.aws.writes().await, []);

    // Deletion is a plan as any other.
    world.kube.kubectl(&["delete", "sfnapi", NAME, "--wait=false"]).await.expect("the deletion is taken");
    let end = eventually("the plan of the deletion", || async {
        let plan = world.kube.get(NAME).await.status.and_then(|status| status.plan);
        plan.clone()
            .filter(|plan| plan.steps.iter().any(|step| step.starts_with("delete API ")))
            .ok_or(format!("{plan:?}"))
    })
    .await;
    assert_eq!(world.aws.writes().await, []);
    told_by_ready(&world, &format!("plan {} is the deletion of this object, not applied. ", end.hash)).await;
    approve(&world, &end.hash).await;
    world.kube.wait_gone(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}

#[tokio::test]
async fn approval_is_used_up_when_its_plan_was_carried_out() {
    let world = samples::world("used-up").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    world.kube.apply_spec(NAME, &(spec(&world) + "mode: Plan\n")).await.expect("it applies");
    let edit = async |request: &str| {
        let patch = PatchOperation::builder().op(Op::Replace).path("/description").value("by hand").build();
        let (id, stage) = (status.rest_api_id.clone().unwrap_or_default(), &status.stages[0].name);
        let update = world.aws.apigateway(REGION).update_stage().rest_api_id(id).stage_name(stage);
        update.patch_operations(patch).send().await.expect("an edit by hand");
        world.aws.forget_calls().await;
        world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": request}}})).await;
        let object = world.kube.wait(NAME, "False", "Planned").await;
        assert_eq!(world.aws.writes().await, []);
        object.status.expect("a status").plan.expect("a plan").hash
    };
    let hash = edit("1").await;
    approve(&world, &hash).await;
    world.kube.wait_ready(NAME).await;
    assert_eq!(edit("2").await, hash, "the same drift, the same plan");
    told_by_ready(&world, &format!("The approval of {hash} was carried out before")).await;
    world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/approve": null}}})).await;
    told_by_ready(&world, "not applied. To have it applied").await;
    approve(&world, &hash).await;
    world.kube.wait_ready(NAME).await;
}

#[tokio::test]
async fn what_others_change_while_an_approved_plan_is_made_waits_for_an_approval_of_its_own() {
    let world = samples::world("begun").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    let gateway = world.aws.apigateway(REGION);
    let describe = async |text: &str| {
        let patch = PatchOperation::builder().op(Op::Replace).path("/description").value(text).build();
        let update = gateway.update_stage().rest_api_id(&id).stage_name("live").patch_operations(patch);
        update.send().await.expect("an edit by hand");
    };
    // An approved plan that stops in its midst, and then an edit by hand.
    let begin = async |note: &str| {
        let changed = spec(&world).replace("first", note).replace("/run", &format!("/{note}")) + "mode: Plan\n";
        world.kube.apply_spec(NAME, &changed).await.expect("it applies");
        let object = world.kube.wait(NAME, "False", "Planned").await;
        let hash = object.status.expect("a status").plan.expect("a plan").hash;
        let fault = json!({"operation": "CreateDeployment", "status": 500, "count": 1000});
        world.aws.order_fault(fault).await;
        approve(&world, &hash).await;
        world.kube.wait(NAME, "False", "AwsUnavailable").await;
        describe("by hand").await;
        let words = format!("Plan {hash} was begun, and what is left has what it did not have: update stage live. ");
        told_by_ready(&world, &words).await;
        world.aws.no_faults().await;
        world.aws.forget_calls().await;
        world.kube.check_now(NAME, note).await;
        assert_eq!(world.aws.writes().await, []);
        world.kube.get(NAME).await.status.expect("a status").plan.expect("a plan")
    };

    // Undone by hand: the plan goes on.
    begin("second").await;
    describe("").await;
    world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/check-now": "undone"}}})).await;
    world.kube.wait_ready(NAME).await;

    // Or approved.
    let plan = begin("third").await;
    let words = r#"  stage/live description: "by hand" -> (none)"#;
    assert!(plan.steps.iter().any(|line| line == words), "{plan:#?}");
    approve(&world, &plan.hash).await;
    world.kube.wait_ready(NAME).await;
    let stage = gateway.get_stage().rest_api_id(&id).stage_name("live").send().await.expect("the stage");
    assert_eq!(stage.description().unwrap_or_default(), "");
}

#[tokio::test]
async fn an_approval_is_none_of_what_others_added_since_and_the_plan_would_take_away() {
    let world = samples::world("approved-more").await;
    let _controller = world.controller().await;
    world.kube.apply_spec(NAME, &spec(&world)).await.expect("it applies");
    let id = world.kube.wait_ready(NAME).await.status.and_then(|status| status.rest_api_id).expect("an API");
    let changed = spec(&world).replace("/run", "/ran") + "mode: Plan\n";
    world.kube.apply_spec(NAME, &changed).await.expect("it applies");
    let plan = world.kube.wait(NAME, "False", "Planned").await.status.and_then(|status| status.plan).expect("a plan");
    let gateway = world.aws.apigateway(REGION);
    let root = world.aws.resource_id(REGION, &id, "/").await;
    let put = gateway.put_method().rest_api_id(&id).resource_id(root).http_method("GET").authorization_type("NONE");
    put.send().await.expect("a method by hand");
    world.aws.forget_calls().await;
    approve(&world, &plan.hash).await;
    told_by_ready(&world, &format!("The approval of {} is for another plan.", plan.hash)).await;
    assert_eq!(world.aws.writes().await, []);
    let other = world.kube.get(NAME).await.status.and_then(|status| status.plan).expect("a plan");
    assert!(other.steps.iter().any(|line| line.contains("api GET /: {") && line.ends_with("-> (none)")), "{other:#?}");
    approve(&world, &other.hash).await;
    world.kube.wait_ready(NAME).await;
}

async fn approve(world: &crate::world::World, hash: &str) {
    world.kube.patch(NAME, json!({"metadata": {"annotations": {"stepgate.dev/approve": hash}}})).await;
}

async fn told_by_ready(world: &crate::world::World, words: &str) {
    eventually(words, || async {
        let ready = condition(&world.kube.get(NAME).await, "Ready").map(|ready| ready.message.clone());
        ready.filter(|message| message.contains(words)).ok_or_else(|| "something else".to_owned())
    })
    .await;
}
