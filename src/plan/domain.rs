//! Custom domain names and base path mappings. Only a name that carries the owner's tag is changed, and only mappings to
//! the owner's API.

use super::{Action, Blocker, Change, Step, Steps, TagChange, deployment};
use crate::model::{Desired, Domain, DomainName, Observed, ObservedDomain, RestApiId, StageName};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    let api = observed.rest_api.as_ref().map(|api| &api.id);
    for (name, wanted) in &desired.domains {
        let found = observed.domains.get(name);
        own(name, wanted, found, &mut steps);
        let can_be = |(_, stage): &(&String, &StageName)| !deployment::is_unmet(desired, observed, stage);
        for (path, stage) in wanted.mappings.iter().filter(can_be) {
            let at = || (name.clone(), path.clone(), stage.clone());
            match found.and_then(|found| found.mappings.get(path)) {
                None => {
                    let (domain, path, stage) = at();
                    steps.build.push(Step::new(Action::CreateMapping { domain, path, stage }));
                }
                Some((of, _)) if Some(of) != api => {
                    let what = format!("a mapping of {} to API {of}", shown(name, path));
                    steps
                        .blockers
                        .push(Blocker::MappingTaken { field: format!("spec.domains[{}]", shown(name, path)), what });
                }
                Some((_, leads)) if leads.as_ref() != Some(stage) => {
                    let changes = Change::between(&format!("domain/{name} /{path}"), leads.as_ref(), Some(stage));
                    let (domain, path, stage) = at();
                    steps.build.push(Step { action: Action::UpdateMapping { domain, path, stage }, changes });
                }
                Some(_) => {}
            }
        }
    }
    for (name, found) in &observed.domains {
        remove(name, desired.domains.get(name), found, api, &mut steps);
    }
    steps
}

/// A path of a name as callers write it.
fn shown(name: &str, path: &str) -> String {
    format!("{name}/{path}")
}

fn own(name: &str, wanted: &Domain, found: Option<&ObservedDomain>, steps: &mut Steps) {
    match (&wanted.own, found) {
        (Some(domain), None) => {
            let action = Action::CreateDomainName { name: name.to_owned(), domain: domain.clone() };
            steps.build.push(Step::new(action));
        }
        (None, None) => {
            steps.blockers.push(Blocker::DomainMissing { field: wanted.field.clone(), name: name.to_owned() })
        }
        (Some(_), Some(found)) if !found.owned => {
            steps.blockers.push(Blocker::NotOwned { what: format!("{}: domain name {name}", wanted.field) });
        }
        (Some(domain), Some(found)) if domain.settings.endpoint_type != found.domain.settings.endpoint_type => {
            let has = found.domain.settings.endpoint_type.clone();
            steps.blockers.push(Blocker::DomainType { field: wanted.field.clone(), name: name.to_owned(), has });
        }
        (Some(domain), Some(found)) => steps.build.extend(update(name, domain, &found.domain)),
        (None, Some(_)) => {}
    }
}

fn update(name: &str, wanted: &DomainName, found: &DomainName) -> Vec<Step> {
    let path = |field: &str| format!("domain/{name} {field}");
    let mut steps = Vec::new();
    let changes = Change::between(&path("settings"), Some(&found.settings), Some(&wanted.settings));
    if !changes.is_empty() {
        let action = Action::UpdateDomainName { name: name.to_owned(), settings: wanted.settings.clone() };
        steps.push(Step { action, changes });
    }
    if let Some(tags) = TagChange::between(&found.tags, &wanted.tags) {
        let changes = Change::between(&path("tags"), Some(&found.tags), Some(&wanted.tags));
        steps.push(Step { action: Action::TagDomainName { name: name.to_owned(), tags }, changes });
    }
    steps
}

/// Our mappings that are not wanted, and our name if no entry names it any more. An entry that only lost its certificate
/// keeps the name: callers come by it.
fn remove(name: &str, wanted: Option<&Domain>, found: &ObservedDomain, api: Option<&RestApiId>, steps: &mut Steps) {
    for (path, (of, _)) in &found.mappings {
        if Some(of) == api && !wanted.is_some_and(|wanted| wanted.mappings.contains_key(path)) {
            let (domain, path) = (name.to_owned(), path.clone());
            steps.remove.push(Step::new(Action::DeleteMapping { domain, path }));
        }
    }
    if wanted.is_some() || !found.owned {
        return;
    }
    // The name would take them with it.
    let others = found.mappings.iter().filter(|(_, (of, _))| Some(of) != api);
    let others: Vec<String> = others.map(|(path, (of, _))| format!("{} (API {of})", shown(name, path))).collect();
    if others.is_empty() {
        steps.remove.push(Step::new(Action::DeleteDomainName(name.to_owned())));
    } else {
        steps.blockers.push(Blocker::DomainInUse { name: name.to_owned(), others });
    }
}
