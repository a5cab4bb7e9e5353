//! Every action of the catalogue, called through the gateway with a role that allows exactly what the methods do.

use std::collections::BTreeSet;

use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use stepgate::actions::ACTIONS;

use crate::world::{Account, Answer, MachineKind, World, env, eventually, post};

const REGION: &str = "us-east-1";
/// The strict layer takes any signature for a valid one.
const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/execute-api/aws4_request, Signature=0";

fn call(url: &str, method: Method, path: &str) -> RequestBuilder {
    Client::new().request(method, format!("{url}{path}")).header("Authorization", SIGNED)
}

async fn answered(request: RequestBuilder) -> Value {
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// As if AWS had given the account a higher quota for the integration timeout.
async fn raise_timeout() {
    let raised = json!({"limitOverrides": {"integrationTimeoutMillis": 300_000}});
    let url = format!("{}/_test/strict", env("AWS_ENDPOINT_URL"));
    let answer = Client::new().put(url).json(&raised).send().await.expect("the bed answers");
    assert!(answer.status().is_success(), "{answer:?}");
}

/// Applies an example and answers the URL of its stage.
async fn apply(world: &World, example: &str) -> String {
    world.kube.apply(&world.example(example)).await.expect("the example applies");
    world.kube.wait_ready(example).await.status.expect("a status").stages[0].url.clone()
}

async fn ended(aws: &Account, arn: &str) -> Value {
    eventually("the end of an execution", || async {
        let found = aws.states(REGION).describe_execution().execution_arn(arn).send().await.expect("an execution");
        let output: Value = serde_json::from_str(found.output().unwrap_or("null")).expect("JSON");
        if found.status().as_str() == "RUNNING" {
            return Err("RUNNING".to_owned());
        }
        Ok(json!({"status": found.status().as_str(), "output": output, "error": found.error(), "cause": found.cause()}))
    })
    .await
}

/// Statements of the inline policy of the one role: action, resources.
async fn grants(world: &World) -> Vec<(String, String)> {
    let iam = world.aws.iam();
    let roles = iam.list_roles().max_items(1000).send().await.expect("roles");
    let role = roles.roles().first().expect("a role").role_name().to_owned();
    let document = world.aws.inline_policy(&role).await;
    let statements = document["Statement"].as_array().expect("statements").iter();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    statements.map(|statement| (text(&statement["Action"]), text(&statement["Resource"]))).collect()
}

#[tokio::test]
async fn operations_are_for_their_machine_and_the_role_allows_no_more() {
    let world = World::new("operations").await;
    let aws = &world.aws;
    let map = json!({"StartAt": "M", "States": {"M": {
        "Type": "Map", "End": true, "ItemsPath": "$.items", "Label": "m",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
        },
    }}});
    let machine = aws.machine_of(REGION, "Orders", MachineKind::Standard, &map).await;
    let other = aws.machine(REGION, "other", MachineKind::Standard).await;
    let start = async |machine: &str, input: &str| {
        let started = aws.states(REGION).start_execution().state_machine_arn(machine).input(input).send().await;
        started.expect("an execution").execution_arn
    };
    let arn = start(&machine, r#"{"items": [1, 2]}"#).await;
    let foreign = start(&other, "{}").await;
    ended(aws, &arn).await;
    let _controller = world.controller().await;
    let url = apply(&world, "operations").await;
    let get = |path: &str, query: &[(&str, &str)]| call(&url, Method::GET, path).query(query);
    let unsigned = Answer::of(Client::new().get(format!("{url}/executions"))).await;
    assert_eq!(unsigned.status, 403, "{unsigned:?}");

    let listed = Answer::until(200, || get("/executions", &[("max", "5"), ("status", "SUCCEEDED")])).await.json();
    assert_eq!(listed["executions"][0]["executionArn"], arn.as_str());
    let one = answered(get("/executions/one", &[("arn", &arn)])).await;
    assert_eq!((&one["status"], &one["input"]), (&json!("SUCCEEDED"), &json!(r#"{"items":[1,2]}"#)));
    let history = answered(get("/executions/history", &[("arn", &arn), ("reverse", "true")])).await;
    assert_eq!(history["events"][0]["type"], "ExecutionSucceeded");
    let definition = answered(get("/executions/definition", &[("arn", &arn)])).await;
    assert_eq!(definition["stateMachineArn"], machine.as_str());

    let runs = answered(get("/mapruns", &[("arn", &arn)])).await;
    let run = runs["mapRuns"][0]["mapRunArn"].as_str().expect("a Map Run").to_owned();
    assert!(run.contains(":mapRun:Orders/"), "{run}");
    assert_eq!(answered(get("/mapruns/one", &[("arn", &run)])).await["mapRunArn"], run.as_str());
    let children = Answer::of(get("/mapruns/executions", &[("arn", &run), ("max", "10")])).await;
    // The emulator does not list by Map Run: it asks for a machine, after the role allowed the call on the Map Run.
    assert!(children.status == 200 || children.json()["error"] != "AccessDeniedException", "{children:?}");

    assert_eq!(answered(get("/machine", &[])).await["stateMachineArn"], machine.as_str());
    assert_eq!(answered(get("/machine/versions", &[])).await["stateMachineVersions"], json!([]));
    assert_eq!(answered(get("/machine/aliases", &[])).await["stateMachineAliases"], json!([]));
    let machines = answered(get("/machines", &[("max", "10")])).await;
    assert_eq!(machines["stateMachines"].as_array().map(Vec::len), Some(2), "{machines}");

    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let check = call(&url, Method::POST, "/definitions/check").query(&[("type", "EXPRESS")]);
    assert_eq!(answered(check.json(&definition)).await["result"], "OK");
    let tried = call(&url, Method::POST, "/definitions/try")
        .json(&json!({"state": {"Type": "Pass", "End": true, "Result": {"it's": "\"x\""}}, "input": {"a": 1}}));
    let tried = answered(tried).await;
    assert_eq!(tried["status"], "SUCCEEDED", "{tried}");
    assert_eq!(
        serde_json::from_str::<Value>(tried["output"].as_str().expect("an output")).expect("JSON"),
        json!({"it's": "\"x\""})
    );

    // What is another machine's is refused, though the role is one for all methods.
    for path in ["/executions/one", "/executions/history", "/executions/definition", "/mapruns"] {
        assert_eq!(Answer::of(get(path, &[("arn", &foreign)])).await.status, 400, "{path}");
    }
    let foreign_run = run.replace(":Orders/", ":Orders2/");
    assert_eq!(Answer::of(get("/mapruns/one", &[("arn", &foreign_run)])).await.status, 400);

    // The emulator has no redrive: what arrives is its 5xx, not a refusal.
    let redrive =
        call(&url, Method::POST, "/executions/redrive").header("Idempotency-Key", "k").json(&json!({"arn": arn}));
    assert!(Answer::of(redrive).await.status >= 500);
    let stop = call(&url, Method::DELETE, "/executions").query(&[("arn", &arn)]).header("X-Cause", "enough");
    assert!([200, 400].contains(&Answer::of(stop).await.status), "it has ended already");

    let grants = grants(&world).await;
    let on = |action: &str| grants.iter().find(|(name, _)| name == action).map(|(_, on)| on.as_str());
    let (account, star) = (&aws.id, Some("*"));
    assert_eq!(
        [on("states:ListStateMachines"), on("states:TestState"), on("states:ValidateStateMachineDefinition")],
        [star; 3]
    );
    assert_eq!(on("iam:PassRole"), Some(format!("arn:aws:iam::{account}:role/states").as_str()));
    assert_eq!(
        on("states:DescribeMapRun"),
        Some(format!("arn:aws:states:{REGION}:{account}:mapRun:Orders/*:*").as_str())
    );
    let both = json!([format!("arn:aws:states:{REGION}:{account}:mapRun:Orders/*:*"), machine]).to_string();
    assert_eq!(on("states:ListExecutions"), Some(both.as_str()));
    assert_eq!(
        on("states:RedriveExecution"),
        Some(format!("arn:aws:states:{REGION}:{account}:execution:Orders:*").as_str())
    );
    world.aws.forget_calls().await;
    world.kube.check_now("operations", "again").await;
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn workers_get_tasks_and_end_them() {
    let world = World::new("worker").await;
    let states = world.aws.states(REGION);
    let activity = states.create_activity().name("pack").send().await.expect("an activity").activity_arn;
    let task = json!({"StartAt": "T", "States": {"T": {
        "Type": "Task", "Resource": activity, "TimeoutSeconds": 300, "HeartbeatSeconds": 200, "End": true,
    }}});
    let machine = world.aws.machine_of(REGION, "work", MachineKind::Standard, &task).await;
    raise_timeout().await;
    let _controller = world.controller().await;
    let url = apply(&world, "activity-worker").await;
    let described = Answer::until(200, || call(&url, Method::GET, "/activity")).await.json();
    assert_eq!(described["activityArn"], activity.as_str());
    let activities = answered(call(&url, Method::GET, "/activities").query(&[("max", "3")])).await;
    assert_eq!(activities["activities"][0]["name"], "pack");

    let next = async |input: &str| {
        let started = states.start_execution().state_machine_arn(&machine).input(input).send().await;
        let arn = started.expect("an execution").execution_arn;
        let task = answered(call(&url, Method::POST, "/tasks").header("X-Worker", "worker-1")).await;
        assert_eq!(
            serde_json::from_str::<Value>(task["input"].as_str().expect("an input")).ok(),
            serde_json::from_str(input).ok()
        );
        (arn, task["taskToken"].as_str().expect("a token").to_owned())
    };
    let tell = async |path: &str, body: Value| Answer::of(call(&url, Method::POST, path).json(&body)).await;

    let (arn, token) = next(r#"{"order": 7}"#).await;
    assert_eq!(tell("/tasks/alive", json!({"token": token})).await.status, 200);
    let result = json!({"paid": true, "by": "it's \"me\"", "n": [1, null]});
    assert_eq!(tell("/tasks/done", json!({"token": token, "result": result})).await.status, 200);
    let end = ended(&world.aws, &arn).await;
    assert_eq!((&end["status"], &end["output"]), (&json!("SUCCEEDED"), &result));

    let (arn, token) = next("{}").await;
    assert_eq!(
        tell("/tasks/failed", json!({"token": token, "error": "NoPaper", "cause": "it's \"out\""})).await.status,
        200
    );
    let end = ended(&world.aws, &arn).await;
    assert_eq!(
        (&end["status"], &end["error"], &end["cause"]),
        (&json!("FAILED"), &json!("NoPaper"), &json!("it's \"out\""))
    );

    // Without a token, or without an output, Step Functions is not called.
    for (path, body) in
        [("/tasks/done", json!({"result": 1})), ("/tasks/done", json!({"token": "x"})), ("/tasks/alive", json!({}))]
    {
        let answer = tell(path, body).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("BadRequestBody")), "{path}");
    }
    let stale = tell("/tasks/alive", json!({"token": "nobody's"})).await;
    assert!([400, 404].contains(&stale.status), "{stale:?}");

    let grants = grants(&world).await;
    let on = |action: &str| grants.iter().find(|(name, _)| name == action).map(|(_, on)| on.as_str());
    assert_eq!([on("states:GetActivityTask"), on("states:DescribeActivity")], [Some(activity.as_str()); 2]);
    assert_eq!([on("states:SendTaskSuccess"), on("states:ListActivities")], [Some("*"); 2]);
    let api = world.kube.get("activity-worker").await.status.expect("a status").rest_api_id.expect("an id");
    let found = world.aws.apigateway(REGION).get_resources().rest_api_id(api).embed("methods").send().await;
    let tasks = found.expect("resources").items().iter().find(|found| found.path() == Some("/tasks")).cloned();
    let methods = tasks.and_then(|tasks| tasks.resource_methods).unwrap_or_default();
    let timeout = methods["POST"].method_integration().map(|integration| integration.timeout_in_millis());
    assert_eq!(timeout, Some(65_000));
    world.aws.forget_calls().await;
    world.kube.check_now("activity-worker", "again").await;
    assert_eq!(world.aws.writes().await, []);
}

#[tokio::test]
async fn a_worker_that_may_be_cut_off_before_its_task_comes_is_warned_of() {
    let world = World::new("worker-warned").await;
    let _controller = world.controller().await;
    let text = world.example("activity-worker").replace("timeoutMillis: 65000", "timeoutMillis: 20000");
    world.kube.apply(&text).await.expect("it applies");
    let object = world.kube.wait_ready("activity-worker").await;
    let accepted = crate::world::condition(&object, "Accepted").expect("a condition");
    let says = "spec.methods[POST /tasks].timeoutMillis: GetActivityTask may hold a call for 60 s, and callers get a 504 \
                after 20000 ms";
    assert!(accepted.reason == "Warned" && accepted.message.starts_with(says), "{accepted:?}");
}

#[tokio::test]
async fn the_example_of_arguments_gives_the_workflow_all_of_them() {
    let world = World::new("arguments-example").await;
    world.aws.machine(REGION, "Orders", MachineKind::Standard).await;
    let _controller = world.controller().await;
    let url = apply(&world, "arguments").await;
    let body = json!({"items": ["a", "b"], "customer": {"id": 12}});
    let request = || {
        post(&format!("{url}/orders/7?priority=3&express=true"), "application/json", body.to_string())
            .header("X-Trace", "abc")
    };
    let started = Answer::until(200, request).await.json();
    let status = world.kube.get("arguments").await.status.expect("a status");
    let curl = &status.endpoints.iter().find(|endpoint| endpoint.url.ends_with("/orders/{id}")).expect("it").curl;
    assert!(curl.contains("/orders/ID?") && curl.contains("express=true") && curl.contains("priority=1"), "{curl}");
    let ran = crate::world::run("bash", &["-c", &format!("{curl} -sSf")], "").await.expect("what is pasted works");
    assert!(ran.contains("executionArn"), "{ran}");
    let mut input = ended(&world.aws, started["executionArn"].as_str().expect("an ARN")).await["output"].take();
    let caller = input["caller"].take();
    assert!(caller["address"].is_string() && caller["request"].is_string(), "{caller}");
    assert_eq!(
        input,
        json!({
            "order": body, "customer": 12, "id": "7", "priority": 3, "express": true, "trace": "abc", "warehouse": "north",
            "caller": null, "source": "web", "limits": {"items": 10},
        })
    );
    let wrong = post(&format!("{url}/orders/7?priority=high"), "application/json", body.to_string());
    assert_eq!(Answer::of(wrong).await.status, 400);
    assert_eq!(Answer::of(post(&format!("{url}/raw"), "application/json", "[1]")).await.status, 200);
}

#[tokio::test]
async fn a_start_with_a_key_can_be_repeated() {
    let world = World::new("idempotent").await;
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}});
    world.aws.machine_of(REGION, "Orders", MachineKind::Standard, &wait).await;
    let _controller = world.controller().await;
    let url = apply(&world, "idempotent").await;
    let start = |key: &str, body: &'static str| {
        post(&format!("{url}/orders"), "application/json", body).header("Idempotency-Key", key)
    };
    let first = Answer::until(200, || start("order-7", r#"{"order": 7}"#)).await.json();
    let arn = first["executionArn"].as_str().expect("an ARN");
    assert!(arn.ends_with(":execution:Orders:order-7"), "{arn}");
    assert_eq!(answered(start("order-7", r#"{"order": 7}"#)).await["executionArn"], arn);
    let clash = Answer::of(start("order-7", r#"{"order": 8}"#)).await;
    assert_eq!((clash.status, &clash.json()["error"]), (409, &json!("ExecutionAlreadyExists")), "{clash:?}");
    assert!(!clash.json()["message"].as_str().unwrap_or_default().is_empty(), "{clash:?}");
    // What a name may not have is told, and nothing is started.
    for key in ["a b", "a/b", "a:b", "a\"b", "{x}", "x".repeat(81).as_str()] {
        let refused = Answer::of(start(key, "{}")).await;
        let body = refused.json();
        assert!(
            refused.status == 400
                && ["InvalidName", "ValidationException"].contains(&body["error"].as_str().unwrap_or(""))
        );
        assert!(!body["message"].as_str().unwrap_or_default().is_empty(), "{refused:?}");
    }
    let by_number = |body: Value| post(&format!("{url}/orders/by-number"), "application/json", body.to_string());
    let numbered = answered(by_number(json!({"number": 12}))).await;
    assert!(numbered["executionArn"].as_str().is_some_and(|arn| arn.ends_with(":12")), "{numbered}");
    assert_eq!(Answer::of(by_number(json!({"number": 12, "more": 1}))).await.status, 409);
    assert_eq!(Answer::of(by_number(json!({"number": {"a": 1}}))).await.status, 400, "no name for {{a=1}}");
    assert_ne!(answered(by_number(json!({"other": 1}))).await["executionArn"], arn, "without a key each start is one");

    let trace = "Root=1-67891233-abcdef012345678912345678";
    let traced = start("traced", "{}").header("X-Amzn-Trace-Id", trace);
    let traced = answered(traced).await["executionArn"].as_str().expect("an ARN").to_owned();
    let found = world.aws.states(REGION).describe_execution().execution_arn(traced).send().await.expect("an execution");
    assert!(found.trace_header().is_some_and(|header| header.contains(trace)), "{:?}", found.trace_header());
    let list =
        world.aws.states(REGION).list_executions().state_machine_arn(world.aws.machine_arn(REGION, "Orders")).send();
    assert_eq!(list.await.expect("executions").executions().len(), 4, "one a name, and one without");
}

#[test]
fn every_action_is_called_by_a_test() {
    let texts = ["operations", "activity-worker", "arguments", "aws-tutorial", "preflight"].map(|name| {
        std::fs::read_to_string(format!("{}/examples/{name}.yaml", env!("CARGO_MANIFEST_DIR"))).expect("an example")
    });
    let used: BTreeSet<&str> =
        texts.iter().flat_map(|text| text.lines()).filter_map(|line| line.trim().strip_prefix("action: ")).collect();
    let all: BTreeSet<&str> = ACTIONS.iter().map(|action| action.name).collect();
    assert_eq!(used, all);
}
