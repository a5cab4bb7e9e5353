//! Values into the spec, and the checks that written ones pass.

use serde_json::{Map, Value};

use super::walk::Filled;
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
    let mut wrong = written_twice(references);
    let mut secrets = Vec::new();
    for reference in references {
        let problem = |message: String| Problem::new(&reference.field, message);
        match look_up(reference, values).map(|text| text.map(|text| parsed(reference, text))) {
            Err(message) => missing.push(problem(message)),
            Ok(None) => secrets.push((reference, None)),
            Ok(Some(Err(message))) => wrong.push(problem(message)),
            Ok(Some(Ok(value))) if reference.place.kind == Filled::Secret => secrets.push((reference, Some(value))),
            Ok(Some(Ok(value))) => put(&mut spec, reference, Some(value)),
        }
    }
    if !missing.is_empty() {
        return Err(Unfilled::Missing(missing));
    }
    if wrong.is_empty() {
        wrong = spec_problems(&spec).into_iter().map(|problem| explained(problem, references, values)).collect();
    }
    if !wrong.is_empty() {
        return Err(Unfilled::Wrong(wrong));
    }
    for (reference, value) in secrets {
        put(&mut spec, reference, value);
    }
    // The words of the error may quote a secret.
    let unreadable = |_| vec![Problem::new("spec", "cannot be read when filled")];
    serde_json::from_value(spec).map_err(|error| Unfilled::Wrong(unreadable(error)))
}

/// Keys of Secrets that the values of two API keys would be written to.
fn written_twice(references: &[Reference]) -> Vec<Problem> {
    let written =
        references.iter().filter(|reference| reference.place.kind == Filled::Secret && reference.place.optional);
    let written: Vec<&Reference> = written.collect();
    let place = |reference: &Reference| (reference.source.clone(), reference.key.clone());
    let again = written.iter().enumerate().filter_map(|(index, reference)| {
        let first = written[..index].iter().find(|first| place(first) == place(reference))?;
        let message = format!("{} is that of {}, too, and AWS takes each value once", origin(reference), first.field);
        Some(Problem::new(&reference.field, message))
    });
    again.collect()
}

/// The text for a field, `None` for one that can do without.
fn look_up<'a>(reference: &Reference, values: &'a Values) -> Result<Option<&'a str>, String> {
    let Reference { source, key, place, .. } = reference;
    let keys = match values.get(source) {
        Some(Content::Withheld) if place.kind == Filled::Secret => return Ok(None),
        None | Some(Content::Absent | Content::Withheld) if place.optional => return Ok(None),
        None | Some(Content::Absent | Content::Withheld) => return Err(absent(source)),
        Some(Content::Unreadable(why)) => return Err(format!("{source} cannot be read: {why}")),
        Some(Content::Keys(keys)) => keys,
    };
    match keys.get(key) {
        Some(Some(text)) => return Ok(Some(text)),
        Some(None) => return Err(format!("key {key} of {source} is no text")),
        None if place.optional => return Ok(None),
        None => {}
    }
    Err(match source.kind {
        Kind::StateMachine(_) => format!("{source} has no ARN in its status yet"),
        _ if keys.is_empty() => format!("{source} has no key {key}; it has none"),
        _ => {
            let all: Vec<&str> = keys.keys().map(String::as_str).collect();
            format!("{source} has no key {key}; it has {}", all.join(", "))
        }
    })
}

fn absent(source: &Source) -> String {
    match source.kind {
        Kind::StateMachine(_) => format!("{source} does not exist, or its CRD is not installed"),
        _ => format!("{source} does not exist"),
    }
}

/// The value in the type of its field.
pub(super) fn parsed(reference: &Reference, text: &str) -> Result<Value, String> {
    let structure = || structure(text).map_err(|what| format!("{} {what}", origin(reference)));
    match reference.place.kind {
        Filled::Text | Filled::Secret => Ok(Value::String(text.to_owned())),
        Filled::List if text.trim_start().starts_with(['[', '-']) => structure(),
        Filled::List => Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()),
        Filled::Structure => structure(),
    }
}

/// JSON, or else YAML, which may be indented by tabs less freely.
fn structure(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).or_else(|_| serde_saphyr::from_str(text)).map_err(|error| {
        // The error's own words quote the text.
        let place = error.location().map(|at| format!(", at line {} column {}", at.line(), at.column()));
        format!("is neither JSON nor YAML{}", place.unwrap_or_default())
    })
}

pub(super) fn origin(reference: &Reference) -> String {
    match reference.source.kind {
        Kind::StateMachine(_) => format!("the ARN of {}", reference.source),
        _ => format!("key {} of {}", reference.key, reference.source),
    }
}

/// Puts a value in its place, and takes away what referred to it.
fn put(spec: &mut Value, reference: &Reference, value: Option<Value>) {
    let place = &reference.place;
    let Some(parent) = spec.pointer_mut(&place.parent).and_then(Value::as_object_mut) else { return };
    match (&place.entry, value) {
        (_, None) => {}
        (None, Some(value)) => {
            parent.insert(place.target.clone(), value);
        }
        (Some(entry), Some(value)) => {
            let map = parent.entry(&place.target).or_insert_with(|| Value::Object(Map::new()));
            map.as_object_mut().map(|map| map.insert(entry.clone(), value));
        }
    }
    parent.remove(&place.from);
}

