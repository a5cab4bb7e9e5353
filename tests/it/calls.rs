//! What callers get: actions, errors, authorization, paths, templates of the user's own.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::world::{Answer, MachineKind, World, eventually, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";

/// URL of the one stage of an object with that spec.
async fn apply(world: &World, name: &str, spec: &str) -> String {
    world.kube.apply_spec(name, spec).await.expect("the spec applies");
    let status = world.kube.wait_ready(name).await.status.expect("a status");
    status.stages[0].url.clone()
}

fn get(url: &str, query: &[(&str, &str)]) -> reqwest::RequestBuilder {
    Client::new().get(url).query(query)
}

/// An answer with that status and error, in the form of every error of ours, that tells nothing of the account.
fn assert_error(world: &World, answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = answer.json();
    assert_eq!(body["error"], error, "{answer:?}");
    let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["error", "message", "requestId"], "{answer:?}");
    assert!(body.as_object().expect("an object").values().all(|value| value.is_string()), "{answer:?}");
    if status >= 500 {
        assert!(!answer.body.contains("arn:") && !answer.body.contains(&world.aws.id), "{answer:?}");
    }
}

#[tokio::test]
async fn a_synchronous_start_answers_the_end_of_the_workflow() {
    let world = World::new("sync").await;
    let ends = |state: Value| json!({"StartAt": "E", "States": {"E": state}});
    let passes = world.aws.machine(REGION, "passes", MachineKind::Express).await;
    let fail = ends(json!({"Type": "Fail", "Error": "Card\"Refused", "Cause": "it's {\"code\": \"7\"} #set $x"}));
    let fails = world.aws.machine_of(REGION, "fails", MachineKind::Express, &fail).await;
    let mut wait = ends(json!({"Type": "Wait", "Seconds": 20, "End": true}));
    wait["TimeoutSeconds"] = json!(1);
    let waits = world.aws.machine_of(REGION, "waits", MachineKind::Express, &wait).await;
    let methods: String = ["passes", "fails", "waits"]
        .map(|name| {
            format!(
                "  - {{path: /{name}, method: POST, action: StartSyncExecution, stateMachine: {name}, \
                 authorization: {{type: None}}}}\n"
            )
        })
        .concat();
    let _controller = world.controller().await;
    let url = apply(
        &world,
        "sync",
        &format!(
            "region: {REGION}\nstateMachines:\n  - {{name: passes, arn: \"{passes}\"}}\n  - {{name: fails, arn: \
             \"{fails}\"}}\n  - {{name: waits, arn: \"{waits}\"}}\nmethods:\n{methods}stages: [{{name: s}}]"
        ),
    )
    .await;

    let call = |path: &str| post(&format!("{url}/{path}"), JSON, r#"{"a": "it's \"b\""}"#);
    let passed = Answer::until(200, || call("passes")).await.json();
    assert_eq!(passed["status"], "SUCCEEDED");
    let output: Value = serde_json::from_str(passed["output"].as_str().expect("an output")).expect("JSON");
    assert_eq!(output, json!({"a": "it's \"b\""}));

    let failed = Answer::until(502, || call("fails")).await;
    assert_error(&world, &failed, 502, "Card\"Refused");
    assert_eq!(failed.json()["message"], "it's {\"code\": \"7\"} #set $x");
    let timed_out = Answer::until(504, || call("waits")).await;
    assert_error(&world, &timed_out, 504, "ExecutionTIMED_OUT");
}

#[tokio::test]
async fn executions_can_be_described_and_stopped_and_errors_have_their_status() {
    let world = World::new("actions").await;
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}});
    let machine = world.aws.machine_of(REGION, "waits", MachineKind::Standard, &wait).await;
    let _controller = world.controller().await;
    let url = apply(
        &world,
        "actions",
        &format!(
            r#"
region: {REGION}
role: {{managedPolicyArns: ["arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess"]}}
stateMachines: [{{name: waits, arn: "{machine}"}}]
methods:
  - {{path: /, method: POST, action: StartExecution, stateMachine: waits, authorization: {{type: None}},
     arguments: {{name: {{header: Idempotency-Key}}, input: {{body: {{}}}}}}}}
  - {{path: /, method: GET, action: DescribeExecution, stateMachine: waits, authorization: {{type: None}},
     arguments: {{executionArn: {{query: arn}}}}}}
  - {{path: /, method: DELETE, action: StopExecution, stateMachine: waits, authorization: {{type: None}},
     arguments: {{executionArn: {{query: arn}}, cause: {{header: X-Cause}}}}}}
stages: [{{name: s}}]"#
        ),
    )
    .await;

    let start = |body: &'static str| post(&url, JSON, body).header("Idempotency-Key", "one");
    let started = Answer::until(200, || start("1")).await.json();
    let arn = started["executionArn"].as_str().expect("an ARN");
    assert_error(&world, &Answer::of(start("2")).await, 409, "ExecutionAlreadyExists");
    assert_eq!(Answer::of(start("1")).await.json()["executionArn"], arn, "a start with a key can be repeated");

    assert_eq!(Answer::of(get(&url, &[("arn", arn)])).await.json()["status"], "RUNNING");
    assert_error(&world, &Answer::of(get(&url, &[])).await, 400, "BadRequestParameters");
    assert_error(&world, &Answer::of(get(&url, &[("arn", "\"'$x")])).await, 400, "SerializationException");
    // The role would allow it; the method is for its own machine's executions.
    let other = world.aws.machine(REGION, "other", MachineKind::Standard).await;
    let foreign = world.aws.states(REGION).start_execution().state_machine_arn(other).send().await.expect("a start");
    let foreign = [("arn", foreign.execution_arn())];
    assert_error(&world, &Answer::of(get(&url, &foreign)).await, 400, "SerializationException");
    let missing = format!("{arn}-none");
    assert_error(&world, &Answer::of(get(&url, &[("arn", &missing)])).await, 404, "ExecutionDoesNotExist");

    let stop = Client::new().delete(&url).query(&[("arn", arn)]).header("X-Cause", "it's \"enough\" #1 $");
    assert_eq!(Answer::of(stop).await.status, 200);
    eventually("the stop", || async {
        let status = Answer::of(get(&url, &[("arn", arn)])).await.json()["status"].clone();
        if status == "ABORTED" { Ok(()) } else { Err(status.to_string()) }
    })
    .await;
    let history = world.aws.states(REGION).get_execution_history().execution_arn(arn).send().await.expect("a history");
    let aborted = history.events().iter().find_map(|event| event.execution_aborted_event_details());
    assert_eq!(aborted.and_then(|details| details.cause()), Some("it's \"enough\" #1 $"));
}

