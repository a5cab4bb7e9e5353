//! Templates and calls: what Stepgate renders with all kinds of requests, and generated templates with generated ones.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};
use stepgate::vtl::Context;

use super::engines::Pair;
use super::grammar;
use crate::inputs::generated::{repeated, text, value};

/// Every source of an argument, every action, several origins.
const ALL: &str = r#"
apiVersion: stepgate.dev/v1alpha1
kind: StepFunctionsApi
metadata: {name: all}
spec:
  region: us-east-1
  role: {stateMachineArns: ["arn:aws:states:us-east-1:000000000000:stateMachine:*"]}
  stateMachines:
    - {name: hello, arn: "arn:aws:states:us-east-1:000000000000:stateMachine:Hello"}
    - {name: staged, stageVariable: machine}
  cors: {allowOrigins: ["https://a.example", "https://b.example"]}
  methods:
    - {path: /body, method: POST, action: StartExecution, stateMachine: hello}
    - {path: /sync, method: POST, action: StartSyncExecution, stateMachine: staged}
    - {path: /field, method: POST, action: StartExecution, stateMachine: staged,
       arguments: {input: {bodyField: "$.order.items[0].value"}, name: {bodyField: $.name}}}
    - {path: "/text/{id}", method: POST, action: StartExecution, stateMachine: hello,
       arguments: {input: {path: id}, name: {query: q}, traceHeader: {header: X-Trace}}}
    - {path: /fixed, method: POST, action: StartExecution, stateMachine: hello,
       arguments: {input: {value: '{"a": "$input #set"}'}, name: {stageVariable: text}}}
    - {path: /context, method: POST, action: StartExecution, stateMachine: hello,
       arguments: {input: {context: httpMethod}}}
    - {path: /own, method: POST, action: StartExecution}
    - {path: /state, method: GET, action: DescribeExecution, stateMachine: hello, arguments: {executionArn: {query: q}}}
    - {path: /staged, method: GET, action: DescribeExecution, stateMachine: staged, arguments: {executionArn: {query: q}}}
    - {path: /stop, method: DELETE, action: StopExecution, stateMachine: hello,
       arguments: {executionArn: {header: X-Arn}, cause: {header: X-Trace}}}
  stages:
    - name: s
      variables: {text: "a~b:/?#&=", machine: "arn:aws:states:us-east-1:000000000000:stateMachine:Hello"}
"#;

/// Every template of every API: all examples, and one of everything. Whether it is a request's.
pub fn rendered() -> Vec<(String, bool)> {
    let folder = std::fs::read_dir(format!("{}/examples", env!("CARGO_MANIFEST_DIR"))).expect("examples");
    let files = folder.map(|file| file.expect("a file").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|kind| kind == "yaml")).collect();
    let all = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("vtl-all.yaml");
    std::fs::write(&all, ALL).expect("a file");
    files.push(all);
    let mut templates = BTreeMap::new();
    for file in files {
        let ran = Command::new(env!("CARGO_BIN_EXE_stepgate")).arg("render").arg(&file).output().expect("it runs");
        assert!(ran.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&ran.stderr));
        collect(&serde_json::from_slice(&ran.stdout).expect("JSON"), &mut templates);
    }
    templates.into_iter().collect()
}

/// Mapping templates anywhere in a document; those of gateway responses are none.
fn collect(value: &Value, templates: &mut BTreeMap<String, bool>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, templates)),
        Value::Object(members) => {
            for (name, value) in members {
                let texts = || value.as_object().into_iter().flat_map(|texts| texts.values().filter_map(Value::as_str));
                match name.as_str() {
                    "requestTemplates" => templates.extend(texts().map(|text| (text.to_owned(), true))),
                    "responseTemplates" => templates.extend(texts().map(|text| (text.to_owned(), false))),
                    "x-amazon-apigateway-gateway-responses" => {}
                    _ => collect(value, templates),
                }
            }
        }
        _ => {}
    }
}

