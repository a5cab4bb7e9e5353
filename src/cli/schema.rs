//! What an API server checks of an object by its schema, for those who have none at hand. CEL rules are left to it.

use std::collections::BTreeSet;

use serde_json::Value;

/// Everything that is wrong with a value, each with its path.
pub(super) fn problems(path: &str, value: &Value, schema: &Value) -> Vec<String> {
    if value.is_null() {
        return vec![format!("{path}: missing")];
    }
    let mut found = Vec::new();
    check(path, value, schema, &mut found);
    found
}

fn check(path: &str, value: &Value, schema: &Value, found: &mut Vec<String>) {
    let wanted = schema["type"].as_str().unwrap_or_default();
    if !is_a(wanted, value) {
        let hint = if wanted == "string" { "; put it in quotes" } else { "" };
        found.push(format!("{path}: has to be of type {wanted}{hint}"));
        return;
    }
    match value {
        Value::Object(fields) => {
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if fields.get(name).is_none_or(Value::is_null) {
                    found.push(format!("{path}.{name}: missing"));
                }
            }
            bound(path, fields.len(), schema, ["minProperties", "maxProperties"], "entries", found);
            // Null is as good as absent.
            for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
                let here = format!("{path}.{name}");
                match (schema["properties"].get(name), schema.get("additionalProperties")) {
                    (Some(field), _) | (None, Some(field)) => check(&here, value, field, found),
                    (None, None) if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
                    (None, None) => found.push(format!("{here}: unknown field")),
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
                    found.push(format!("{here}: stands twice"));
                }
            }
        }
        Value::String(text) => {
            bound(path, text.chars().count(), schema, ["minLength", "maxLength"], "characters", found);
            let words = schema["enum"].as_array().filter(|words| !words.contains(value));
            if let Some(words) = words {
                let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
                found.push(format!("{path}: {text:?} is not one of {}", words.join(", ")));
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

fn bound(path: &str, size: usize, schema: &Value, [min, max]: [&str; 2], what: &str, found: &mut Vec<String>) {
    let limit = |name: &str| schema[name].as_u64().and_then(|limit| usize::try_from(limit).ok());
    if let Some(least) = limit(min).filter(|least| size < *least) {
        found.push(format!("{path}: has {size} {what}, and needs {least} at least"));
    }
    if let Some(most) = limit(max).filter(|most| size > *most) {
        found.push(format!("{path}: has {size} {what}, and {most} are allowed"));
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
        }});
        let value = json!({
            "regoin": "x",
            "list": [{"name": "a"}, {"name": "a"}, {"name": "long"}, {}],
            "map": {"k": 7},
        });
        let mut found = problems("spec", &value, &schema);
        found.sort();
        assert_eq!(
            found,
            [
                "spec.list: has 4 items, and 3 are allowed",
                "spec.list[1]: stands twice",
                "spec.list[2].name: \"long\" is not one of a, b, ",
                "spec.list[2].name: has 4 characters, and 3 are allowed",
                "spec.list[3].name: missing",
                "spec.map.k: has to be of type string; put it in quotes",
                "spec.region: missing",
                "spec.regoin: unknown field",
            ]
        );
    }

    #[test]
    fn null_is_absent() {
        let schema = json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "string"}}});
        assert_eq!(problems("spec", &json!({"a": null, "b": null}), &schema), ["spec.a: missing"]);
    }
}
