//! The owner's API keys.

use std::collections::BTreeMap;

use super::{OwnTags, Scope};
use crate::aws::{Aws, Result};
use crate::model::{API_KEY_TAG, Desired, ObservedApiKey, ObservedUsagePlan};

/// By tag, among the keys whose name is as ours if that is enough for a settled object: an account has up to 10,000.
pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    plans: &BTreeMap<String, Vec<ObservedUsagePlan>>,
    ours: &OwnTags,
) -> Result<BTreeMap<String, Vec<ObservedApiKey>>> {
    // Where there were plans they go after their keys.
    if !scope.has_usage_plans(desired) && plans.is_empty() {
        return Ok(BTreeMap::new());
    }
    if scope.settled {
        let prefix = desired.owner.part_name("");
        let keys = owned(aws.get_api_keys(Some(&prefix)).await?, desired, ours);
        if desired.api_keys.keys().all(|name| keys.contains_key(name)) {
            return Ok(keys);
        }
    }
    Ok(owned(aws.get_api_keys(None).await?, desired, ours))
}

fn owned(found: Vec<ObservedApiKey>, desired: &Desired, ours: &OwnTags) -> BTreeMap<String, Vec<ObservedApiKey>> {
    let mut keys: BTreeMap<String, Vec<ObservedApiKey>> = BTreeMap::new();
    for mut key in found.into_iter().filter(|key| desired.owner.owns(&key.tags)) {
        let name = key.tags.get(API_KEY_TAG).cloned().unwrap_or_default();
        key.tags = ours.of(key.tags);
        keys.entry(name).or_default().push(key);
    }
    for same in keys.values_mut() {
        same.sort_by(|a, b| a.id.cmp(&b.id));
    }
    keys
}