/// The caller's own request, as in the AWS tutorial: without what the action needs it is refused like any other.
#[tokio::test]
async fn a_request_of_the_callers_own_has_what_the_action_needs_or_answers_400() {
    let world = World::new("own").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let method = |action: &str| {
        format!("  - {{path: /{action}, method: POST, action: {action}, authorization: {{type: None}}}}\n")
    };
    let actions = ["StartExecution", "DescribeExecution", "ListExecutions", "SendTaskSuccess", "ListStateMachines"];
    let methods = actions.map(method).concat();
    let spec = format!(
        "region: {REGION}\nrole: {{stateMachineArns: ['{machine}'], unscopedActions: [ListStateMachines, \
         SendTaskSuccess]}}\nmethods:\n{methods}stages: [{{name: s}}]"
    );
    let url = apply(&world, "own", &spec).await;
    let call = |action: &str, body: String| post(&format!("{url}/{action}"), JSON, body);
    let own = json!({"stateMachineArn": machine, "input": r#"{"a": "it"}"#});
    let started = Answer::until(200, || call("StartExecution", format!("\n {own:#}\n"))).await.json();
    let states = world.aws.states(REGION);
    let arn = started["executionArn"].as_str().expect("an ARN");
    let found = states.describe_execution().execution_arn(arn).send().await.expect("an execution");
    // The emulator writes it anew.
    assert_eq!(serde_json::from_str::<Value>(found.input().unwrap_or_default()).expect("JSON"), json!({"a": "it"}));
    let listed = call("ListExecutions", json!({"stateMachineArn": machine}).to_string());
    assert_eq!(Answer::of(listed).await.status, 200);
    assert_eq!(Answer::of(call("ListStateMachines", String::new())).await.status, 200, "it needs nothing");
    const FORM: &str = "application/x-www-form-urlencoded";
    let as_form = |action: &str, body: String| post(&format!("{url}/{action}"), FORM, body);
    for (action, body) in [
        ("StartExecution", json!({"input": "{}"})),
        ("StartExecution", json!([own])),
        ("DescribeExecution", json!({"stateMachineArn": machine})),
        ("ListExecutions", json!({"maxResults": 1})),
        ("SendTaskSuccess", json!({"taskToken": "t"})),
        ("SendTaskSuccess", json!({"output": "1"})),
    ] {
        let answer = Answer::of(call(action, body.to_string())).await;
        assert_error(&world, &answer, 400, "BadRequestBody");
        let answer = Answer::of(as_form(action, body.to_string())).await;
        assert_error(&world, &answer, 400, "SerializationException");
    }
    for body in [json!({"stateMachineArn": ""}), json!({"stateMachineArn": null})] {
        let answer = Answer::of(call("StartExecution", body.to_string())).await;
        assert_error(&world, &answer, 400, "SerializationException");
    }
    // An empty output is one: Step Functions gets it, and says that it is no JSON or that there is no such task.
    let empty = Answer::of(call("SendTaskSuccess", json!({"taskToken": "t", "output": ""}).to_string())).await;
    assert_ne!(empty.json()["error"], "SerializationException", "{empty:?}");
    for action in ["StartExecution", "DescribeExecution", "ListExecutions", "SendTaskSuccess"] {
        for body in ["", "{", "no JSON", "a=1&b=2"] {
            let answer = Answer::of(call(action, body.to_owned())).await;
            assert_error(&world, &answer, 400, "BadRequestBody");
            let answer = Answer::of(as_form(action, body.to_owned())).await;
            assert_error(&world, &answer, 400, "SerializationException");
        }
    }
}

#[test]
fn a_request_of_the_callers_own_is_passed_on_as_it_was_sent() {
    let golden: Value = serde_json::from_str(include_str!("golden/aws-tutorial.json")).expect("JSON");
    let post = &golden["restApi"]["openapi"]["paths"]["/execution"]["post"];
    let template = &post["x-amazon-apigateway-integration"]["requestTemplates"][JSON];
    let template = stepgate::vtl::parse(template.as_str().expect("a template")).expect("it parses");
    for body in [
        r#"{"stateMachineArn":"a"}"#,
        " \r\n\t{ \"stateMachineArn\" : \"a\",\n \"input\":\"{\\u0022é\\/ 1e3 it's $x #end\"  } \n",
        r#"{"a": 1.50, "a": 2E+3, "stateMachineArn": "", "stateMachineArn": "a"}"#,
    ] {
        let call = stepgate::vtl::Context { body: body.to_owned(), ..Default::default() };
        assert_eq!(stepgate::vtl::evaluate(&template, &call).expect("it runs").text, body);
    }
}

#[tokio::test]
async fn a_machine_or_permission_that_goes_away_answers_without_arns() {
    let world = World::new("gone").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let url = apply(
        &world,
        "gone",
        &format!(
            "region: {REGION}\nstateMachines: [{{name: hello, arn: \"{machine}\"}}]\nmethods: [{{path: /, method: \
             POST, action: StartExecution, stateMachine: hello, authorization: {{type: None}}}}]\nstages: [{{name: s}}]"
        ),
    )
    .await;
    let call = || post(&url, JSON, "{}");
    Answer::until(200, call).await;
    world.aws.states(REGION).delete_state_machine().state_machine_arn(&machine).send().await.expect("deleted");
    let gone = Answer::until(404, call).await;
    assert_error(&world, &gone, 404, "StateMachineDoesNotExist");
    world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    Answer::until(200, call).await;

    let role = world.kube.get("gone").await.status.and_then(|status| status.role_arn).expect("a role");
    let role = role.rsplit('/').next().unwrap_or_default();
    let policies = world.aws.iam().list_role_policies().role_name(role).send().await.expect("policies");
    for policy in policies.policy_names() {
        world.aws.iam().delete_role_policy().role_name(role).policy_name(policy).send().await.expect("deleted");
    }
    let denied = Answer::until(500, || call().header("Accept", "text/html")).await;
    assert_error(&world, &denied, 500, "AccessDeniedException");
}

#[tokio::test]
async fn paths_verbs_and_authorization_let_through_what_the_spec_says() {
    let world = World::new("paths").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let url = apply(
        &world,
        "paths",
        &format!(
            r#"
region: {REGION}
stateMachines: [{{name: hello, arn: "{machine}"}}]
methods:
  - {{path: /signed, method: POST, action: StartExecution, stateMachine: hello}}
  - {{path: /any, method: ANY, action: StartExecution, stateMachine: hello, authorization: {{type: None}},
     arguments: {{input: {{context: httpMethod}}}}}}
  - {{path: "/orders/{{id}}", method: POST, action: StartExecution, stateMachine: hello, authorization: {{type: None}},
     arguments: {{input: {{path: id}}}}}}
  - {{path: "/files/{{proxy+}}", method: PUT, action: StartExecution, stateMachine: hello, authorization: {{type: None}},
     arguments: {{input: {{path: proxy}}}}}}
stages: [{{name: s}}]"#
        ),
    )
    .await;
    let call = |method: Method, path: &str| Client::new().request(method, format!("{url}{path}"));
    let input = async |answer: Answer| -> Value {
        assert_eq!(answer.status, 200, "{answer:?}");
        let arn = answer.json()["executionArn"].as_str().unwrap_or_default().to_owned();
        let found = world.aws.states(REGION).describe_execution().execution_arn(arn).send().await;
        serde_json::from_str(found.expect("an execution").input().unwrap_or_default()).expect("JSON")
    };
    assert_eq!(input(Answer::until(200, || call(Method::POST, "/orders/a-7")).await).await, "a-7");
    assert_eq!(input(Answer::of(call(Method::PUT, "/files/a/b/c.txt")).await).await, "a/b/c.txt");
    for verb in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
        assert_eq!(input(Answer::of(call(verb.clone(), "/any")).await).await, verb.as_str());
    }

    assert_eq!(Answer::of(call(Method::POST, "/signed")).await.status, 403, "not signed");
    let signed = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/execute-api/aws4_request, Signature=0";
    assert_eq!(Answer::of(call(Method::POST, "/signed").header("Authorization", signed)).await.status, 200);
    for (verb, path) in
        [(Method::POST, "/none"), (Method::GET, "/orders/7"), (Method::POST, "/"), (Method::PUT, "/files")]
    {
        assert_eq!(Answer::of(call(verb.clone(), path)).await.status, 403, "{verb} {path}");
    }
}

#[tokio::test]
async fn templates_of_the_users_make_the_request() {
    let world = World::new("templates").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let template = format!(r#"{{"stateMachineArn": "{machine}", "input": "{{\"order\": $input.json('$.id')}}"}}"#);
    let named = template.replace("order", "named");
    let url = apply(
        &world,
        "templates",
        &format!(
            "region: {REGION}\nstateMachines: [{{name: hello, arn: \"{machine}\"}}]\ntemplates:\n  - name: \
             shared\n    body: |\n      {named}\nmethods:\n  - path: /inline\n    method: POST\n    action: \
             StartExecution\n    stateMachine: hello\n    authorization: {{type: None}}\n    request:\n      \
             template:\n        inline: |\n          {template}\n  - path: /named\n    method: POST\n    action: \
             StartExecution\n    stateMachine: hello\n    authorization: {{type: None}}\n    request: {{template: \
             {{name: shared}}}}\nstages: [{{name: s}}]"
        ),
    )
    .await;
    for (path, field) in [("inline", "order"), ("named", "named")] {
        for kind in [JSON, "application/x-www-form-urlencoded"] {
            let started = Answer::until(200, || post(&format!("{url}/{path}"), kind, r#"{"id": 7}"#)).await.json();
            let arn = started["executionArn"].as_str().unwrap_or_default();
            let states = world.aws.states(REGION);
            let output = eventually("the output", || async {
                let found = states.describe_execution().execution_arn(arn).send().await.expect("an execution");
                found.output().map(str::to_owned).ok_or_else(|| format!("{found:?}"))
            })
            .await;
            assert_eq!(serde_json::from_str::<Value>(&output).expect("JSON"), json!({ field: 7 }));
        }
    }
}
