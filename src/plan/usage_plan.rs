//! Usage plans: settings, stages, limits of methods, tags.

use super::{Action, Change, Step, Steps, TagChange, UsagePlanUpdate, deployment};
use crate::model::{Desired, Observed, ObservedUsagePlan, UsagePlan};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    for (name, wanted) in &desired.usage_plans {
        let wanted = &without_unmet(wanted, desired, observed);
        match observed.usage_plans.get(name).and_then(|found| found.first()) {
            None => {
                steps.build.push(Step::new(Action::CreateUsagePlan { name: name.clone(), plan: wanted.clone() }));
            }
            Some(found) => steps.build.extend(update(name, wanted, found)),
        }
    }
    for (name, found) in &observed.usage_plans {
        let kept = usize::from(desired.usage_plans.contains_key(name));
        steps.remove.extend(found.iter().skip(kept).flat_map(|found| remove(name, found)));
    }
    steps
}

/// A plan, but for stages that cannot be made.
fn without_unmet(plan: &UsagePlan, desired: &Desired, observed: &Observed) -> UsagePlan {
    let mut plan = plan.clone();
    plan.stages.retain(|stage, _| !deployment::is_unmet(desired, observed, stage));
    plan
}

fn update(name: &str, wanted: &UsagePlan, found: &ObservedUsagePlan) -> Vec<Step> {
    let path = |field: &str| format!("usagePlan/{name} {field}");
    let has = &found.plan;
    let mut changes = Change::between(&path("name"), Some(&has.name), Some(&wanted.name));
    changes.extend(Change::between(&path("settings"), Some(&has.settings), Some(&wanted.settings)));
    changes.extend(Change::between(&path("stages"), Some(&has.stages), Some(&wanted.stages)));
    changes.extend(found.foreign_stages.iter().map(|stage| Change {
        path: path("stages of other APIs"),
        from: Some(stage.as_str().into()),
        to: None,
    }));
    let mut steps = Vec::new();
    if !changes.is_empty() {
        let update = UsagePlanUpdate::between(found, wanted);
        steps.push(Step {
            action: Action::UpdateUsagePlan { name: name.to_owned(), id: found.id.clone(), update },
            changes,
        });
    }
    if let Some(tags) = TagChange::between(&has.tags, &wanted.tags) {
        let changes = Change::between(&path("tags"), Some(&has.tags), Some(&wanted.tags));
        steps
            .push(Step { action: Action::TagUsagePlan { name: name.to_owned(), id: found.id.clone(), tags }, changes });
    }
    steps
}

/// A plan that has stages cannot be deleted.
fn remove(name: &str, found: &ObservedUsagePlan) -> Vec<Step> {
    let mut steps = Vec::new();
    if !found.plan.stages.is_empty() || !found.foreign_stages.is_empty() {
        let update = UsagePlanUpdate {
            remove_stages: found.plan.stages.keys().cloned().collect(),
            remove_foreign: found.foreign_stages.clone(),
            ..UsagePlanUpdate::default()
        };
        steps.push(Step::new(Action::UpdateUsagePlan { name: name.to_owned(), id: found.id.clone(), update }));
    }
    steps.push(Step::new(Action::DeleteUsagePlan { name: name.to_owned(), id: found.id.clone() }));
    steps
}

impl UsagePlanUpdate {
    fn between(found: &ObservedUsagePlan, wanted: &UsagePlan) -> Self {
        let has = &found.plan;
        let (old, new) = (&has.settings, &wanted.settings);
        let differs = |from, to: &Option<_>| (from != to).then(|| to.clone());
        let mut update = Self {
            name: (has.name != wanted.name).then(|| wanted.name.clone()),
            description: (old.description != new.description).then(|| new.description.clone().unwrap_or_default()),
            throttle: (old.throttle != new.throttle).then_some(new.throttle),
            quota: differs(&old.quota, &new.quota),
            remove_foreign: found.foreign_stages.clone(),
            ..Self::default()
        };
        for (stage, methods) in &wanted.stages {
            let at = |method: &String| (stage.clone(), method.clone());
            let had = has.stages.get(stage);
            if had.is_none() {
                update.add_stages.insert(stage.clone());
            }
            let limit_of = |method: &String| had.and_then(|had| had.get(method));
            let set = methods.iter().filter(|(method, limit)| limit_of(method) != Some(limit));
            update.set_throttles.extend(set.map(|(method, limit)| (at(method), *limit)));
            let gone = had.into_iter().flat_map(|had| had.keys()).filter(|method| !methods.contains_key(*method));
            update.remove_throttles.extend(gone.map(at));
        }
        update.remove_stages = has.stages.keys().filter(|stage| !wanted.stages.contains_key(*stage)).cloned().collect();
        update
    }
}
