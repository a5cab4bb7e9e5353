//! Spec -> Desired, or every problem of the spec with its field path. Pure.

mod arn;
mod cors;
mod machines;
mod method;
mod policy;
mod rest_api;
mod role;
mod stage;
mod template;

use std::fmt;

use crate::api::StepFunctionsApiSpec;
use crate::model::{Desired, Owner};

/// Something wrong with a spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the field, such as `spec.methods[POST /execution].arguments.name`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}

/// Problems, collected over a whole spec.
#[derive(Default)]
struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into() });
    }

    /// The value, or `None` after noting the problem.
    fn check<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(field, message)).ok()
    }
}

/// The AWS resources that a spec describes.
///
/// # Errors
/// All problems of the spec, sorted by field; never empty.
pub fn render(owner: &Owner, spec: &StepFunctionsApiSpec) -> Result<Desired, Vec<Problem>> {
    let mut problems = Problems::default();
    let mut arns = arn::Arns::new(&spec.region);
    let machines = machines::resolve(spec, &mut arns, &mut problems);
    let role = role::render(owner, spec, &machines, &mut arns, &mut problems);
    let rest_api = rest_api::render(owner, spec, role.credentials, &mut problems);
    let stages = stage::render(owner, spec, &mut problems);
    if !problems.0.is_empty() {
        problems.0.sort();
        problems.0.dedup();
        return Err(problems.0);
    }
    Ok(Desired {
        owner: owner.clone(),
        region: spec.region.clone(),
        role: role.role,
        rest_api: Some(rest_api),
        stages,
        machines: machines.uses(spec),
    })
}

/// Path of a method of the spec, by its keys.
fn method_field(method: &crate::api::Method) -> String {
    format!("spec.methods[{} {}]", method.method.as_str(), method.path)
}