fn calls(bodies: BoxedStrategy<String>) -> BoxedStrategy<Context> {
    let texts = || vec(any_text(), 3);
    (bodies, texts(), select(vec!["https://a.example", "https://b.example", "https://c.example", ""]), any::<bool>())
        .prop_map(|(body, texts, origin, arn)| {
            let arn = |text: &str| {
                if arn {
                    format!("arn:aws:states:us-east-1:000000000000:execution:Hello:{text}")
                } else {
                    text.to_owned()
                }
            };
            let one = |name: &str, value: String| BTreeMap::from([(name.to_owned(), value)]);
            let mut headers = one("X-Trace", texts[0].clone());
            headers.insert("X-Arn".to_owned(), arn(&texts[1]));
            if !origin.is_empty() {
                headers.insert("Origin".to_owned(), origin.to_owned());
            }
            let context = json!({"stage": "s", "httpMethod": "POST", "extendedRequestId": "e-1", "requestId": "r"});
            Context {
                body,
                path: one("id", texts[2].clone()),
                query: one("q", arn(&texts[0])),
                headers,
                stage_variables: BTreeMap::from([
                    ("text".to_owned(), "a~b:/?#&=".to_owned()),
                    ("machine".to_owned(), "arn:aws:states:us-east-1:000000000000:stateMachine:Hello".to_owned()),
                ]),
                context: context.as_object().cloned().unwrap_or_default(),
                ..Context::default()
            }
        })
        .boxed()
}

/// Texts of all kinds; one of six may be empty.
fn any_text() -> BoxedStrategy<String> {
    prop_oneof![5 => text().prop_map(|text| format!("x{text}")), 1 => text()].boxed()
}

fn request_bodies() -> BoxedStrategy<String> {
    let name = prop_oneof![any_text().prop_map(Value::from), any::<i32>().prop_map(Value::from), Just(Value::Null)];
    let order = (value(), name).prop_map(|(value, name)| {
        let mut body = json!({"order": {"items": [{"value": value}]}, "stateMachineArn": "forged"});
        if !name.is_null() {
            body["name"] = name;
        }
        body.to_string()
    });
    let broken = any_text().prop_map(|text| format!("{{{text}"));
    prop_oneof![6 => order, 2 => value().prop_map(|value| value.to_string()), 1 => broken, 1 => Just(String::new())]
        .boxed()
}

/// What Step Functions answers: errors and ends of workflows.
fn answer_bodies() -> BoxedStrategy<String> {
    let kinds = ["ExecutionDoesNotExist", "AccessDeniedException", "ExecutionLimitExceeded", "Other", "InvalidName"];
    let error = (select(kinds.to_vec()), any_text(), any::<bool>()).prop_map(|(kind, message, upper)| {
        let message = (if upper { "Message" } else { "message" }, message);
        json!({"__type": format!("com.amazonaws.swf.service.v2.model#{kind}"), message.0: message.1}).to_string()
    });
    let ends = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "RUNNING"];
    let end = (select(ends.to_vec()), any_text(), value()).prop_map(|(status, cause, output)| {
        json!({"status": status, "error": "My.Error", "cause": cause, "message": cause, "output": output.to_string()})
            .to_string()
    });
    prop_oneof![error, end].boxed()
}

/// Every rendered template with that many calls.
pub fn of_rendered(calls_each: usize) -> Vec<Pair> {
    let (requests, answers) = (calls(request_bodies()), calls(answer_bodies()));
    let each = |(template, request): (String, bool)| {
        let calls = repeated(if request { &requests } else { &answers }, calls_each);
        calls.into_iter().map(move |call| Pair { template: template.clone(), call })
    };
    rendered().into_iter().flat_map(each).collect()
}

/// Generated templates, each with a call of its own: with the fields that it takes its values from, or with any body.
pub fn of_generated(count: usize) -> Vec<Pair> {
    let typed = (grammar::template(), calls(typed_bodies()));
    let typed = repeated(&typed.prop_map(|(template, call)| Pair { template, call }), count * 2 / 3);
    [typed, of_any_call(count / 3)].concat()
}

/// Generated templates that calculate nothing, each with a call of any kind.
pub fn of_any_call(count: usize) -> Vec<Pair> {
    let pair = (grammar::of_any_call(), calls(request_bodies()));
    repeated(&pair.prop_map(|(template, call)| Pair { template, call }), count)
}

/// Bodies whose fields have the types that the templates take them for.
fn typed_bodies() -> BoxedStrategy<String> {
    (any_text(), 0..50_i64, any::<bool>(), vec(any_text(), 1..4))
        .prop_map(|(text, number, flag, list)| {
            let text = if text.is_empty() { "x".to_owned() } else { text };
            json!({"text": text, "number": number, "flag": flag, "list": list, "map": {"a": "one", "b": "two"}})
                .to_string()
        })
        .boxed()
}
