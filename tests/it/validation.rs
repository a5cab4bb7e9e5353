//! What is wrong with a request is told before Step Functions is called.

use aws_sdk_apigateway::types::{Op, PatchOperation};
use reqwest::Client;

use crate::samples::REGION;
use crate::world::{Answer, MachineKind, World, env, post};

const JSON: &str = "application/json";

/// How many calls of Step Functions were made through the gateway in that account.
async fn calls(world: &World) -> usize {
    let url = format!("{}/_test/faults?account={}", env("AWS_ENDPOINT_URL"), world.aws.id);
    let answer = Answer::of(Client::new().get(url)).await.json();
    let calls = answer["calls"].as_array().expect("calls");
    calls.iter().filter(|call| call[0] == "stepfunctions" && call[4] == "gateway").count()
}

#[tokio::test]
async fn bodies_and_parameters_are_checked_before_step_functions_is_called() {
    let world = World::new("validated").await;
    world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
    let _controller = world.controller().await;
    world.kube.apply(&world.example("validated")).await.expect("the example applies");
    let status = world.kube.wait_ready("validated").await.status.expect("a status");
    let (url, id) = (status.endpoints[0].url.clone(), status.rest_api_id.expect("an id"));
    let good = r#"{"id": 7, "customer": {"name": "A"}, "items": ["x"]}"#;
    let order = |body: &'static str| post(&url, JSON, body).header("X-Tenant", "a");
    let arn = Answer::until(200, || order(good)).await.json()["executionArn"].clone();
    let started = post(&url, "application/json; charset=utf-8", good).header("x-tenant", "a");
    assert_eq!(Answer::of(started).await.status, 200);

    let before = calls(&world).await;
    for body in [
        "",
        "no JSON",
        "[]",
        r#"{"id": 7}"#,
        r#"{"id": "7", "customer": {"name": "A"}}"#,
        r#"{"id": 0, "customer": {"name": "A"}}"#,
        r#"{"id": 7, "customer": {"name": ""}}"#,
        r#"{"id": 7, "customer": {"name": "A"}, "more": 1}"#,
        r#"{"id": 7, "customer": {"name": "A"}, "items": [1]}"#,
    ] {
        let answer = Answer::of(order(body)).await;
        assert_eq!(answer.status, 400, "{body}: {answer:?}");
        assert!(answer.json()["message"].is_string(), "{answer:?}");
    }
    for request in [post(&url, JSON, good), post(&url, JSON, good).header("X-Tenant", "")] {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(answer.body.contains("X-Tenant"), "{answer:?}");
    }
    // A body of another type is not held against the model, and so does not get in.
    let form = post(&url, "application/x-www-form-urlencoded", r#"{"id": "wrong"}"#).header("X-Tenant", "a");
    assert_eq!(Answer::of(form).await.status, 415);
    assert_eq!(calls(&world).await, before, "Step Functions was not called");

    let arn = arn.as_str().expect("an ARN");
    assert_eq!(Answer::of(Client::new().get(&url).query(&[("arn", arn)])).await.status, 200);
    for query in [&[][..], &[("arn", "")], &[("other", arn)]] {
        assert_eq!(Answer::of(Client::new().get(&url).query(query)).await.status, 400, "{query:?}");
    }
    let curl = &status.endpoints.iter().find(|endpoint| endpoint.method == "POST").expect("an endpoint").curl;
    assert!(curl.contains("Content-Type: application/json") && curl.contains("X-Tenant: VALUE"), "{curl}");

    let writes = async |request: &str| {
        world.aws.forget_calls().await;
        world.kube.check_now("validated", request).await;
        world.aws.writes().await.into_iter().map(|(_, operation)| operation).collect::<Vec<_>>()
    };
    assert_eq!(writes("1").await, Vec::<String>::new());
    // Others loosen the model and the validator; callers see nothing of that, and it is put right.
    let gateway = world.aws.apigateway(REGION);
    let patch = |path: &str, value: &str| PatchOperation::builder().op(Op::Replace).path(path).value(value).build();
    let loose = patch("/schema", r#"{"type":"object"}"#);
    let request = gateway.update_model().rest_api_id(&id).model_name("Order").patch_operations(loose);
    request.send().await.expect("it changes");
    assert_eq!(writes("2").await, ["PutRestApi"]);
    let validators = gateway.get_request_validators().rest_api_id(&id).send().await.expect("validators");
    let all = validators.items().iter().find(|one| one.validate_request_body).and_then(|one| one.id()).expect("an id");
    let off = patch("/validateRequestBody", "false");
    let request = gateway.update_request_validator().rest_api_id(&id).request_validator_id(all).patch_operations(off);
    request.send().await.expect("it changes");
    assert_eq!(writes("3").await, ["PutRestApi"]);
    let notes: Vec<String> = world.kube.events("validated").await.into_iter().map(|(_, note)| note).collect();
    for expected in ["api models.Order.", "validation.checks.body: false -> true"] {
        assert!(notes.iter().any(|note| note.contains(expected)), "{expected}: {notes:?}");
    }
    assert_eq!(writes("4").await, Vec::<String>::new());
    assert_eq!(Answer::of(order(r#"{"id": 7}"#)).await.status, 400);
}

const NEEDS: &str = r#"
region: us-east-1
stateMachines: [{name: orders, arn: "ORDERS"}]
role: {stateMachineArns: ["ORDERS"], unscopedActions: [SendTaskSuccess]}
methods:
  - {path: /query, method: GET, action: DescribeExecution, stateMachine: orders, authorization: {type: None},
     arguments: {executionArn: {query: arn}}}
  - {path: /header, method: GET, action: DescribeExecution, stateMachine: orders, authorization: {type: None},
     arguments: {executionArn: {header: X-Arn}}}
  - {path: /body, method: POST, action: StopExecution, stateMachine: orders, authorization: {type: None},
     arguments: {executionArn: {bodyField: "$.of.arns[1]"}, cause: {bodyField: $.why}}}
  - {path: /task, method: POST, action: SendTaskSuccess, authorization: {type: None},
     arguments: {taskToken: {bodyField: $.token}, output: {bodyField: $.output}}}
  - {path: /request, method: POST, action: StartExecution, authorization: {type: None}}
  - {path: /list, method: POST, action: ListExecutions, authorization: {type: None}}
stages: [{name: test}]
"#;

#[tokio::test]
async fn calls_without_what_the_action_needs_do_not_reach_step_functions() {
    let world = World::new("needs").await;
    let orders = world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
    let _controller = world.controller().await;
    world.kube.apply_spec("needs", &NEEDS.replace("ORDERS", &orders)).await.expect("the spec applies");
    let url = world.kube.wait_ready("needs").await.status.expect("a status").stages[0].url.clone();
    let at = |path: &str| format!("{url}{path}");
    let whole = format!(r#"{{"stateMachineArn": "{orders}"}}"#);
    let arn = Answer::until(200, || post(&at("/request"), JSON, whole.clone())).await.json()["executionArn"].clone();
    let arn = arn.as_str().expect("an ARN");

    let before = calls(&world).await;
    let missing = [
        Client::new().get(at("/query")),
        Client::new().get(at("/query?arn=")),
        Client::new().get(at("/header")),
        post(&at("/body"), JSON, "{}"),
        post(&at("/body"), JSON, ""),
        post(&at("/body"), JSON, "no JSON"),
        post(&at("/body"), JSON, r#"{"of": {"arns": ["x"]}}"#),
        post(&at("/body"), JSON, r#"{"of": "x", "why": "y"}"#),
        post(&at("/task"), JSON, r#"{"token": "x"}"#),
        post(&at("/task"), "application/json; charset=utf-8", r#"{"output": "x"}"#),
        post(&at("/request"), JSON, r#"{"input": "{}"}"#),
        post(&at("/list"), JSON, r#"{"maxResults": 3}"#),
    ];
    for (index, request) in missing.into_iter().enumerate() {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 400, "{index}: {answer:?}");
        assert!(answer.json()["error"].is_string() && answer.json()["message"].is_string(), "{index}: {answer:?}");
    }
    assert_eq!(calls(&world).await, before, "Step Functions was not called");

    let good = [
        Client::new().get(at("/query")).query(&[("arn", arn)]),
        Client::new().get(at("/header")).header("x-arn", arn),
        post(&at("/list"), JSON, whole.clone()),
        // What `curl -d` says of JSON.
        post(&at("/request"), "application/x-www-form-urlencoded", whole.clone()),
        post(&at("/body"), JSON, format!(r#"{{"of": {{"arns": [1, "{arn}"]}}}}"#)),
    ];
    for (index, request) in good.into_iter().enumerate() {
        let answer = Answer::of(request).await;
        assert_eq!(answer.status, 200, "{index}: {answer:?}");
    }
    assert_eq!(calls(&world).await, before + 5);

    world.aws.forget_calls().await;
    world.kube.check_now("needs", "1").await;
    assert_eq!(world.aws.writes().await, []);
}
