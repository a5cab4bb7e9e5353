//! API keys.

use std::collections::BTreeMap;

use super::{Problems, usage_plan};
use crate::api::StepFunctionsApiSpec;
use crate::model::{API_KEY_TAG, ApiKey, ApiKeyValue, Owner};

/// Lengths of a value that API Gateway takes:
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-key-file-format.html>.
const VALUE_LENGTH: std::ops::RangeInclusive<usize> = 20..=128;

pub(super) fn render(owner: &Owner, spec: &StepFunctionsApiSpec, problems: &mut Problems) -> BTreeMap<String, ApiKey> {
    let mut keys: BTreeMap<String, ApiKey> = BTreeMap::new();
    for plan in &spec.usage_plans {
        for key in &plan.api_keys {
            let field = format!("{}.apiKeys[{}]", usage_plan::field(plan), key.name);
            let value = key.value.as_ref().map(|value| ApiKeyValue(value.0.clone()));
            if let Some(ApiKeyValue(text)) = &value {
                let length = text.chars().count();
                if !VALUE_LENGTH.contains(&length) || !text.chars().all(|c| c.is_ascii_graphic()) {
                    problems.add(
                        &field,
                        format!(
                            "the value in the Secret has {length} characters; an API key has 20 to 128, all of them \
                             visible ASCII characters, and no line end"
                        ),
                    );
                }
                if let Some((other, _)) = keys.iter().find(|(_, known)| known.value == value) {
                    problems.add(&field, format!("has the same value as {other}; AWS takes each value once"));
                }
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
