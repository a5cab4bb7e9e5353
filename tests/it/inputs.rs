//! What callers send is what executions get, or a clean 400; nothing else changes.

pub mod generated;

use std::collections::BTreeMap;
use std::future::Future;

use futures::StreamExt;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use reqwest::Client;
use serde_json::{Value, json};

use self::generated::{generated, text, value};
use crate::world::{Answer, Controller, MachineKind, World, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";
const CONTENT_TYPES: [&str; 3] = [JSON, "application/x-www-form-urlencoded", "application/json; charset=utf-8"];
/// Calls under way at the same time.
const CALLERS: usize = 8;

const SPEC: &str = r#"
region: us-east-1
role: {stateMachineArns: [OTHER]}
stateMachines: [{name: hello, arn: HELLO}]
methods:
METHODS
stages:
  - name: test
    variables: {text: "a~b:/?#&=,-._c"}
"#;

/// Path, arguments. All start machine `hello` by POST.
const METHODS: [(&str, &str); 12] = [
    ("/body", "{}"),
    ("/field", r#"{input: {bodyField: "$.order.items[0].value"}}"#),
    ("/query", "{input: {query: text}}"),
    ("/path/{text}", "{input: {path: text}}"),
    ("/header", "{input: {header: X-Text}}"),
    ("/name/field", "{name: {bodyField: $.name}}"),
    ("/name/query", "{name: {query: name}}"),
    ("/name/path/{name}", "{name: {path: name}}"),
    ("/name/header", "{name: {header: Idempotency-Key}}"),
    ("/variable", "{input: {stageVariable: text}}"),
    (
        "/value",
        r#"{input: {value: '{"$input": "it''s #set($a=1) ## ${x} \" \\ \u2028 é </script> #* $stageVariables.text"}'}}"#,
    ),
    ("/context", "{input: {context: httpMethod}, name: {context: extendedRequestId}}"),
];

/// The API of this file, ready to be called, and the machine that no call may reach.
struct Api {
    world: World,
    url: String,
    hello: String,
    other: String,
    _controller: Controller,
}

impl Api {
    async fn new() -> Self {
        let world = World::new("inputs").await;
        let hello = world.aws.machine(REGION, "hello", MachineKind::Standard).await;
        let other = world.aws.machine(REGION, "other", MachineKind::Standard).await;
        let method = |(path, arguments): &(&str, &str)| {
            format!(
                "  - {{path: \"{path}\", method: POST, action: StartExecution, stateMachine: hello, \
                 authorization: {{type: None}}, arguments: {arguments}}}\n"
            )
        };
        let methods: String = METHODS.iter().map(method).collect();
        let spec = SPEC.replace("METHODS", methods.trim_end()).replace("HELLO", &hello).replace("OTHER", &other);
        let controller = world.controller().await;
        world.kube.apply_spec("inputs", &spec).await.expect("the spec applies");
        let status = world.kube.wait_ready("inputs").await.status.expect("a status");
        let api = Self { world, url: status.stages[0].url.clone(), hello, other, _controller: controller };
        Answer::until(200, || post(&api.at("/body"), JSON, "{}")).await;
        api
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Name of the execution that an answer is about. It has to be one of `hello`.
    fn name(&self, answer: &Answer) -> String {
        let answer = answer.json();
        let arn = answer["executionArn"].as_str().expect("an ARN");
        let prefix = format!("arn:aws:states:{REGION}:{}:execution:hello:", self.world.aws.id);
        arn.strip_prefix(&prefix).unwrap_or_else(|| panic!("{arn} is not an execution of hello")).to_owned()
    }

    /// Its input.
    async fn input(&self, answer: &Answer) -> Value {
        assert_eq!(answer.status, 200, "{answer:?}");
        self.name(answer);
        let arn = answer.json()["executionArn"].as_str().unwrap_or_default().to_owned();
        let found = self.world.aws.states(REGION).describe_execution().execution_arn(arn).send().await;
        serde_json::from_str(found.expect("an execution").input().unwrap_or("null")).expect("JSON")
    }

    async fn executions(&self, machine: &str) -> usize {
        let list = self.world.aws.states(REGION).list_executions().state_machine_arn(machine).send().await;
        list.expect("executions").executions().len()
    }
}

/// A 400 in the form of every error of ours.
fn assert_clean_refusal(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    let body: BTreeMap<String, String> =
        serde_json::from_str(&answer.body).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
    assert_eq!(body.keys().collect::<Vec<_>>(), ["error", "message", "requestId"], "{answer:?}");
    assert!(!body["error"].is_empty() && !body["requestId"].is_empty(), "{answer:?}");
}

/// Runs a check on every case, several at a time.
async fn each<T, F: Future<Output = ()>>(cases: Vec<T>, check: impl Fn(usize, T) -> F) {
    futures::stream::iter(cases.into_iter().enumerate().map(|(index, case)| check(index, case)))
        .buffer_unordered(CALLERS)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn what_callers_send_reaches_the_execution_or_is_refused() {
    let api = Api::new().await;
    any_json_body_becomes_the_input_of_the_one_machine(&api).await;
    any_text_of_query_path_and_header_becomes_the_input_as_a_string(&api).await;
    any_text_for_the_name_names_the_execution_or_is_refused(&api).await;
    fixed_and_gateway_sources_arrive_as_they_are(&api).await;
    empty_and_broken_bodies_give_an_empty_object_or_a_refusal(&api).await;
    forged_arguments_stay_data(&api).await;
    a_query_parameter_does_not_pass_for_a_header(&api).await;
    assert_eq!(api.executions(&api.other).await, 0, "no call reached the other machine");
}

async fn any_json_body_becomes_the_input_of_the_one_machine(api: &Api) {
    each(generated(&value(), 250), |index, sent| async move {
        let body = if index % 2 == 0 { sent.to_string() } else { format!("\n {sent:#}\r\n") };
        let answer = Answer::of(post(&api.at("/body"), CONTENT_TYPES[index % 3], body)).await;
        assert_eq!(api.input(&answer).await, sent);
    })
    .await;
    let fields = [json!(""), json!(" "), json!([]), json!({}), json!(0), json!(false)];
    each([generated(&value(), 80), fields.to_vec()].concat(), |_, sent| {
        async move {
            let body = json!({"order": {"items": [{"value": sent}, "x"]}, "input": "y", "name": "forged"});
            let answer = Answer::of(post(&api.at("/field"), JSON, body.to_string())).await;
            // Null is as good as no field, and then Step Functions takes an empty object.
            assert_eq!(api.input(&answer).await, if sent.is_null() { json!({}) } else { sent });
            assert_ne!(api.name(&answer), "forged");
        }
    })
    .await;
}

async fn any_text_of_query_path_and_header_becomes_the_input_as_a_string(api: &Api) {
    each(generated(&text(), 90), |index, text| {
        async move {
            let (request, sent) = match index % 3 {
                0 => (Client::new().post(api.at("/query")).query(&[("text", format!(" {text}"))]), format!(" {text}")),
                1 => {
                    // A + stands for itself in a path.
                    let segment = format!("x+{}", encoded(&text));
                    (Client::new().post(api.at(&format!("/path/{segment}"))), decoded(&segment))
                }
                _ => {
                    let text = format!("x{}x", printable(&text));
                    (Client::new().post(api.at("/header")).header("x-text", &text), text)
                }
            };
            assert_eq!(api.input(&Answer::of(request).await).await, Value::from(sent));
        }
    })
    .await;
}

async fn any_text_for_the_name_names_the_execution_or_is_refused(api: &Api) {
    each(generated(&text(), 90), |index, text| async move {
        let name = format!("x{text}{index}");
        let (request, name) = match index % 4 {
            0 => (post(&api.at("/name/field"), JSON, json!({ "name": name }).to_string()), name),
            1 => (Client::new().post(api.at("/name/query")).query(&[("name", &name)]), name),
            2 => {
                let segment = encoded(&name);
                (Client::new().post(api.at(&format!("/name/path/{segment}"))), decoded(&segment))
            }
            _ => {
                let name = printable(&name);
                (Client::new().post(api.at("/name/header")).header("idempotency-key", &name), name)
            }
        };
        let answer = Answer::of(request).await;
        if answer.status == 200 {
            assert_eq!(api.name(&answer), name);
        } else {
            assert_clean_refusal(&answer);
        }
    })
    .await;
}

/// A text as a segment of a path. The slash has a meaning of its own there, and a URL has at most 10,240 characters.
pub fn encoded(text: &str) -> String {
    let text: String = text.replace('/', "").chars().take(200).collect();
    utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string()
}

/// A segment of a path as an execution gets it.
pub fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// What of a text a header can hold.
fn printable(text: &str) -> String {
    text.chars().filter(|c| (' '..='~').contains(c)).collect()
}

async fn fixed_and_gateway_sources_arrive_as_they_are(api: &Api) {
    let input = async |path| api.input(&Answer::of(post(&api.at(path), JSON, "{}")).await).await;
    assert_eq!(input("/variable").await, "a~b:/?#&=,-._c");
    let fixed = "it's #set($a=1) ## ${x} \" \\ \u{2028} é </script> #* $stageVariables.text";
    assert_eq!(input("/value").await, json!({ "$input": fixed }));
    assert_eq!(input("/context").await, "POST");
}

async fn empty_and_broken_bodies_give_an_empty_object_or_a_refusal(api: &Api) {
    for kind in CONTENT_TYPES {
        let call = async |body: &'static str| Answer::of(post(&api.at("/body"), kind, body)).await;
        assert_eq!(api.input(&call("").await).await, json!({}));
        let before = api.executions(&api.hello).await;
        for body in
            ["{", "nothing", "{\"a\":1}}", "'x'", "\"\\x\"", "$input", "a=1&b=2", "\",\"name\":\"x", "{\"a\":\u{7f}}"]
        {
            assert_clean_refusal(&call(body).await);
        }
        assert_eq!(api.executions(&api.hello).await, before, "a refused call starts nothing");
    }
    // Blank is empty or not JSON, and no third thing.
    let blank = Answer::of(post(&api.at("/body"), JSON, " \r\n\t")).await;
    if blank.status == 200 {
        assert_eq!(api.input(&blank).await, json!({}));
    } else {
        assert_clean_refusal(&blank);
    }
    for kind in ["text/plain", "application/xml", "application/jsonx"] {
        let answer = Answer::of(post(&api.at("/body"), kind, "{}")).await;
        assert_eq!(answer.status, 415, "{kind}: {answer:?}");
    }
}

async fn forged_arguments_stay_data(api: &Api) {
    let forged = json!({"stateMachineArn": api.other, "name": "forged", "input": "{}"});
    let answer = Answer::of(post(&api.at("/body"), JSON, forged.to_string())).await;
    assert_eq!(api.input(&answer).await, forged);
    assert_ne!(api.name(&answer), "forged");

    let escapes = ["\"", "\\\"", "\\\\\"", "\\u0022", "'\"", "\\'\""];
    for text in escapes.map(|quote| format!("{quote},\"stateMachineArn\":\"{}\",\"name\":\"forged", api.other)) {
        assert_clean_refusal(&Answer::of(post(&api.at("/body"), JSON, text.clone())).await);
        let field = json!({"order": {"items": [{"value": text}]}}).to_string();
        let field = Answer::of(post(&api.at("/field"), JSON, field)).await;
        assert_eq!(api.input(&field).await, Value::from(text.clone()));
        let query = Answer::of(Client::new().post(api.at("/query")).query(&[("text", &text)])).await;
        assert_eq!(api.input(&query).await, Value::from(text.clone()));
        let header = Answer::of(Client::new().post(api.at("/header")).header("X-Text", &text)).await;
        assert_eq!(api.input(&header).await, Value::from(text.clone()));
        assert_clean_refusal(&Answer::of(Client::new().post(api.at("/name/query")).query(&[("name", &text)])).await);
    }
}

async fn a_query_parameter_does_not_pass_for_a_header(api: &Api) {
    let url = api.at("/name/header");
    let call = async |header: &str, name: &str, query: &str| {
        let request = Client::new().post(&url).header(header, name).query(&[(query, "forged")]);
        api.name(&Answer::of(request).await)
    };
    assert_ne!(call("X-Other", "x", "Idempotency-Key").await, "forged");
    assert_eq!(call("idempotency-key", "any-case", "other").await, "any-case");
    assert_eq!(call("Idempotency-Key", "both", "Idempotency-Key").await, "both");
}
