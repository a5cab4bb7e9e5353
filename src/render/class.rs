//! What the class of an object gives it, and what it does not let it do.

use std::borrow::Cow;
use std::fmt::Display;

use super::{Problems, Works, method_field};
use crate::api::{Class, Role, StepFunctionsApiClassSpec, StepFunctionsApiSpec};
use crate::model::{Owner, matches};

/// The spec with what its class gives where it says nothing itself.
pub(super) fn with_defaults<'a>(
    spec: &'a StepFunctionsApiSpec,
    class: Option<&Class>,
) -> Cow<'a, StepFunctionsApiSpec> {
    let Some(Class { spec: class, .. }) = class else { return Cow::Borrowed(spec) };
    let mut spec = spec.clone();
    for (key, value) in &class.tags {
        spec.tags.entry(key.clone()).or_insert_with(|| value.clone());
    }
    if spec.role.as_ref().is_none_or(|role| role.arn.is_none()) {
        let role = spec.role.get_or_insert_with(Role::default);
        role.path = role.path.take().or_else(|| class.role_path.clone());
        let boundary = role.permissions_boundary_arn.take();
        role.permissions_boundary_arn = boundary.or_else(|| class.permissions_boundary_arn.clone());
    }
    Cow::Owned(spec)
}

/// Notes what of the spec its class does not allow.
pub(super) fn check(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    class: Option<&Class>,
    on: &Works<'_>,
    problems: &mut Problems,
) {
    let Some(class) = class else { return };
    let rules = &class.spec;
    let mut limit = Limit { class, problems };
    limit.only("metadata.namespace", &owner.namespace, &rules.namespaces, |allowed| matches(allowed, &owner.namespace));
    limit.only("spec.region", &spec.region, &rules.regions, |allowed| allowed == spec.region);
    let types: Vec<String> = rules.authorization_types.iter().map(|kind| kind.as_str().to_owned()).collect();
    for method in &spec.methods {
        let has = method.authorization.kind.as_str();
        limit.only(&format!("{}.authorization.type", method_field(method)), has, &types, |allowed| allowed == has);
    }
    for (field, arn) in on.machines.all() {
        let (whole, machine) = (arn.arn().as_str(), arn.unqualified());
        let fits = |allowed: &str| matches(allowed, whole) || matches(allowed, &machine);
        if rules.limits_works() {
            limit.listed(field, whole, &rules.state_machine_arns, fits);
        }
    }
    for (field, arn) in on.activities.all() {
        let arn = arn.arn().as_str();
        if rules.limits_works() {
            limit.listed(&field, arn, &rules.activity_arns, |allowed| matches(allowed, arn));
        }
    }
    role(spec, rules, &mut limit);
}

/// What the roles that API Gateway assumes may do.
fn role(spec: &StepFunctionsApiSpec, rules: &StepFunctionsApiClassSpec, limit: &mut Limit<'_>) {
    let own = spec.role.as_ref();
    let given = own.and_then(|role| role.arn.as_ref()).map(|arn| ("spec.role.arn".to_owned(), arn));
    let lambdas = spec.authorizers.iter().filter_map(|authorizer| {
        let arn = authorizer.lambda.as_ref()?.role_arn.as_ref()?;
        Some((format!("spec.authorizers[{}].lambda.roleArn", authorizer.name), arn))
    });
    let limited = rules.limits_works()
        || !rules.role_arns.is_empty()
        || !rules.managed_policy_arns.is_empty()
        || rules.permissions_boundary_arn.is_some();
    for (field, arn) in given.into_iter().chain(lambdas).filter(|_| limited) {
        limit.listed(&field, arn, &rules.role_arns, |allowed| matches(allowed, arn));
    }
    let Some(own) = own.filter(|role| role.arn.is_none()) else { return };
    let policies = rules.limits_works() || !rules.managed_policy_arns.is_empty();
    for (index, arn) in own.managed_policy_arns.iter().enumerate().filter(|_| policies) {
        let field = format!("spec.role.managedPolicyArns[{index}]");
        limit.listed(&field, arn, &rules.managed_policy_arns, |allowed| matches(allowed, arn));
    }
    if rules.limits_works() && !own.unscoped_actions.is_empty() {
        limit.refuse("spec.role.unscopedActions", "does not allow what reaches all state machines and activities");
    }
    if let (Some(has), Some(wanted)) = (&own.permissions_boundary_arn, &rules.permissions_boundary_arn)
        && has != wanted
    {
        limit.refuse("spec.role.permissionsBoundaryArn", format!("has {wanted}; leave this out"));
    }
    if let (Some(has), Some(above)) = (&own.path, &rules.role_path)
        && !has.starts_with(above.as_str())
    {
        limit.refuse("spec.role.path", format!("has {above}; leave this out, or name a path below it"));
    }
}

struct Limit<'a> {
    class: &'a Class,
    problems: &'a mut Problems,
}

impl Limit<'_> {
    fn refuse(&mut self, field: &str, why: impl Display) {
        self.problems.add(field, format!("{} {why}", self.class));
    }

    /// A list that is empty allows everything.
    fn only(&mut self, field: &str, has: &str, allowed: &[String], fits: impl Fn(&str) -> bool) {
        if !allowed.is_empty() && !allowed.iter().any(|allowed| fits(allowed)) {
            self.refuse(field, format!("allows {} only, not {has}", allowed.join(", ")));
        }
    }

    /// A list that is empty allows nothing.
    fn listed(&mut self, field: &str, arn: &str, allowed: &[String], fits: impl Fn(&str) -> bool) {
        if allowed.is_empty() {
            self.refuse(field, format!("allows none, not {arn}"));
        }
        self.only(field, arn, allowed, fits);
    }
}
