//! `stepgate render --sample`: what a call comes to, told without AWS, and the same as through the gateway.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::world::{Answer, MachineKind, World};

mod refused;
mod values;

const MANIFEST: &str = r#"
apiVersion: stepgate.dev/v1alpha1
kind: StepFunctionsApi
metadata: {name: trial}
spec:
  region: us-east-1
  stateMachines:
    - {name: hello, arn: "MACHINE"}
    - {name: staged, stageVariable: machine}
  cors: {allowOrigins: ["https://a.example", "https://b.example"]}
  methods:
    - {path: /execution, method: POST, action: StartExecution, stateMachine: hello, authorization: {type: None},
       arguments: {name: {header: Idempotency-Key}, input: {body: {}}}}
    - {path: /sync, method: POST, action: StartSyncExecution, stateMachine: staged, authorization: {type: None}}
    - {path: "/state/{id}", method: GET, action: DescribeExecution, stateMachine: hello, authorization: {type: None},
       arguments: {executionArn: {path: id}}}
    - path: /trap
      method: POST
      action: StartExecution
      stateMachine: hello
      authorization: {type: None}
      request:
        template:
          inline: |
            {
              "input": "$util.escapeJavaScript($input.json('$'))",
              "stateMachineArn": "MACHINE"
            }
    - {path: "/any/{proxy+}", method: ANY, action: StartExecution, stateMachine: hello, authorization: {type: None},
       arguments: {input: {path: proxy}, name: {context: httpMethod}}}
  stages:
    - {name: one, variables: {machine: "MACHINE-one"}}
    - {name: two, variables: {machine: "MACHINE-two"}}
"#;

const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:Hello";

/// A folder with manifest and sample.
struct Files(PathBuf);

impl Files {
    fn new(name: &str, machine: &str) -> Self {
        Self::of(name, &MANIFEST.replace("MACHINE", machine))
    }

    fn of(name: &str, manifest: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("trial-{name}"));
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("api.yaml"), manifest).expect("a file");
        Self(folder)
    }

    /// Output and what is said beside it; an error ends with code 1.
    async fn run(&self, sample: &Value, options: &[&str]) -> Result<(Value, String), String> {
        std::fs::write(self.0.join("call.json"), sample.to_string()).expect("a file");
        let ran = tokio::process::Command::new(env!("CARGO_BIN_EXE_stepgate"))
            .current_dir(&self.0)
            .args(["render", "api.yaml", "--sample", "call.json"])
            .args(options)
            .output()
            .await
            .expect("the binary runs");
        let told = String::from_utf8(ran.stderr).expect("UTF-8");
        match ran.status.code() {
            Some(0) => Ok((serde_json::from_slice(&ran.stdout).expect("JSON"), told)),
            Some(1) if ran.stdout.is_empty() => Err(told),
            code => panic!("{code:?}: {told}"),
        }
    }

    async fn shown(&self, sample: &Value, options: &[&str]) -> Value {
        self.run(sample, options).await.expect("it succeeds").0
    }
}

#[tokio::test]
async fn request_and_answer_of_a_call_are_shown_for_each_method() {
    let files = Files::new("shown", MACHINE);
    let start = json!({
        "method": "POST", "path": "/execution", "body": {"customer": "O'Hara \"7\""},
        "headers": {"idempotency-key": "k-1", "Origin": "https://b.example"},
    });
    let shown = files.shown(&start, &[]).await;
    assert_eq!(
        shown["request"],
        json!({"action": "StartExecution", "body": {
            "stateMachineArn": MACHINE, "name": "k-1", "input": r#"{"customer":"O'Hara \"7\""}"#,
        }})
    );
    assert_eq!((&shown["method"], &shown["stage"]), (&json!("POST /execution"), &json!("one")));
    let arn = "arn:aws:states:us-east-1:123456789012:execution:Hello:k-1";
    assert_eq!(shown["answer"]["body"]["executionArn"], arn, "a success is made up");
    assert_eq!((&shown["response"]["status"], &shown["response"]["body"]["executionArn"]), (&json!(200), &json!(arn)));
    assert_eq!(
        shown["response"]["headers"],
        json!({"Access-Control-Allow-Origin": "https://b.example", "Content-Type": "application/json", "Vary": "Origin"})
    );

    // The stage gives the machine; the workflow's failure becomes a status.
    let failed = json!({"status": "FAILED", "error": "Card.Refused", "cause": "it's \"late\""});
    let sync = json!({"method": "POST", "path": "/sync", "body": "7", "stage": "two", "answer": {"body": failed}});
    let shown = files.shown(&sync, &[]).await;
    assert_eq!(shown["request"]["body"], json!({"stateMachineArn": format!("{MACHINE}-two"), "input": "7"}));
    assert_eq!(shown["response"]["status"], 502);
    assert_eq!(shown["response"]["body"]["message"], "it's \"late\"");
    assert_eq!(files.shown(&sync, &["--stage", "one"]).await["stage"], "one", "the option counts");

    // A variable of the path, and an error of Step Functions.
    let state =
        json!({"path": format!("/state/{arn}"), "answer": {"error": "ExecutionDoesNotExist", "message": "gone"}});
    let shown = files.shown(&state, &["--method", "GET /state/{id}"]).await;
    assert_eq!(shown["request"], json!({"action": "DescribeExecution", "body": {"executionArn": arn}}));
    assert_eq!(shown["response"]["status"], 404);
    assert_eq!(
        (&shown["response"]["body"]["error"], &shown["response"]["body"]["message"]),
        (&json!("ExecutionDoesNotExist"), &json!("gone"))
    );
    assert_eq!(shown["response"]["headers"].get("Access-Control-Allow-Origin"), None, "no origin, no header");

    // ANY, a greedy variable, and the preflight, which Step Functions does not see.
    let shown = files.shown(&json!({"method": "PUT", "path": "/any/a/b.txt"}), &[]).await;
    let input = shown["request"]["body"]["input"].as_str().expect("a text");
    assert_eq!(serde_json::from_str::<Value>(input).expect("JSON"), "a/b.txt");
    assert_eq!(shown["request"]["body"]["name"], "PUT");
    let preflight = json!({"method": "OPTIONS", "path": "/sync", "headers": {"Origin": "https://a.example"}});
    let shown = files.shown(&preflight, &[]).await;
    assert_eq!((shown.get("request"), &shown["response"]["status"]), (None, &json!(200)));
    assert_eq!(shown["response"]["headers"]["Access-Control-Allow-Origin"], "https://a.example");
    let text = json!({"method": "POST", "path": "/sync", "headers": {"content-type": "text/plain; charset=utf-8"}});
    assert_eq!(files.shown(&text, &[]).await["response"]["status"], 415);
}

