//! What is known of AWS before it is looked at.

use crate::api::{StepFunctionsApi, StepFunctionsApiSpec};
use crate::model::{Arn, RestApiId};
use crate::observe::Scope;
use crate::status::{self, is_settled};

/// What the status lets us skip, for this filled spec.
pub fn scope(object: &StepFunctionsApi, spec: &StepFunctionsApiSpec) -> Scope {
    let status = object.status.clone().unwrap_or_default();
    let policies = spec.role.iter().flat_map(|role| &role.managed_policy_arns);
    let managed = status.managed_policy_arns.iter().chain(policies);
    let domains = spec.domains.iter().map(|domain| &domain.name);
    let names = status.domains.iter().map(|domain| &domain.name).chain(domains);
    let named = spec.role.iter().filter_map(|role| role.name.clone());
    Scope {
        settled: is_settled(object),
        rest_api_id: status.rest_api_id.clone().map(RestApiId),
        role: status
            .role_arn
            .as_ref()
            .and_then(|arn| Arn::parse(arn).ok())
            .filter(|arn| status.created_roles.contains(arn.role_name())),
        deployments: status::known_deployments(&status),
        stages: status::brought_to(&status),
        client_certificates: status.client_certificates,
        tag_keys: status.tag_keys.clone(),
        created_roles: status.created_roles.iter().cloned().chain(named).collect(),
        managed_policies: managed.filter_map(|arn| Arn::parse(arn).ok()).collect(),
        usage_plans: !status.usage_plans.is_empty() || !spec.usage_plans.is_empty(),
        is_new: status.applied.is_none(),
        domains: names.filter(|name| !name.is_empty()).cloned().collect(),
    }
}
