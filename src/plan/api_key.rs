//! API keys: existence, value, name, tags, and which usage plan each is in. A value cannot be changed, so another value is
//! another key: the new one is made and let in before the old one is deleted.

use std::collections::BTreeMap;

use super::{Action, Change, Step, Steps, TagChange};
use crate::model::{ApiKey, ApiKeyId, Desired, Observed, ObservedApiKey, ObservedUsagePlan};

/// Keys that exist and stay, by their name in the spec: one with the wanted value whatever its name was, or, where any
/// value will do, the first of that name.
pub(super) fn kept<'a>(desired: &Desired, observed: &'a Observed) -> BTreeMap<String, &'a ObservedApiKey> {
    let mut free: Vec<(&String, &ObservedApiKey)> =
        observed.api_keys.iter().flat_map(|(name, keys)| keys.iter().map(move |key| (name, key))).collect();
    let mut kept = BTreeMap::new();
    let mut take = |name: &String, fits: &dyn Fn(&String, &ObservedApiKey) -> bool| {
        if let Some(at) = free.iter().position(|(of, key)| fits(of, key)) {
            kept.insert(name.clone(), free.remove(at).1);
        }
    };
    for (name, wanted) in &desired.api_keys {
        if let Some(value) = &wanted.value {
            take(name, &|_, key| key.value == *value);
        }
    }
    for (name, _) in desired.api_keys.iter().filter(|(_, wanted)| wanted.value.is_none()) {
        take(name, &|of, _| of == name);
    }
    kept
}

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    let kept = kept(desired, observed);
    let all = observed.api_keys.iter().flat_map(|(name, keys)| keys.iter().map(move |key| (name, key)));
    let (stays, goes): (Vec<_>, Vec<_>) = all.partition(|(_, key)| kept.values().any(|kept| kept.id == key.id));
    steps.remove.extend(
        goes.iter().map(|(name, key)| Step::new(Action::DeleteApiKey { name: (*name).clone(), id: key.id.clone() })),
    );
    // Out before in: AWS takes a key only in one plan for a stage.
    for (plan, index, found) in plans(observed) {
        let stays_here = desired.usage_plans.contains_key(plan) && index == 0;
        let belongs = |id: &ApiKeyId| {
            let of_plan = desired.api_keys.iter().filter(|(_, key)| stays_here && key.plan == *plan);
            of_plan.filter_map(|(name, _)| kept.get(name)).any(|key| key.id == *id)
        };
        // A key that is deleted leaves by itself, and a plan that is deleted takes no key along.
        let matters = |id: &ApiKeyId| match stays_here {
            true => !goes.iter().any(|(_, key)| key.id == *id),
            false => kept.values().any(|key| key.id == *id),
        };
        let leaves = |id: &&ApiKeyId| !belongs(id) && matters(id);
        for id in found.keys.iter().filter(leaves) {
            let of = stays.iter().find(|(_, key)| key.id == *id).map(|(name, _)| (*name).clone());
            let name = of.unwrap_or_else(|| id.to_string());
            let changes = Change::between(&keys_of(plan), Some(&name), None);
            let (key, plan, plan_id) = (id.clone(), plan.clone(), found.id.clone());
            steps.build.push(Step { action: Action::DetachApiKey { name, key, plan, plan_id }, changes });
        }
    }
    for (name, wanted) in &desired.api_keys {
        let found = kept.get(name);
        match found {
            None => steps.build.push(Step::new(Action::CreateApiKey { name: name.clone(), key: wanted.clone() })),
            Some(found) => steps.build.extend(update(name, wanted, found)),
        }
        let plan = observed.usage_plans.get(&wanted.plan).and_then(|plans| plans.first());
        let attached = found.is_some_and(|key| plan.is_some_and(|plan| plan.keys.contains(&key.id)));
        if !attached {
            let action = Action::AttachApiKey { name: name.clone(), plan: wanted.plan.clone() };
            // A key or plan that is made is told by its own step.
            let exist = found.and(plan);
            let changes = exist.map_or_else(Vec::new, |_| Change::between(&keys_of(&wanted.plan), None, Some(name)));
            steps.build.push(Step { action, changes });
        }
    }
    steps
}

fn keys_of(plan: &str) -> String {
    format!("usagePlan/{plan} keys")
}

/// All usage plans, with their name in the spec and their place among those of one name.
fn plans(observed: &Observed) -> impl Iterator<Item = (&String, usize, &ObservedUsagePlan)> {
    let all = observed.usage_plans.iter();
    all.flat_map(|(name, plans)| plans.iter().enumerate().map(move |(index, plan)| (name, index, plan)))
}

fn update(name: &str, wanted: &ApiKey, found: &ObservedApiKey) -> Vec<Step> {
    let path = |field: &str| format!("apiKey/{name} {field}");
    let mut changes = Change::between(&path("name"), Some(&found.name), Some(&wanted.name));
    changes.extend(Change::between(&path("enabled"), Some(&found.enabled), Some(&true)));
    let mut steps = Vec::new();
    if !changes.is_empty() {
        let action =
            Action::UpdateApiKey { name: name.to_owned(), id: found.id.clone(), new_name: wanted.name.clone() };
        steps.push(Step { action, changes });
    }
    if let Some(tags) = TagChange::between(&found.tags, &wanted.tags) {
        let changes = Change::between(&path("tags"), Some(&found.tags), Some(&wanted.tags));
        steps.push(Step { action: Action::TagApiKey { name: name.to_owned(), id: found.id.clone(), tags }, changes });
    }
    steps
}
