//! Arguments with types and objects of several sources: each value arrives as what it is, or the call is refused, and
//! nothing that a client sends adds, replaces or drops a key.
//!
//! Each call has a value for every source and position at once, and a synchronous execution answers its input as its
//! output, so one call shows about ten values.

use std::future::Future;

use futures::StreamExt;
use reqwest::Client;
use serde_json::{Map, Value, json};

use crate::inputs::generated::{generated, text, value};
use crate::inputs::{decoded, encoded};
use crate::world::{Answer, Controller, MachineKind, World, post};

const REGION: &str = "us-east-1";
const JSON: &str = "application/json";
const FIXED: &str = "it's #set($a=1) ## ${x} \" \\ é </script> #* $stageVariables.text @@";
/// Calls under way at the same time.
const CALLERS: usize = 8;

const SPEC: &str = r##"
region: us-east-1
stateMachines: [{name: sync, arn: SYNC}, {name: hello, arn: HELLO}]
methods:
  - path: /all/{path}
    method: POST
    action: StartSyncExecution
    stateMachine: sync
    authorization: {type: None}
    arguments:
      input:
        object:
          body: {body: {}}
          field: {bodyField: "$.a[0].b"}
          text: {bodyField: $.text, type: String}
          query: {query: q}
          count: {query: count, type: Integer}
          size: {query: x, type: Number}
          flag: {query: flag, type: Boolean}
          header: {header: X-Text}
          stage: {stageVariable: text}
          verb: {context: httpMethod}
          at: {context: requestTimeEpoch, type: Integer}
          'it''s "fixed" $x #if \': {value: FIXED}
          json: {value: '{"$input": ["#end", 1.5e3, null]}', type: JSON}
          number: {value: "-9223372036854775808", type: Integer}
          nested: {object: {deep: {object: {path: {path: path}, query: {query: q}, field: {bodyField: "$.a[0].b"}}}, none: {object: {query: {query: none}}}}}
  - path: /sometimes
    method: POST
    action: StartSyncExecution
    stateMachine: sync
    authorization: {type: None}
    arguments: {input: {object: {a: {query: a}, b: {query: b}, c: {object: {d: {header: d}, e: {query: e, type: Boolean}}}}}}
  - path: /whole
    method: POST
    action: StartSyncExecution
    stateMachine: sync
    authorization: {type: None}
    arguments: {input: {object: {body: {body: {}}, by: {value: api}}}}
  - path: /number
    method: POST
    action: StartSyncExecution
    stateMachine: sync
    authorization: {type: None}
    arguments: {input: {query: count, type: Number}}
  - path: /executions
    method: GET
    action: ListExecutions
    stateMachine: hello
    authorization: {type: None}
    arguments: {maxResults: {query: max}, statusFilter: {query: status}, nextToken: {query: next}}
  - path: /executions
    method: POST
    action: ListExecutions
    stateMachine: hello
    authorization: {type: None}
    arguments: {maxResults: {bodyField: $.max}, statusFilter: {bodyField: $.status}}
  - path: /history
    method: POST
    action: GetExecutionHistory
    stateMachine: hello
    authorization: {type: None}
    arguments: {executionArn: {bodyField: $.arn}, reverseOrder: {bodyField: $.reverse}, maxResults: {value: "1"}}
  - path: /stop
    method: POST
    action: StopExecution
    stateMachine: hello
    authorization: {type: None}
    arguments: {executionArn: {bodyField: $.arn}, cause: {bodyField: $.cause}}
stages:
  - name: test
    variables: {text: "a~b:/?#&=,-._c"}
"##;

struct Api {
    world: World,
    url: String,
    hello: String,
    _controller: Controller,
}

impl Api {
    async fn new() -> Self {
        let world = World::new("arguments").await;
        let sync = world.aws.machine(REGION, "sync", MachineKind::Express).await;
        let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 600, "End": true}}});
        let hello = world.aws.machine_of(REGION, "hello", MachineKind::Standard, &wait).await;
        let fixed = format!("'{}'", FIXED.replace('\'', "''"));
        let spec = SPEC.replace("SYNC", &sync).replace("HELLO", &hello).replace("FIXED", &fixed);
        let controller = world.controller().await;
        world.kube.apply_spec("arguments", &spec).await.expect("the spec applies");
        let status = world.kube.wait_ready("arguments").await.status.expect("a status");
        let api = Self { world, url: status.stages[0].url.clone(), hello, _controller: controller };
        Answer::until(200, || post(&api.at("/whole"), JSON, "{}")).await;
        api
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// An execution of `hello` that goes on.
    async fn start(&self) -> String {
        let start = self.world.aws.states(REGION).start_execution().state_machine_arn(&self.hello).send().await;
        start.expect("an execution").execution_arn
    }
}

/// The input that a synchronous execution had.
fn input(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{answer:?}");
    let output = answer.json()["output"].as_str().expect("an output").to_owned();
    serde_json::from_str(&output).unwrap_or_else(|error| panic!("{error}: {output}"))
}

fn assert_refused(answer: &Answer) {
    assert_eq!(answer.status, 400, "{answer:?}");
    let body = answer.json();
    let keys: Vec<&String> = body.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["error", "message", "requestId"], "{answer:?}");
}

