//! API keys.

use std::collections::BTreeMap;

use super::{Problems, usage_plan};
use crate::api::StepFunctionsApiSpec;
use crate::model::{API_KEY_TAG, ApiKey, ApiKeyValue, Owner};

pub(super) fn render(owner: &Owner, spec: &StepFunctionsApiSpec, problems: &mut Problems) -> BTreeMap<String, ApiKey> {
    let mut keys: BTreeMap<String, ApiKey> = BTreeMap::new();
    for plan in &spec.usage_plans {
        for key in &plan.api_keys {
            let field = format!("{}.apiKeys[{}]", usage_plan::field(plan), key.name);
            let parsed = key.value.as_ref().map(|value| ApiKeyValue::parse(&value.0));
            let value = parsed.and_then(|parsed| problems.check(&format!("{field}.value"), parsed));
            if value.is_some()
                && let Some((other, _)) = keys.iter().find(|(_, known)| known.value == value)
            {
                problems.add(&field, format!("has the same value as {other}; AWS takes each value once"));
            }
            let mut tags = owner.tags(&spec.tags);
            tags.insert(API_KEY_TAG.to_owned(), key.name.clone());
            let rendered = ApiKey { name: owner.part_name(&key.name), plan: plan.name.clone(), value, tags };
            if let Some(other) = keys.insert(key.name.clone(), rendered) {
                problems.add(field, format!("usage plan {} has a key of this name, too; use two names", other.plan));
            }
        }
    }
    keys
}
