//! Which fields of a spec take their values from other objects, as its schema tells.

use serde_json::Value;

use super::{Kind, Reference, Source};
use crate::api::StateMachineGroup;

/// Where a value belongs, and what says so.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    /// JSON pointer of the object that has the referring field.
    pub parent: String,
    /// Name of the referring field.
    pub from: String,
    /// Name of the field that is filled.
    pub target: String,
    /// Key in it, if that is a map.
    pub entry: Option<String>,
    /// Path of what is filled, with indexes.
    pub indexed: String,
    /// Type of what is filled.
    pub kind: String,
}

/// A value on the way down.
struct At<'a> {
    value: &'a Value,
    schema: &'a Value,
    pointer: String,
    indexed: String,
    shown: String,
}

pub(super) fn references(spec: &Value, schema: &Value) -> Vec<Reference> {
    let mut found = Vec::new();
    let path = || "spec".to_owned();
    walk(&At { value: spec, schema, pointer: String::new(), indexed: path(), shown: path() }, &mut found);
    found
}

fn walk(at: &At<'_>, found: &mut Vec<Reference>) {
    match at.value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let own = &at.schema["properties"][name];
                match target(at.schema, name, own) {
                    Some(target) => found.extend(referring(at, name, value, target)),
                    None => {
                        let schema = if own.is_null() { &at.schema["additionalProperties"] } else { own };
                        walk(&at.below(name, value, schema), found);
                    }
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(&at.item(index, value), found);
            }
        }
        _ => {}
    }
}

/// The field that one of this name and schema fills, if it refers.
fn target<'a>(parent: &Value, name: &'a str, schema: &Value) -> Option<&'a str> {
    let takes_key = |schema: &Value| schema["properties"]["configMapKeyRef"].is_object();
    let target = match name {
        "ref" if schema["properties"]["apiGroup"].is_object() => "arn",
        _ if takes_key(schema) || takes_key(&schema["additionalProperties"]) => name.strip_suffix("From")?,
        _ => return None,
    };
    parent["properties"][target].is_object().then_some(target)
}

fn referring(at: &At<'_>, from: &str, value: &Value, target: &str) -> Vec<Reference> {
    let schema = &at.schema["properties"][target];
    let place = Place {
        parent: at.pointer.clone(),
        from: from.to_owned(),
        target: target.to_owned(),
        entry: None,
        indexed: format!("{}.{target}", at.indexed),
        kind: schema["type"].as_str().unwrap_or("object").to_owned(),
    };
    let field = format!("{}.{target}", at.shown);
    if from == "ref" {
        let group = serde_json::from_value::<StateMachineGroup>(value["apiGroup"].clone());
        let source = group.map(|group| Source { kind: Kind::StateMachine(group), name: text(&value["name"]) });
        return source.map(|source| Reference { field, source, key: "arn".to_owned(), place }).into_iter().collect();
    }
    if let Some((source, key)) = key_of(value) {
        return vec![Reference { field, source, key, place }];
    }
    let values = schema["additionalProperties"]["type"].as_str().unwrap_or("string");
    let entries = value.as_object().into_iter().flatten();
    let reference = |(entry, value): (&String, &Value)| {
        let (source, key) = key_of(value)?;
        let place = Place {
            entry: Some(entry.clone()),
            indexed: format!("{}.{entry}", place.indexed),
            kind: values.to_owned(),
            ..place.clone()
        };
        Some(Reference { field: format!("{field}.{entry}"), source, key, place })
    };
    entries.filter_map(reference).collect()
}

/// Object and key of `{configMapKeyRef: {name, key}}` or `{secretKeyRef: {name, key}}`.
fn key_of(value: &Value) -> Option<(Source, String)> {
    let of = |name: &str, kind: Kind| {
        let reference = value.get(name).filter(|reference| reference["key"].is_string())?;
        Some((Source { kind, name: text(&reference["name"]) }, text(&reference["key"])))
    };
    of("configMapKeyRef", Kind::ConfigMap).or_else(|| of("secretKeyRef", Kind::Secret))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl<'a> At<'a> {
    fn below(&self, name: &str, value: &'a Value, schema: &'a Value) -> At<'a> {
        At {
            value,
            schema,
            pointer: format!("{}/{}", self.pointer, name.replace('~', "~0").replace('/', "~1")),
            indexed: format!("{}.{name}", self.indexed),
            shown: format!("{}.{name}", self.shown),
        }
    }

    /// An item of a list, shown by its keys, the last first: a method is `[POST /orders]`.
    fn item(&self, index: usize, value: &'a Value) -> At<'a> {
        let keys = self.schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten().rev();
        let keys: Vec<&str> = keys.filter_map(|key| value[key.as_str()?].as_str()).collect();
        let shown = if keys.is_empty() { index.to_string() } else { keys.join(" ") };
        At {
            value,
            schema: &self.schema["items"],
            pointer: format!("{}/{index}", self.pointer),
            indexed: format!("{}[{index}]", self.indexed),
            shown: format!("{}[{shown}]", self.shown),
        }
    }
}
