//! APIs that were made elsewhere are taken over: after approval, with nothing that callers notice, and with nothing lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_apigateway::types::AuthorizerType;
use serde_json::json;

use crate::console::{Clicks, Console};
use crate::samples::REGION;
use crate::world::{Answer, MachineKind, World, condition, eventually, post};

const NAME: &str = "start-execution-adopted";

async fn world(name: &str) -> World {
    let world = World::new(name).await;
    world.aws.machine(REGION, "HelloWorld", MachineKind::Standard).await;
    world
}

/// The API that the example is about, with a method and stages that the example does not name.
async fn made_by_hand(world: &World) -> Console<'_> {
    let mut console = Console::new(world, REGION, "AdoptedAPI").await;
    console.resource("execution").await;
    console.resource("legacy").await;
    let start = Clicks { action: Some("StartExecution"), ..Clicks::default() };
    console.method("/execution", "POST", start).await;
    let describe = Clicks {
        action: Some("DescribeExecution"),
        query: Some("arn"),
        template: Some(r#"{"executionArn": "$util.escapeJavaScript($input.params('arn')).replaceAll("\\'","'")"}"#),
        headers: &[("Cache-Control", "no-store")],
        refused: Some((r"4\d{2}", r#"{"error": "refused"}"#)),
        never: true,
    };
    console.method("/execution", "GET", describe).await;
    let legacy =
        Clicks { template: Some(r#"{"statusCode": 200}"#), headers: &[("X-Legacy", "yes")], ..Clicks::default() };
    console.method("/legacy", "GET", legacy).await;
    console.validate_all("/execution", "GET").await;
    console.deploy("alpha").await;
    console.deploy("theirs").await;
    console.throttle("alpha", "/~1legacy/GET", "7").await;
    console
}

fn manifest(world: &World, console: &Console<'_>) -> String {
    world.example("adopt").replace("a1b2c3d4e5", &console.id)
}

fn start(console: &Console<'_>, stage: &str) -> reqwest::RequestBuilder {
    let body = json!({"input": "{}", "stateMachineArn": console.machine("HelloWorld")});
    post(&console.url(stage, "/execution"), "application/json", body.to_string())
}

async fn planned(world: &World, name: &str) -> stepgate::api::PlanStatus {
    world.kube.wait(name, "False", "Planned").await.status.and_then(|status| status.plan).expect("a plan")
}

async fn approve(world: &World, name: &str, hash: &str) {
    world.kube.patch(name, json!({"metadata": {"annotations": {"stepgate.dev/approve": hash}}})).await;
}

async fn message(world: &World, name: &str) -> String {
    condition(&world.kube.get(name).await, "Ready").expect("Ready").message.clone()
}

/// The manifest without its section `adopt`.
fn let_go(manifest: &str, console: &Console<'_>) -> String {
    let adopt = format!(
        "  adopt:\n    restApiId: {}\n    prune: false # methods that are not listed below stay as they are\n",
        console.id
    );
    assert!(manifest.contains(&adopt));
    manifest.replace(&adopt, "")
}

/// Calls a stage without a pause until it is told to stop; answers all that was not a 200.
fn callers(console: &Console<'_>, stop: Arc<AtomicBool>) -> tokio::task::JoinHandle<(usize, Vec<String>)> {
    let url = console.url("alpha", "/execution");
    let body = json!({"input": "{}", "stateMachineArn": console.machine("HelloWorld")}).to_string();
    tokio::spawn(async move {
        let (mut calls, mut wrong) = (0, Vec::new());
        while !stop.load(Ordering::Relaxed) {
            let answer = Answer::of(post(&url, "application/json", body.clone())).await;
            calls += 1;
            if answer.status != 200 || !answer.body.contains("executionArn") {
                wrong.push(format!("{answer:?}"));
            }
        }
        (calls, wrong)
    })
}

#[tokio::test]
async fn api_of_the_console_is_taken_over_after_approval_and_callers_notice_nothing() {
    let world = world("adopted").await;
    let console = made_by_hand(&world).await;
    Answer::until(200, || start(&console, "alpha")).await;
    Answer::until(200, || start(&console, "theirs")).await;
    let _controller = world.controller().await;
    world.aws.forget_calls().await;
    world.kube.apply(&manifest(&world, &console)).await.expect("it applies");

    // Shown, and nothing written, whatever the mode.
    let plan = planned(&world, NAME).await;
    let steps: Vec<&str> = plan.steps.iter().map(String::as_str).filter(|step| !step.starts_with(' ')).collect();
    let kept = "keep method GET /legacy";
    let [adopt, deploy, move_stage, tag, rest @ ..] = steps.as_slice() else { panic!("{steps:?}") };
    assert_eq!(*adopt, format!("adopt API {} by the owner's tag", console.id));
    assert!(deploy.starts_with("create deployment of revision "), "{steps:?}");
    assert_eq!(
        (*move_stage, *tag, rest),
        ("update stage alpha", "tag stage alpha", [kept].as_slice()),
        "{:?}",
        plan.steps
    );
    assert!(message(&world, NAME).await.contains("set the annotation stepgate.dev/approve"));
    assert_eq!(world.aws.writes().await, []);

    // Done, while callers call.
    let stop = Arc::new(AtomicBool::new(false));
    let callers = callers(&console, stop.clone());
    approve(&world, NAME, &plan.hash).await;
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(status.rest_api_id.as_ref(), Some(&console.id));
    assert!(!status.stages[0].revision.is_empty(), "{status:?}");
    assert!(message(&world, NAME).await.ends_with("kept beside the spec: method GET /legacy"));
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    stop.store(true, Ordering::Relaxed);
    let (calls, wrong) = callers.await.expect("the callers");
    println!("{calls} calls while the API was taken over");
    assert!(calls > 0 && wrong.is_empty(), "{wrong:?}");

    // Answers are those of before: as it was built, and what the manifest does not have.
    let execution = Answer::of(start(&console, "alpha")).await.json()["executionArn"].clone();
    let get =
        |stage: &str, arn: &str| reqwest::Client::new().get(console.url(stage, "/execution")).query(&[("arn", arn)]);
    let described = Answer::of(get("alpha", execution.as_str().unwrap_or_default())).await;
    assert_eq!((described.status, described.header("Cache-Control")), (200, Some("no-store")), "{described:?}");
    let refused = Answer::of(get("alpha", "nonsense")).await;
    assert_eq!((refused.status, refused.body.as_str()), (400, r#"{"error": "refused"}"#));
    let legacy = Answer::of(reqwest::Client::new().get(console.url("alpha", "/legacy"))).await;
    assert_eq!((legacy.status, legacy.header("X-Legacy")), (200, Some("yes")), "{legacy:?}");

    // From now on it is as any other: checked, and nothing to write.
    world.aws.forget_calls().await;
    world.kube.check_now(NAME, "1").await;
    assert_eq!(world.aws.writes().await, []);
    let throttled = async || {
        let stage = world.aws.apigateway(REGION).get_stage().rest_api_id(&console.id).stage_name("alpha").send().await;
        let settings = stage.expect("the stage").method_settings.unwrap_or_default();
        settings.get("~1legacy/GET").map(|settings| settings.throttling_rate_limit())
    };
    assert_eq!(throttled().await, Some(7.0));
    let theirs = world.aws.apigateway(REGION).get_stage().rest_api_id(&console.id).stage_name("theirs").send().await;
    assert_eq!(theirs.expect("a stage").tags.unwrap_or_default().get("stepgate.dev/owner"), None);

    // With a change of a method the others are not lost.
    let changed = manifest(&world, &console).replace("no-store", "no-cache");
    world.kube.apply(&changed).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    eventually("the new header", || async {
        let answer = Answer::of(get("alpha", execution.as_str().unwrap_or_default())).await;
        answer.header("Cache-Control").filter(|value| *value == "no-cache").map(drop).ok_or(format!("{answer:?}"))
    })
    .await;
    let legacy = Answer::of(reqwest::Client::new().get(console.url("alpha", "/legacy"))).await;
    assert_eq!((legacy.status, legacy.header("X-Legacy")), (200, Some("yes")), "{legacy:?}");
    world.aws.forget_calls().await;
    world.kube.check_now(NAME, "2").await;
    assert_eq!(world.aws.writes().await, []);

    // Nothing goes by accident, but by word.
    world.kube.apply(&let_go(&changed, &console)).await.expect("it applies");
    world.kube.wait(NAME, "False", "Invalid").await;
    assert!(message(&world, NAME).await.contains("does not describe: method GET /legacy"));
    assert_eq!(world.aws.writes().await, []);
    world.kube.apply(&changed.replace("prune: false", "prune: true")).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    Answer::until(403, || reqwest::Client::new().get(console.url("alpha", "/legacy"))).await;
    assert_eq!(throttled().await, None);
    world.kube.apply(&let_go(&changed, &console)).await.expect("it applies");
    world.kube.wait_ready(NAME).await;
    Answer::until(200, || start(&console, "alpha")).await;

    // Retained and applied again it is the same one.
    world.kube.delete(NAME).await;
    world.kube.apply(&manifest(&world, &console)).await.expect("it applies");
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(status.rest_api_id.as_ref(), Some(&console.id));
}

#[tokio::test]
async fn all_that_would_go_without_the_section_adopt_is_named() {
    let world = world("let-go").await;
    let console = made_by_hand(&world).await;
    let _controller = world.controller().await;
    world.kube.apply(&manifest(&world, &console)).await.expect("it applies");
    let plan = planned(&world, NAME).await;
    approve(&world, NAME, &plan.hash).await;
    world.kube.wait_ready(NAME).await;

    let gateway = world.aws.apigateway(REGION);
    let legacy = world.aws.resource_id(REGION, &console.id, "/legacy").await;
    let delete = gateway.delete_method().rest_api_id(&console.id).http_method("GET");
    delete.resource_id(legacy).send().await.expect("a method less");
    let model = gateway.create_model().rest_api_id(&console.id).name("Order").content_type("application/json");
    model.schema(r#"{"type":"object"}"#).send().await.expect("a model by hand");
    let authorizer = gateway.create_authorizer().rest_api_id(&console.id).name("users");
    let pool = format!("arn:aws:cognito-idp:{REGION}:{}:userpool/{REGION}_abc", world.aws.id);
    let authorizer = authorizer.r#type(AuthorizerType::CognitoUserPools).provider_arns(pool);
    authorizer.identity_source("method.request.header.Authorization").send().await.expect("an authorizer by hand");

    let validator = gateway.create_request_validator().rest_api_id(&console.id).name("theirs");
    validator.validate_request_body(true).send().await.expect("a validator by hand");

    world.aws.forget_calls().await;
    world.kube.apply(&let_go(&manifest(&world, &console), &console)).await.expect("it applies");
    world.kube.wait(NAME, "False", "Invalid").await;
    let said = message(&world, NAME).await;
    assert!(said.contains("does not describe: authorizer users, model Order, request validator theirs."), "{said}");
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn of_two_objects_that_want_an_api_one_gets_it_and_the_other_does_nothing() {
    let world = world("wanted-twice").await;
    let console = made_by_hand(&world).await;
    let _controller = world.controller().await;
    let first = manifest(&world, &console);
    world.kube.apply(&first).await.expect("it applies");
    world.kube.apply(&first.replace(NAME, "second")).await.expect("it applies");
    let plan = planned(&world, NAME).await;
    let other = planned(&world, "second").await;
    approve(&world, NAME, &plan.hash).await;
    world.kube.wait_ready(NAME).await;
    let tags = console.tags().await;
    world.aws.forget_calls().await;

    approve(&world, "second", &other.hash).await;
    world.kube.wait("second", "False", "NotOwned").await;
    let owner = &tags["stepgate.dev/owner"];
    assert!(message(&world, "second").await.contains(&format!("belongs to the object {owner}")));
    assert_eq!(world.aws.writes().await, []);
    assert_eq!(console.tags().await, tags);
    // Neither does its deletion take anything.
    world.kube.patch("second", json!({"spec": {"deletionPolicy": "Delete"}})).await;
    world.kube.delete("second").await;
    assert_eq!(world.aws.writes().await, []);

    // The one that has it deletes all of it when that is its policy.
    world.kube.patch(NAME, json!({"spec": {"deletionPolicy": "Delete"}})).await;
    world.kube.wait_ready(NAME).await;
    world.kube.delete(NAME).await;
    assert_eq!(world.aws.leftovers(REGION).await, ["role APIGatewayToStepFunctions"]);
}

#[tokio::test]
async fn adoption_says_what_it_cannot_take_and_survives_a_cut() {
    let world = world("adopt-cut").await;
    let console = made_by_hand(&world).await;
    let _controller = world.controller().await;
    let none = manifest(&world, &console).replace(&console.id, "zzzzzzzzzz");
    world.aws.forget_calls().await;
    world.kube.apply(&none).await.expect("it applies");
    world.kube.wait(NAME, "False", "NotFound").await;
    let said = message(&world, NAME).await;
    assert!(said.starts_with("spec.adopt.restApiId: API zzzzzzzzzz does not exist"), "{said}");
    assert_eq!(world.aws.writes().await, []);

    // The tag comes first, so whatever fails after it, the API is found again and the rest is done.
    world.kube.apply(&manifest(&world, &console)).await.expect("it applies");
    let plan = planned(&world, NAME).await;
    world.aws.order_fault(json!({"operation": "CreateDeployment", "status": 500, "count": 2})).await;
    approve(&world, NAME, &plan.hash).await;
    let status = world.kube.wait_ready(NAME).await.status.expect("a status");
    assert_eq!(status.rest_api_id.as_ref(), Some(&console.id));
    Answer::until(200, || start(&console, "alpha")).await;

    // Another API is not taken beside it.
    world.kube.apply(&none).await.expect("it applies");
    world.kube.wait(NAME, "False", "Invalid").await;
    let said = message(&world, NAME).await;
    assert!(said.contains(&format!("this object has API {} already", console.id)), "{said}");
}

#[tokio::test]
async fn an_api_that_another_object_takes_over_calls_with_its_role() {
    let world = crate::samples::world("adopt-other").await;
    let _controller = world.controller().await;
    let spec = crate::samples::spec(&world);
    world.kube.apply_spec("first", &format!("deletionPolicy: Retain\n{spec}")).await.expect("it applies");
    let first = world.kube.wait_ready("first").await.status.expect("a status");
    let (id, url) = (first.rest_api_id.expect("an API"), first.endpoints[0].url.clone());
    world.kube.delete("first").await;
    let gateway = world.aws.apigateway(REGION);
    let arn = |more: &str| format!("arn:aws:apigateway:{REGION}::/restapis/{id}{more}");
    for what in ["", "/stages/live"] {
        gateway.untag_resource().resource_arn(arn(what)).tag_keys("stepgate.dev/owner").send().await.expect("no owner");
    }
    let adopting = format!("adopt: {{restApiId: {id}, prune: true}}\nname: {}-first\n{spec}", world.kube.namespace);
    world.kube.apply_spec("second", &adopting).await.expect("it applies");
    let plan = planned(&world, "second").await;
    approve(&world, "second", &plan.hash).await;
    let second = world.kube.wait_ready("second").await.status.expect("a status");
    assert_eq!((second.rest_api_id.as_ref(), &second.endpoints[0].url), (Some(&id), &url));
    assert_ne!(second.role_arn, first.role_arn);
    // The first one's role is of no use any more.
    let role = first.role_arn.as_deref().and_then(|arn| arn.rsplit('/').next()).expect("a role");
    world.aws.iam().delete_role_policy().role_name(role).policy_name("stepgate").send().await.expect("no policy");
    world.aws.iam().delete_role().role_name(role).send().await.expect("no role");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    Answer::until(200, || post(&url, "application/json", "{}")).await;
    world.kube.delete("second").await;
    assert_eq!(world.aws.leftovers(REGION).await, Vec::<String>::new());
}
