//! A method's integration in API Gateway's own terms.

use std::collections::BTreeMap;

use kube::KubeSchema;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::fields::texts;

/// How a method calls its action and what it answers, in API Gateway's own terms and to the letter, where arguments and
/// response would do otherwise: for APIs that were made elsewhere. Nothing is added: no escaping, no error answers, no
/// headers of spec.cors.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MethodIntegration {
    /// What becomes of bodies whose content type no template is for. Never (default): they are answered 415. WhenNoMatch:
    /// they are the action's request as they are, so a caller chooses every argument, the state machine included, among all
    /// that the role allows.
    #[serde(default)]
    pub passthrough_behavior: PassthroughBehavior,

    /// Parameters that the method declares, and whether each is required: querystring.NAME, header.NAME. Variables of the
    /// path are declared by themselves, and so are requiredQuery and requiredHeaders.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "parameters")]
    #[x_kube(validation = Rule::new(r"self.all(k, k.matches('^(querystring|header)\\.[A-Za-z0-9._$-]+$'))")
        .message("a parameter is querystring.NAME or header.NAME"))]
    pub request_parameters: BTreeMap<String, bool>,

    /// Mapping templates (VTL) that make the action's request, by content type of the body.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "templates")]
    pub request_templates: BTreeMap<String, String>,

    /// What callers get, by status.
    #[schemars(length(min = 1, max = 30))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["statusCode".into()]))]
    pub responses: Vec<IntegrationResponse>,
}

/// What becomes of bodies whose content type no template is for.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassthroughBehavior {
    #[default]
    Never,
    WhenNoMatch,
}

/// An answer.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct IntegrationResponse {
    /// Status for the caller.
    #[schemars(range(min = 100, max = 599))]
    pub status_code: i32,

    /// Regular expression on the status of Step Functions that selects this answer, such as 4\d{2}. Without it the answer is
    /// for all that no other one is for; exactly one should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub selection_pattern: Option<String>,

    /// Headers by name: a fixed value between apostrophes, such as '*', or a mapping expression, such as
    /// integration.response.header.X.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub headers: BTreeMap<String, String>,

    /// Mapping templates (VTL) that make the body, by content type. Without any it is what Step Functions answered.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "templates")]
    pub templates: BTreeMap<String, String>,
}

/// Map of declared parameters.
fn parameters(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "object", "maxProperties": 50, "additionalProperties": {"type": "boolean"}})
}

/// Map of mapping templates.
fn templates(_: &mut SchemaGenerator) -> Schema {
    let text = json_schema!({"type": "string", "minLength": 1, "maxLength": 307_200});
    json_schema!({"type": "object", "maxProperties": 10, "additionalProperties": text})
}
