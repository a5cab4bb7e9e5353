//! What callers get of workflows that end well or badly: statuses, headers, bodies, and errors in one shape.

use futures::StreamExt;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::inputs::generated::{generated, value};
use crate::world::{Answer, MachineKind, World, eventually, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";

/// URL of the one stage of an object with that spec.
async fn apply(world: &World, name: &str, spec: &str) -> String {
    world.kube.apply_spec(name, spec).await.expect("the spec applies");
    let status = world.kube.wait_ready(name).await.status.expect("a status");
    status.stages[0].url.clone()
}

/// A check finds nothing to write.
pub async fn assert_settled(world: &World, name: &str) {
    world.aws.forget_calls().await;
    world.kube.check_now(name, "again").await;
    let calls = world.aws.writes().await;
    let writes: Vec<_> = calls.iter().filter(|(service, _)| service != "stepfunctions").collect();
    assert!(writes.is_empty(), "{writes:?}");
}

/// An answer with that status and error, in the form of every error of ours.
pub fn assert_error(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = answer.json();
    let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["error", "message", "requestId"], "{answer:?}");
    assert_eq!(body["error"], error, "{answer:?}");
    for value in body.as_object().expect("an object").values() {
        assert!(value.as_str().is_some_and(|text| !text.is_empty()), "{answer:?}");
    }
}

fn method(path: &str, verb: &str, action: &str, machine: &str, more: &str) -> String {
    format!(
        "  - {{path: \"{path}\", method: {verb}, action: {action}, stateMachine: {machine}, authorization: {{type: \
         None}}{more}}}\n"
    )
}

#[tokio::test]
async fn the_example_of_a_workflow_as_an_endpoint_answers_output_and_status_of_the_workflow() {
    let world = World::new("unwrap").await;
    world.aws.machine(REGION, "Quote", MachineKind::Express).await;
    let _controller = world.controller().await;
    world.kube.apply(&world.example("sync-workflow")).await.expect("the example applies");
    let status = world.kube.wait_ready("sync-workflow").await.status.expect("a status");
    let url = format!("{}/quotes", status.stages[0].url);
    let call = |body: &Value| post(&url, JSON, body.to_string());
    Answer::until(200, || call(&json!({}))).await;

    // The machine's output is its input.
    for (output, status) in [
        (json!({"price": 7}), 200),
        (json!({"statusCode": null}), 200),
        (json!({"statusCode": 404, "why": "it's \"gone\" $x #if("}), 404),
        (json!({"statusCode": 200}), 200),
        (json!({"statusCode": 599}), 599),
        (json!([{"statusCode": 404}]), 200),
        (json!("text"), 200),
        (json!(null), 200),
    ] {
        let answer = Answer::of(call(&output)).await;
        assert_eq!((answer.status, answer.json()), (status, output), "{answer:?}");
        assert_eq!(answer.header("Cache-Control"), Some("no-store"), "{answer:?}");
        assert_eq!(answer.header("Content-Type"), Some(JSON), "{answer:?}");
    }
    for status in [json!(199), json!(600), json!("404"), json!(200.5), json!(true), json!(""), json!([200]), json!({})]
    {
        let answer = Answer::of(call(&json!({"statusCode": status}))).await;
        assert_error(&answer, 502, "InvalidStatus");
        assert_eq!(answer.header("Cache-Control"), None, "a header of successes: {answer:?}");
    }

    // Errors with the spec's own words and statuses.
    let bad = Answer::of(call(&json!({})).header("Idempotency-Key", "a b")).await;
    assert_error(&bad, 400, "InvalidName");
    assert_eq!(bad.json()["message"], "Idempotency-Key has characters that cannot be in a name");
    assert_settled(&world, "sync-workflow").await;
    let arn = world.aws.machine_arn(REGION, "Quote");
    world.aws.states(REGION).delete_state_machine().state_machine_arn(arn).send().await.expect("a deletion");
    let gone = Answer::until(503, || call(&json!({}))).await;
    assert_error(&gone, 503, "StateMachineDoesNotExist");
    assert_eq!(gone.json()["message"], "Quotes are not available");
}

