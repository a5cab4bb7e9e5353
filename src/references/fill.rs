//! Values into the spec, and the checks that written ones pass.

use serde_json::{Map, Value};

use super::{Content, Kind, Reference, Source, Values};
use crate::api::schema::spec_problems;
use crate::api::{Problem, StepFunctionsApiSpec};

/// Why a spec could not be filled.
#[derive(Clone, Debug, PartialEq)]
pub enum Unfilled {
    /// Values that are not there, yet.
    Missing(Vec<Problem>),
    /// Values that do not fit their fields.
    Wrong(Vec<Problem>),
}

pub(super) fn fill(
    references: &[Reference],
    mut spec: Value,
    values: &Values,
) -> Result<StepFunctionsApiSpec, Unfilled> {
    let mut missing = Vec::new();
    let mut wrong = Vec::new();
    for reference in references {
        let problem = |message| Problem { field: reference.field.clone(), message };
        match look_up(reference, values).map(|text| parsed(reference, text)) {
            Err(message) => missing.push(problem(message)),
            Ok(Err(message)) => wrong.push(problem(message)),
            Ok(Ok(value)) => put(&mut spec, reference, value),
        }
    }
    if !missing.is_empty() {
        return Err(Unfilled::Missing(missing));
    }
    if wrong.is_empty() {
        wrong = spec_problems(&spec).into_iter().map(|problem| explained(problem, references, values)).collect();
    }
    if wrong.is_empty() {
        let filled = serde_json::from_value(spec);
        return filled
            .map_err(|error| Unfilled::Wrong(vec![Problem { field: "spec".to_owned(), message: error.to_string() }]));
    }
    Err(Unfilled::Wrong(wrong))
}

fn look_up<'a>(reference: &Reference, values: &'a Values) -> Result<&'a str, String> {
    let Reference { source, key, .. } = reference;
    let keys = match values.get(source) {
        None | Some(Content::Absent) => return Err(absent(source)),
        Some(Content::Unreadable(why)) => return Err(format!("{source} cannot be read: {why}")),
        Some(Content::Keys(keys)) => keys,
    };
    let missing = || match source.kind {
        Kind::StateMachine(_) => format!("{source} has no ARN in its status yet"),
        Kind::ConfigMap | Kind::Secret if keys.is_empty() => format!("{source} has no key {key}; it has none"),
        Kind::ConfigMap | Kind::Secret => {
            let all: Vec<&str> = keys.keys().map(String::as_str).collect();
            format!("{source} has no key {key}; it has {}", all.join(", "))
        }
    };
    keys.get(key).map(String::as_str).ok_or_else(missing)
}

fn absent(source: &Source) -> String {
    match source.kind {
        Kind::StateMachine(_) => format!("{source} does not exist, or its CRD is not installed"),
        Kind::ConfigMap | Kind::Secret => format!("{source} does not exist"),
    }
}

/// The value in the type of its field: text as it is, anything else as JSON.
fn parsed(reference: &Reference, text: &str) -> Result<Value, String> {
    if reference.place.kind == "string" {
        return Ok(Value::String(text.to_owned()));
    }
    // serde_json's own words quote the text.
    serde_json::from_str(text).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        format!("{} is not JSON, at {place}", origin(reference))
    })
}

fn origin(reference: &Reference) -> String {
    match reference.source.kind {
        Kind::StateMachine(_) => format!("the ARN of {}", reference.source),
        Kind::ConfigMap | Kind::Secret => format!("key {} of {}", reference.key, reference.source),
    }
}

/// Puts a value in its place, and takes away what referred to it.
fn put(spec: &mut Value, reference: &Reference, value: Value) {
    let place = &reference.place;
    let Some(parent) = spec.pointer_mut(&place.parent).and_then(Value::as_object_mut) else { return };
    match &place.entry {
        None => {
            parent.insert(place.target.clone(), value);
        }
        Some(entry) => {
            let map = parent.entry(&place.target).or_insert_with(|| Value::Object(Map::new()));
            map.as_object_mut().map(|map| map.insert(entry.clone(), value));
        }
    }
    parent.remove(&place.from);
}

