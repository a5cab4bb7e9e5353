//! State machines under names of the object.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::form;
use super::reference::{StateMachineRef, ValueFrom};

/// A state machine under a name of this object: one for all stages, or one per stage.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.arn), has(self.arnFrom), has(self.stageVariable), has(self.ref)].filter(given, given).size() == 1")
    .message("give exactly one of arn, arnFrom, stageVariable and ref"))]
pub struct StateMachine {
    /// Name that methods use.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"))]
    pub name: String,

    /// ARN of the state machine, or of an alias or a version of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    pub arn: Option<String>,

    /// Where the ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub arn_from: Option<ValueFrom>,

    /// Name of the stage variable that holds the ARN; every stage gives its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_]+", "the name of a stage variable has letters, digits and _ only"))]
    pub stage_variable: Option<String>,

    /// An object of ACK or Crossplane that is the state machine. Methods wait until it has an ARN.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "StateMachineRef")]
    pub reference: Option<StateMachineRef>,
}
