//! Stages: which deployment they serve, variables, description, tags.

use super::{Action, Blocker, Change, StageUpdate, Step, Steps, TagChange};
use crate::model::{Desired, Observed, ObservedStage, Revision, Stage};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    for (name, wanted) in &desired.stages {
        let Some(revision) = desired.revision() else { continue };
        match observed.stages.get(name) {
            None => {
                steps.build.push(Step::new(Action::CreateStage { name: name.clone(), stage: wanted.clone(), revision }))
            }
            Some(found) if !found.owned => {
                steps.blockers.push(Blocker::NotOwned { what: format!("stage {name} of this API") });
            }
            Some(found) => {
                let serves = observed.revision_of(&found.deployment);
                steps.build.extend(update(name, wanted, found, serves, &revision));
            }
        }
    }
    // A deleted API takes its stages with it.
    if desired.rest_api.is_some() {
        let gone = observed.stages.iter().filter(|(name, found)| found.owned && !desired.stages.contains_key(*name));
        steps.remove.extend(gone.map(|(name, _)| Step::new(Action::DeleteStage(name.clone()))));
    }
    steps
}

/// Whether a stage is to serve what it does not serve yet.
pub(super) fn any_moves(desired: &Desired, observed: &Observed) -> bool {
    let wanted = desired.revision();
    let serves = |name| observed.stages.get(name).and_then(|found| observed.revision_of(&found.deployment));
    wanted.is_some() && desired.stages.keys().any(|name| serves(name) != wanted.as_ref())
}

/// Whether a stage is to serve something else, or to have other variables.
pub(super) fn any_changes(desired: &Desired, observed: &Observed) -> bool {
    let other = |(name, found): (&String, &ObservedStage)| {
        desired.stages.get(name).is_some_and(|wanted| wanted.variables != found.stage.variables)
    };
    any_moves(desired, observed) || observed.stages.iter().any(other)
}

fn update(
    name: &str,
    wanted: &Stage,
    found: &ObservedStage,
    serves: Option<&Revision>,
    revision: &Revision,
) -> Vec<Step> {
    let mut steps = Vec::new();
    let path = |field: &str| format!("stage/{name} {field}");
    let mut changes = Vec::new();
    let mut update = StageUpdate::default();
    if serves != Some(revision) {
        changes.extend(Change::between(&path("revision"), serves, Some(revision)));
        update.revision = Some(revision.clone());
    }
    if wanted.description != found.stage.description {
        let (from, to) = (found.stage.description.as_ref(), wanted.description.as_ref());
        changes.extend(Change::between(&path("description"), from, to));
        update.description = Some(wanted.description.clone().unwrap_or_default());
    }
    if wanted.variables != found.stage.variables {
        changes.extend(Change::between(&path("variables"), Some(&found.stage.variables), Some(&wanted.variables)));
        for (key, value) in &wanted.variables {
            if found.stage.variables.get(key) != Some(value) {
                update.set_variables.insert(key.clone(), value.clone());
            }
        }
        let gone = found.stage.variables.keys().filter(|key| !wanted.variables.contains_key(*key));
        update.remove_variables.extend(gone.cloned());
    }
    if !changes.is_empty() {
        steps.push(Step { action: Action::UpdateStage { name: name.to_owned(), update }, changes });
    }
    if let Some(tags) = TagChange::between(&found.stage.tags, &wanted.tags) {
        let changes = Change::between(&path("tags"), Some(&found.stage.tags), Some(&wanted.tags));
        steps.push(Step { action: Action::TagStage { name: name.to_owned(), tags }, changes });
    }
    steps
}
