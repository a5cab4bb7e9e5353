//! The values that a stage variable may have in a call, with the fields that give them.

use super::method_field;
use crate::api::{Method, StepFunctionsApiSpec};

/// A field of the spec, and the text in it.
pub(super) type Given<'a> = (String, &'a str);

/// What callers can meet: the values of stages and of their canaries.
pub(super) fn of_stages<'a>(spec: &'a StepFunctionsApiSpec, variable: &'a str) -> impl Iterator<Item = Given<'a>> {
    spec.stages.iter().flat_map(move |stage| {
        let own = stage.variables.get(variable);
        let canary = stage.canary.as_ref().and_then(|canary| canary.variable(variable));
        let field = |of: &str| format!("spec.stages[{}]{of}.variables.{variable}", stage.name);
        let own = own.map(|text| (field(""), text.as_str()));
        own.into_iter().chain(canary.map(|text| (field(".canary"), text.as_str())))
    })
}

/// What a method's tests give it on top of that.
pub(super) fn of_tests<'a>(method: &'a Method, variable: &'a str) -> impl Iterator<Item = Given<'a>> {
    method.tests.iter().filter_map(move |test| {
        let field = format!("{}.tests[{}].stageVariables.{variable}", method_field(method), test.name);
        Some((field, test.stage_variables.get(variable)?.as_str()))
    })
}
