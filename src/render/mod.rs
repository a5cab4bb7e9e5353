//! Spec -> Desired, or every problem of the spec with its field path. Pure.

mod activities;
mod api_key;
mod arn;
mod authorizer;
mod cache;
mod class;
mod cors;
mod deployment;
mod domain;
mod endpoint;
mod gateway_response;
mod integration;
mod machines;
mod method;
mod model_schema;
mod outputs;
mod policy;
mod preflight;
mod required;
mod resource_policy;
mod response;
mod rest_api;
mod role;
mod stage;
mod template;
mod usage_plan;
mod validator;
mod variables;

use crate::api::{Class, StepFunctionsApiSpec};
use crate::model::{Adoption, Desired, Owner, RestApi, RestApiId, Revision, Role};

pub use self::template::{Condition, conditions};
pub use crate::api::Problem;

/// What a spec becomes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// The AWS resources.
    pub desired: Desired,
    /// What is allowed and probably not meant, sorted by field.
    pub warnings: Vec<Problem>,
    /// Fields that the spec does not have and its class gives.
    pub given: Vec<&'static str>,
}

/// Problems, collected over a whole spec.
#[derive(Default)]
struct Problems {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Problems {
    /// Notes what makes the spec invalid.
    fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.errors.push(Problem::new(field, message));
    }

    /// Notes what the object's class does not allow.
    fn refuse(&mut self, field: &str, message: String) {
        self.errors.push(Problem { by_class: true, ..Problem::new(field, message) });
    }

    /// Notes what is allowed and probably not meant. Users see it in the Accepted condition, as an event, and from
    /// `stepgate render` and `stepgate plan`.
    fn warn(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.warnings.push(Problem::new(field, message));
    }

    /// The value, or `None` after noting the problem.
    fn check<T>(&mut self, field: &str, result: Result<T, String>) -> Option<T> {
        result.map_err(|message| self.add(field, message)).ok()
    }
}

/// The AWS resources that a spec describes, by the rules of its class if it has one, with what there is to say about it.
///
/// # Errors
/// All problems of the spec, sorted by field; never empty.
pub fn render(owner: &Owner, spec: &StepFunctionsApiSpec, class: Option<&Class>) -> Result<Rendered, Vec<Problem>> {
    let given = class::given(spec, class);
    let spec = &class::with_defaults(spec, class);
    let mut problems = Problems::default();
    let mut arns = arn::Arns::new(&spec.region);
    arns.check_region(&mut problems);
    let machines = machines::resolve(spec, &mut arns, &mut problems);
    let activities = activities::resolve(spec, &mut arns, &mut problems);
    let works = Works { machines: &machines, activities: &activities };
    class::check(owner, spec, class, &works, &mut problems);
    let role = role::render(owner, spec, &works, &mut arns, &mut problems);
    let rest_api = rest_api::render(owner, spec, role.credentials, &mut arns, &mut problems);
    let stages = stage::render(owner, spec, &mut arns, &mut problems);
    let serves = deployment::render(spec, &mut problems);
    let usage_plans = usage_plan::render(owner, spec, &mut problems);
    let api_keys = api_key::render(owner, spec, &mut problems);
    let domains = domain::render(owner, spec, &mut arns, &mut problems);
    outputs::check(spec, &mut problems);
    let tests = preflight::render(spec, &mut problems);
    let Problems { mut errors, mut warnings } = problems;
    for list in [&mut errors, &mut warnings] {
        list.sort();
        list.dedup();
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let desired = Desired {
        owner: owner.clone(),
        region: spec.region.clone(),
        revision: Some(revision(role.role.as_ref(), &rest_api)),
        role: role.role,
        rest_api: Some(rest_api),
        adopt: spec
            .adopt
            .as_ref()
            .map(|adopt| Adoption { rest_api: RestApiId(adopt.rest_api_id.clone()), prune: adopt.prune }),
        stages,
        serves,
        history: spec.history.unwrap_or(deployment::HISTORY) as usize,
        machines: machines.uses(spec),
        usage_plans,
        api_keys,
        domains,
        tests,
        limits: class::limits(class),
    };
    Ok(Rendered { desired, warnings, given })
}

/// A deployment names the created role by its ARN, the draft of the model does not.
fn revision(role: Option<&Role>, rest_api: &RestApi) -> Revision {
    rest_api.revision(role.map(|role| format!("{}{}", role.path, role.name)).as_deref())
}

/// What the methods of a spec work on.
struct Works<'a> {
    machines: &'a machines::Reached,
    activities: &'a activities::Activities,
}

/// Path of a method of the spec, by its keys.
fn method_field(method: &crate::api::Method) -> String {
    format!("spec.methods[{} {}]", method.method.as_str(), method.path)
}
