//! Usage plans.

use super::{Ids, rest_api};
use crate::aws::{Aws, Result, TaggedResource, UsagePlanPatch};
use crate::model::{UsagePlan, UsagePlanId};
use crate::plan::{TagChange, UsagePlanUpdate};

pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, name: &str, plan: &UsagePlan) -> Result<()> {
    let id = aws.create_usage_plan(plan, ids.need_rest_api()?).await?;
    ids.usage_plans.insert(name.to_owned(), id);
    Ok(())
}

pub(super) async fn update(aws: &impl Aws, ids: &Ids, id: &UsagePlanId, update: &UsagePlanUpdate) -> Result<()> {
    let of_api = !update.add_stages.is_empty()
        || !update.remove_stages.is_empty()
        || !update.set_throttles.is_empty()
        || !update.remove_throttles.is_empty();
    let api = if of_api { ids.need_rest_api()?.to_string() } else { String::new() };
    let stage = |name: &String| format!("{api}:{name}");
    let patch = UsagePlanPatch {
        name: update.name.clone(),
        description: update.description.clone(),
        throttle: update.throttle,
        quota: update.quota.clone(),
        remove_stages: update.remove_stages.iter().map(stage).chain(update.remove_foreign.iter().cloned()).collect(),
        add_stages: update.add_stages.iter().map(stage).collect(),
        remove_throttles: update.remove_throttles.iter().map(|(at, method)| (stage(at), method.clone())).collect(),
        set_throttles: (update.set_throttles.iter())
            .map(|((at, method), limit)| ((stage(at), method.clone()), *limit))
            .collect(),
    };
    aws.update_usage_plan(id, &patch).await
}

pub(super) async fn tag(aws: &impl Aws, id: &UsagePlanId, tags: &TagChange) -> Result<()> {
    rest_api::change_tags(aws, TaggedResource::UsagePlan(id), tags).await
}

pub(super) async fn delete(aws: &impl Aws, ids: &mut Ids, id: &UsagePlanId) -> Result<()> {
    aws.delete_usage_plan(id).await?;
    ids.usage_plans.retain(|_, known| known != id);
    Ok(())
}
