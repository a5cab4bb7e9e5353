//! Stages: which deployment they serve, and their own settings.
//!
//! Logs come last of all, in a step of their own: where the account has no role for them AWS refuses them, and nothing else
//! is to suffer.

use std::collections::{BTreeMap, BTreeSet};

use super::waiting::{goes_back, waits};
use super::{Action, Blocker, Change, StageUpdate, Step, Steps, TagChange, adopt, deployment, stage_settings};
use crate::model::{
    Canary, CanaryChange, ClientCertificateId, DeploymentId, Desired, MethodKey, Observed, ObservedStage, Revision,
    Stage, StageChange, StageName,
};

/// End of what a change says of a deployment that is not ours.
pub const FOREIGN: &str = "of someone else";

/// What waits for nothing that is new: stages that serve what exists, with all that they have, and of the others that they
/// go back to what they are to serve until then.
pub(super) fn before_tests(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    for (name, wanted) in desired.stages_in_order() {
        let Some(stage) = Wanted::of(desired, observed, name, wanted) else { continue };
        if !waits(desired, observed, name, wanted) {
            stage.plan(desired, observed, None, &mut steps);
        } else {
            stage.go_back(desired, observed, goes_back(desired, observed, name), &mut steps);
        }
    }
    steps
}

/// All else: what serves the new, once that was tested, and what goes.
pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    for (name, wanted) in
        desired.stages_in_order().into_iter().filter(|(name, wanted)| waits(desired, observed, name, wanted))
    {
        let Some(stage) = Wanted::of(desired, observed, name, wanted) else { continue };
        stage.plan(desired, observed, goes_back(desired, observed, name), &mut steps);
    }
    let gone = observed.stages.iter().filter(|(name, found)| found.owned && !desired.stages.contains_key(*name));
    steps.remove.extend(gone.map(|(name, _)| Step::new(Action::DeleteStage(name.clone()))));
    steps
}

/// What a deployment is called: by its revision, if it is ours.
fn serves(id: &DeploymentId, observed: &Observed) -> String {
    observed.revision_of(id).map_or_else(|| format!("deployment {id} {FOREIGN}"), ToString::to_string)
}

/// How what a stage serves of others' making differs from what it is to serve, as far as AWS tells and that is what the spec
/// describes: what others deployed, or nobody did yet.
fn undeployed(wanted: &Wanted<'_>, found: &ObservedStage, desired: &Desired, observed: &Observed) -> Vec<Change> {
    let (name, is_current) = (wanted.name, wanted.revision == wanted.current);
    let served = observed.summaries.get(&found.deployment).filter(|_| is_current);
    let (Some(wanted), Some(served)) = (&desired.rest_api, served) else { return Vec::new() };
    let kept = observed.rest_api.iter().flat_map(|found| found.api.definition.summary());
    let mut wanted = wanted.definition.summary();
    wanted.extend(kept.filter(|(key, _)| adopt::keeps(desired, key)));
    let keys: BTreeSet<_> = served.keys().chain(wanted.keys()).collect();
    let change = |key: &MethodKey| Change::between(&format!("stage/{name} {key}"), served.get(key), wanted.get(key));
    keys.into_iter().flat_map(change).collect()
}

fn without_canary(stage: &Stage) -> Stage {
    Stage { canary: None, ..stage.clone() }
}

/// What a stage should be.
struct Wanted<'a> {
    name: &'a str,
    stage: &'a Stage,
    revision: &'a Revision,
    /// What the spec describes, and canaries serve.
    current: &'a Revision,
    /// The certificate that was made for it, if there is one already.
    certificate: Option<&'a ClientCertificateId>,
}

/// What a stage is.
struct Found<'a> {
    stage: Stage,
    moved: Vec<Change>,
    /// The revision that the canary serves, or a word for a deployment that is not ours.
    canary_serves: Option<String>,
    certificate: Option<&'a ClientCertificateId>,
}

impl<'a> Found<'a> {
    fn observed(stage: Stage, found: &'a ObservedStage, observed: &'a Observed, moved: Vec<Change>) -> Self {
        Self {
            stage,
            moved,
            canary_serves: found.canary_deployment.as_ref().map(|id| serves(id, observed)),
            certificate: found.client_certificate.as_ref(),
        }
    }

    fn created(wanted: &Wanted<'_>) -> Self {
        Self {
            stage: wanted.stage.as_created(),
            moved: Vec::new(),
            canary_serves: Some(wanted.revision.to_string()),
            certificate: None,
        }
    }
}

impl<'a> Wanted<'a> {
    fn of(desired: &'a Desired, observed: &'a Observed, name: &'a StageName, stage: &'a Stage) -> Option<Self> {
        let certificate = observed.client_certificate(name).map(|certificate| &certificate.id);
        let (revision, current) = (desired.served_by(name)?, desired.revision.as_ref()?);
        Some(Self { name, stage, revision, current, certificate })
    }

