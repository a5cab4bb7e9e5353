//! The REST API: its draft, its settings and its tags.
//!
//! | differs | steps |
//! | --- | --- |
//! | definition | put; then what the put reset of the settings is restored, before anything is deployed |
//! | settings | update |
//! | both | put with the settings; but another endpoint type comes first, since a put cannot change that |

use super::{Action, Blocker, Change, Step, Steps, TagChange};
use crate::model::{ApiStatus, Definition, Desired, EndpointType, Observed, ObservedRestApi, RestApi};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    match (&desired.rest_api, &observed.rest_api) {
        (Some(wanted), None) => {
            steps.build.push(Step::new(Action::CreateRestApi(wanted.clone())));
            steps.build.extend(put(wanted, Vec::new()));
        }
        (Some(wanted), Some(found)) => {
            steps.build = update(wanted, found);
            steps.blockers.extend(blocker(wanted, found, steps.build.is_empty()));
        }
        (None, Some(_)) => steps.remove.push(Step::new(Action::DeleteRestApi)),
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

fn put(wanted: &RestApi, changes: Vec<Change>) -> Vec<Step> {
    let mut steps = vec![Step { action: Action::PutRestApi(wanted.clone()), changes }];
    if wanted.settings.may_be_reset() {
        steps.push(Step::new(Action::UpdateRestApi { api: wanted.clone(), after_put: true }));
    }
    steps
}

fn update(wanted: &RestApi, ObservedRestApi { id, api: found, .. }: &ObservedRestApi) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut changes = Change::between("api name", Some(&found.name), Some(&wanted.name));
    let settings = wanted.settings.in_terms_of(id, &found.settings);
    changes.extend(Change::between("api settings", Some(&found.settings), Some(&settings)));
    let content = definition(&found.definition, &wanted.definition);
    let first = content.is_empty() || found.settings.endpoint_type != settings.endpoint_type;
    if first && !changes.is_empty() {
        let changes = std::mem::take(&mut changes);
        steps.push(Step { action: Action::UpdateRestApi { api: wanted.clone(), after_put: false }, changes });
    }
    if !content.is_empty() {
        changes.extend(content);
        steps.extend(put(wanted, changes));
    }
    if let Some(tags) = TagChange::between(&found.tags, &wanted.tags) {
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
