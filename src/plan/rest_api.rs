//! The REST API: its draft, its settings and its tags.
//!
//! | differs | steps |
//! | --- | --- |
//! | definition | put; then what the put reset of the settings is restored, before anything is deployed |
//! | settings | update |
//! | both | put with the settings; but another endpoint type comes first, since a put cannot change that |
//!
//! Of an API that was taken over only what is desired is compared, unless the rest is to go.

use std::collections::BTreeMap;

use super::{Action, Blocker, Change, Step, Steps, TagChange, adopt};
use crate::model::{ApiStatus, Definition, Desired, EndpointType, Holder, Observed, ObservedRestApi, RestApi};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    match (&desired.rest_api, &observed.rest_api) {
        (Some(wanted), None) => {
            steps.build.push(Step::new(Action::CreateRestApi(wanted.clone())));
            steps.build.extend(put(wanted, false, Vec::new()));
        }
        (Some(wanted), Some(found)) => {
            steps.build = update(wanted, found, desired.keeps());
            steps.blockers.extend(blocker(wanted, found, steps.build.is_empty()));
        }
        (None, Some(found)) => steps.remove.push(Step::new(Action::DeleteRestApi(found.id.clone()))),
        (None, None) => {}
    }
    steps
}

fn blocker(wanted: &RestApi, found: &ObservedRestApi, same: bool) -> Option<Blocker> {
    let (from, to) = (found.api.settings.endpoint_type, wanted.settings.endpoint_type);
    match &found.status {
        ApiStatus::Updating => Some(Blocker::ApiUpdating),
        ApiStatus::Failed(message) if same => Some(Blocker::ApiFailed { message: message.clone() }),
        _ if (from, to) == (EndpointType::Private, EndpointType::Edge) => Some(Blocker::EndpointType),
        _ => None,
    }
}

fn put(wanted: &RestApi, keep: bool, changes: Vec<Change>) -> Vec<Step> {
    let mut steps = vec![Step { action: Action::PutRestApi { api: wanted.clone(), keep }, changes }];
    if keep || wanted.settings.may_be_reset() {
        steps.push(Step::new(Action::UpdateRestApi { api: wanted.clone(), after_put: true }));
    }
    steps
}

fn update(wanted: &RestApi, observed: &ObservedRestApi, keep: bool) -> Vec<Step> {
    let ObservedRestApi { id, holder, api: found, .. } = observed;
    let mut steps = Vec::new();
    let mut changes = Change::between("api name", Some(&found.name), Some(&wanted.name));
    let settings = wanted.settings.in_terms_of(id, &found.settings);
    changes.extend(Change::between("api settings", Some(&found.settings), Some(&settings)));
    let content = match keep {
        true => definition(&adopt::wanted_part(&found.definition, &wanted.definition), &wanted.definition),
        false => definition(&found.definition, &wanted.definition),
    };
    let first = content.is_empty() || found.settings.endpoint_type != settings.endpoint_type;
    if first && !changes.is_empty() {
        let changes = std::mem::take(&mut changes);
        steps.push(Step { action: Action::UpdateRestApi { api: wanted.clone(), after_put: false }, changes });
    }
    if !content.is_empty() {
        changes.extend(content);
        // They go with a put, and are no reason for one.
        let left = if keep { observed.unused_validators.clone() } else { BTreeMap::new() };
        changes.extend(Change::between("api requestValidators", Some(&observed.unused_validators), Some(&left)));
        steps.extend(put(wanted, keep, changes));
    }
    // What is taken over has got them already.
    let tags = TagChange::between(&found.tags, &wanted.tags).filter(|_| *holder == Holder::Owner);
    if let Some(tags) = tags {
        let changes = Change::between("api tags", Some(&found.tags), Some(&wanted.tags));
        steps.push(Step { action: Action::TagRestApi(tags), changes });
    }
    steps
}

fn definition(found: &Definition, wanted: &Definition) -> Vec<Change> {
    let mut changes = Vec::new();
    for (key, method) in &wanted.methods {
        changes.extend(Change::between(&format!("api {key}"), found.methods.get(key), Some(method)));
    }
    for (key, method) in found.methods.iter().filter(|(key, _)| !wanted.methods.contains_key(key)) {
        changes.extend(Change::between(&format!("api {key}"), Some(method), None));
    }
    changes.extend(Change::between("api authorizers", Some(&found.authorizers), Some(&wanted.authorizers)));
    changes.extend(Change::between("api models", Some(&found.models), Some(&wanted.models)));
    let gateway = "api gatewayResponses";
    changes.extend(Change::between(gateway, Some(&found.gateway_responses), Some(&wanted.gateway_responses)));
    changes
}
