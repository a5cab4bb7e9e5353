//! What an API server checks of an object by its schema and CEL rules, for those who have none at hand, and for values
//! that come from elsewhere after the API server has seen the object.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::core::cel::{CompiledSchema, ErrorKind, Validator, compile_schema};
use serde_json::Value;

use super::{Problem, class_crd, crd};

/// Schema of `spec`, as the CRD has it.
pub static SPEC: LazyLock<Value> = LazyLock::new(|| spec_schema(crd()));
/// The same of a class.
static CLASS: LazyLock<Value> = LazyLock::new(|| spec_schema(class_crd()));

static RULES: LazyLock<CompiledSchema> = LazyLock::new(|| compile_schema(&SPEC));
static CLASS_RULES: LazyLock<CompiledSchema> = LazyLock::new(|| compile_schema(&CLASS));

fn spec_schema(crd: CustomResourceDefinition) -> Value {
    let definition = serde_json::to_value(crd).unwrap_or_default();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"].clone()
}

/// Everything that is wrong with a spec: by the schema, and if that is satisfied by the CEL rules. Paths have indexes, as
/// `spec.stages[0].name`. A rule that cannot be evaluated here is left out: it is the API server's business.
pub fn spec_problems(spec: &Value) -> Vec<Problem> {
    all_problems(spec, &SPEC, &RULES)
}

/// The same of the spec of a class.
pub fn class_problems(spec: &Value) -> Vec<Problem> {
    all_problems(spec, &CLASS, &CLASS_RULES)
}

fn all_problems(spec: &Value, schema: &Value, rules: &CompiledSchema) -> Vec<Problem> {
    let found = problems("spec", spec, schema);
    if !found.is_empty() {
        return found;
    }
    let Err(errors) = Validator::new().validate_compiled(rules, spec, None) else { return Vec::new() };
    let errors = errors.into_iter().filter(|error| error.kind == ErrorKind::ValidationFailure);
    let mut found: Vec<Problem> = errors.map(|error| Problem::new(joined(&error.field_path), error.message)).collect();
    found.sort();
    found
}

fn joined(path: &str) -> String {
    match path.trim_start_matches('.') {
        "" => "spec".to_owned(),
        path => format!("spec.{path}"),
    }
}

/// Everything that is wrong with a value by a schema, each with its path.
fn problems(path: &str, value: &Value, schema: &Value) -> Vec<Problem> {
    let mut found = Vec::new();
    if value.is_null() {
        note(&mut found, path, "missing");
    } else {
        check(path, value, schema, &mut found);
    }
    found
}

fn note(found: &mut Vec<Problem>, field: impl Into<String>, message: impl Into<String>) {
    found.push(Problem::new(field, message));
}

fn check(path: &str, value: &Value, schema: &Value, found: &mut Vec<Problem>) {
    let wanted = schema["type"].as_str().unwrap_or_default();
    if !is_a(wanted, value) {
        let hint = if wanted == "string" { "; put it in quotes" } else { "" };
        note(found, path, format!("has to be of type {wanted}{hint}"));
        return;
    }
    match value {
        Value::Object(fields) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if fields.get(name).is_none_or(Value::is_null) {
                    note(found, format!("{path}.{name}"), "missing");
                }
            }
            bound(path, fields.len(), schema, ["minProperties", "maxProperties"], "entries", found);
            // Null is as good as absent.
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                let here = format!("{path}.{name}");
                match (schema["properties"].get(name), schema.get("additionalProperties")) {
                    (Some(field), _) | (None, Some(field)) => check(&here, value, field, found),
                    (None, None) if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
                    (None, None) => note(found, here, "unknown field"),
                }
            }
        }
        Value::Array(items) => {
            bound(path, items.len(), schema, ["minItems", "maxItems"], "items", found);
            let mut keys = BTreeSet::new();
            for (index, item) in items.iter().enumerate() {
                let here = format!("{path}[{index}]");
                check(&here, item, &schema["items"], found);
                if key(item, schema).is_some_and(|key| !keys.insert(key)) {
                    note(found, here, "stands twice");
                }
            }
        }
        Value::String(text) => {
            bound(path, text.chars().count(), schema, ["minLength", "maxLength"], "characters", found);
            let words = schema["enum"].as_array().filter(|words| !words.contains(value));
            if let Some(words) = words {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                note(found, path, format!("{text:?} is not one of {}", words.join(", ")));
            }
        }
        Value::Number(number) => {
            let number = number.as_f64().unwrap_or_default();
            let limit = |name: &str| schema[name].as_f64();
            if let Some(least) = limit("minimum").filter(|least| number < *least) {
                note(found, path, format!("has to be {least} at least"));
            }
            if let Some(most) = limit("maximum").filter(|most| number > *most) {
                note(found, path, format!("has to be {most} at most"));
            }
        }
        _ => {}
    }
}

