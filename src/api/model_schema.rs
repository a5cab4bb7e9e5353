//! Models: what a request's body has to look like.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{form, free_form};
use super::reference::DocumentFrom;

/// A JSON schema that methods hold their bodies against.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.schema) != has(self.schemaFrom)")
    .message("give exactly one of schema and schemaFrom"))]
pub struct Model {
    /// Name that methods use, and other models in `$ref: "#/components/schemas/NAME"`.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(
        validation = form(r"[A-Za-z0-9]+", "may have letters and digits only"),
        validation = Rule::new("!(self in ['Empty', 'Error'])")
            .message("Empty and Error are models that every API has; take another name"),
    )]
    pub name: String,

    /// JSON schema, draft 4, of at most 400 KB. A body that does not hold is answered 400 and Step Functions is not
    /// called. Parts that several models share are models of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "free_form")]
    pub schema: Option<Map<String, Value>>,

    /// Where the schema is read from instead, as JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DocumentFrom")]
    pub schema_from: Option<DocumentFrom>,
}
