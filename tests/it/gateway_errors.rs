//! Errors that API Gateway answers itself: in the shape of every other error, with the headers of CORS, for every API.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use reqwest::Client;
use serde_json::json;

use crate::answers::{assert_error, assert_settled};
use crate::world::{Answer, MachineKind, World, eventually, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";

/// Spec of an API with a method for anybody and one for signed calls.
fn spec(world: &World, cors: &str) -> String {
    format!(
        "region: {REGION}\nstateMachines: [{{name: hello, arn: '{}'}}]\nmethods:\n  - {{path: /run, method: POST, action: \
         StartExecution, stateMachine: hello, authorization: {{type: None}}}}\n  - {{path: /signed, method: POST, action: \
         StartExecution, stateMachine: hello}}\n{cors}\nstages: [{{name: s}}]",
        world.aws.machine_arn(REGION, "hello")
    )
}

/// URL and id of the API of that spec.
async fn apply(world: &World, spec: &str) -> (String, String) {
    world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    world.kube.apply_spec("api", spec).await.expect("the spec applies");
    let status = world.kube.wait_ready("api").await.status.expect("a status");
    let url = status.stages[0].url.clone();
    Answer::until(200, || post(&format!("{url}/run"), JSON, "{}")).await;
    (url, status.rest_api_id.expect("an id"))
}

fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
}

#[tokio::test]
async fn an_api_without_cors_answers_the_gateways_errors_in_the_one_shape() {
    let world = World::new("gateway").await;
    let _controller = world.controller().await;
    let (url, id) = apply(&world, &spec(&world, "")).await;
    let run = format!("{url}/run");
    let gateway = world.aws.apigateway(REGION);

    assert_error(&Answer::of(post(&format!("{url}/none"), JSON, "{}")).await, 403, "MissingAuthenticationToken");
    assert_error(&Answer::of(Client::new().get(&run)).await, 403, "MissingAuthenticationToken");
    assert_error(&Answer::of(post(&format!("{url}/signed"), JSON, "{}")).await, 403, "MissingAuthenticationToken");
    let odd = Answer::of(post(&run, "text/plain", "{}")).await;
    assert_error(&odd, 415, "UnsupportedMediaType");
    assert_eq!(odd.header("Access-Control-Allow-Origin"), None);
    assert_settled(&world, "api").await;

    // What other settings lead to, made by hand.
    let throttle = [replace("/*/*/throttling/rateLimit", "0.01"), replace("/*/*/throttling/burstLimit", "1")];
    let update = gateway.update_stage().rest_api_id(&id).stage_name("s").set_patch_operations(Some(throttle.into()));
    update.send().await.expect("a throttle");
    let throttled = eventually("a refusal", || async {
        let answer = Answer::of(post(&run, JSON, "{}")).await;
        if answer.status == 429 { Ok(answer) } else { Err(format!("{answer:?}")) }
    })
    .await;
    assert_error(&throttled, 429, "Throttled");
    let free = PatchOperation::builder().op(Op::Remove).path("/*/*").build();
    gateway.update_stage().rest_api_id(&id).stage_name("s").patch_operations(free).send().await.expect("no throttle");

    let deny = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*",
        "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}]});
    let update = gateway.update_rest_api().rest_api_id(&id).patch_operations(replace("/policy", &deny.to_string()));
    update.send().await.expect("a policy");
    let deployed = gateway.create_deployment().rest_api_id(&id).send().await.expect("a deployment");
    let deployed = replace("/deploymentId", deployed.id().unwrap_or_default());
    gateway.update_stage().rest_api_id(&id).stage_name("s").patch_operations(deployed).send().await.expect("a move");
    let denied = eventually("a denial", || async {
        let answer = Answer::of(post(&run, JSON, "{}")).await;
        if answer.status == 403 { Ok(answer) } else { Err(format!("{answer:?}")) }
    })
    .await;
    assert_error(&denied, 403, "AccessDenied");
    assert!(!denied.body.contains("arn:") && !denied.body.contains(&world.aws.id[8..]), "{denied:?}");
}

#[tokio::test]
async fn a_role_that_cannot_be_assumed_is_the_apis_fault_and_names_nothing() {
    let world = World::new("gateway-role").await;
    let _controller = world.controller().await;
    let (url, _) = apply(&world, &spec(&world, "cors: {allowOrigins: ['https://a.example']}")).await;
    let iam = world.aws.iam();
    let roles = iam.list_roles().send().await.expect("roles");
    let role = roles.roles().first().expect("the API's role").role_name().to_owned();
    let nobody = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"}}]});
    iam.update_assume_role_policy().role_name(role).policy_document(nobody.to_string()).send().await.expect("a change");
    let answer = Answer::until(500, || post(&format!("{url}/run"), JSON, "{}")).await;
    assert_error(&answer, 500, "ConfigurationError");
    assert!(!answer.body.contains("arn:") && !answer.body.contains(&world.aws.id), "{answer:?}");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("https://a.example"));
}

#[tokio::test]
async fn a_customised_error_of_others_is_healed() {
    let world = World::new("gateway-heals").await;
    let _controller = world.controller_with(&[("STEPGATE_CHECK_INTERVAL", "1s")]).await;
    let (_, id) = apply(&world, &spec(&world, "")).await;
    let gateway = world.aws.apigateway(REGION);
    let kind = aws_sdk_apigateway::types::GatewayResponseType::Throttled;
    let put = gateway.put_gateway_response().rest_api_id(&id).response_type(kind.clone()).status_code("420");
    put.send().await.expect("a change");
    eventually("the status of before", || async {
        let found = gateway.get_gateway_response().rest_api_id(&id).response_type(kind.clone()).send().await;
        let found = found.map_err(|error| format!("{error:?}"))?;
        if found.status_code() == Some("429") { Ok(()) } else { Err(format!("{found:?}")) }
    })
    .await;
}