async fn each<T, F: Future<Output = ()>>(cases: Vec<T>, check: impl Fn(usize, T) -> F) {
    futures::stream::iter(cases.into_iter().enumerate().map(|(index, case)| check(index, case)))
        .buffer_unordered(CALLERS)
        .collect::<Vec<()>>()
        .await;
}

#[tokio::test]
async fn what_callers_send_arrives_as_what_it_is_or_is_refused() {
    let api = Api::new().await;
    an_object_holds_every_source_with_its_type(&api).await;
    what_the_call_does_not_have_is_left_out(&api).await;
    any_body_is_a_member_or_refused(&api).await;
    a_value_of_the_wrong_type_is_refused_before_anything_is_done(&api).await;
    lone_surrogates_harm_nothing(&api).await;
}

async fn an_object_holds_every_source_with_its_type(api: &Api) {
    let texts = generated(&text(), 640);
    let values = generated(&value(), 320);
    let cases: Vec<(&[String], &[Value])> = texts.chunks(4).zip(values.chunks(2)).collect();
    each(cases, |index, (texts, values)| async move {
        let [query, header, path, field] = texts else { panic!("four texts") };
        // An empty text would be left out, a blank one is not.
        let query: String = format!(" {query}").chars().take(300).collect();
        let header: String = format!("x{header}x").chars().filter(|c| (' '..='~').contains(c)).take(2000).collect();
        let path = encoded(&format!("x{path}"));
        let field = format!("\t{field}");
        let whole = [index as i64 * 7919 - 400_000, 1_767_225_600_123, i64::MIN, i64::MAX];
        let broken = [index as f64 / 8.0 - 19.9375, 1e300, -2.5e-300, 9_007_199_254_740_993.0];
        let (count, size, flag) = (whole[index % 4], broken[index % 4], index % 2 == 0);
        let body = json!({
            "a": [{"b": values[0]}], "text": field, "number": 1, "nested": {"deep": values[1]}, "by": "forged",
        });
        let request = Client::new()
            .post(api.at(&format!("/all/{path}")))
            .query(&[
                ("q", &query),
                ("count", &count.to_string()),
                ("x", &format!("{size:?}")),
                ("flag", &flag.to_string()),
            ])
            .header("x-text", &header)
            .header("Content-Type", JSON)
            .body(body.to_string());
        let mut deep = json!({"path": decoded(&path), "query": query});
        let mut wanted = json!({
            "body": body, "text": field, "query": query, "count": count, "size": size, "flag": flag, "header": header,
            "stage": "a~b:/?#&=,-._c", "verb": "POST", "it's \"fixed\" $x #if \\": FIXED,
            "json": {"$input": ["#end", 1500.0, null]}, "number": i64::MIN,
        });
        // Null is as good as no field.
        if !values[0].is_null() {
            wanted["field"] = values[0].clone();
            deep["field"] = values[0].clone();
        }
        wanted["nested"] = json!({"deep": deep, "none": {}});
        let mut got = input(&Answer::of(request).await);
        let at = got.as_object_mut().expect("an object").remove("at");
        assert!(at.as_ref().and_then(Value::as_i64) > Some(1_700_000_000_000), "{at:?}");
        for (name, wanted) in wanted.as_object().expect("an object") {
            assert_eq!(&got[name], wanted, "{name}");
        }
        assert_eq!(got.as_object().expect("an object").len(), wanted.as_object().expect("an object").len(), "{got}");
    })
    .await;
}

async fn what_the_call_does_not_have_is_left_out(api: &Api) {
    for there in 0..16 {
        let (mut query, mut wanted, mut inner) = (Vec::new(), Map::new(), Map::new());
        for (bit, name) in ["a", "b"].into_iter().enumerate().filter(|(bit, _)| there & (1 << bit) != 0) {
            query.push((name, "v\"".to_owned()));
            wanted.insert(name.to_owned(), json!("v\""));
            assert!(bit < 2);
        }
        if there & 4 != 0 {
            query.push(("e", "true".to_owned()));
            inner.insert("e".to_owned(), json!(true));
        }
        let mut request = Client::new().post(api.at("/sometimes")).query(&query);
        if there & 8 != 0 {
            request = request.header("D", "it's");
            inner.insert("d".to_owned(), json!("it's"));
        }
        wanted.insert("c".to_owned(), Value::from(inner));
        assert_eq!(input(&Answer::of(request).await), Value::from(wanted));
    }
    for (query, wanted) in [("a=%20", " "), ("a=%09%0A", "\t\n"), ("a=%C2%A0", "\u{a0}")] {
        let blank = Answer::of(post(&api.at(&format!("/sometimes?{query}")), JSON, "")).await;
        assert_eq!(input(&blank), json!({"a": wanted, "c": {}}), "{query}");
    }
    let call = async |query: &str| Answer::of(post(&api.at(&format!("/number{query}")), JSON, "")).await;
    assert_eq!(input(&call("?count=-1.5e3").await), json!(-1500.0));
    assert_eq!(input(&call("").await), json!({}), "no input at all");
    for bad in ["1e400", "12e300", "1e", "NaN", "Infinity", "1.5.5", "0x10", ".5"] {
        assert_refused(&call(&format!("?count={bad}")).await);
    }
}

