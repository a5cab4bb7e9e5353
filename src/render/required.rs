//! What a call has to have for the action: API Gateway refuses calls without it, before Step Functions is called.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::template;
use crate::actions::{Action, Argument};
use crate::api::{self, ArgumentSource};
use crate::model::{ModelSchema, Parameter, short};

/// The parameters that the action's required arguments come from.
pub(super) fn parameters(method: &api::Method, action: &Action) -> BTreeSet<Parameter> {
    let sources = template::needed(action).into_iter().flatten().filter_map(|argument| given(method, argument));
    let found = sources.filter_map(|source| {
        let query = source.query.as_ref().map(|name| Parameter::new("querystring", name));
        query.or_else(|| source.header.as_ref().map(|name| Parameter::new("header", name)))
    });
    found.collect()
}

/// A model of bodies that have what the action needs, with a name that follows from it; `None` if it needs nothing of the
/// body.
pub(super) fn model(method: &api::Method, action: &Action) -> Option<(String, ModelSchema)> {
    let is_the_request = method.state_machine.is_none() && method.arguments.is_empty();
    let schemas = template::needed(action).into_iter().filter_map(|one_of| {
        let has = |argument: &Argument| match is_the_request {
            true => Some(field(&format!(".{}", argument.name))),
            false => given(method, argument)?.body_field.as_deref().map(|path| field(path.trim_start_matches('$'))),
        };
        one_or("anyOf", one_of.into_iter().filter_map(has).collect())
    });
    let schema = one_or("allOf", schemas.collect())?;
    let hash = short(&Sha256::digest(schema.to_string()));
    Some((format!("Required{hash}"), ModelSchema::new(schema)))
}

fn given<'a>(method: &'a api::Method, argument: &Argument) -> Option<&'a ArgumentSource> {
    method.arguments.get(argument.name)
}

/// The schema of a value that has that field, by the rest of a path such as `.order.id` or `.items[0]`.
fn field(path: &str) -> Value {
    if let Some(index) = path.strip_prefix('[') {
        // What stands in a list is not looked at: `items` would ask it of all.
        let index = index.split(']').next().and_then(|digits| digits.parse::<u32>().ok()).unwrap_or_default();
        return json!({"type": "array", "minItems": u64::from(index) + 1});
    }
    let Some(path) = path.strip_prefix('.') else { return json!({}) };
    let (name, rest) = path.split_at(path.find(['.', '[']).unwrap_or(path.len()));
    match field(rest) {
        Value::Object(any) if any.is_empty() => json!({"type": "object", "required": [name]}),
        inner => json!({"type": "object", "required": [name], "properties": {name: inner}}),
    }
}

/// The only one of them, or all under that keyword.
fn one_or(keyword: &str, mut schemas: Vec<Value>) -> Option<Value> {
    match schemas.len() {
        0 | 1 => schemas.pop(),
        _ => Some(json!({keyword: schemas})),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_asked_for_at_its_place() {
        assert_eq!(field(".a"), json!({"type": "object", "required": ["a"]}));
        let a = json!({"type": "array", "minItems": 3});
        let o = json!({"type": "object", "required": ["a"], "properties": {"a": a}});
        assert_eq!(field(".o.a[2].b"), json!({"type": "object", "required": ["o"], "properties": {"o": o}}));
        assert_eq!(field("[0].a"), json!({"type": "array", "minItems": 1}));
    }
}
