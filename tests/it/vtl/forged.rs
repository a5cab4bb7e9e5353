//! Nothing that a client sends forges or drops a key, for every source and position: the templates that Stepgate writes for
//! all of them, run on thousands of calls by the emulator's engine and here, make what this file computes without them.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Number, Value, json};
use stepgate::vtl::Context;

use super::engines::{Pair, outcomes};
use super::strict;
use crate::inputs::generated::{generated, text, value};
use crate::inputs::{decoded, encoded};

/// Calls for each method.
const CALLS: usize = 40;
const MACHINE: &str = "arn:aws:states:us-east-1:000000000000:stateMachine:Hello";
const TYPES: [&str; 5] = ["", "String", "Integer", "Number", "Boolean"];
/// As a manifest has them.
const SOURCES: [(Source, &str); 8] = [
    (Source::Body, "body: {}"),
    (Source::Field, "bodyField: \"$.a[0].b\""),
    (Source::Query, "query: q"),
    (Source::Header, "header: X-Text"),
    (Source::Path, "path: id"),
    (Source::Stage, "stageVariable: text"),
    (Source::Context, "context: extendedRequestId"),
    (Source::Claim, "claim: sub"),
];
const SPEC: &str = r#"
apiVersion: stepgate.dev/v1alpha1
kind: StepFunctionsApi
metadata: {name: forged}
spec:
  region: us-east-1
  authorizers:
    - {name: users, cognito: {userPoolArns: ["arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_AbCdEf123"]}}
  stateMachines: [{name: hello, arn: "MACHINE"}]
  stages: [{name: test, variables: {text: fixed}}]
  methods:
"#;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Source {
    Body,
    Field,
    Query,
    Header,
    Path,
    Stage,
    Context,
    Claim,
}

/// A method: its source, the type it is written with, and whether it is the whole input or a member of objects.
#[derive(Clone, Copy, Debug)]
struct Method {
    source: Source,
    written: &'static str,
    type_name: &'static str,
    whole: bool,
}

/// What a call has for a source.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    /// Nothing: the key is left out.
    Absent,
    /// What is not of the type: a request that Step Functions refuses.
    Refused,
    This(Value),
}

fn methods() -> Vec<Method> {
    let mut methods = Vec::new();
    for (source, written) in SOURCES {
        for type_name in TYPES {
            methods.extend([false, true].map(|whole| Method { source, written, type_name, whole }));
        }
    }
    methods
}

impl Method {
    fn path(self) -> String {
        let kind = if self.whole { "whole" } else { "member" };
        format!("/{:?}{}{kind}/{{id}}", self.source, self.type_name)
    }

    fn manifest(self) -> String {
        let Self { written, type_name, .. } = self;
        let typed = if type_name.is_empty() { String::new() } else { format!(", type: {type_name}") };
        let input = if self.whole {
            format!("{{{written}{typed}}}")
        } else {
            format!(
                "{{object: {{top: {{{written}{typed}}}, fixed: {{value: f}}, nested: {{object: {{deep: {{object: \
                 {{value: {{{written}{typed}}}}}}}}}}}}}}}"
            )
        };
        // The name, a text at the top of the request, from the same source.
        let name = if self.source == Source::Body { String::new() } else { format!("name: {{{written}}}, ") };
        format!(
            "    - {{path: \"{}\", method: POST, action: StartExecution, stateMachine: hello, authorization: {{type: \
             Cognito, authorizer: users}}, arguments: {{{name}input: {input}}}}}\n",
            self.path()
        )
    }

    /// The text that the call has for the source; `None` for none.
    fn text(self, call: &Context) -> Result<Option<String>, ()> {
        let of = |map: &BTreeMap<String, String>, name: &str| map.get(name).filter(|text| !text.is_empty()).cloned();
        Ok(match self.source {
            Source::Body if call.body.is_empty() => Some("{}".to_owned()),
            Source::Body => Some(call.body.clone()),
            Source::Field => match field(&call.body)? {
                Value::Null => None,
                Value::String(text) => Some(text).filter(|text| !text.is_empty()),
                Value::Array(_) | Value::Object(_) => return Err(()),
                other => Some(other.to_string()),
            },
            Source::Query => of(&call.query, "q"),
            Source::Header => of(&call.headers, "X-Text"),
            Source::Path => of(&call.path, "id").map(|segment| decoded(&segment)),
            Source::Stage => of(&call.stage_variables, "text"),
            Source::Context => call.context["extendedRequestId"].as_str().map(str::to_owned),
            Source::Claim => call.context["authorizer"]["claims"]["sub"].as_str().map(str::to_owned),
        }
        .filter(|text| !text.is_empty()))
    }

