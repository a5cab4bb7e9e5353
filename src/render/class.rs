//! What the class of an object gives it, and what it does not let it do.

use std::borrow::Cow;
use std::fmt::Display;

use sha2::{Digest, Sha256};

use super::{Problems, Works, method_field};
use crate::api::{Class, Role, StepFunctionsApiClassSpec, StepFunctionsApiSpec};
use crate::model::{Owner, matches, short};

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

/// The fields of a spec that its class gives.
pub(super) fn given(spec: &StepFunctionsApiSpec, class: Option<&Class>) -> Vec<&'static str> {
    let Some(Class { spec: class, .. }) = class else { return Vec::new() };
    let role = spec.role.as_ref();
    let has = |field: fn(&Role) -> bool| role.is_some_and(|role| role.arn.is_some() || field(role));
    let path = class.role_path.is_some() && !has(|role| role.path.is_some());
    let boundary = class.permissions_boundary_arn.is_some() && !has(|role| role.permissions_boundary_arn.is_some());
    let fields = [(path, "spec.role.path"), (boundary, "spec.role.permissionsBoundaryArn")];
    fields.into_iter().filter_map(|(given, field)| given.then_some(field)).collect()
}

/// Hash of what a class limits of what a deployment holds: what was made under other limits may go beyond these.
pub(super) fn limits(class: Option<&Class>) -> Option<String> {
    let rules = &class?.spec;
    let limits = [&rules.state_machine_arns, &rules.activity_arns, &rules.role_arns, &types(rules)].map(Vec::clone);
    let any = limits.iter().any(|list| !list.is_empty());
    any.then(|| short(&Sha256::digest(format!("{limits:?}"))))
}

fn types(rules: &StepFunctionsApiClassSpec) -> Vec<String> {
    rules.authorization_types.iter().map(|kind| kind.as_str().to_owned()).collect()
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
    let types = types(rules);
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
    if spec.adopt.as_ref().is_some_and(|adopt| !adopt.prune) && limits(Some(class)).is_some() {
        let why = "limits methods, and those of the API beside the spec would be kept whatever they do; set it to true, \
                   which removes them";
        limit.refuse("spec.adopt.prune", why);
    }
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
        self.problems.refuse(field, format!("{} {why}", self.class));
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
