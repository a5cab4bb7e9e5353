//! Tests of methods, made on the draft before a stage moves.

use std::collections::BTreeMap;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{any_json, texts};

/// A call that the method has to answer as expected before a stage moves. API Gateway makes it on the draft, from inside:
/// authorization, API keys and validation of parameters are passed by, and Step Functions is really called.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct MethodTest {
    /// Name, for plan, condition and event.
    #[schemars(length(min = 1, max = 64))]
    pub name: String,

    /// Values of the path's variables, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub path_variables: BTreeMap<String, String>,

    /// Query parameters.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub query: BTreeMap<String, String>,

    /// Request headers. API Gateway takes the body for JSON whatever Content-Type says.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub headers: BTreeMap<String, String>,

    /// Body: a text is sent as it is, anything else as JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_json")]
    pub body: Option<Value>,

    /// Stage whose variables the call has. Default: the first stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    pub stage: Option<String>,

    /// Stage variables on top of those of the stage. The created role may call the state machine or activity that one of
    /// them names here, too.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub stage_variables: BTreeMap<String, String>,

    /// Has to be true for an action that starts executions: the test starts a real one each time that a stage is about to
    /// move, and it costs what an execution costs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub starts_execution: bool,

    /// Shows the start of an unexpected body in condition and event. By default it is hidden: it may hold what not
    /// everyone who can read this object should see.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub show_body: bool,

    /// The answer that lets the stages move.
    #[serde(default)]
    pub expect: Expectation,
}

/// An answer that a test wants.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Expectation {
    /// Status code. Default 200.
    #[serde(default = "ok")]
    #[schemars(range(min = 100, max = 599))]
    pub status: u16,

    /// Headers that the answer has, with these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "texts")]
    pub headers: BTreeMap<String, String>,

    /// What the body is: of an object the fields that are given here have to be equal, and others may be there; a list has
    /// to be equal item by item in the same way. A text is compared with a JSON string or with the whole body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "any_json")]
    pub body: Option<Value>,
}

impl Default for Expectation {
    fn default() -> Self {
        Self { status: ok(), headers: BTreeMap::new(), body: None }
    }
}

fn ok() -> u16 {
    200
}
