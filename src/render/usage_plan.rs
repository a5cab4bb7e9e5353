//! Usage plans.

use std::collections::BTreeMap;

use super::{Problems, method_field};
use crate::api::{self, StepFunctionsApiSpec};
use crate::model::{Owner, Quota, Throttle, USAGE_PLAN_TAG, UsagePlan, UsagePlanSettings};

pub(super) fn render(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    problems: &mut Problems,
) -> BTreeMap<String, UsagePlan> {
    let mut plans = BTreeMap::new();
    for plan in &spec.usage_plans {
        let field = field(plan);
        let mut tags = owner.tags(&spec.tags);
        tags.insert(USAGE_PLAN_TAG.to_owned(), plan.name.clone());
        let mut stages = BTreeMap::new();
        for stage in &plan.stages {
            let field = format!("{field}.stages[{}]", stage.name);
            if !spec.stages.iter().any(|known| known.name == stage.name) {
                problems.add(&field, format!("there is no stage {}; name an entry of spec.stages", stage.name));
            }
            stages.insert(stage.name.clone(), methods(spec, &field, stage, problems));
        }
        // AWS takes it off the limit of the first period.
        if plan.quota.as_ref().is_some_and(|quota| quota.offset >= quota.limit) {
            problems.warn(format!("{field}.quota.offset"), "reaches limit, so no call of the first period is answered");
        }
        let quota = |quota: &api::Quota| Quota {
            limit: quota.limit,
            offset: quota.offset,
            period: quota.period.as_str().to_owned(),
        };
        let settings = UsagePlanSettings {
            description: plan.description.clone(),
            throttle: plan.throttling.as_ref().map(throttle),
            quota: plan.quota.as_ref().map(quota),
        };
        let rendered = UsagePlan { name: owner.part_name(&plan.name), settings, stages, tags };
        if plans.insert(plan.name.clone(), rendered).is_some() {
            problems.add(field, "stands twice");
        }
    }
    unopened(spec, problems);
    plans
}

/// Warns of methods that want an API key on stages that no key opens.
fn unopened(spec: &StepFunctionsApiSpec, problems: &mut Problems) {
    let with_keys = || spec.usage_plans.iter().filter(|plan| !plan.api_keys.is_empty());
    let opened = |name: &str| with_keys().any(|plan| plan.stages.iter().any(|stage| stage.name == name));
    let names = spec.stages.iter().map(|stage| stage.name.as_str());
    let closed: Vec<&str> = names.filter(|name| !opened(name)).collect();
    if closed.is_empty() {
        return;
    }
    for method in spec.methods.iter().filter(|method| method.api_key_required) {
        problems.warn(
            format!("{}.apiKeyRequired", method_field(method)),
            format!(
                "no usage plan of spec.usagePlans with API keys has stage {}: callers there get a 403, unless a plan made \
                 elsewhere has it; add one",
                closed.join(", ")
            ),
        );
    }
}

/// Limits of methods by API Gateway's key for them: path and verb.
fn methods(
    spec: &StepFunctionsApiSpec,
    field: &str,
    stage: &api::UsagePlanStage,
    problems: &mut Problems,
) -> BTreeMap<String, Throttle> {
    let mut limits = BTreeMap::new();
    for method in &stage.methods {
        let verb = method.method.as_str();
        if !spec.methods.iter().any(|known| known.path == method.path && known.method == method.method) {
            problems.add(
                format!("{field}.methods[{verb} {}]", method.path),
                "there is no such method; name path and method of an entry of spec.methods",
            );
        }
        limits.insert(format!("{}/{verb}", method.path), throttle(&method.throttling));
    }
    limits
}

fn throttle(throttling: &api::KeyThrottling) -> Throttle {
    Throttle { rate_limit: throttling.rate_limit, burst_limit: throttling.burst_limit }
}

/// Path of a plan in the spec.
pub(super) fn field(plan: &api::UsagePlan) -> String {
    format!("spec.usagePlans[{}]", plan.name)
}
