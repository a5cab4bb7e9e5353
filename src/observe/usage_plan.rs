//! The owner's usage plans.

use std::collections::{BTreeMap, BTreeSet};

use super::{OwnTags, Scope};
use crate::aws::{Aws, Class, Result};
use crate::model::{Desired, ObservedUsagePlan, RestApiId, USAGE_PLAN_TAG, UsagePlan};

/// By tag: names are not unique. An object that never had a plan costs no call. A new one that has an API already may have
/// had some; who may not read any made none.
pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    api: Option<&RestApiId>,
    ours: &OwnTags,
) -> Result<BTreeMap<String, Vec<ObservedUsagePlan>>> {
    let mut plans: BTreeMap<String, Vec<ObservedUsagePlan>> = BTreeMap::new();
    let found = match scope.has_usage_plans(desired) {
        true => aws.get_usage_plans().await?,
        false if scope.is_new => match aws.get_usage_plans().await {
            Err(error) if error.class == Class::Denied => Vec::new(),
            found => found?,
        },
        false => Vec::new(),
    };
    for head in found.into_iter().filter(|head| desired.owner.owns(&head.tags)) {
        let keys = aws.get_usage_plan_keys(&head.id).await?;
        let (mut stages, mut foreign_stages) = (BTreeMap::new(), BTreeSet::new());
        for ((of, stage), methods) in head.stages {
            if Some(&of) == api {
                stages.insert(stage, methods);
            } else {
                foreign_stages.insert(format!("{of}:{stage}"));
            }
        }
        let name = head.tags.get(USAGE_PLAN_TAG).cloned().unwrap_or_default();
        let plan = UsagePlan { name: head.name, settings: head.settings, stages, tags: ours.of(head.tags) };
        plans.entry(name).or_default().push(ObservedUsagePlan { id: head.id, plan, foreign_stages, keys });
    }
    for same in plans.values_mut() {
        same.sort_by(|a, b| a.id.cmp(&b.id));
    }
    Ok(plans)
}
