//! What API Gateway checks of a request before it calls anything: models of bodies, required parameters.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::Parameter;

/// What a request validator checks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Validation {
    /// What is checked; how the validator is called does not matter.
    Checks { body: bool, parameters: bool },
    /// A validator that nobody looked up, by its id; never desired.
    Unknown(String),
}

impl Validation {
    /// What there is to check of a method; `None` for nothing. API Gateway checks variables of the path by itself.
    pub fn needed(models: &BTreeMap<String, String>, parameters: &BTreeMap<Parameter, bool>) -> Option<Self> {
        let parameters = parameters.iter().any(|(parameter, required)| *required && parameter.location != "path");
        let body = !models.is_empty();
        (body || parameters).then_some(Self::Checks { body, parameters })
    }

    /// What a validator checks where that is needed; `None` if it has nothing to do.
    pub fn limited_to(&self, needed: Option<&Self>) -> Option<Self> {
        let Self::Checks { body: has_body, parameters: has_parameters } = self else { return Some(self.clone()) };
        let Some(Self::Checks { body, parameters }) = needed else { return None };
        let (body, parameters) = (*has_body && *body, *has_parameters && *parameters);
        (body || parameters).then_some(Self::Checks { body, parameters })
    }

    /// Our name for such a validator.
    pub fn name(&self) -> &str {
        match self {
            Self::Checks { body: true, parameters: true } => "all",
            Self::Checks { body: true, .. } => "body",
            Self::Checks { .. } => "parameters",
            Self::Unknown(id) => id,
        }
    }
}

/// Start of a reference from one model to another, as OpenAPI writes it.
pub const MODEL_REFERENCE: &str = "#/components/schemas/";

/// A JSON schema. Compared without what only people read, which API Gateway may write anew when it imports a model.
#[derive(Clone, Debug)]
pub struct ModelSchema(Value);

impl ModelSchema {
    /// From what the user wrote.
    pub fn new(schema: Value) -> Self {
        Self(schema)
    }

    /// From text as AWS returns it, where a reference to a model is the model's URL. What is not JSON is kept as text.
    pub fn parse(text: &str) -> Self {
        Self(relative(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))))
    }

    /// The schema as it was written.
    pub fn value(&self) -> &Value {
        &self.0
    }

    fn normal(&self) -> Value {
        match self.0.clone() {
            Value::Object(mut schema) => {
                for name in ["$schema", "id", "title", "description"] {
                    schema.remove(name);
                }
                Value::Object(schema)
            }
            other => other,
        }
    }
}

impl PartialEq for ModelSchema {
    fn eq(&self, other: &Self) -> bool {
        self.normal() == other.normal()
    }
}

impl Serialize for ModelSchema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.normal().serialize(serializer)
    }
}

/// References in the short form.
fn relative(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let short = |(key, value): (String, Value)| match &value {
                Value::String(text) if key == "$ref" => {
                    let name = text.split_once("/restapis/").and_then(|(_, rest)| rest.split_once("/models/"));
                    let value = name.map(|(_, name)| Value::String(format!("{MODEL_REFERENCE}{name}")));
                    (key, value.unwrap_or_else(|| Value::String(text.clone())))
                }
                _ => (key, relative(value)),
            };
            Value::Object(map.into_iter().map(short).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(relative).collect()),
        other => other,
    }
}

/// Models by name.
pub type Models = BTreeMap<String, ModelSchema>;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn models_compare_by_what_they_check() {
        let wanted = ModelSchema::new(json!({"type": "object", "title": "ours", "properties": {
            "title": {"type": "string"}, "of": {"$ref": "#/components/schemas/Customer"},
        }}));
        let url = "https://apigateway.amazonaws.com/restapis/a1b2/models/Customer";
        let read = |kind: &str| {
            ModelSchema::parse(&format!(
                r#"{{"type":"object","properties":{{"of":{{"$ref":"{url}"}},"title":{{"type":"{kind}"}}}}}}"#
            ))
        };
        assert_eq!(read("string"), wanted);
        assert_ne!(read("integer"), wanted);
    }
}
