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
use crate::inputs::generated::{generated, text, value};

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
    let texts = || vec(short_text(), 3);
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

/// Text that is not blank: LocalStack's escape function makes {} of it.
fn full_text() -> BoxedStrategy<String> {
    text().prop_map(|text| format!("x{text}")).boxed()
}

/// The same without characters that Java counts as two: the emulators count otherwise.
fn short_text() -> BoxedStrategy<String> {
    full_text().prop_map(|text| text.chars().filter(|c| *c <= '\u{ffff}').collect()).boxed()
}

fn request_bodies() -> BoxedStrategy<String> {
    let name = prop_oneof![full_text().prop_map(Value::from), any::<i32>().prop_map(Value::from), Just(Value::Null)];
    let order = (value(), name).prop_map(|(value, name)| {
        let mut body = json!({"order": {"items": [{"value": value}]}, "stateMachineArn": "forged"});
        if !name.is_null() {
            body["name"] = name;
        }
        body.to_string()
    });
    let broken = full_text().prop_map(|text| format!("{{{text}"));
    prop_oneof![6 => order, 2 => value().prop_map(|value| value.to_string()), 1 => broken, 1 => Just(String::new())]
        .boxed()
}

/// What Step Functions answers: errors and ends of workflows. All have a message: LocalStack escapes an empty text to {}.
fn answer_bodies() -> BoxedStrategy<String> {
    let kinds = ["ExecutionDoesNotExist", "AccessDeniedException", "ExecutionLimitExceeded", "Other", "InvalidName"];
    let error = (select(kinds.to_vec()), full_text(), any::<bool>()).prop_map(|(kind, message, upper)| {
        let message = (if upper { "Message" } else { "message" }, message);
        json!({"__type": format!("com.amazonaws.swf.service.v2.model#{kind}"), message.0: message.1}).to_string()
    });
    let ends = ["SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "RUNNING"];
    let end = (select(ends.to_vec()), full_text(), value()).prop_map(|(status, cause, output)| {
        json!({"status": status, "error": "My.Error", "cause": cause, "message": cause, "output": output.to_string()})
            .to_string()
    });
    prop_oneof![error, end].boxed()
}

/// Every rendered template with that many calls.
pub fn of_rendered(calls_each: usize) -> Vec<Pair> {
    let (requests, answers) = (calls(request_bodies()), calls(answer_bodies()));
    let each = |(template, request): (String, bool)| {
        let calls = generated(if request { &requests } else { &answers }, calls_each);
        calls.into_iter().map(move |call| Pair { template: template.clone(), call })
    };
    rendered().into_iter().flat_map(each).collect()
}

/// Generated templates, each with a call of its own.
pub fn of_generated(count: usize) -> Vec<Pair> {
    let pair = (template(), calls(typed_bodies())).prop_map(|(template, call)| Pair { template, call });
    generated(&pair, count)
}

/// Bodies whose fields have the types that the templates take them for.
fn typed_bodies() -> BoxedStrategy<String> {
    (short_text(), 0..50_i64, any::<bool>(), vec(short_text(), 1..4))
        .prop_map(|(text, number, flag, list)| {
            json!({"text": text, "number": number, "flag": flag, "list": list, "map": {"a": "one", "b": "two"}})
                .to_string()
        })
        .boxed()
}

fn number(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        (0..20_i32).prop_map(|number| number.to_string()),
        Just("$input.path('$.number')".to_owned()),
        Just("$n".to_owned()),
        Just("$input.path('$.list').size()".to_owned()),
        Just("$s.length()".to_owned()),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let signs = select(vec!["+", "-", "*"]);
    let sum = (number(depth - 1), signs, number(depth - 1)).prop_map(|(a, sign, b)| format!("({a} {sign} {b})"));
    let division =
        (number(depth - 1), select(vec!["/", "%"]), 1..9).prop_map(|(a, sign, b)| format!("({a} {sign} {b})"));
    // Division only of what is not negative: Python rounds down, Java towards zero.
    prop_oneof![4 => leaf, 2 => sum, 1 => division.prop_filter("no difference below", |text| !text.contains('-'))]
        .boxed()
}

fn string(depth: u32) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        select(vec!["'plain'", "\"double\"", "\"with $n in it\"", "\"${s}!\"", "\"\"\"quoted\"\"\""])
            .prop_map(str::to_owned),
        select(vec![
            "$s",
            "$input.path('$.text')",
            "$input.params('q')",
            "$input.params('X-Trace')",
            "$input.params('id')"
        ])
        .prop_map(str::to_owned),
        select(vec![
            "$stageVariables.text",
            "$stageVariables.get('text')",
            "$context.stage",
            "$input.path('$.list[0]')"
        ])
        .prop_map(str::to_owned),
        select(vec!["$input.path('$.map').get('a')", "$input.path('$.map').b", "$input.path('$.list').get(0)"])
            .prop_map(str::to_owned),
        select(vec!["$s.replaceAll('x','y')", "$s.substring(0,1)", "$input.params().querystring.get('q')"])
            .prop_map(str::to_owned),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let escaped = string(0).prop_map(|text| format!(r#"$util.escapeJavaScript({text}).replaceAll("\\'","'")"#));
    prop_oneof![4 => leaf, 1 => escaped, 1 => Just("$util.base64Encode($s)".to_owned())].boxed()
}

fn condition(depth: u32) -> BoxedStrategy<String> {
    let signs = select(vec!["==", "!=", "<", ">", "<=", ">=", "eq", "ne", "lt", "gt", "le", "ge"]);
    let numbers = (number(1), signs, number(1)).prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let strings = (string(0), select(vec!["==", "!="]), string(0)).prop_map(|(a, sign, b)| format!("{a} {sign} {b}"));
    let calls = select(vec![
        "$s.contains('x')",
        "$s.startsWith('x')",
        "$input.path('$.list').contains('x')",
        "$s.matches('x.*')",
    ]);
    let leaf = prop_oneof![
        numbers,
        strings,
        calls.prop_map(str::to_owned),
        select(vec!["true", "false", "$input.path('$.flag')"]).prop_map(str::to_owned),
    ];
    if depth == 0 {
        return leaf.boxed();
    }
    let signs = select(vec!["&&", "||", "and", "or"]);
    let both =
        (condition(depth - 1), signs, condition(depth - 1)).prop_map(|(a, sign, b)| format!("({a}) {sign} ({b})"));
    let not = condition(depth - 1).prop_map(|inner| format!("!({inner})"));
    prop_oneof![4 => leaf, 2 => both, 1 => not].boxed()
}

/// The value of a directive or a text, with the variables $n (a number) and $s (a text) set.
fn template() -> BoxedStrategy<String> {
    let plain =
        select(vec![" {\"a\": ", "\n", " ", " [1,2]", "text", "}", ", ", "\"q\"", "é", "'"]).prop_map(str::to_owned);
    let printed = prop_oneof![
        string(1).prop_filter("only references print", |text| text.starts_with('$')),
        number(0).prop_filter("only references print", |text| text.starts_with('$')),
        select(vec!["$input.json('$.list')", "$input.json('$.text')", "$input.json('$.number')", "$input.json('$')"])
            .prop_map(str::to_owned),
    ];
    let set = prop_oneof![
        number(2).prop_map(|number| format!("#set($n = {number})\n")),
        string(1).prop_map(|string| format!("#set($s = {string})")),
        (100..600).prop_map(|status| format!("#set($context.responseOverride.status = {status})")),
        string(0).prop_map(|string| format!("#set($context.responseOverride.header.X-Made = {string})")),
    ];
    let leaf = prop_oneof![3 => plain, 4 => printed, 2 => set, 1 => Just("## a comment\n".to_owned())];
    let node = leaf.prop_recursive(3, 24, 4, |inner| {
        let block = || vec(inner.clone(), 0..3).prop_map(|parts| parts.concat());
        let lists =
            select(vec!["$input.path('$.list')", "[1..3]", "['a', 'b']", "[$n, $s]", "$input.path('$.map').keySet()"]);
        let inside = select(vec![
            "$item",
            "$foreach.count:$item",
            "$foreach.index",
            "#if($foreach.hasNext),#end",
            "$velocityCount",
        ]);
        prop_oneof![
            (condition(1), block(), block())
                .prop_map(|(condition, yes, no)| format!("#if({condition}) {yes} #{{else}} {no} #end ")),
            (condition(1), block(), condition(0), block())
                .prop_map(|(one, yes, two, no)| format!("#if({one}) {yes} #elseif({two}) {no} #end ")),
            (lists, inside, block())
                .prop_map(|(list, inside, block)| format!("#foreach($item in {list}) {inside} {block} #end ")),
        ]
    });
    vec(node, 1..6).prop_map(|nodes| format!("#set($n = 3)#set($s = $input.path('$.text')){}.", nodes.concat())).boxed()
}