    fn wanted(self, call: &Context) -> Wanted {
        if self.type_name.is_empty() && self.source == Source::Body {
            return match body(&call.body) {
                // As the whole input the body goes as it is, and Step Functions says whether it is JSON.
                _ if self.whole => Wanted::This(Value::from(if call.body.is_empty() { "{}" } else { &call.body })),
                Err(()) => Wanted::Refused,
                // No body is no member.
                _ if call.body.is_empty() => Wanted::Absent,
                Ok(Value::Null) => Wanted::Absent,
                Ok(value) => Wanted::This(value),
            };
        }
        if self.type_name.is_empty() && self.source == Source::Field {
            return match field(&call.body) {
                Err(()) => Wanted::Refused,
                Ok(Value::Null) => Wanted::Absent,
                Ok(value) => Wanted::This(value),
            };
        }
        let text = match self.text(call) {
            Err(()) => return Wanted::Refused,
            Ok(None) => return Wanted::Absent,
            Ok(Some(text)) => text,
        };
        let value = match self.type_name {
            "Integer" => text.parse::<i64>().ok().filter(|number| number.to_string() == text).map(Value::from),
            "Number" => number(&text),
            "Boolean" => text.parse::<bool>().ok().map(Value::from),
            _ => Some(Value::from(text)),
        };
        value.map_or(Wanted::Refused, Wanted::This)
    }

    /// The whole request, its JSON texts as what they say.
    fn request(self, call: &Context) -> Value {
        let name = if self.source == Source::Body { Ok(None) } else { self.text(call) };
        let (Ok(name), wanted) = (name, self.wanted(call)) else { return json!([]) };
        let mut request = json!({"stateMachineArn": MACHINE});
        if let Some(name) = name {
            request["name"] = name.into();
        }
        let value = match wanted {
            Wanted::Refused => return json!([]),
            Wanted::This(value) => Some(value),
            Wanted::Absent => None,
        };
        if self.whole {
            if let Some(value) = value {
                request["input"] = value;
            }
            return request;
        }
        let mut input = json!({"fixed": "f", "nested": {"deep": {}}});
        if let Some(value) = value {
            input["top"] = value.clone();
            input["nested"]["deep"]["value"] = value;
        }
        request["input"] = input;
        request
    }

    /// What an engine made, in the form of `request`.
    fn read(self, made: &str) -> Result<Value, String> {
        let mut request = strict::parse(made).map_err(|error| error.to_string())?;
        let raw = self.whole && self.source == Source::Body && self.type_name.is_empty();
        if let Some(Value::String(input)) = request.get("input").filter(|_| !raw) {
            request["input"] = strict::parse(input).map_err(|error| format!("input: {error}"))?;
        }
        Ok(request)
    }
}

/// Nothing reads as an empty object.
fn body(text: &str) -> Result<Value, ()> {
    if text.is_empty() { Ok(json!({})) } else { serde_json::from_str(text).map_err(|_| ()) }
}

/// `$.a[0].b`; null and the empty string have no fields to look for, and are refused.
fn field(text: &str) -> Result<Value, ()> {
    match body(text)? {
        Value::Null => Err(()),
        Value::String(text) if text.is_empty() => Err(()),
        body => Ok(body.pointer("/a/0/b").cloned().unwrap_or_default()),
    }
}

/// A number of JSON of a bounded length.
fn number(text: &str) -> Option<Value> {
    let number: Number = serde_json::from_str(text).ok().filter(|_| !text.contains(char::is_whitespace))?;
    let digits = |part: &str| part.chars().filter(char::is_ascii_digit).count();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, ""));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    (digits(whole) <= 21 && digits(part) <= 25 && digits(exponent) <= 2).then_some(number.into())
}

/// The request templates of all methods.
fn templates() -> BTreeMap<String, String> {
    let mut manifest = SPEC.replace("MACHINE", MACHINE);
    for method in methods() {
        let _ = write!(manifest, "{}", method.manifest());
    }
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("vtl-forged.yaml");
    std::fs::write(&file, &manifest).expect("a file");
    let ran = Command::new(env!("CARGO_BIN_EXE_stepgate")).arg("render").arg(&file).output().expect("it runs");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut templates = BTreeMap::new();
    collect(&serde_json::from_slice(&ran.stdout).expect("JSON"), &mut templates);
    templates
}