    /// All that leads there, from where it went back to before, if it did.
    fn plan(&self, desired: &Desired, observed: &Observed, back: Option<&Revision>, steps: &mut Steps) {
        let moved = |from: &String| Change::between(&self.path("revision"), Some(from), Some(&self.revision.0));
        match (observed.stages.get(self.name), back) {
            // Told, while all else is done.
            (None, _) if deployment::is_gone(desired, observed, self.revision) => {}
            (None, None) => self.create(steps),
            (None, Some(back)) => {
                let stage = Stage { client_certificate: false, ..self.stage.clone() };
                let found = Found {
                    stage: without_canary(&stage),
                    moved: moved(&back.0),
                    canary_serves: None,
                    certificate: None,
                };
                Wanted { stage: &stage, ..*self }.update(&found, steps);
            }
            (Some(found), _) if !found.owned => {
                steps.blockers.push(Blocker::NotOwned { what: format!("stage {} of this API", self.name) });
            }
            (Some(found), back) => {
                let serves = back.map_or_else(|| serves(&found.deployment, observed), ToString::to_string);
                let mut moved = moved(&serves);
                if back.is_none() {
                    moved.extend(undeployed(self, found, desired, observed));
                }
                let waits = waits(desired, observed, self.name, self.stage);
                let has = self.own(found, desired);
                let stage = if waits { self.meanwhile(has, observed) } else { has };
                self.update(&Found::observed(stage, found, observed, moved), steps);
            }
        }
    }

    /// What it is to be until what is new was tested: as it was brought, as far as that is known. A stage that is gone comes
    /// back with all else.
    fn go_back(&self, desired: &Desired, observed: &Observed, back: Option<&Revision>, steps: &mut Steps) {
        match (observed.stages.get(self.name), back) {
            (None, Some(revision)) if !deployment::is_gone(desired, observed, revision) => {
                Wanted { revision, stage: &without_canary(self.stage), ..*self }.create(steps);
            }
            (Some(found), back) if found.owned => {
                let revision = back.unwrap_or(self.revision);
                let has = self.own(found, desired);
                let stage = &self.meanwhile(has.clone(), observed);
                let until = Wanted { revision, stage, certificate: found.client_certificate.as_ref(), ..*self };
                let mut moved = Vec::new();
                if let Some(back) = back {
                    let serves = serves(&found.deployment, observed);
                    moved = Change::between(&self.path("revision"), Some(&serves), Some(&back.0));
                    moved.extend(undeployed(&until, found, desired, observed));
                }
                // A canary that stays serves what it serves.
                let canary_serves = Some(self.current.to_string());
                until.update(&Found { canary_serves, ..Found::observed(has, found, observed, moved) }, steps);
            }
            _ => {}
        }
    }

    /// A stage that is there, without what it has for methods that are kept.
    fn own(&self, found: &ObservedStage, desired: &Desired) -> Stage {
        let is_kept = |key: &MethodKey| adopt::keeps(desired, key) && !self.stage.methods.contains_key(key);
        let mut stage = found.stage.clone();
        stage.methods.retain(|key, _| !is_kept(key));
        stage
    }

    /// What a stage that is there is to be until what is new was tested: with the variables and settings that it was brought
    /// with, where it is to have these, and without a canary that others gave it.
    fn meanwhile(&self, has: Stage, observed: &Observed) -> Stage {
        let brought = observed.brought_to.get(self.name);
        let revision = brought.and_then(|brought| observed.revision_of(&brought.deployment));
        let same =
            revision.zip(brought).is_some_and(|(revision, brought)| brought.led_to(revision, &self.stage.variables));
        let mut stage = match brought.is_some_and(|brought| brought.had_settings(self.stage)) {
            true => Stage {
                variables: has.variables,
                canary: has.canary,
                client_certificate: has.client_certificate,
                ..self.stage.clone()
            },
            false => has,
        };
        if same {
            stage.variables.clone_from(&self.stage.variables);
        }
        let had_none = brought.is_some_and(|brought| brought.canary_route.is_none());
        stage.canary.take_if(|_| had_none && self.stage.canary.is_none());
        stage
    }

    fn create(&self, steps: &mut Steps) {
        let (name, stage, revision) = (self.name.to_owned(), self.stage.clone(), self.revision.clone());
        steps.build.push(Step::new(Action::CreateStage { name, stage, revision }));
        self.update(&Found::created(self), steps);
    }

    fn path(&self, field: &str) -> String {
        format!("stage/{} {field}", self.name)
    }

