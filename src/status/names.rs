//! Usage plans with their keys, and custom domain names.

use crate::api::{ApiKeyStatus, DomainStatus, DomainUrl, StepFunctionsApiStatus, UsagePlanStatus};
use crate::apply::Ids;
use crate::model::Desired;
use crate::plan::Plan;

/// Usage plans as they are.
pub(super) fn usage_plans(desired: &Desired, ids: &Ids) -> Vec<UsagePlanStatus> {
    let keys = |plan: &String| {
        let of_plan = desired.api_keys.iter().filter(|(_, key)| key.plan == *plan);
        let known = of_plan.filter_map(|(name, _)| Some((name, ids.api_keys.get(name)?)));
        known.map(|(name, (id, _))| ApiKeyStatus { name: name.clone(), id: id.to_string() }).collect()
    };
    let plans = desired.usage_plans.keys();
    plans
        .map(|name| UsagePlanStatus {
            name: name.clone(),
            id: ids.usage_plans.get(name).map(ToString::to_string),
            api_keys: keys(name),
        })
        .collect()
}

/// Domain names as they are.
pub(super) fn domains(desired: &Desired, ids: &Ids) -> Vec<DomainStatus> {
    let domain = |(name, domain): (&String, &crate::model::Domain)| {
        let target = ids.domains.get(name).cloned().unwrap_or_default();
        let url = |(path, stage): (&String, &String)| DomainUrl {
            url: format!("https://{name}/{path}").trim_end_matches('/').to_owned(),
            stage: stage.clone(),
        };
        DomainStatus {
            name: name.clone(),
            target: target.host,
            hosted_zone_id: target.hosted_zone,
            state: target.state,
            urls: domain.mappings.iter().map(url).collect(),
        }
    };
    desired.domains.iter().map(domain).collect()
}

/// Names what a plan is about to make, so that it is looked for later even if the pass is cut off and the spec changes.
pub(super) fn announce(status: &mut StepFunctionsApiStatus, plan: &Plan) {
    for name in plan.usage_plans() {
        if !status.usage_plans.iter().any(|known| known.name == name) {
            status.usage_plans.push(UsagePlanStatus { name, id: None, api_keys: Vec::new() });
        }
    }
    for name in plan.domains() {
        if !status.domains.iter().any(|known| known.name == name) {
            status.domains.push(DomainStatus {
                name,
                target: None,
                hosted_zone_id: None,
                state: None,
                urls: Vec::new(),
            });
        }
    }
}