/// Those of `paths`, wherever that is in a document.
fn collect(document: &Value, templates: &mut BTreeMap<String, String>) {
    for (name, value) in document.as_object().into_iter().flatten() {
        let request = "/post/x-amazon-apigateway-integration/requestTemplates/application~1json";
        match value.pointer(request).and_then(Value::as_str) {
            Some(template) => drop(templates.insert(name.clone(), template.to_owned())),
            None => collect(value, templates),
        }
    }
}

/// Calls with something for every source, none of them meant for another, and with parameters that take others' names.
fn calls() -> impl Strategy<Value = Context> {
    let of_types = select(vec![
        "0",
        "-7",
        "12345678",
        "999999999",
        "1000000000",
        "007",
        "-0",
        "1.5",
        "-2.50e-3",
        "1e99",
        "1E+400",
        ".5",
        "true",
        "false",
        "True",
        "1\n",
        " 1",
        "1,\"x\":2",
        "true}",
        "null",
    ]);
    let one = || prop_oneof![4 => text(), 2 => of_types.clone().prop_map(str::to_owned), 1 => Just(String::new())];
    let scalar = prop_oneof![
        one().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from)
    ];
    // As a text a decimal is Java's, such as 2.5E8.
    let whole = value().prop_map(|value| if value.is_f64() { json!(7) } else { value });
    let inner = prop_oneof![3 => scalar, 1 => whole, 1 => Just(Value::Null)];
    let full = (inner, text()).prop_map(|(inner, key)| {
        let mut body =
            json!({"a": [{"b": inner}, "x"], "stateMachineArn": "forged", "input": "forged", "name": "forged"});
        body[key] = json!("more");
        body.to_string()
    });
    let broken = one().prop_map(|text| format!("{{\"a\":[{{\"b\":\"{text}"));
    // No numbers that engines write in another way, such as -0.
    let bare = prop_oneof![
        text(),
        select(vec!["", " ", "7", "-7", "007", "1.5", "true", "True", "null"]).prop_map(str::to_owned)
    ];
    let bodies = prop_oneof![6 => full, 2 => value().prop_map(|value| value.to_string()), 1 => broken, 1 => bare];
    (bodies, vec(one(), 6), any::<bool>()).prop_map(|(body, texts, forge)| {
        let map = |name: &str, text: &str| BTreeMap::from([(name.to_owned(), text.to_owned())]);
        let mut call = Context {
            body,
            query: map("q", &texts[0]),
            headers: map("X-Text", &texts[1]),
            path: map("id", &encoded(&texts[2])),
            stage_variables: map("text", &texts[3]),
            ..Context::default()
        };
        let context = json!({"extendedRequestId": texts[4], "authorizer": {"claims": {"sub": texts[5]}}});
        call.context = context.as_object().cloned().unwrap_or_default();
        if forge {
            for name in ["X-Text", "id", "text", "sub", "input", "stateMachineArn"] {
                call.query.insert(name.to_owned(), "forged".to_owned());
            }
            call.headers.insert("q".to_owned(), "forged".to_owned());
        }
        call
    })
}

#[tokio::test]
async fn no_call_forges_or_drops_a_key_for_any_source_type_and_position() {
    let templates = templates();
    let mut cases = Vec::new();
    for method in methods() {
        let template = &templates[&method.path()];
        let calls = generated(&calls(), CALLS);
        cases.extend(calls.into_iter().map(|call| (method, Pair { template: template.clone(), call })));
    }
    assert!(cases.len() >= 3000, "{}", cases.len());
    let pairs: Vec<Pair> = cases.iter().map(|(_, pair)| pair.clone()).collect();
    let theirs = outcomes("vtl", &pairs).await;
    let (mut refused, mut wrong) = (0, Vec::new());
    for ((method, pair), theirs) in cases.iter().zip(theirs) {
        let wanted = method.request(&pair.call);
        refused += usize::from(wanted.is_array());
        for (engine, made) in [("LocalStack's", theirs.text), ("stepgate::vtl", pair.ours().text)] {
            let read = made.clone().and_then(|text| method.read(&text));
            if read.as_ref() != Ok(&wanted) {
                wrong.push(format!(
                    "{method:?} {engine}\n {:?}\n wanted {wanted}\n made   {made:?}\n {read:?}",
                    pair.call
                ));
            }
        }
    }
    let first = wrong.iter().take(5).map(String::as_str).collect::<Vec<_>>().join("\n\n");
    assert!(wrong.is_empty(), "{} of {} are wrong, such as\n{first}", wrong.len(), cases.len());
    // Both kinds of ends are there in numbers.
    assert!(refused > cases.len() / 10 && refused < cases.len() * 9 / 10, "{refused} of {}", cases.len());
}
