//! Models: JSON schema, draft 4, as far as API Gateway takes it.

use std::collections::BTreeSet;

use jsonschema::Draft;
use serde_json::{Map, Value, json};

use super::Problems;
use crate::api::StepFunctionsApiSpec;
use crate::model::{MODEL_REFERENCE, ModelSchema, Models};

/// API Gateway's limit for the schema of a model (service model of the AWS SDK, `CreateModelRequest`).
const SCHEMA_MAX: usize = 400 * 1024;

const TYPES: [&str; 7] = ["array", "boolean", "integer", "null", "number", "object", "string"];
const TEXTS: [&str; 5] = ["pattern", "format", "title", "description", "$schema"];
const COUNTS: [&str; 6] = ["maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"];
/// Not imported (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html>).
const IGNORED: [&str; 6] = ["default", "deprecated", "discriminator", "example", "exclusiveMinimum", "readOnly"];

pub(super) fn render(spec: &StepFunctionsApiSpec, problems: &mut Problems) -> Models {
    let names: BTreeSet<&str> = spec.models.iter().map(|model| model.name.as_str()).collect();
    let mut models = Models::new();
    for model in &spec.models {
        let field = format!("spec.models[{}].schema", model.name);
        let schema = Value::Object(model.schema.clone().unwrap_or_default());
        let size = schema.to_string().len();
        if size > SCHEMA_MAX {
            problems.add(&field, format!("has {size} bytes, and API Gateway allows {SCHEMA_MAX}"));
        }
        Checker { names: &names, problems: &mut *problems }.schema(&field, &schema);
        models.insert(model.name.clone(), ModelSchema::new(schema));
    }
    models
}

struct Checker<'a> {
    names: &'a BTreeSet<&'a str>,
    problems: &'a mut Problems,
}

impl Checker<'_> {
    fn schema(&mut self, field: &str, schema: &Value) {
        let Some(keywords) = schema.as_object() else {
            self.problems.add(field, "has to be a JSON schema, which is a map of keywords");
            return;
        };
        let names = keywords.get("patternProperties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
        for pattern in names.map(String::as_str).chain(keywords.get("pattern").and_then(Value::as_str)) {
            if !is_pattern(pattern) {
                let message =
                    format!("{pattern:?} is no regular expression that can be read here, and perhaps not by AWS");
                self.problems.warn(field, message);
            }
        }
        for (name, value) in keywords {
            self.keyword(&format!("{field}.{name}"), name, value);
        }
    }

    fn keyword(&mut self, field: &str, name: &str, value: &Value) {
        let wrong = match name {
            "type" => (!is_type(value)).then(|| format!("has to be one of {}, or a list of them", TYPES.join(", "))),
            "properties" | "patternProperties" => return self.each_value(field, value),
            "allOf" | "anyOf" | "oneOf" => return self.each_item(field, value),
            "items" if value.is_array() => return self.each_item(field, value),
            "additionalItems" | "additionalProperties" if value.is_boolean() => None,
            "items" | "not" | "additionalItems" | "additionalProperties" => return self.schema(field, value),
            "dependencies" => match value.as_object() {
                Some(all) => {
                    let schemas = all.iter().filter(|(_, one)| !is_names(one));
                    return schemas.for_each(|(name, one)| self.schema(&format!("{field}.{name}"), one));
                }
                None => Some("has to be a map".to_owned()),
            },
            "required" => (!is_names(value)).then(|| "has to be a list of names, each once".to_owned()),
            "enum" => value.as_array().is_none_or(Vec::is_empty).then(|| "has to be a list of values".to_owned()),
            "maximum" | "minimum" => (!value.is_number()).then(|| "has to be a number".to_owned()),
            "multipleOf" => {
                (value.as_f64().is_none_or(|number| number <= 0.0)).then(|| "has to be a number above 0".to_owned())
            }
            "uniqueItems" | "exclusiveMaximum" => (!value.is_boolean()).then(|| "has to be true or false".to_owned()),
            "$ref" => {
                let name = value.as_str().and_then(|text| text.strip_prefix(MODEL_REFERENCE));
                let known = name.is_some_and(|name| self.names.contains(name));
                (!known).then(|| format!("has to be {MODEL_REFERENCE}NAME with the name of an entry of spec.models"))
            }
            _ if COUNTS.contains(&name) => (!value.is_u64()).then(|| "has to be a whole number, 0 or more".to_owned()),
            _ if TEXTS.contains(&name) => (!value.is_string()).then(|| "has to be text".to_owned()),
            "definitions" => Some("make each of them an entry of spec.models, and refer to that".to_owned()),
            _ if IGNORED.contains(&name) => Some("API Gateway does not import this keyword; leave it out".to_owned()),
            _ => Some("is no keyword of JSON schema draft 4".to_owned()),
        };
        if let Some(message) = wrong {
            self.problems.add(field, message);
        }
    }

    fn each_value(&mut self, field: &str, value: &Value) {
        match value.as_object() {
            Some(all) => all.iter().for_each(|(name, one)| self.schema(&format!("{field}.{name}"), one)),
            None => self.problems.add(field, "has to be a map of schemas"),
        }
    }

    fn each_item(&mut self, field: &str, value: &Value) {
        match value.as_array() {
            Some(all) if !all.is_empty() => {
                all.iter().enumerate().for_each(|(index, one)| self.schema(&format!("{field}[{index}]"), one));
            }
            _ => self.problems.add(field, "has to be a list of schemas"),
        }
    }
}

fn is_pattern(text: &str) -> bool {
    jsonschema::options().with_draft(Draft::Draft4).build(&json!({"pattern": text})).is_ok()
}

fn is_type(value: &Value) -> bool {
    let known = |one: &Value| one.as_str().is_some_and(|name| TYPES.contains(&name));
    known(value) || value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(known))
}

fn is_names(value: &Value) -> bool {
    let Some(all) = value.as_array() else { return false };
    let names: BTreeSet<&str> = all.iter().filter_map(Value::as_str).collect();
    !all.is_empty() && names.len() == all.len()
}
