//! What `stepgate render --sample` takes for a success of each action, against the service model of botocore.

use serde_json::{Value, json};
use stepgate::actions::{ACTIONS, Action};

use crate::catalogue::botocore;
use crate::world::run;

/// What a value lacks of a shape, and what it has beside it, by path.
fn wrong(path: &str, value: &Value, shape: &Value, model: &Value, found: &mut Vec<String>) {
    let of = |member: &Value| &model["shapes"][member["shape"].as_str().expect("a shape's name")];
    let words = shape["enum"].as_array();
    let fits = match shape["type"].as_str().expect("a type") {
        "structure" => value.is_object(),
        "list" => value.as_array().is_some_and(|items| !items.is_empty() || path.ends_with(".diagnostics")),
        "string" => value.is_string() && words.is_none_or(|words| words.contains(value)),
        "boolean" => value.is_boolean(),
        "integer" | "long" => value.is_i64(),
        "float" | "timestamp" => value.is_number(),
        other => panic!("{path}: {other}"),
    };
    if !fits {
        found.push(format!("{path}: {value} is no {}", shape["type"]));
    }
    for name in shape["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{path}.{name}: missing"));
        }
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        match shape["members"].get(name) {
            Some(member) => wrong(&format!("{path}.{name}"), value, of(member), model, found),
            None => found.push(format!("{path}.{name}: unknown")),
        }
    }
    for item in value.as_array().into_iter().flatten() {
        wrong(&format!("{path}[]"), item, of(&shape["member"]), model, found);
    }
}

/// A request about things of one machine of another account and partition than the made-up ones.
fn request(action: &Action) -> Value {
    let arn = |what: &str| format!("arn:aws-cn:states:cn-north-1:210987654321:{what}");
    let mut request = json!({
        "stateMachineArn": arn("stateMachine:Orders"), "executionArn": arn("execution:Orders:seven"),
        "mapRunArn": arn("mapRun:Orders/Each:1"), "activityArn": arn("activity:Packing"), "input": "{\"n\": 1}", "output": "{}",
    });
    for argument in action.arguments.iter().filter(|argument| argument.required) {
        request.as_object_mut().expect("a request").entry(argument.name).or_insert(json!("x"));
    }
    request
}

#[tokio::test]
async fn made_up_answer_of_every_action_is_one_that_step_functions_could_give() {
    let methods: Vec<Value> = ACTIONS
        .iter()
        .map(|action| {
            json!({"path": format!("/{}", action.name), "method": "POST", "action": action.name,
                   "authorization": {"type": "None"}, "timeoutMillis": 65_000})
        })
        .collect();
    let manifest = json!({
        "apiVersion": "stepgate.dev/v1alpha1", "kind": "StepFunctionsApi", "metadata": {"name": "all"},
        "spec": {"region": "us-east-1", "role": {"arn": "arn:aws:iam::123456789012:role/r"}, "methods": methods,
                 "stages": [{"name": "live"}]},
    });
    let model = botocore();
    for action in &ACTIONS {
        let file = format!("{}/success-{}.json", env!("CARGO_TARGET_TMPDIR"), action.name);
        let sample = json!({"method": "POST", "path": format!("/{}", action.name), "body": request(action)});
        std::fs::write(&file, sample.to_string()).expect("a file");
        let arguments = ["render", "-", "--sample", &file];
        let shown = run(env!("CARGO_BIN_EXE_stepgate"), &arguments, &manifest.to_string()).await.expect("it runs");
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        assert_eq!(shown["answer"]["status"], 200, "{shown:#}");
        let answer = &shown["answer"]["body"];
        let output = &model["operations"][action.name]["output"]["shape"];
        let mut found = Vec::new();
        let shape = &model["shapes"][output.as_str().expect("an output")];
        wrong(action.name, answer, shape, &model, &mut found);
        assert_eq!(found, Vec::<String>::new(), "{shown:#}");
        let nothing = shape["members"].as_object().is_none_or(serde_json::Map::is_empty);
        assert_eq!(answer == &json!({}), nothing, "{}", action.name);
        // It is about what was asked for.
        let text = answer.to_string();
        assert!(!text.contains("arn:") || text.contains("aws-cn"), "{shown:#}");
        assert_eq!(shown["response"]["status"], 200, "{shown:#}");
    }
}