fn is_a(wanted: &str, value: &Value) -> bool {
    match wanted {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        _ => true,
    }
}

fn bound(path: &str, size: usize, schema: &Value, [min, max]: [&str; 2], what: &str, found: &mut Vec<Problem>) {
    let limit = |name: &str| schema[name].as_u64().and_then(|limit| usize::try_from(limit).ok());
    if let Some(least) = limit(min).filter(|least| size < *least) {
        note(found, path, format!("has {size} {what}, and needs {least} at least"));
    }
    if let Some(most) = limit(max).filter(|most| size > *most) {
        note(found, path, format!("has {size} {what}, and {most} are allowed"));
    }
}

/// What no two items of a list may share.
fn key(item: &Value, list: &Value) -> Option<String> {
    match list["x-kubernetes-list-type"].as_str()? {
        "set" => Some(item.to_string()),
        "map" => {
            let names = list["x-kubernetes-list-map-keys"].as_array()?.iter().filter_map(Value::as_str);
            Some(names.map(|name| item[name].to_string()).collect::<Vec<_>>().join(" "))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_of_mistake_is_named_with_its_path() {
        let item = json!({"type": "object", "required": ["name"], "properties": {
            "name": {"type": "string", "minLength": 1, "maxLength": 3, "enum": ["a", "b", ""]},
        }});
        let schema = json!({"type": "object", "required": ["region"], "properties": {
            "region": {"type": "string"},
            "list": {"type": "array", "maxItems": 3, "items": item, "x-kubernetes-list-type": "map",
                     "x-kubernetes-list-map-keys": ["name"]},
            "map": {"type": "object", "additionalProperties": {"type": "string"}},
            "low": {"type": "integer", "minimum": 1, "maximum": 3}, "high": {"type": "number", "minimum": 1, "maximum": 3},
        }});
        let value = json!({
            "regoin": "x",
            "list": [{"name": "a"}, {"name": "a"}, {"name": "long"}, {}],
            "map": {"k": 7},
            "low": 0,
            "high": 3.5,
        });
        let mut found: Vec<String> = problems("spec", &value, &schema).iter().map(ToString::to_string).collect();
        found.sort();
        assert_eq!(
            found,
            [
                "spec.high: has to be 3 at most",
                "spec.list: has 4 items, and 3 are allowed",
                "spec.list[1]: stands twice",
                "spec.list[2].name: \"long\" is not one of a, b, ",
                "spec.list[2].name: has 4 characters, and 3 are allowed",
                "spec.list[3].name: missing",
                "spec.low: has to be 1 at least",
                "spec.map.k: has to be of type string; put it in quotes",
                "spec.region: missing",
                "spec.regoin: unknown field",
            ]
        );
    }

    #[test]
    fn null_is_absent() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
        let found = problems("spec", &json!({"a": null, "b": null}), &schema);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["spec.a: missing"]);
    }

    #[test]
    fn rules_are_checked_too_and_each_can_be() {
        fn rules(schema: &CompiledSchema, wrong: &mut Vec<String>) {
            wrong.extend(schema.compilation_errors().iter().map(ToString::to_string));
            schema.properties.values().for_each(|field| rules(field, wrong));
            schema.items.iter().for_each(|items| rules(items, wrong));
            schema.additional_properties.iter().for_each(|values| rules(values, wrong));
        }
        let mut wrong = Vec::new();
        rules(&RULES, &mut wrong);
        assert_eq!(wrong, Vec::<String>::new());
        let spec = json!({
            "region": "Ohio",
            "methods": [{"path": "/", "method": "GET", "action": "StartExecution"}],
            "stages": [{"name": "a", "variables": {"x": "r e d"}}],
            "stateMachines": [{"name": "m", "arn": "a", "stageVariable": "x"}],
        });
        let found = spec_problems(&spec);
        let fields: Vec<&str> = found.iter().map(|problem| problem.field.as_str()).collect();
        assert_eq!(fields, ["spec.region", "spec.stages[0].variables.x", "spec.stateMachines[0]"]);
        assert!(found[0].message.contains("such as us-east-1"), "{found:?}");
    }
}