    fn update(&self, found: &Found<'_>, steps: &mut Steps) {
        let (mut update, mut changes) = (StageUpdate::default(), Vec::new());
        if !found.moved.is_empty() {
            changes.extend(found.moved.clone());
            update.revision = Some(self.revision.clone());
        }
        self.texts(&found.stage, &mut update.change, &mut changes);
        self.features(&found.stage, &mut update.change, &mut changes);
        self.canary(found, &mut update, &mut changes);
        self.certificate(found, &mut update, &mut changes);
        stage_settings::without_logs(self.name, &found.stage, self.stage, &mut update.change, &mut changes);
        if update != StageUpdate::default() {
            steps.build.push(Step { action: Action::UpdateStage { name: self.name.to_owned(), update }, changes });
        }
        if let Some(tags) = TagChange::between(&found.stage.tags, &self.stage.tags) {
            let changes = Change::between(&self.path("tags"), Some(&found.stage.tags), Some(&self.stage.tags));
            steps.build.push(Step { action: Action::TagStage { name: self.name.to_owned(), tags }, changes });
        }
        let (mut change, mut changes) = (StageChange::default(), Vec::new());
        stage_settings::logs(self.name, &found.stage, self.stage, &mut change, &mut changes);
        if change != StageChange::default() {
            let action = Action::UpdateStageLogs { name: self.name.to_owned(), change };
            steps.last.push(Step { action, changes });
        }
    }

    fn texts(&self, found: &Stage, change: &mut StageChange, changes: &mut Vec<Change>) {
        if self.stage.description != found.description {
            let (from, to) = (found.description.as_ref(), self.stage.description.as_ref());
            changes.extend(Change::between(&self.path("description"), from, to));
            change.description = Some(self.stage.description.clone().unwrap_or_default());
        }
        changes.extend(Change::between(&self.path("variables"), Some(&found.variables), Some(&self.stage.variables)));
        (change.set_variables, change.remove_variables) = entries(&found.variables, &self.stage.variables);
    }

    fn features(&self, found: &Stage, change: &mut StageChange, changes: &mut Vec<Change>) {
        let wanted = self.stage;
        if wanted.tracing != found.tracing {
            changes.extend(Change::between(&self.path("tracing"), Some(&found.tracing), Some(&wanted.tracing)));
            change.tracing = Some(wanted.tracing);
        }
        if wanted.cache_size != found.cache_size {
            let (from, to) = (found.cache_size.as_ref(), wanted.cache_size.as_ref());
            changes.extend(Change::between(&self.path("cache.size"), from, to));
            change.cache_size = Some(wanted.cache_size.clone());
        }
    }

    /// The canary serves what the spec describes, also where the stage does not.
    fn canary(&self, found: &Found<'_>, update: &mut StageUpdate, changes: &mut Vec<Change>) {
        let (wanted, has) = (self.stage.canary.as_ref(), found.stage.canary.as_ref());
        changes.extend(Change::between(&self.path("canary"), has, wanted));
        let Some(wanted) = wanted else {
            update.change.canary = has.map(|_| CanaryChange::Remove);
            return;
        };
        if has.is_none() || found.canary_serves.as_ref() != Some(&self.current.0) {
            let path = self.path("canary.revision");
            changes.extend(Change::between(&path, found.canary_serves.as_ref(), Some(&self.current.0)));
            update.canary_revision = Some(self.current.clone());
        }
        if has != Some(wanted) {
            let none = BTreeMap::new();
            let variables = has.map_or(&none, |canary: &Canary| &canary.variables);
            let (set_variables, remove_variables) = entries(variables, &wanted.variables);
            update.change.canary = Some(CanaryChange::Set { percent: wanted.percent, set_variables, remove_variables });
        }
    }

    fn certificate(&self, found: &Found<'_>, update: &mut StageUpdate, changes: &mut Vec<Change>) {
        let path = self.path("clientCertificate");
        let has = found.certificate.map(|id| &id.0);
        match (self.stage.client_certificate, self.certificate) {
            (true, Some(own)) if found.certificate != Some(own) => {
                changes.extend(Change::between(&path, has, Some(&own.0)));
                update.client_certificate = Some(true);
            }
            (true, None) => {
                changes.extend(Change::between(&path, has, Some(&"a new one".to_owned())));
                update.client_certificate = Some(true);
            }
            (false, _) if has.is_some() => {
                changes.extend(Change::between(&path, has, None));
                update.client_certificate = Some(false);
            }
            _ => {}
        }
    }
}

/// What to set and what to remove to make one map the other.
fn entries(
    from: &BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, BTreeSet<String>) {
    let set = to.iter().filter(|(key, value)| from.get(*key) != Some(*value));
    let set = set.map(|(key, value)| (key.clone(), value.clone())).collect();
    (set, from.keys().filter(|key| !to.contains_key(*key)).cloned().collect())
}
