//! Schemas of single fields that the derive cannot express.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::json;

use crate::actions;

/// Names of the catalogue's actions.
pub(super) fn action_names(_: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = actions::ACTIONS.iter().map(|action| action.name).collect();
    json_schema!({"type": "string", "enum": names})
}

/// Adds what the catalogue has to the description of `arguments`.
pub(super) fn list_arguments(schema: &mut Schema) {
    let argument = |argument: &actions::Argument| {
        format!("{}{}", argument.name, if argument.required { " (required)" } else { "" })
    };
    let action = |action: &actions::Action| {
        let arguments: Vec<String> = action.arguments.iter().map(argument).collect();
        format!("{}: {}.", action.name, arguments.join(", "))
    };
    let all: Vec<String> = actions::ACTIONS.iter().map(action).collect();
    let text = schema.get("description").and_then(|text| text.as_str()).unwrap_or_default();
    schema.insert("description".to_owned(), json!(format!("{text}\n\n{}", all.join("\n\n"))));
}

/// Map of tag values: <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging.html>.
pub(super) fn tag_values(_: &mut SchemaGenerator) -> Schema {
    let value = json!({"type": "string", "maxLength": 256, "pattern": "^[a-zA-Z0-9 _.:/=+@-]*$"});
    json_schema!({"type": "object", "maxProperties": 40, "additionalProperties": value})
}

/// Map of stage variable values, with the characters that API Gateway takes.
pub(super) fn stage_variable_values(_: &mut SchemaGenerator) -> Schema {
    let value = json!({"type": "string", "maxLength": 512, "pattern": "^[A-Za-z0-9._~:/?#&=,-]+$"});
    json_schema!({"type": "object", "maxProperties": 100, "additionalProperties": value})
}
