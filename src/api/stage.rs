//! Stages.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::{form, stage_variable_values};
use super::reference::ValueFrom;

/// A stage: a name under which callers reach the API, with variables of its own.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "!has(self.variables) || !has(self.variablesFrom) || self.variablesFrom.all(k, !(k in self.variables))")
    .message("a stage variable stands in variables or in variablesFrom, not in both"))]
pub struct Stage {
    /// Name, the first part of every path.
    #[schemars(length(min = 1, max = 128))]
    #[x_kube(
        validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"),
        validation = Rule::new("self != 'test-invoke-stage'")
            .message("test-invoke-stage is a name of API Gateway's own; take another"),
    )]
    pub name: String,

    /// Text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 1024))]
    pub description: Option<String>,

    /// Stage variables. They take effect without a deployment. Not a place for secrets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "stage_variable_values")]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 64 && k.matches('^[A-Za-z0-9_]+$'))")
        .message("the name of a stage variable has up to 64 letters, digits and underscores"))]
    pub variables: BTreeMap<String, String>,

    /// Stage variables that are read from elsewhere, by their names. Each has the form of those in variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("maxProperties" = 100))]
    #[x_kube(validation = Rule::new("self.all(k, size(k) <= 64 && k.matches('^[A-Za-z0-9_]+$'))")
        .message("the name of a stage variable has up to 64 letters, digits and underscores"))]
    pub variables_from: BTreeMap<String, ValueFrom>,
}