async fn any_body_is_a_member_or_refused(api: &Api) {
    let more = [json!(""), json!(" "), json!([]), json!({}), json!(0), json!(false), json!(null), json!("null")];
    each([generated(&value(), 70), more.to_vec()].concat(), |index, sent| async move {
        let body = if index % 2 == 0 { sent.to_string() } else { format!("\n {sent:#}\r\n") };
        let answer = Answer::of(post(&api.at("/whole"), JSON, body)).await;
        let wanted = if sent.is_null() { json!({"by": "api"}) } else { json!({"body": sent, "by": "api"}) };
        assert_eq!(input(&answer), wanted);
    })
    .await;
    let none = Answer::of(post(&api.at("/whole"), JSON, "")).await;
    assert!([json!({"by": "api"}), json!({"body": {}, "by": "api"})].contains(&input(&none)), "{none:?}");
    for body in [
        "{",
        "nothing",
        "{\"a\":1}}",
        "'x'",
        "\"\\x\"",
        "$input",
        "a=1&b=2",
        "1},\"by\":\"forged\",\"x\":{",
        "1,\"by\":\"forged\"",
        "1\",\"by\":\"forged",
        "1\\\",\\\"by\\\":\\\"forged",
        "nulls",
        "{\"a\":\u{7f}}",
        "\"\"\"",
    ] {
        assert_refused(&Answer::of(post(&api.at("/whole"), JSON, body)).await);
    }
}

async fn a_value_of_the_wrong_type_is_refused_before_anything_is_done(api: &Api) {
    let arn = api.start().await;
    let get = |query: &[(&str, &str)]| Client::new().get(api.at("/executions")).query(query);
    let listed = async |query: &[(&str, &str)]| Answer::of(get(query)).await;
    for good in [&[][..], &[("max", "1")], &[("max", "0")], &[("max", "")], &[("max", "7"), ("status", "RUNNING")]] {
        let answer = listed(good).await;
        assert_eq!(answer.json()["executions"][0]["executionArn"], arn.as_str(), "{good:?}: {answer:?}");
    }
    for bad in
        ["abc", "1.5", "07", "-1", "+1", "1 ", " 1", "1e2", "99999999999", "1\n", "0x1", "١", "1},{", "true", "\"1\""]
    {
        assert_refused(&listed(&[("max", bad)]).await);
    }
    for bad in ["running", "RUNNING ", "RUNNING|FAILED", "\"", "RUNNING\n", "$x"] {
        assert_refused(&listed(&[("status", bad)]).await);
    }
    let json = async |path: &str, body: Value| Answer::of(post(&api.at(path), JSON, body.to_string())).await;
    for good in [json!({"max": 1}), json!({"max": "1"}), json!({}), json!({"max": null, "status": "RUNNING"})] {
        assert_eq!(json("/executions", good).await.status, 200);
    }
    for bad in [
        json!({"max": 1.5}),
        json!({"max": true}),
        json!({"max": [1]}),
        json!({"max": {}}),
        json!({"status": ["RUNNING"]}),
    ] {
        assert_refused(&json("/executions", bad).await);
    }
    let seen = async |reverse: Value| {
        let answer = json("/history", json!({"arn": arn, "reverse": reverse})).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["events"][0]["id"].as_i64().expect("an id")
    };
    assert_eq!([seen(json!(false)).await, seen(json!(null)).await], [1, 1]);
    assert!(seen(json!(true)).await > 1);
    for bad in [json!("yes"), json!(1), json!([true]), json!("true\"")] {
        assert_refused(&json("/history", json!({"arn": arn, "reverse": bad})).await);
    }
    // What a template would write as {a=b} is refused, and nothing is stopped.
    for bad in [json!({"a": "b"}), json!(["a"])] {
        assert_refused(&json("/stop", json!({"arn": arn, "cause": bad})).await);
    }
    assert_refused(&json("/stop", json!({"arn": [arn], "cause": "x"})).await);
    assert_eq!(listed(&[("status", "RUNNING")]).await.json()["executions"][0]["executionArn"], arn.as_str());
    assert_eq!(json("/stop", json!({"arn": arn, "cause": 7})).await.status, 200);
    let history =
        api.world.aws.states(REGION).get_execution_history().execution_arn(&arn).send().await.expect("events");
    let aborted = history.events().iter().find_map(|event| event.execution_aborted_event_details());
    assert_eq!(aborted.and_then(|details| details.cause()), Some("7"));
}

/// Half of a pair, which JSON can write and UTF-8 cannot.
async fn lone_surrogates_harm_nothing(api: &Api) {
    let answer = Answer::of(post(&api.at("/whole"), JSON, r#"{"a": "\ud800x"}"#)).await;
    if answer.status == 200 {
        let output = answer.json()["output"].as_str().expect("an output").to_owned();
        assert!(output.contains("ud800x") && output.contains("\"by\""), "{output}");
    } else {
        assert_refused(&answer);
    }
}
