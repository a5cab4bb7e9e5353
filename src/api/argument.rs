//! Where the arguments of an action come from.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::form;

/// Where the value of an argument comes from: exactly one of these.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.body), has(self.bodyField), has(self.query), has(self.path), has(self.header), \
     has(self.stageVariable), has(self.context), has(self.value)].filter(given, given).size() == 1")
    .message("give exactly one source: body, bodyField, query, path, header, stageVariable, context or value"))]
pub struct ArgumentSource {
    /// The whole body, as it was sent. Write it as `body: {}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WholeBody")]
    pub body: Option<WholeBody>,

    /// A field of a JSON body, by its JSONPath, such as $.order.id or $.items[0].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    #[x_kube(validation = form(
        r"\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])+",
        "must be the JSONPath of one field, such as $.order.id or $.items[0]; body: {} is the whole body"))]
    pub body_field: Option<String>,

    /// A query parameter; the last one if it is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9._$-]+", "the name of a query parameter has letters, digits and . _ $ - only"))]
    pub query: Option<String>,

    /// A variable of the path, written {name} there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9_.-]+", "must be the name of a variable of the path without its braces, such as id"))]
    pub path: Option<String>,

    /// A request header, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "the name of a header has letters, digits, _ and - only"))]
    pub header: Option<String>,

    /// A stage variable, which every stage must give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_]+", "the name of a stage variable has letters, digits and _ only"))]
    pub stage_variable: Option<String>,

    /// What API Gateway knows of the call, such as requestId or identity.sourceIp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    #[x_kube(validation = form(r"[A-Za-z]+(\.[A-Za-z]+)*", "must be a member of $context, such as requestId or identity.sourceIp"))]
    pub context: Option<String>,

    /// A fixed text; for `input` a JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 32_768))]
    pub value: Option<String>,
}

/// The whole body; there is nothing to set.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WholeBody {}
