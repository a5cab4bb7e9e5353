//! Taking over an API that was made elsewhere: by its tag, before all else. What it has beside what is desired stays until
//! it is said that it shall go.

use super::{Action, Blocker, Change, Plan, StageUpdate, Step, Steps, TagChange};
use crate::model::{Definition, Desired, Holder, KEEP_TAG, MethodKey, Observed, ObservedRestApi};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    if let (Some(wanted), Some(found)) = (&desired.rest_api, &observed.rest_api)
        && found.holder == Holder::Nobody
        && let Some(tags) = TagChange::between(&found.api.tags, &wanted.tags)
    {
        let changes = Change::between("api tags", Some(&found.api.tags), Some(&wanted.tags));
        steps.build.push(Step { action: Action::AdoptRestApi { id: found.id.clone(), tags }, changes });
    }
    steps
}

/// Why the API cannot be taken over, or not be let go of what it keeps.
pub(super) fn blockers(desired: &Desired, observed: &Observed) -> Vec<Blocker> {
    let id = || desired.adopt.as_ref().map(|adopt| adopt.rest_api.clone());
    let blocker = match (id(), &observed.rest_api) {
        (Some(id), None) => Some(Blocker::AdoptedMissing { id }),
        (Some(id), Some(ObservedRestApi { holder: Holder::Other(owner), .. })) => {
            Some(Blocker::AdoptedTaken { id, owner: owner.clone() })
        }
        (None, Some(ObservedRestApi { id, holder: Holder::Other(owner), .. })) => {
            Some(Blocker::Taken { id: id.clone(), owner: owner.clone(), own: desired.owner.tag() })
        }
        (Some(id), Some(found)) if found.id != id => Some(Blocker::AdoptsAnother { id, has: found.id.clone() }),
        (None, Some(found)) if found.api.tags.contains_key(KEEP_TAG) => {
            let kept = others(desired, observed);
            (!kept.is_empty()).then_some(Blocker::NotKept { kept })
        }
        _ => None,
    };
    blocker.into_iter().collect()
}

/// What is kept of the API beside what is desired, by name.
pub(super) fn kept(desired: &Desired, observed: &Observed) -> Vec<String> {
    if desired.keeps() { others(desired, observed) } else { Vec::new() }
}

/// Whether a method that the API has is kept beside what is desired, and with it what stages set for it.
pub(super) fn keeps(desired: &Desired, key: &MethodKey) -> bool {
    let wanted = desired.rest_api.as_ref().is_some_and(|wanted| wanted.definition.methods.contains_key(key));
    desired.keeps() && !wanted
}

/// What the API has and the desired one has not.
fn others(desired: &Desired, observed: &Observed) -> Vec<String> {
    let (Some(wanted), Some(found)) = (&desired.rest_api, &observed.rest_api) else { return Vec::new() };
    let validators = found.unused_validators.keys();
    let (wanted, found) = (&wanted.definition, &found.api.definition);
    let methods = found.methods.keys().filter(|key| !wanted.methods.contains_key(key));
    let responses = found.gateway_responses.keys().filter(|kind| !wanted.gateway_responses.contains_key(*kind));
    let authorizers = found.authorizers.keys().filter(|name| !wanted.authorizers.contains_key(*name));
    let models = found.models.keys().filter(|name| !wanted.models.contains_key(*name));
    let named = methods.map(|key| format!("method {key}"));
    let named = named.chain(responses.map(|kind| format!("gateway response {kind}")));
    let named = named.chain(authorizers.map(|name| format!("authorizer {name}")));
    let named = named.chain(models.map(|name| format!("model {name}")));
    named.chain(validators.map(|name| format!("request validator {name}"))).collect()
}

/// What there is of the wanted things.
pub(super) fn wanted_part(found: &Definition, wanted: &Definition) -> Definition {
    let mut part = found.clone();
    part.methods.retain(|key, _| wanted.methods.contains_key(key));
    part.gateway_responses.retain(|kind, _| wanted.gateway_responses.contains_key(kind));
    part.authorizers.retain(|name, _| wanted.authorizers.contains_key(name));
    part.models.retain(|name, _| wanted.models.contains_key(name));
    part
}

impl Plan {
    /// Whether it takes over an API that was made elsewhere.
    pub fn adopts(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::AdoptRestApi { .. }))
    }

    /// Whether that is all that it does: the API has what the spec describes, so that it is marked by tags, and its stages
    /// serve a snapshot of the draft that can be told by its description. What they served before had the same methods,
    /// open to the same callers; no more of it is known, see [`ApiSummary`](crate::model::ApiSummary).
    pub fn only_takes_over(&self) -> bool {
        self.adopts() && self.steps.iter().all(Step::takes_over)
    }

    /// What it does beyond taking an API over, a line each.
    pub fn beyond_taking_over(&self) -> Vec<String> {
        self.steps.iter().filter(|step| !step.takes_over()).flat_map(Step::beyond_serving).collect()
    }
}

impl Step {
    /// Whether it does to an API that others made no more than to mark it, and to have its draft served.
    fn takes_over(&self) -> bool {
        match &self.action {
            Action::AdoptRestApi { .. } | Action::TagStage { .. } | Action::CreateDeployment(_) => true,
            // Belongs to the put before it.
            Action::UpdateRestApi { after_put, .. } => *after_put,
            Action::UpdateStage { update, .. } => {
                let moves = StageUpdate { revision: None, ..update.clone() } == StageUpdate::default();
                moves && self.changes.iter().all(is_move)
            }
            _ => false,
        }
    }

    /// What it changes, but not that a stage serves another deployment.
    fn beyond_serving(&self) -> Vec<String> {
        match &self.changes[..] {
            [] => vec![self.action.to_string()],
            changes => changes.iter().filter(|change| !is_move(change)).map(ToString::to_string).collect(),
        }
    }
}

fn is_move(change: &Change) -> bool {
    change.path.ends_with(" revision")
}