#[tokio::test]
async fn any_output_is_the_body_as_it_is() {
    let world = World::new("bodies").await;
    let fast = world.aws.machine(REGION, "fast", MachineKind::Express).await;
    let slow = world.aws.machine(REGION, "slow", MachineKind::Standard).await;
    let unwrap = ", response: {unwrap: output}";
    let describe = format!(", arguments: {{executionArn: {{query: arn}}}}{unwrap}");
    let _controller = world.controller().await;
    let url = apply(
        &world,
        "bodies",
        &format!(
            "region: {REGION}\nstateMachines:\n  - {{name: fast, arn: \"{fast}\"}}\n  - {{name: slow, arn: \
             \"{slow}\"}}\nmethods:\n{}{}stages: [{{name: s}}]",
            method("/run", "POST", "StartSyncExecution", "fast", unwrap),
            method("/run", "GET", "DescribeExecution", "slow", &describe),
        ),
    )
    .await
        + "/run";
    Answer::until(200, || post(&url, JSON, "{}")).await;
    let states = &world.aws.states(REGION);
    let (url, slow) = (&url, &slow);
    let check = |(index, sent): (usize, Value)| async move {
        let answer = Answer::of(post(url, JSON, sent.to_string())).await;
        assert_eq!((answer.status, answer.json()), (200, sent.clone()), "{answer:?}");
        if index % 5 > 0 {
            return;
        }
        let start = states.start_execution().state_machine_arn(slow).input(sent.to_string()).send().await;
        let arn = start.expect("a start").execution_arn;
        let answer = Answer::until(200, || Client::new().get(url).query(&[("arn", &arn)])).await;
        let found = states.describe_execution().execution_arn(&arn).send().await.expect("an execution");
        assert_eq!(Some(answer.body.as_str()), found.output());
    };
    let all = futures::stream::iter(generated(&value(), 120).into_iter().enumerate());
    all.map(check).buffer_unordered(8).collect::<Vec<()>>().await;
}

#[tokio::test]
async fn each_state_of_an_execution_has_its_status() {
    let world = World::new("states").await;
    let ends = |state: Value| json!({"StartAt": "E", "States": {"E": state}});
    let fail = ends(json!({"Type": "Fail", "Error": "Card\"Refused", "Cause": "it's {\"code\": \"7\"} #set $x"}));
    let quiet = ends(json!({"Type": "Fail"}));
    let wait = ends(json!({"Type": "Wait", "Seconds": 600, "End": true}));
    let mut late = wait.clone();
    late["TimeoutSeconds"] = json!(1);
    let mut machines = String::new();
    let mut methods = String::new();
    for (name, definition) in [("fail", &fail), ("quiet", &quiet), ("wait", &wait), ("late", &late)] {
        let arn = world.aws.machine_of(REGION, name, MachineKind::Standard, definition).await;
        machines += &format!("  - {{name: {name}, arn: \"{arn}\"}}\n");
        let describe = ", arguments: {executionArn: {query: arn}}, response: {unwrap: output, headers: {X-Done: here}}";
        methods += &method(&format!("/{name}"), "GET", "DescribeExecution", name, describe);
    }
    let _controller = world.controller().await;
    let spec = format!("region: {REGION}\nstateMachines:\n{machines}methods:\n{methods}stages: [{{name: s}}]");
    let url = apply(&world, "states", &spec).await;
    let states = world.aws.states(REGION);
    let start = async |name: &str| {
        let arn = world.aws.machine_arn(REGION, name);
        states.start_execution().state_machine_arn(arn).send().await.expect("a start").execution_arn
    };
    let ask = |name: &str, arn: &str| Client::new().get(format!("{url}/{name}")).query(&[("arn", arn)]);

    let arn = start("wait").await;
    let running = Answer::until(202, || ask("wait", &arn)).await;
    assert_eq!((running.json(), running.header("X-Done")), (json!({"status": "RUNNING"}), None));
    let stop = states.stop_execution().execution_arn(&arn);
    stop.send().await.expect("a stop");
    let stopped = Answer::until(409, || ask("wait", &arn)).await;
    // The emulator forgets the words of the stop.
    assert_error(&stopped, 409, "ExecutionABORTED");

    let arn = start("fail").await;
    let failed = Answer::until(502, || ask("fail", &arn)).await;
    assert_error(&failed, 502, "Card\"Refused");
    assert_eq!(
        (failed.json()["message"].as_str(), failed.header("X-Done")),
        (Some("it's {\"code\": \"7\"} #set $x"), None)
    );
    let arn = start("quiet").await;
    assert_error(&Answer::until(502, || ask("quiet", &arn)).await, 502, "ExecutionFAILED");
    let arn = start("late").await;
    let late = Answer::until(504, || ask("late", &arn)).await;
    assert_eq!(late.json().as_object().map(serde_json::Map::len), Some(3), "{late:?}");
}

