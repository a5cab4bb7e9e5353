//! The REST API: its draft and tags.

use super::{Action, Change, Step, Steps, TagChange};
use crate::model::{Definition, Desired, Observed, RestApi};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    match (&desired.rest_api, &observed.rest_api) {
        (Some(wanted), None) => {
            steps.build.push(Step::new(Action::CreateRestApi(wanted.clone())));
            steps.build.push(Step::new(Action::PutRestApi(wanted.clone())));
        }
        (Some(wanted), Some(found)) => steps.build.extend(update(wanted, &found.api)),
        (None, Some(_)) => steps.remove.push(Step::new(Action::DeleteRestApi)),
        (None, None) => {}
    }
    steps
}

fn update(wanted: &RestApi, found: &RestApi) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut changes = Change::between("api name", Some(&found.name), Some(&wanted.name));
    changes.extend(Change::between("api settings", Some(&found.foreign), Some(&wanted.foreign)));
    changes.extend(definition(&found.definition, &wanted.definition));
    if !changes.is_empty() {
        steps.push(Step { action: Action::PutRestApi(wanted.clone()), changes });
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
    let gateway = "api gatewayResponses";
    changes.extend(Change::between(gateway, Some(&found.gateway_responses), Some(&wanted.gateway_responses)));
    changes
}
