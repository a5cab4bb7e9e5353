//! What API Gateway and Step Functions refuse: `--sample` says it as they do, and why.

use serde_json::{Value, json};

use super::Files;
use crate::samples::REGION;
use crate::world::{Answer, MachineKind, World};

const ACCOUNT: &str = "123456789012";

fn example(name: &str) -> Files {
    let path = format!("{}/examples/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("an example").replace("000000000000", ACCOUNT);
    Files::of(&format!("example-{name}"), &text)
}

pub(super) fn machine(name: &str) -> String {
    format!("arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}")
}

/// The call comes to that status and error, and to a problem that says that; "" for none.
pub(super) async fn comes_to(files: &Files, sample: Value, status: u16, error: &str, says: &str) -> Value {
    let (shown, told) = files.run(&sample, &[]).await.expect("it succeeds");
    let response = &shown["response"];
    assert_eq!(response["status"], status, "{sample}\n{shown:#}");
    assert_eq!(response["body"]["error"].as_str().unwrap_or_default(), error, "{sample}\n{shown:#}");
    let problem = shown["problem"].as_str().unwrap_or_default();
    assert_eq!(problem.is_empty(), says.is_empty(), "{sample}\n{shown:#}");
    assert!(problem.contains(says), "{sample}\nwanted {says}\n{shown:#}");
    assert_eq!(told.contains(&format!("warning: {problem}")), !problem.is_empty(), "{told}");
    shown
}

#[tokio::test]
async fn what_the_validator_of_a_method_refuses_is_told_with_its_place() {
    let files = example("validated");
    let good = json!({"id": 7, "customer": {"name": "A"}, "items": ["x"]});
    let order = |body: Value| json!({"method": "POST", "path": "/orders", "headers": {"x-tenant": "a"}, "body": body});
    let shown = comes_to(&files, order(good.clone()), 200, "", "").await;
    assert_eq!(shown["request"]["body"]["stateMachineArn"], machine("Orders"));

    for (body, says) in [
        (json!(""), "the model Order: \"id\" is a required property; \"customer\" is a required property"),
        (json!("{\"id\""), "the body is not JSON: EOF"),
        (json!([]), "[] is not of type \"object\""),
        (json!({"id": "7", "customer": {"name": "A"}}), "/id: \"7\" is not of type \"integer\""),
        (json!({"id": 1.5, "customer": {"name": "A"}}), "/id: 1.5 is not of type"),
        (json!({"id": 0, "customer": {"name": "A"}}), "/id: 0 is less than the minimum of 1"),
        (json!({"id": 7, "customer": {"name": ""}}), "/customer/name: \"\" is shorter than 1 character"),
        (json!({"id": 7, "customer": {"name": "A"}, "more": 1}), "'more'"),
        (json!({"id": 7, "customer": {"name": "A"}, "items": ["a", 1]}), "/items/1: 1 is not of type \"string\""),
    ] {
        let shown = comes_to(&files, order(body), 400, "BadRequestBody", says).await;
        assert_eq!(shown["response"]["body"]["message"], "Invalid request body");
        assert_eq!(shown.get("request"), None, "Step Functions is not called");
    }
    let missing = "Missing required request parameters: [X-Tenant]";
    for headers in [json!({}), json!({"X-Tenant": " "})] {
        let sample = json!({"method": "POST", "path": "/orders", "headers": headers, "body": good});
        let shown = comes_to(&files, sample, 400, "BadRequestParameters", missing).await;
        assert_eq!(shown["response"]["body"]["message"], missing);
    }
    let form = json!({"Content-Type": "application/x-www-form-urlencoded", "X-Tenant": "a"});
    let form = json!({"method": "POST", "path": "/orders", "headers": form, "body": "{}"});
    let says = "headers.Content-Type: the method does not take application/x-www-form-urlencoded, but application/json";
    comes_to(&files, form, 415, "UnsupportedMediaType", says).await;

    // A query is part of the path, or beside it, where it counts more.
    let arn = format!("{}:a", machine("Orders").replace("stateMachine", "execution"));
    let encoded = format!("/orders?x=%2B+1&arn={}&arn={}", "none", arn.replace(':', "%3A"));
    let found = comes_to(&files, json!({"method": "GET", "path": encoded}), 200, "", "").await;
    assert_eq!(found["request"]["body"]["executionArn"], arn);
    let beside = json!({"method": "GET", "path": "/orders?arn=none", "query": {"arn": arn}});
    assert_eq!(comes_to(&files, beside, 200, "", "").await["request"]["body"]["executionArn"], arn);
    for path in ["/orders", "/orders?arn=", "/orders?other=1"] {
        let missing = "Missing required request parameters: [arn]";
        comes_to(&files, json!({"method": "GET", "path": path}), 400, "BadRequestParameters", missing).await;
    }
    let other = json!({"method": "GET", "path": format!("/orders?arn={}", arn.replace("Orders", "Others"))});
    let says = "spec.methods[GET /orders].arguments.executionArn: the call's value is the execution of another machine than the method's";
    comes_to(&files, other, 400, "SerializationException", says).await;
}

#[tokio::test]
async fn keywords_of_a_model_hold_as_draft_4_has_them() {
    let schema = json!({
        "type": "object",
        "properties": {
            "code": {"pattern": "^[A-Z]{2}\\d$"}, "kind": {"enum": ["a", null]}, "n": {"maximum": 5, "exclusiveMaximum": true},
            "step": {"multipleOf": 0.1}, "set": {"uniqueItems": true}, "one": {"oneOf": [{"minimum": 2}, {"maximum": 3}]},
            "not": {"not": {"type": "null"}}, "pair": {"items": [{"type": "string"}], "additionalItems": false},
            "mail": {"format": "email"}, "next": {"$ref": "#/components/schemas/Body"},
        },
        "patternProperties": {"^x-": {"type": "string"}}, "dependencies": {"n": ["code"]}, "maxProperties": 3,
    });
    let manifest = json!({
        "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi", "metadata": {"name": "keywords"}, "spec": {
            "region": REGION, "stateMachines": [{"name": "m", "arn": machine("M")}], "stages": [{"name": "a"}],
            "models": [{"name": "Body", "schema": schema}],
            "methods": [{"path": "/", "method": "POST", "action": "StartExecution", "stateMachine": "m",
                         "authorization": {"type": "None"}, "request": {"model": "Body"}}],
        },
    });
    let files = Files::of("keywords", &manifest.to_string());
    let good = [
        json!({}),
        json!({"code": "AB1", "n": 4.9}),
        json!({"kind": null, "step": 0.3, "set": [1, "1"]}),
        json!({"one": 5, "pair": ["a"], "not": 1}),
        json!({"x-a": "b", "next": {"next": {"code": "XY0"}}}),
    ];
    for body in good {
        comes_to(&files, json!({ "body": body }), 200, "", "").await;
    }
    for (body, place) in [
        (json!({"code": "AB"}), "/code: "),
        (json!({"kind": "c"}), "/kind: "),
        (json!({"code": "AB1", "n": 5}), "/n: "),
        (json!({"n": 1}), "code"),
        (json!({"step": 0.25}), "/step: "),
        (json!({"set": [1, 1]}), "/set: "),
        (json!({"one": 2.5}), "/one: "),
        (json!({"not": null}), "/not: "),
        (json!({"pair": ["a", "b"]}), "/pair: "),
        (json!({"x-a": 1}), "/x-a: "),
        (json!({"next": {"next": {"code": 1}}, "x-a": 1}), "/x-a: "),
        (json!({"next": {"next": {"code": "-"}}}), "/next/next/code: "),
        (json!({"x-a": "", "x-b": "", "x-c": "", "x-d": ""}), "more than 3 properties"),
    ] {
        comes_to(&files, json!({ "body": body }), 400, "BadRequestBody", place).await;
    }
    let shown = comes_to(&files, json!({"body": {"mail": "nobody"}}), 200, "", "").await;
    let note = "format in the model Body: /mail: \"nobody\" is not a \"email\"";
    assert!(shown["notChecked"].as_array().expect("a list").contains(&json!(note)), "{shown:#}");
}

#[tokio::test]
async fn what_step_functions_refuses_of_a_request_is_told_in_its_words() {
    let files = example("idempotent");
    let named = |key: &str, body: Value| json!({"method": "POST", "path": "/orders", "headers": {"Idempotency-Key": key}, "body": body});
    comes_to(&files, named("order-7", json!({"a": 1})), 200, "", "").await;
    comes_to(&files, named("", json!("")), 200, "", "").await;
    let shown = comes_to(&files, named("a b", json!({})), 400, "InvalidName", "InvalidName: Invalid Name: 'a b'").await;
    assert_eq!(shown["response"]["body"]["message"], "Invalid Name: 'a b'");
    assert_eq!(shown["request"]["body"]["name"], "a b", "it was asked");
    let long = "length less than or equal to 80";
    comes_to(&files, named(&"x".repeat(81), json!({})), 400, "ValidationException", long).await;
    comes_to(&files, named("a", json!("{broken")), 400, "InvalidExecutionInput", "key must be a string at line 1")
        .await;
    let large = json!(json!("x".repeat(262_143)).to_string());
    comes_to(&files, named("a", large), 400, "ValidationException", "'input' failed to satisfy").await;
    // What the sample says counts more.
    let mut told = named("a b", json!({}));
    told["answer"] = json!({"status": 200, "body": {"executionArn": "arn"}});
    comes_to(&files, told, 200, "", "").await;

    let files = example("aws-tutorial");
    let start = |body: Value| json!({"method": "POST", "path": "/execution", "body": body});
    let hello = machine("HelloWorld");
    comes_to(&files, start(json!({"stateMachineArn": hello, "input": "{}"})), 200, "", "").await;
    let says = "\"stateMachineArn\" is a required property";
    comes_to(&files, start(json!({"input": "{}"})), 400, "BadRequestBody", says).await;
    let says = "SerializationException: input has to be a string that holds JSON";
    comes_to(&files, start(json!({"stateMachineArn": hello, "input": {}})), 400, "SerializationException", says).await;
    let says = "AccessDeniedException: the API's role may call StartExecution on what spec names, and not on that";
    for other in [machine("Other"), "HelloWorld".to_owned()] {
        comes_to(&files, start(json!({ "stateMachineArn": other })), 500, "AccessDeniedException", says).await;
    }
    let version = json!({"stateMachineArn": format!("{hello}:7")});
    comes_to(&files, start(version), 200, "", "").await;
    // What a managed policy or a given role allows is not known.
    let files = example("course");
    let describe = |arn: &str| json!({"method": "GET", "path": "/", "query": {"ExecutionARN": arn}});
    let shown = comes_to(&files, describe(&machine("Any").replace("stateMachine", "execution")), 200, "", "").await;
    let unknown = json!("whether the role may call DescribeExecution on it");
    assert!(shown["notChecked"].as_array().expect("a list").contains(&unknown), "{shown:#}");
    comes_to(&files, describe("seven"), 400, "InvalidArn", "InvalidArn: Invalid Arn: 'seven'").await;
}

#[tokio::test]
async fn a_call_that_reaches_no_method_gets_the_gateways_answer_and_the_nearest_name() {
    let files = example("browser");
    let says = "path: no method is at \"/order\"; did you mean /orders? There are OPTIONS /orders, POST /orders, ";
    let shown = comes_to(&files, json!({"path": "/order"}), 403, "MissingAuthenticationToken", says).await;
    assert_eq!(
        shown["response"]["headers"],
        json!({
            "Access-Control-Allow-Credentials": "true", "Access-Control-Allow-Origin": "https://shop.example.com",
            "Content-Type": "application/json",
        })
    );
    assert_eq!((shown.get("method"), shown.get("request")), (None, None));
    let says = "method: /orders has no method \"PUT\"; there are OPTIONS /orders, ";
    let put = json!({"path": "/orders", "method": "PUT"});
    comes_to(&files, put, 403, "MissingAuthenticationToken", says).await;
}

#[tokio::test]
async fn what_no_sample_can_say_is_listed() {
    let list = async |example_name: &str, path: &str| {
        let shown = example(example_name).shown(&json!({"method": "POST", "path": path}), &[]).await;
        let all = shown["notChecked"].as_array().cloned().unwrap_or_default();
        all.iter().map(|one| one.as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let asked = "whether what the request names exists";
    assert_eq!(list("idempotent", "/orders").await, ["throttling and quotas", asked]);
    let authorizer = "whether the authorizer tokens lets the caller in";
    assert_eq!(list("lambda-authorizer", "/orders").await, ["throttling and quotas", authorizer, asked]);
    let policy = "whether the resource policy lets the caller in";
    assert!(list("resource-policy", "/orders").await.contains(&policy.to_owned()));
    let key = "whether the API key is one of a usage plan of the stage";
    assert!(list("api-keys", "/orders").await.contains(&key.to_owned()));
    // Nothing else decides about the preflight, or once API Gateway has refused.
    assert_eq!(list("validated", "/orders").await, ["throttling and quotas"]);
}

#[tokio::test]
async fn claims_are_where_the_methods_authorizer_puts_them() {
    let manifest = |authorizer: Value, kind: &str| {
        json!({
            "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi", "metadata": {"name": "claims"}, "spec": {
                "region": REGION, "stateMachines": [{"name": "m", "arn": machine("M")}], "stages": [{"name": "a"}],
                "authorizers": [authorizer],
                "methods": [{"path": "/", "method": "POST", "action": "StartExecution", "stateMachine": "m",
                             "authorization": {"type": kind, "authorizer": "who"},
                             "arguments": {"input": {"object": {"by": {"claim": "sub"}}}}}],
            },
        })
    };
    let pool = json!({"userPoolArns": [format!("arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_a")]});
    let function = json!({"functionArn": format!("arn:aws:lambda:us-east-1:{ACCOUNT}:function:f")});
    let cases = [
        ("Cognito", json!({"name": "who", "cognito": pool}), "claims-cognito"),
        ("Lambda", json!({"name": "who", "lambda": function}), "claims-lambda"),
    ];
    for (kind, authorizer, folder) in cases {
        let files = Files::of(folder, &manifest(authorizer, kind).to_string());
        let shown = comes_to(&files, json!({"claims": {"sub": "user-1"}}), 200, "", "").await;
        assert_eq!(shown["request"]["body"]["input"], r#"{"by":"user-1"}"#, "{kind}");
    }
}

const MANIFEST: &str = r#"
apiVersion: stepgate.dev/v1alpha1
kind: StepFunctionsApi
metadata: {name: refused}
spec:
  region: us-east-1
  role: {stateMachineArns: ["MACHINE"]}
  stateMachines: [{name: hello, arn: "MACHINE"}]
  models: [{name: Order, schema: {type: object, required: [id], properties: {id: {type: integer, minimum: 1}}}}]
  cors: {allowOrigins: ["https://a.example"], allowCredentials: true}
  methods:
    - {path: /orders, method: POST, action: StartExecution, stateMachine: hello, authorization: {type: None},
       request: {model: Order, requiredHeaders: [X-Tenant], requiredQuery: [lang]}}
    - {path: /named, method: POST, action: StartExecution, stateMachine: hello, authorization: {type: None},
       arguments: {name: {header: Idempotency-Key}, input: {body: {}}}}
    - {path: /needed, method: POST, action: DescribeExecution, stateMachine: hello, authorization: {type: None},
       arguments: {executionArn: {bodyField: $.order.arn}}}
    - {path: /state, method: GET, action: DescribeExecution, stateMachine: hello, authorization: {type: None},
       arguments: {executionArn: {query: arn}}}
    - {path: "/state/{id}", method: GET, action: DescribeExecution, stateMachine: hello, authorization: {type: None},
       arguments: {executionArn: {path: id}}}
    - {path: /raw, method: POST, action: StartExecution, authorization: {type: None}}
  stages: [{name: live}]
"#;

/// The same calls through the gateway and as samples: status, error, words and headers of CORS are the same.
#[tokio::test]
async fn a_sample_is_refused_as_the_gateway_refuses_the_call() {
    let world = World::new("refused").await;
    let machine = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
    let manifest = MANIFEST.replace("MACHINE", &machine);
    let files = Files::of("refused", &manifest);
    let _controller = world.controller().await;
    world.kube.apply(&manifest).await.expect("the manifest applies");
    let url = world.kube.wait_ready("refused").await.status.expect("a status").stages[0].url.clone();
    let client = reqwest::Client::new();
    let started = Answer::until(200, || client.post(format!("{url}/named")).body("{}")).await.json();
    let execution = started["executionArn"].as_str().expect("an ARN").to_owned();
    let state = |arn: &str| format!("/state?a=%20&arn={}", arn.replace(':', "%3A"));
    let long = "x".repeat(81);
    let form = "application/x-www-form-urlencoded";
    let key = |name: &str| json!({ "Idempotency-Key": name });
    let raw = |more: Value| {
        let mut body = json!({ "stateMachineArn": machine });
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body.to_string()
    };
    let (tenant, order) = (json!({"x-tenant": "a"}), "/orders?lang=en".to_owned());
    let at = |path: &str| path.to_owned();
    let cases: Vec<(&str, String, Value, String, u16)> = vec![
        ("POST", order.clone(), tenant.clone(), at("{\"id\": 1}"), 200),
        ("POST", order.clone(), tenant.clone(), at("{\"id\": 0}"), 400),
        ("POST", order.clone(), tenant.clone(), at("{\"id\""), 400),
        ("POST", order.clone(), tenant.clone(), at(""), 400),
        ("POST", order.clone(), json!({}), at("{\"id\": 1}"), 400),
        ("POST", order.clone(), json!({"X-Tenant": ""}), at("{\"id\": 1}"), 400),
        ("POST", at("/orders"), json!({}), at("{\"id\": 0}"), 400),
        ("POST", at("/orders?lang="), tenant.clone(), at("{\"id\": 1}"), 400),
        ("POST", order.clone(), json!({"X-Tenant": "a", "Content-Type": form}), at("{\"id\": 1}"), 415),
        ("POST", order, json!({"X-Tenant": "a", "Content-Type": "application/json; charset=utf-8"}), at("{}"), 400),
        ("POST", at("/named"), key("a"), at("{}"), 200),
        ("POST", at("/named"), json!({"Content-Type": form}), at("{\"a\": 1}"), 200),
        ("POST", at("/named"), json!({"Content-Type": "text/plain"}), at("{}"), 415),
        ("POST", at("/named"), key("a b"), at("{}"), 400),
        ("POST", at("/named"), key("a'b\"c"), at("{}"), 400),
        ("POST", at("/named"), key(&long), at("{}"), 400),
        ("POST", at("/named"), key("b"), at("{broken"), 400),
        ("POST", at("/named"), key("c"), json!("x".repeat(262_143)).to_string(), 400),
        ("POST", at("/needed"), json!({}), json!({"order": {"arn": execution}}).to_string(), 200),
        ("POST", at("/needed"), json!({}), at("{\"order\": {}}"), 400),
        ("POST", at("/needed"), json!({}), at("[]"), 400),
        ("POST", at("/needed"), json!({"Content-Type": form}), at("{\"order\": {}}"), 400),
        ("GET", state(&execution), json!({}), at(""), 200),
        ("GET", state("nothing"), json!({}), at(""), 400),
        ("GET", at("/state?ARN=x"), json!({}), at(""), 400),
        ("GET", format!("/state/{execution}"), json!({}), at(""), 200),
        ("GET", format!("/state/{}", execution.replace(':', "%3A")), json!({}), at(""), 200),
        ("POST", at("/raw"), json!({}), raw(json!({"input": "{}"})), 200),
        ("POST", at("/raw"), json!({}), at("{\"input\": \"{}\"}"), 400),
        ("POST", at("/raw"), json!({}), raw(json!({"name": ""})), 400),
        ("POST", at("/raw"), json!({}), raw(json!({"name": "a/b"})), 400),
        ("POST", at("/raw"), json!({}), raw(json!({"input": "{"})), 400),
        ("POST", at("/raw"), json!({}), at("{\"stateMachineArn\": \"HelloWorld\"}"), 500),
        ("POST", at("/raw"), json!({}), json!({"stateMachineArn": format!("{machine}-other")}).to_string(), 500),
        ("POST", at("/nowhere"), json!({}), at("{}"), 403),
        ("DELETE", at("/named"), json!({}), at(""), 403),
    ];
    // Words that Step Functions makes of what its parsers say.
    let own_words = ["InvalidExecutionInput"];
    for (verb, path, headers, body, status) in cases {
        let method = reqwest::Method::from_bytes(verb.as_bytes()).expect("a method");
        let mut call = client.request(method, format!("{url}{path}")).body(body.clone());
        let mut headers = headers.as_object().expect("an object").clone();
        headers.entry("Content-Type").or_insert(json!("application/json"));
        headers.insert("Origin".to_owned(), json!("https://a.example"));
        for (name, value) in &headers {
            call = call.header(name, value.as_str().expect("a text"));
        }
        let answer = Answer::of(call).await;
        let sample = json!({"method": verb, "path": path, "headers": headers, "body": body});
        let (shown, _) = files.run(&sample, &[]).await.expect("it succeeds");
        let (response, what) = (&shown["response"], format!("{verb} {path} {headers:?} {body:.100}"));
        assert_eq!((answer.status, &response["status"]), (status, &json!(status)), "{what}: {answer:?}\n{shown:#}");
        for name in ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary"] {
            assert_eq!(response["headers"][name].as_str(), answer.header(name), "{what} {name}");
        }
        if status >= 400 {
            let (mut real, mut shown) = (answer.json(), response["body"].clone());
            let own = own_words.contains(&real["error"].as_str().expect("an error"));
            for body in [&mut real, &mut shown] {
                let body = body.as_object_mut().expect("an object");
                body.remove("requestId").expect("an id");
                if own {
                    body.remove("message").expect("words");
                }
            }
            assert_eq!(shown, real, "{what}");
        }
    }
}
