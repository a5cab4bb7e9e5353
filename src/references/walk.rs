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
    /// What is filled.
    pub kind: Filled,
    /// Whether it can do without a value.
    pub optional: bool,
}

/// What a value becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Filled {
    /// It is taken as it is.
    Text,
    /// A text that is no field of the object, so that it is never shown. It is filled in when all else has been checked;
    /// until then what refers stays, for the rules that count it.
    Secret,
    /// Lines of text, or JSON or YAML.
    List,
    /// JSON or YAML.
    Structure,
}

impl Filled {
    fn of(schema: &Value) -> Self {
        match schema["type"].as_str() {
            Some("string") => Self::Text,
            Some("array") => Self::List,
            _ => Self::Structure,
        }
    }
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
                    Some(target) => found.extend(referring(at, name, value, &target)),
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

/// A field that another one fills.
struct Target<'a> {
    name: &'a str,
    kind: Filled,
    optional: bool,
}

/// The field that one of this name and schema fills, if it refers.
fn target<'a>(parent: &Value, name: &'a str, schema: &Value) -> Option<Target<'a>> {
    let takes = |schema: &Value, what: &str| schema["properties"][what].is_object();
    // Its value is read as soon as it is there.
    if name == "secret" && takes(schema, "key") {
        return Some(Target { name: "value", kind: Filled::Secret, optional: true });
    }
    if takes(schema, "secretKeyRef") && !takes(schema, "configMapKeyRef") {
        return Some(Target { name: name.strip_suffix("From")?, kind: Filled::Secret, optional: false });
    }
    let target = match name {
        "ref" if takes(schema, "apiGroup") => "arn",
        _ if takes(schema, "configMapKeyRef") || takes(&schema["additionalProperties"], "configMapKeyRef") => {
            name.strip_suffix("From")?
        }
        _ => return None,
    };
    let filled = &parent["properties"][target];
    filled.is_object().then(|| Target { name: target, kind: Filled::of(filled), optional: false })
}

fn referring(at: &At<'_>, from: &str, value: &Value, target: &Target<'_>) -> Vec<Reference> {
    let Target { name, kind, optional } = *target;
    let place = Place {
        parent: at.pointer.clone(),
        from: from.to_owned(),
        target: name.to_owned(),
        entry: None,
        indexed: format!("{}.{name}", at.indexed),
        kind,
        optional,
    };
    let field = format!("{}.{from}", at.shown);
    if from == "ref" {
        let group = serde_json::from_value::<StateMachineGroup>(value["apiGroup"].clone());
        let source = group.map(|group| Source { kind: Kind::StateMachine(group), name: text(&value["name"]) });
        return source.map(|source| Reference { field, source, key: "arn".to_owned(), place }).into_iter().collect();
    }
    if let Some((source, key)) = key_of(value) {
        return vec![Reference { field, source, key, place }];
    }
    let kind = Filled::of(&at.schema["properties"][name]["additionalProperties"]);
    let entries = value.as_object().into_iter().flatten();
    let reference = |(entry, value): (&String, &Value)| {
        let (source, key) = key_of(value)?;
        let place =
            Place { entry: Some(entry.clone()), indexed: format!("{}.{entry}", place.indexed), kind, ..place.clone() };
        Some(Reference { field: format!("{field}.{entry}"), source, key, place })
    };
    entries.filter_map(reference).collect()
}

/// Object and key of `{configMapKeyRef: {name, key}}`, `{secretKeyRef: {name, key}}`, or of `{name, key}` itself, which is
/// about a Secret.
fn key_of(value: &Value) -> Option<(Source, String)> {
    let of = |reference: &Value, kind: Kind| {
        let key = reference["key"].as_str()?;
        Some((Source { kind, name: text(&reference["name"]) }, key.to_owned()))
    };
    of(&value["configMapKeyRef"], Kind::ConfigMap)
        .or_else(|| of(&value["secretKeyRef"], Kind::Secret))
        .or_else(|| of(value, Kind::Secret))
}

/// Paths of what is filled and of what refers, as `render` writes them, in a spec whose keys of lists are filled, too.
pub(super) fn shown(spec: &Value, schema: &Value, place: &Place) -> [String; 2] {
    let path = || "spec".to_owned();
    let mut at = At { value: spec, schema, pointer: String::new(), indexed: path(), shown: path() };
    for step in place.parent.split('/').skip(1) {
        at = match at.value {
            Value::Array(items) => match step.parse().ok().and_then(|index: usize| Some((index, items.get(index)?))) {
                Some((index, item)) => at.item(index, item),
                None => return [String::new(), String::new()],
            },
            value => {
                let name = step.replace("~1", "/").replace("~0", "~");
                let own = &at.schema["properties"][&name];
                let schema = if own.is_null() { &at.schema["additionalProperties"] } else { own };
                at.below(&name, &value[&name], schema)
            }
        };
    }
    let entry = place.entry.as_ref().map(|entry| format!(".{entry}"));
    let entry = entry.unwrap_or_default();
    [&place.target, &place.from].map(|name| format!("{}.{name}{entry}", at.shown))
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

    /// An item of a list, shown by its keys as `render` does: a method is `[POST /orders]`, a domain `[example.com/orders]`.
    fn item(&self, index: usize, value: &'a Value) -> At<'a> {
        let names = self.schema["x-kubernetes-list-map-keys"].as_array().into_iter().flatten();
        let names: Vec<&str> = names.filter_map(Value::as_str).collect();
        let key = |name: &str| value[name].as_str().unwrap_or_default();
        let shown = match names.as_slice() {
            [] => index.to_string(),
            ["path", "method"] => format!("{} {}", key("method"), key("path")),
            names => names.iter().map(|name| key(name)).collect::<Vec<_>>().join("/"),
        };
        At {
            value,
            schema: &self.schema["items"],
            pointer: format!("{}/{index}", self.pointer),
            indexed: format!("{}[{index}]", self.indexed),
            shown: format!("{}[{shown}]", self.shown),
        }
    }
}