#[tokio::test]
async fn a_request_that_is_not_json_is_named_with_its_place_and_answered_as_step_functions_does() {
    let files = Files::new("trap", MACHINE);
    let sample = json!({"method": "POST", "path": "/trap", "body": {"customer": "O'Hara"}});
    let (shown, told) = files.run(&sample, &[]).await.expect("it succeeds");
    let problem = "Step Functions refuses the request: it is not JSON: invalid escape at line 2 column 31; line 2, column 13 \
                   of the template makes that";
    assert_eq!(shown["problem"], problem);
    assert!(told.contains(&format!("warning: {problem}")), "{told}");
    assert!(
        told.contains("request.template.inline: line 2, column 13: $util.escapeJavaScript turns ' into \\'"),
        "{told}"
    );
    assert_eq!(shown["response"]["status"], 400);
    assert_eq!(shown["response"]["body"]["error"], "SerializationException");
    let (shown, _) =
        files.run(&json!({"method": "POST", "path": "/trap", "body": {"customer": "Hara"}}), &[]).await.expect("");
    assert_eq!(shown["request"]["body"]["input"], r#"{"customer":"Hara"}"#);
    assert_eq!(shown.get("problem"), None);
}

#[tokio::test]
async fn what_is_wrong_with_a_sample_is_named_by_its_field() {
    let files = Files::new("wrong", MACHINE);
    let cases = [
        (json!([]), &[][..], "call.json: has to be a JSON object, such as {\"method\""),
        (json!({}), &[], "call.json: path: missing; give it, or --method with one of "),
        (json!({"path": 7}), &[], "call.json: path: has to be a text"),
        (json!({"path": "sync"}), &[], "call.json: path: \"sync\" has to start with /: "),
        (
            json!({"method": "post"}),
            &[],
            "call.json: method: \"post\" is no verb; did you mean POST? There are DELETE, ",
        ),
        (json!({"method": "FETCH"}), &[], "call.json: method: \"FETCH\" is no verb; there are DELETE, "),
        (
            json!({"pth": "/sync"}),
            &[],
            "call.json: pth: unknown field; did you mean path? There are method, path, stage, headers, query, ",
        ),
        (json!({"xyz": 1}), &[], "call.json: xyz: unknown field; there are method, "),
        (json!({"query": {"a": ["b", {}]}}), &[], "call.json: query.a: has to be a text"),
        (json!({"headers": {"a": {}}}), &[], "call.json: headers.a: has to be a text"),
        (json!({"query": "a=b"}), &[], "call.json: query: has to be an object of texts"),
        (json!({"claims": 1}), &[], "call.json: claims: has to be an object"),
        (json!({"answer": {"status": 99}}), &[], "call.json: answer.status: has to be a number from 100 to 599"),
        (
            json!({"answer": {"bdy": 1}}),
            &[],
            "call.json: answer.bdy: unknown field; did you mean body? There are status, headers, ",
        ),
        (
            json!({"answer": {"error": "A", "status": 400}}),
            &[],
            "call.json: answer.error: give error, or status and body",
        ),
        (
            json!({"path": "/sync", "answer": {"error": "Nope"}}),
            &[],
            "call.json: answer.error: StartSyncExecution does not answer \"Nope\"; there are ",
        ),
        (
            json!({"path": "/sync", "stage": "twoo"}),
            &[],
            "call.json: stage: there is no stage \"twoo\"; did you mean two? There are one, two",
        ),
        (
            json!({"path": "/sync", "stage": "three"}),
            &[],
            "call.json: stage: there is no stage \"three\"; there are one, two",
        ),
        (json!({"path": "/sync"}), &["--stage", "three"], "--stage: there is no stage \"three\"; there are one, two"),
        (
            json!({}),
            &["--method", "post /snc"],
            "--method: there is no method \"post /snc\"; did you mean POST /sync? ",
        ),
        (json!({}), &["--method", "x"], "--method: there is no method \"x\"; there are ANY /any/{proxy+}, "),
        (
            json!({"path": "/sync"}),
            &["--method", "GET /state/{id}"],
            "call.json: path: \"/sync\" is not of the form /state/{id}",
        ),
    ];
    for (sample, options, says) in cases {
        let told = files.run(&sample, options).await.expect_err("it is refused");
        let error = told.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or_default();
        assert!(error.starts_with(says), "{sample} {options:?}\nwanted {says}\n{told}");
    }
}

#[tokio::test]
async fn the_example_shows_a_call_of_the_tutorial() {
    let ran = tokio::process::Command::new(env!("CARGO_BIN_EXE_stepgate"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["render", "examples/aws-tutorial.yaml", "--sample", "examples/sample.json"])
        .output()
        .await
        .expect("the binary runs");
    assert_eq!((ran.status.code(), ran.stderr.as_slice()), (Some(0), &b""[..]));
    let shown: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert_eq!(shown["request"]["body"]["input"], "{\"customer\": \"O'Hara\"}");
    assert_eq!(shown["response"]["status"], 200);
}

/// The same calls through the gateway and through `--sample`: status, CORS headers and body are the same.
#[tokio::test]
async fn a_sample_comes_to_what_the_gateway_answers() {
    let world = World::new("trial").await;
    let machine = world.aws.machine("us-east-1", "hello", MachineKind::Standard).await;
    for name in ["hello-one", "hello-two"] {
        world.aws.machine("us-east-1", name, MachineKind::Express).await;
    }
    let files = Files::new("gateway", &machine);
    let _controller = world.controller().await;
    world.kube.apply(&MANIFEST.replace("MACHINE", &machine)).await.expect("the manifest applies");
    let url = world.kube.wait_ready("trial").await.status.expect("a status").stages[0].url.clone();
    let client = reqwest::Client::new();
    let execution = machine.replace(":stateMachine:", ":execution:");
    Answer::until(200, || client.post(format!("{url}/execution")).header("Idempotency-Key", "first").body("{\"a\":1}"))
        .await;
    let cases = [
        ("POST", "/execution".to_owned(), "{\"a\":1}", "KEY", Value::Null),
        ("POST", "/execution".to_owned(), "{\"a\":2}", "first", json!("ExecutionAlreadyExists")),
        ("GET", format!("/state/{execution}:none"), "", "", json!("ExecutionDoesNotExist")),
        ("GET", "/state/nothing".to_owned(), "", "", Value::Null),
        ("POST", "/trap".to_owned(), "{\"a\": \"it's\"}", "", Value::Null),
        ("OPTIONS", "/sync".to_owned(), "", "", Value::Null),
    ];
    for (verb, path, body, key, error) in cases {
        for origin in ["https://b.example", "https://other.example"] {
            let method = reqwest::Method::from_bytes(verb.as_bytes()).expect("a method");
            let mut call = client.request(method, format!("{url}{path}")).header("Origin", origin);
            call = call.header("Content-Type", "application/json").body(body.to_owned());
            let key = if key == "KEY" { if origin.contains('b') { "one-b" } else { "one-o" } } else { key };
            if !key.is_empty() {
                call = call.header("Idempotency-Key", key);
            }
            let answer = Answer::of(call).await;
            let mut sample = json!({"method": verb, "path": path, "body": body, "headers": {
                "Origin": origin, "Content-Type": "application/json", "Idempotency-Key": key,
            }});
            if !error.is_null() {
                // The words of Step Functions are its own.
                let message = answer.json()["message"].clone();
                sample["answer"] = json!({"error": error, "message": message});
            }
            let shown = files.shown(&sample, &[]).await;
            let response = &shown["response"];
            assert_eq!(response["status"], answer.status, "{verb} {path} {body}: {answer:?}\n{shown:#}");
            for name in ["Access-Control-Allow-Origin", "Vary", "Access-Control-Allow-Methods"] {
                let header = response["headers"][name].as_str();
                assert_eq!(header, answer.header(name), "{verb} {path} {name}");
            }
            if answer.status >= 400 {
                let parts = ["error", "message"].map(|name| answer.json()[name].clone());
                assert_eq!(["error", "message"].map(|name| response["body"][name].clone()), parts, "{verb} {path}");
            }
        }
    }
}