/// A problem of the filled spec, with the field as users know it and where the value came from.
fn explained(problem: Problem, references: &[Reference], values: &Values) -> Problem {
    let Problem { field, message } = problem;
    let inside = |reference: &&Reference| {
        let rest = field.strip_prefix(&reference.place.indexed);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let Some(reference) = references.iter().find(inside) else { return Problem { field, message } };
    let text = look_up(reference, values).unwrap_or_default();
    let mut message = match reference.source.kind {
        // A message may quote.
        Kind::Secret => "the value does not fit the field".to_owned(),
        _ => message,
    };
    message.push_str(&format!(" (from {})", origin(reference)));
    if text.ends_with('\n') {
        message.push_str("; it ends with a line break");
    }
    let rest = field.strip_prefix(&reference.place.indexed).unwrap_or_default();
    Problem { field: format!("{}{rest}", reference.field), message }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::{References, walk};
    use super::*;

    fn keys(kind: Kind, name: &str, pairs: &[(&str, &str)]) -> (Source, Content) {
        let keys = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        (Source { kind, name: name.to_owned() }, Content::Keys(keys.collect()))
    }

    const ARN: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:M";

    fn spec() -> StepFunctionsApiSpec {
        let env = |key: &str| json!({"configMapKeyRef": {"name": "env", "key": key}});
        serde_json::from_value(json!({
            "region": "us-east-1",
            "role": {"arnFrom": env("role")},
            "stateMachines": [
                {"name": "a", "arnFrom": env("machine")},
                {"name": "b", "ref": {"apiGroup": "sfn.services.k8s.aws", "name": "b"}},
            ],
            "templates": [{"name": "t", "bodyFrom": env("template")}],
            "methods": [{"path": "/", "method": "GET", "action": "StartExecution", "stateMachine": "a"}],
            "stages": [{"name": "prod", "variables": {"x": "1"}, "variablesFrom": {"y": env("y")}}],
        }))
        .unwrap()
    }

    fn values(pairs: &[(&str, &str)]) -> Values {
        let machine = Kind::StateMachine(crate::api::StateMachineGroup::Ack);
        let good = [("role", "arn:aws:iam::123456789012:role/r"), ("machine", ARN), ("template", "{}"), ("y", "2")];
        let mut env: BTreeMap<&str, &str> = good.into();
        env.extend(pairs.iter().copied());
        let env: Vec<(&str, &str)> = env.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        [keys(Kind::ConfigMap, "env", &env), keys(machine, "b", &[("arn", ARN)])].into()
    }

    fn shown(unfilled: Unfilled) -> Vec<String> {
        let (Unfilled::Missing(problems) | Unfilled::Wrong(problems)) = unfilled;
        problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn every_reference_is_found_and_filled_as_if_it_were_written() {
        let references = References::of(&spec());
        let fields: Vec<&str> = references.0.iter().map(|reference| reference.field.as_str()).collect();
        let wanted = [
            "spec.role.arn",
            "spec.stages[prod].variables.y",
            "spec.stateMachines[a].arn",
            "spec.stateMachines[b].arn",
            "spec.templates[t].body",
        ];
        assert_eq!(fields, wanted);
        let filled = references.fill(&spec(), &values(&[])).unwrap();
        let written = serde_json::from_value(json!({
            "region": "us-east-1",
            "role": {"arn": "arn:aws:iam::123456789012:role/r"},
            "stateMachines": [{"name": "a", "arn": ARN}, {"name": "b", "arn": ARN}],
            "templates": [{"name": "t", "body": "{}"}],
            "methods": [{"path": "/", "method": "GET", "action": "StartExecution", "stateMachine": "a"}],
            "stages": [{"name": "prod", "variables": {"x": "1", "y": "2"}}],
        }));
        assert_eq!(filled, written.unwrap());
        assert!(References::of(&filled).is_empty());
    }

    #[test]
    fn what_is_missing_is_named_with_field_object_and_key() {
        let references = References::of(&spec());
        let all = references.fill(&spec(), &Values::new()).unwrap_err();
        assert!(matches!(all, Unfilled::Missing(_)));
        assert!(shown(all).contains(&"spec.role.arn: ConfigMap env does not exist".to_owned()));
        let key = references.fill(&spec(), &values(&[("y", "")])).unwrap_err();
        let says = "spec.stages[prod].variables.y: ConfigMap env has no key y; it has machine, role, template";
        assert_eq!(shown(key), [says]);
        let mut no_arn = values(&[]);
        no_arn.extend([keys(Kind::StateMachine(crate::api::StateMachineGroup::Ack), "b", &[])]);
        let says = "spec.stateMachines[b].arn: StateMachine.sfn.services.k8s.aws b has no ARN in its status yet";
        assert_eq!(shown(references.fill(&spec(), &no_arn).unwrap_err()), [says]);
    }

    #[test]
    fn a_value_that_would_not_be_taken_in_the_object_is_not_taken_from_elsewhere() {
        let references = References::of(&spec());
        let long = "a".repeat(513);
        let cases = [
            ("y", "r e d", "spec.stages[prod].variables.y: a stage variable has letters"),
            ("y", &long, "spec.stages[prod].variables.y: has 513 characters, and 512 are allowed"),
            ("role", "my-role", "spec.role.arn: must be the ARN of a role"),
            ("role", "arn:aws:iam::123456789012:role/r\n", "it ends with a line break"),
        ];
        for (key, value, says) in cases {
            let unfilled = references.fill(&spec(), &values(&[(key, value)])).unwrap_err();
            assert!(matches!(unfilled, Unfilled::Wrong(_)));
            let shown = shown(unfilled).join("\n");
            assert!(shown.contains(says) && shown.contains(&format!("(from key {key} of ConfigMap env)")), "{shown}");
        }
    }

    #[test]
    fn a_secret_is_not_quoted_and_other_types_are_read_as_json() {
        let from = json!({"properties": {"configMapKeyRef": {"type": "object"}, "secretKeyRef": {"type": "object"}}});
        let schema = json!({"type": "object", "properties": {
            "value": {"type": "string", "enum": ["a"]}, "valueFrom": from,
            "schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}, "schemaFrom": from,
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }});
        let key = |kind: &str| json!({kind: {"name": "n", "key": "k"}});
        // What is free is not looked into.
        let spec = json!({"valueFrom": key("secretKeyRef"), "schemaFrom": key("configMapKeyRef"),
                          "free": {"x": "1", "xFrom": key("configMapKeyRef")}});
        let references = walk::references(&spec, &schema);
        assert_eq!(references.len(), 2);
        let values = |json: &str| -> Values {
            [keys(Kind::Secret, "n", &[("k", "s3cret")]), keys(Kind::ConfigMap, "n", &[("k", json)])].into()
        };
        let mut filled = spec.clone();
        for reference in &references {
            let values = values(r#"{"b": [1]}"#);
            let value = parsed(reference, look_up(reference, &values).unwrap()).unwrap();
            put(&mut filled, reference, value);
        }
        assert_eq!(filled["schema"], json!({"b": [1]}));
        assert_eq!(filled["value"], "s3cret");
        let problem = Problem { field: "spec.value".to_owned(), message: "\"s3cret\" is not one of a".to_owned() };
        let told = explained(problem, &references, &values("{}"));
        assert_eq!(told.message, "the value does not fit the field (from key k of Secret n)");
        let told = shown(fill(&references, spec, &values("{s3cret")).unwrap_err());
        assert_eq!(told, ["spec.schema: key k of ConfigMap n is not JSON, at line 1 column 2"]);
    }
}