#[tokio::test]
async fn own_templates_headers_and_statuses_replace_the_generated_ones() {
    let world = World::new("own").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let url = apply(
        &world,
        "own",
        &format!(
            r##"
region: {REGION}
stateMachines: [{{name: hello, arn: "{machine}"}}]
templates:
  - {{name: refused, body: "#set($context.responseOverride.status = 418){{\"no\": \"$input.path('$.__type').split('#')[1]\"}}"}}
methods:
  - path: /own
    method: POST
    action: StartExecution
    stateMachine: hello
    authorization: {{type: None}}
    arguments: {{name: {{query: name}}}}
    response:
      headers: {{Cache-Control: "max-age=60, public", Content-Language: en}}
      templates:
        - {{status: 200, template: {{inline: "{{\"started\": $input.json('$.executionArn')}}"}}}}
        - {{status: 400, template: {{name: refused}}}}
        - {{status: 500, template: {{inline: "{{\"later\": true}}"}}}}
  - path: /once
    method: POST
    action: StartExecution
    stateMachine: hello
    authorization: {{type: None}}
    arguments: {{name: {{query: name}}}}
    response:
      headers: {{Cache-Control: no-store}}
      errors:
        ExecutionAlreadyExists: {{status: 200}}
        InvalidName: {{message: "it's #1 of $2 \"bad\" \\ ones: é"}}
cors: {{allowOrigins: ["https://a.example"], exposeHeaders: [X-Amzn-RequestId]}}
stages: [{{name: s}}]"##
        ),
    )
    .await;
    let call = |path: &str, name: &str, body: &'static str| {
        let request = post(&format!("{url}/{path}"), JSON, body).query(&[("name", name)]);
        request.header("Origin", "https://a.example")
    };
    let shared = |answer: &Answer| {
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("https://a.example"), "{answer:?}");
        assert_eq!(answer.header("Access-Control-Expose-Headers"), Some("X-Amzn-RequestId"), "{answer:?}");
    };

    let started = Answer::until(200, || call("own", "one", "1")).await;
    let keys = started.json().as_object().map(|body| body.keys().cloned().collect::<Vec<_>>());
    assert_eq!(keys, Some(vec!["started".to_owned()]), "{started:?}");
    assert_eq!(started.header("Cache-Control"), Some("max-age=60, public"));
    assert_eq!(started.header("Content-Language"), Some("en"));
    shared(&started);
    let refused = Answer::of(call("own", "a b", "1")).await;
    assert_eq!((refused.status, refused.json()), (418, json!({"no": "InvalidName"})));
    assert_eq!(refused.header("Cache-Control"), None);
    shared(&refused);

    assert_eq!(Answer::of(call("once", "two", "1")).await.status, 200);
    let again = Answer::of(call("once", "two", "2")).await;
    assert_error(&again, 200, "ExecutionAlreadyExists");
    shared(&again);
    let bad = Answer::of(call("once", "a b", "1")).await;
    assert_error(&bad, 400, "InvalidName");
    assert_eq!(bad.json()["message"], "it's #1 of $2 \"bad\" \\ ones: é");

    for (status, code) in [(500, "InternalFailure"), (503, "ServiceUnavailable")] {
        let fault = json!({"service": "stepfunctions", "operation": "StartExecution", "code": code, "status": status,
            "message": format!("secret {machine}"), "count": 2});
        world.aws.order_fault(fault).await;
        let failed = Answer::of(call("once", "three", "1")).await;
        assert_error(&failed, 500, "ServiceFailure");
        assert!(!failed.body.contains(&world.aws.id), "{failed:?}");
        shared(&failed);
        let own = Answer::of(call("own", "three", "1")).await;
        assert_eq!((own.status, own.json()), (500, json!({"later": true})));
        shared(&own);
    }
    assert_settled(&world, "own").await;
}