/// A problem of the filled spec, with the field as users know it and where the value came from.
fn explained(problem: Problem, references: &[Reference], values: &Values) -> Problem {
    let Problem { field, mut message, .. } = problem;
    let Some(reference) = references.iter().find(|reference| inside(&field, &reference.place.indexed)) else {
        return Problem::new(field, message);
    };
    message.push_str(&format!(" (from {})", origin(reference)));
    if look_up(reference, values).is_ok_and(|text| text.is_some_and(|text| text.ends_with('\n'))) {
        message.push_str("; it ends with a line break");
    }
    let rest = field.strip_prefix(&reference.place.indexed).unwrap_or_default();
    problem_at(&reference.field, rest, message)
}

/// A problem of a value that the field refers to, or of what stands at `rest` in it.
pub(super) fn problem_at(field: &str, rest: &str, message: String) -> Problem {
    let message = if rest.is_empty() { message } else { format!("at {}: {message}", rest.trim_start_matches('.')) };
    Problem::new(field, message)
}

/// Whether a path is that of a field or of something in it.
pub(super) fn inside(path: &str, field: &str) -> bool {
    path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::super::{References, walk};
    use super::*;

    fn keys(kind: Kind, name: &str, pairs: &[(&str, &str)]) -> (Source, Content) {
        let keys = pairs.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned())));
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
        let references = References::of(&spec(), None);
        let fields: Vec<&str> = references.fields.iter().map(|reference| reference.field.as_str()).collect();
        let wanted = [
            "spec.role.arnFrom",
            "spec.stages[prod].variablesFrom.y",
            "spec.stateMachines[a].arnFrom",
            "spec.stateMachines[b].ref",
            "spec.templates[t].bodyFrom",
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
        assert!(References::of(&filled, None).is_empty());
    }

    #[test]
    fn what_is_missing_is_named_with_field_object_and_key() {
        let references = References::of(&spec(), None);
        let all = references.fill(&spec(), &Values::new()).unwrap_err();
        assert!(matches!(all, Unfilled::Missing(_)));
        assert!(shown(all).contains(&"spec.role.arnFrom: ConfigMap env does not exist".to_owned()));
        let key = references.fill(&spec(), &values(&[("y", "")])).unwrap_err();
        let says = "spec.stages[prod].variablesFrom.y: ConfigMap env has no key y; it has machine, role, template";
        assert_eq!(shown(key), [says]);
        let mut no_arn = values(&[]);
        no_arn.extend([keys(Kind::StateMachine(crate::api::StateMachineGroup::Ack), "b", &[])]);
        let says = "spec.stateMachines[b].ref: StateMachine.sfn.services.k8s.aws b has no ARN in its status yet";
        assert_eq!(shown(references.fill(&spec(), &no_arn).unwrap_err()), [says]);
    }

    #[test]
    fn a_value_that_would_not_be_taken_in_the_object_is_not_taken_from_elsewhere() {
        let references = References::of(&spec(), None);
        let long = "a".repeat(513);
        let cases = [
            ("y", "r e d", "spec.stages[prod].variablesFrom.y: a stage variable has letters"),
            ("y", &long, "spec.stages[prod].variablesFrom.y: has 513 characters, and 512 are allowed"),
            ("role", "my-role", "spec.role.arnFrom: must be the ARN of a role"),
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
    fn lists_take_lines_or_json_or_yaml_and_objects_take_json_or_yaml() {
        let from = json!({"properties": {"configMapKeyRef": {"type": "object"}}});
        let schema = json!({"type": "object", "properties": {
            "schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}, "schemaFrom": from,
            "list": {"type": "array", "items": {"type": "string"}}, "listFrom": from,
            "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
        }});
        let key = |key: &str| json!({"configMapKeyRef": {"name": "n", "key": key}});
        // What is free is not looked into.
        let spec = json!({"schemaFrom": key("s"), "listFrom": key("l"), "free": {"x": "1", "xFrom": key("s")}});
        let references = walk::references(&spec, &schema);
        assert_eq!(references.len(), 2);
        let filled = |list: &str, structure: &str| -> Result<(Value, Value), String> {
            let values = [keys(Kind::ConfigMap, "n", &[("l", list), ("s", structure)])].into();
            let mut filled = spec.clone();
            for reference in &references {
                let value = parsed(reference, look_up(reference, &values)?.expect("a value"))?;
                put(&mut filled, reference, Some(value));
            }
            Ok((filled["list"].clone(), filled["schema"].clone()))
        };
        let list = json!(["arn:a", "arn:b"]);
        for text in ["arn:a\n  arn:b\n\n", "[\"arn:a\", \"arn:b\"]", "- arn:a\n- arn:b\n"] {
            assert_eq!(filled(text, "{}").unwrap().0, list, "{text}");
        }
        for text in ["{\"b\": [1]}", "b: [1]\n", "b:\n- 1"] {
            assert_eq!(filled("x", text).unwrap().1, json!({"b": [1]}), "{text}");
        }
        let told = filled("x", "{s3cret").unwrap_err();
        assert!(told.starts_with("key s of ConfigMap n is neither JSON nor YAML, at line 1 column"), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
        assert!(filled("[a", "{}").unwrap_err().starts_with("key l of ConfigMap n is neither JSON nor YAML"));
    }

    const VALUE: &str = "s3cret-0123456789abcdef";

    /// A spec with two API keys: the value of one is yours, that of the other is made by AWS.
    fn keyed() -> StepFunctionsApiSpec {
        serde_json::from_value(json!({
            "region": "us-east-1",
            "methods": [{"path": "/", "method": "GET", "action": "ListStateMachines"}],
            "stages": [{"name": "prod"}],
            "usagePlans": [{"name": "p", "stages": [{"name": "prod"}], "apiKeys": [
                {"name": "yours", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "v"}}},
                {"name": "made", "secret": {"name": "mine", "key": "w"}},
            ]}],
        }))
        .unwrap()
    }

    fn key_values(values: &Values) -> Result<[Option<String>; 2], Unfilled> {
        let filled = References::of(&keyed(), None).fill(&keyed(), values)?;
        // Nothing that is written of a spec has it.
        let shown = format!("{filled:?} {}", serde_json::to_string(&filled).unwrap());
        assert!(!shown.contains(VALUE), "{shown}");
        assert!(References::of(&filled, None).is_empty());
        let keys = filled.usage_plans[0].api_keys.iter().map(|key| key.value.clone().map(|value| value.0));
        Ok(keys.collect::<Vec<_>>().try_into().unwrap())
    }

    #[test]
    fn two_api_keys_have_two_places_for_their_values() {
        let mut spec = serde_json::to_value(keyed()).unwrap();
        let key = |name: &str| json!({"name": name, "secret": {"name": "mine", "key": "w"}});
        spec["usagePlans"][0]["apiKeys"] = json!([key("a"), key("b")]);
        let spec: StepFunctionsApiSpec = serde_json::from_value(spec).unwrap();
        let Err(Unfilled::Wrong(told)) = References::of(&spec, None).fill(&spec, &Values::new()) else {
            panic!("refused")
        };
        let field = |name: &str| format!("spec.usagePlans[p].apiKeys[{name}].secret");
        assert_eq!((told.len(), &told[0].field), (1, &field("b")));
        assert!(told[0].message.starts_with(&format!("key w of Secret mine is that of {}", field("a"))), "{told:?}");
    }

    #[test]
    fn a_secret_is_filled_in_and_shown_nowhere_and_one_that_aws_makes_may_be_missing() {
        let text = |text: &str| Some(text.to_owned());
        let both = [keys(Kind::Secret, "mine", &[("v", VALUE), ("w", "other")])].into();
        assert_eq!(key_values(&both).unwrap(), [text(VALUE), text("other")]);
        let one = [keys(Kind::Secret, "mine", &[("v", VALUE)])].into();
        assert_eq!(key_values(&one).unwrap(), [text(VALUE), None]);
        let source = || Source { kind: Kind::Secret, name: "mine".to_owned() };
        let withheld = [(source(), Content::Withheld)].into();
        assert_eq!(key_values(&withheld).unwrap(), [None, None]);

        let field = "spec.usagePlans[p].apiKeys[yours].valueFrom";
        let none = key_values(&Values::new()).unwrap_err();
        assert_eq!(shown(none), [format!("{field}: Secret mine does not exist")]);
        let bytes = Content::Keys([("v".to_owned(), Some(VALUE.to_owned())), ("w".to_owned(), None)].into());
        let told = shown(key_values(&[(source(), bytes)].into()).unwrap_err());
        assert_eq!(told, ["spec.usagePlans[p].apiKeys[made].secret: key w of Secret mine is no text"]);
        let hidden = Content::Unreadable("it is forbidden".to_owned());
        let told = shown(key_values(&[(source(), hidden)].into()).unwrap_err());
        assert_eq!(told.len(), 2, "what cannot be looked at may be there: {told:?}");

        // A problem that render finds, with where the value came from.
        let references = References::of(&keyed(), None);
        let filled = references.fill(&keyed(), &both).unwrap();
        let problem = |field: &str| Problem::new(field, "is short");
        let filled_field = "spec.usagePlans[p].apiKeys[yours].value";
        let told = references.explain(&filled, &[problem(filled_field), problem("spec.stages")]).unwrap();
        assert_eq!(told[0].field, field);
        let text = |field: &str| format!("{field}, {field}s: no");
        assert_eq!(references.as_written(&filled, &text(filled_field)), format!("{field}, {filled_field}s: no"));
        assert_eq!(told[0].message, "is short (from key v of Secret mine)");
        assert_eq!(told[1].message, "is short");
        assert_eq!(references.explain(&filled, &[problem("spec.usagePlans[p].apiKeys[other].value")]), None);
    }
}
