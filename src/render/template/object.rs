//! Objects made of several sources.

use std::collections::BTreeMap;

use serde_json::Value;

use super::builder::{Builder, Part};
use super::value;
use crate::actions::Argument;
use crate::api::{self, ArgumentSource};
use crate::spelling::instead;

/// How deep objects may stand in each other.
const DEPTH_MAX: usize = 5;

/// The JSON of an object. `members` are those that it may have, `None` for any.
pub(super) fn of(
    builder: &mut Builder<'_>,
    nodes: &BTreeMap<String, Value>,
    members: Option<&'static [Argument]>,
    field: &str,
    level: usize,
) -> Option<Part> {
    if field.matches(".object.").count() >= DEPTH_MAX {
        builder.problems.add(field, format!("is deeper than the {DEPTH_MAX} objects that may stand in each other"));
        return None;
    }
    let mut parts = Vec::new();
    for (name, node) in nodes {
        let field = format!("{field}.object.{name}");
        let member = members.map(|members| (members, members.iter().find(|member| member.name == name)));
        if let Some((members, None)) = member {
            builder.problems.add(&field, unknown_member(name, members));
            continue;
        }
        if matches!(name.as_str(), "true" | "false") {
            let text = "kubectl reads an unquoted y, yes or on as true, and n, no or off as false; if that is meant, \
                        put it in quotes";
            builder.problems.warn(&field, text);
        }
        let Some(source) = parse(node, &field, &mut |field, text| builder.problems.add(field, text)) else { continue };
        let part = match member {
            Some((_, Some(member))) => value::argument(builder, member, &source, &field, level),
            _ => value::value(builder, &source, &field, level),
        };
        parts.extend(part.map(|part| (name.clone(), part)));
    }
    Some(Part { json: builder.join(parts, level), present: None, text: None })
}

pub(super) fn unknown_member(name: &str, members: &[Argument]) -> String {
    format!("there is no member {name:?}{}", instead(name, members.iter().map(|member| member.name)))
}

/// A member as a source; `None` after telling what is wrong with it.
fn parse(node: &Value, field: &str, tell: &mut dyn FnMut(String, String)) -> Option<ArgumentSource> {
    let known = ArgumentSource::FORMS.iter().map(|form| form.name).chain(["body", "object", "type"]);
    let known: Vec<&str> = known.collect();
    let Some(given) = node.as_object() else {
        let text = format!("has to be a source, such as {{query: x}}, and not {node}; a fixed text is {{value: ...}}");
        tell(field.to_owned(), text);
        return None;
    };
    let mut good = true;
    let mut wrong = |field: String, text: String| {
        good = false;
        tell(field, text);
    };
    for (name, value) in given {
        if !known.contains(&name.as_str()) {
            wrong(format!("{field}.{name}"), format!("is no source{}", instead(name, known.iter().copied())));
        }
        let form = ArgumentSource::FORMS.iter().find(|form| form.name == name);
        match (form, value.as_str()) {
            (Some(form), Some(text)) if !form.fits(text) => wrong(format!("{field}.{name}"), form.sentence.to_owned()),
            (Some(_), None) => wrong(format!("{field}.{name}"), "has to be a text; put it in quotes".to_owned()),
            _ => {}
        }
    }
    if given.keys().filter(|name| *name != "type").count() != 1 {
        wrong(field.to_owned(), format!("give exactly one source: {}", known[..known.len() - 1].join(", ")));
    }
    if !good {
        return None;
    }
    serde_json::from_value(node.clone()).map_err(|error| tell(field.to_owned(), error.to_string())).ok()
}

/// Every source of a method's arguments that is no object, with its field below the method's.
pub(in crate::render) fn leaves(method: &api::Method) -> Vec<(String, ArgumentSource)> {
    fn walk(field: &str, source: &ArgumentSource, found: &mut Vec<(String, ArgumentSource)>) {
        let Some(nodes) = &source.object else { return found.push((field.to_owned(), source.clone())) };
        for (name, node) in nodes {
            if let Some(source) = parse(node, "", &mut |_, _| {}) {
                walk(&format!("{field}.object.{name}"), &source, found);
            }
        }
    }
    let mut found = Vec::new();
    for (name, source) in &method.arguments {
        walk(&format!("arguments.{name}"), source, &mut found);
    }
    found
}