#[tokio::test]
async fn a_started_job_is_found_where_its_location_says() {
    let world = World::new("location").await;
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 2, "End": true}}});
    world.aws.machine_of(REGION, "Report", MachineKind::Standard, &wait).await;
    let _controller = world.controller().await;
    world.kube.apply(&world.example("async-job")).await.expect("the example applies");
    let status = world.kube.wait_ready("async-job").await.status.expect("a status");
    let url = format!("{}/jobs", status.stages[0].url);
    let started = Answer::until(202, || post(&url, JSON, r#"{"rows": 7}"#)).await;
    let arn = started.json()["executionArn"].as_str().expect("an ARN").to_owned();
    assert_eq!(started.header("Location"), Some(format!("./jobs/{arn}").as_str()));
    let job = followed(&url, &started);
    let running = Answer::of(Client::new().get(&job)).await;
    assert_eq!((running.status, running.json()), (202, json!({"status": "RUNNING"})));
    let done = Answer::until(200, || Client::new().get(&job)).await;
    assert_eq!(done.json(), json!({"rows": 7}));
    let none = Answer::of(Client::new().get(format!("{job}-none"))).await;
    assert_error(&none, 404, "ExecutionDoesNotExist");
    assert_eq!(none.json()["message"], "There is no such job");
    // As other clients write the ARN in an URL.
    let encoded = format!("{url}/{}", arn.replace(':', "%3A"));
    assert_eq!(Answer::of(Client::new().get(&encoded)).await.status, 200);
    assert_settled(&world, "async-job").await;
}

/// The URL of an answer's Location.
fn followed(called: &str, answer: &Answer) -> String {
    let location = answer.header("Location").unwrap_or_else(|| panic!("no Location: {answer:?}"));
    reqwest::Url::parse(called).and_then(|url| url.join(location)).expect("an URL").to_string()
}

#[tokio::test]
async fn locations_hold_from_every_depth_and_for_every_form_of_the_url() {
    let world = World::new("depths").await;
    let mut spec = format!("region: {REGION}\nstateMachines:\n");
    for name in ["path", "query", "root"] {
        let arn = world.aws.machine(REGION, name, MachineKind::Standard).await;
        spec += &format!("  - {{name: {name}, arn: \"{arn}\"}}\n");
    }
    spec += "methods:\n";
    for (name, path, source) in
        [("path", "/{arn}", "{path: arn}"), ("query", "/a/state", "{query: $arn}"), ("root", "/", "{query: of}")]
    {
        let arguments = format!(", arguments: {{executionArn: {source}}}");
        spec += &method(path, "GET", "DescribeExecution", name, &arguments);
    }
    let arguments = ", arguments: {input: {body: {}}, name: {header: X-Name}}, response: {location: true}";
    let calls = [
        ("path", Method::POST, ""),
        ("path", Method::PATCH, "/one"),
        ("path", Method::POST, "/one/two/three"),
        ("query", Method::PUT, ""),
        ("query", Method::POST, "/one"),
        ("query", Method::POST, "/a/{arn}/x"),
        ("root", Method::DELETE, ""),
        ("root", Method::PUT, "/one/two"),
    ];
    for (name, verb, path) in &calls {
        let path = if path.is_empty() { "/" } else { path };
        spec += &method(path, verb.as_str(), "StartExecution", name, arguments);
    }
    spec += "stages: [{name: s}]";
    let _controller = world.controller().await;
    let url = apply(&world, "depths", &spec).await;
    let mut count = 0;
    for (name, verb, path) in calls {
        for end in ["", "/"] {
            let called = format!("{url}{}{end}", path.replace("{arn}", "any"));
            count += 1;
            let execution = format!("e-{count}");
            let request = || Client::new().request(verb.clone(), &called).header("X-Name", &execution).body("1");
            let started = Answer::until(202, request).await;
            let found = Answer::of(Client::new().get(followed(&called, &started))).await;
            assert_eq!(found.status, 200, "{name} {called}: {started:?} {found:?}");
            assert_eq!(found.json()["executionArn"], started.json()["executionArn"], "{called}");
        }
    }
    // The emulator starts executions of such names, but describes none.
    let odd = Answer::of(post(&format!("{url}/one/two/three"), JSON, "1").header("X-Name", "e'(n+1)=x@")).await;
    let location = odd.header("Location").unwrap_or_default();
    assert!(location.ends_with(":execution:path:e%27%28n%2B1%29%3Dx%40"), "{odd:?}");
}

#[tokio::test]
async fn a_slow_answer_of_step_functions_is_told_as_it_is() {
    let world = World::new("slow").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let spec = format!(
        "region: {REGION}\nstateMachines: [{{name: hello, arn: \"{machine}\"}}]\nmethods:\n{}stages: [{{name: s}}]",
        method("/run", "POST", "StartExecution", "hello", "")
    );
    let url = apply(&world, "slow", &spec).await + "/run";
    Answer::until(200, || post(&url, JSON, "{}")).await;
    let fault = json!({"service": "stepfunctions", "operation": "StartExecution", "action": "reset"});
    world.aws.order_fault(fault).await;
    let cut = eventually("a cut call", || async {
        let answer = Answer::of(post(&url, JSON, "{}")).await;
        if answer.status >= 500 { Ok(answer) } else { Err(format!("{answer:?}")) }
    })
    .await;
    assert_error(&cut, 504, "IntegrationTimeout");
}
