//! Desired x observed -> the plan: every write, in its order, with what it changes. Pure.
//!
//! | in AWS | desired | step |
//! | --- | --- | --- |
//! | absent | present | create |
//! | present, ours, equal | present | none |
//! | present, ours, different | present | update, with the differences |
//! | present, ours | absent | delete |
//! | present, not ours | present | none; the whole plan is blocked |
//! | present, not ours | absent | none |
//! | API of nobody's that is to be taken over | present | tag, then as if it were ours |
//!
//! What others need is built first and removed last: role, API, deployment, stages, usage plans, API keys, domain names;
//! then back. Stages that serve what exists already do not wait for what is new: a stage that goes back does so first of all.

mod action;
mod adopt;
mod api_key;
mod approval;
mod blocker;
mod changes;
mod client_certificate;
mod deployment;
mod domain;
mod policy;
mod preflight;
mod rest_api;
mod role;
mod stage;
mod stage_settings;
mod state_machine;
mod usage_plan;
mod waiting;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::model::{ApiKeyId, Arn, Deployment, Desired, Observed, Revision, TAG_PREFIX, Tags, short};

pub use action::{Action, Part, StageUpdate, TagChange, UsagePlanUpdate};
pub use blocker::Blocker;
pub use changes::Change;
pub use stage::FOREIGN;

/// The writes that lead from observed to desired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In the order in which they are made.
    pub steps: Vec<Step>,
    /// Why none of them may be made.
    pub blockers: Vec<Blocker>,
    /// What of the spec cannot be had, while all else is done.
    pub unmet: Vec<Blocker>,
    /// What the API has beside what is desired, and keeps.
    pub kept: Vec<String>,
    /// Policies that others gave the created role, and it keeps.
    pub foreign_policies: Vec<String>,
    /// Older revisions that stages are to serve and whose needs are not known, with their stages.
    pub unrecorded: Vec<String>,
    /// API keys that exist and stay, by their name in the spec.
    pub api_keys: BTreeMap<String, ApiKeyId>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is written.
    pub action: Action,
    /// What that changes; empty for creations and deletions.
    pub changes: Vec<Change>,
}

/// The plan for an object that is to exist.
pub fn plan(desired: &Desired, observed: &Observed) -> Plan {
    let refused = adopt::blockers(desired, observed);
    if !refused.is_empty() {
        return Plan { blockers: refused, ..Plan::default() };
    }
    let mut plan = Plan {
        steps: Vec::new(),
        kept: adopt::kept(desired, observed),
        blockers: state_machine::blockers(desired, observed),
        foreign_policies: policy::kept(observed).collect(),
        unmet: deployment::unmet(desired, observed),
        unrecorded: deployment::unrecorded(desired, observed),
        api_keys: api_key::kept(desired, observed).into_iter().map(|(name, key)| (name, key.id.clone())).collect(),
    };
    let parts: [fn(&Desired, &Observed) -> Steps; 12] = [
        adopt::plan,
        role::plan,
        policy::plan,
        client_certificate::plan,
        stage::before_tests,
        rest_api::plan,
        preflight::plan,
        deployment::plan,
        stage::plan,
        usage_plan::plan,
        api_key::plan,
        domain::plan,
    ];
    let mut parts = parts.map(|part| part(desired, observed));
    for part in &mut parts {
        plan.steps.append(&mut part.build);
        plan.blockers.append(&mut part.blockers);
    }
    for part in parts.iter_mut().rev() {
        plan.steps.append(&mut part.remove);
    }
    for part in &mut parts {
        plan.steps.append(&mut part.last);
    }
    plan
}

/// What one kind of resource adds to a plan.
#[derive(Default)]
struct Steps {
    build: Vec<Step>,
    remove: Vec<Step>,
    /// After all others, which do not wait for them: AWS may refuse them for reasons of its own, or while others are there.
    last: Vec<Step>,
    blockers: Vec<Blocker>,
}

impl Plan {
    /// Whether there is nothing to write and nothing in the way.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.blockers.is_empty()
    }

    /// Shows `shown` for both sides of each change to a value, or from one, that is not to be seen.
    pub fn hide(&mut self, is_hidden: impl Fn(&Value) -> bool, shown: &str) {
        let hidden = |value: &Option<Value>| value.as_ref().is_some_and(&is_hidden);
        let changes = self.steps.iter_mut().flat_map(|step| &mut step.changes);
        for change in changes.filter(|change| hidden(&change.from) || hidden(&change.to)) {
            for side in [&mut change.from, &mut change.to] {
                side.iter_mut().for_each(|value| *value = Value::String(shown.to_owned()));
            }
        }
    }

    /// The first steps of it that write, so many of all, without those that found nothing to write.
    pub fn begun(&self, made: usize, idle: &BTreeSet<usize>) -> Self {
        let writes = |step: &Step| !matches!(step.action, Action::TestMethod(_));
        let steps = self.steps[..made].iter().enumerate().filter(|(at, step)| writes(step) && !idle.contains(at));
        Self { steps: steps.map(|(_, step)| step.clone()).collect(), ..Self::default() }
    }

    /// What is unmet, when there are these deployments by now.
    pub fn unmet_among(&self, deployments: &[Deployment]) -> Vec<Blocker> {
        let existing: Vec<Revision> = deployments.iter().map(|found| found.revision.clone()).collect();
        let mut unmet = self.unmet.clone();
        for blocker in &mut unmet {
            if let Blocker::NoSuchRevision { existing: told, .. } = blocker {
                told.clone_from(&existing);
            }
        }
        unmet
    }

    /// Takes out the steps at these places.
    pub fn leave_out(&mut self, places: &BTreeSet<usize>) {
        let mut at = 0..;
        self.steps.retain(|_| at.next().is_some_and(|at| !places.contains(&at)));
    }

    fn all_kept(&self) -> impl Iterator<Item = &String> {
        self.kept.iter().chain(&self.foreign_policies)
    }

    /// What is kept beside what is desired, the first things if there are many; `None` for nothing.
    pub fn kept(&self) -> Option<String> {
        let kept: Vec<String> = self.all_kept().cloned().collect();
        (!kept.is_empty()).then(|| blocker::some(&kept))
    }

    /// Policies that others gave the created role, the first if there are many; `None` for none.
    pub fn foreign_policies(&self) -> Option<String> {
        (!self.foreign_policies.is_empty()).then(|| blocker::some(&self.foreign_policies))
    }

    /// Hash of all that the steps write, and of the places that they change: a put writes the same whatever it takes away.
    pub fn hash(&self) -> String {
        let paths = |step: &Step| step.changes.iter().map(|change| change.path.clone()).collect::<Vec<_>>();
        let steps: Vec<_> = self.steps.iter().map(|step| (&step.action, paths(step))).collect();
        short(&Sha256::digest(format!("{steps:?}")))
    }

    /// Keys of the users' tags that the steps set.
    pub fn tag_keys(&self) -> BTreeSet<String> {
        let tags = |action: &Action| match action {
            Action::CreateRole(role) => role.tags.clone(),
            Action::CreateRestApi(api) => api.tags.clone(),
            Action::CreateStage { stage, .. } => stage.tags.clone(),
            Action::GenerateClientCertificate { tags, .. } => tags.clone(),
            Action::CreateUsagePlan { plan, .. } => plan.tags.clone(),
            Action::CreateApiKey { key, .. } => key.tags.clone(),
            Action::CreateDomainName { domain, .. } => domain.tags.clone(),
            Action::TagRole { tags, .. }
            | Action::AdoptRestApi { tags, .. }
            | Action::TagRestApi(tags)
            | Action::TagStage { tags, .. }
            | Action::TagClientCertificate { tags, .. }
            | Action::TagUsagePlan { tags, .. }
            | Action::TagApiKey { tags, .. }
            | Action::TagDomainName { tags, .. } => tags.set.clone(),
            _ => Tags::new(),
        };
        let keys = self.steps.iter().flat_map(|step| tags(&step.action).into_keys());
        keys.filter(|key| !key.starts_with(TAG_PREFIX)).collect()
    }

    /// Names in the spec of usage plans that the steps make or give keys to.
    pub fn usage_plans(&self) -> BTreeSet<String> {
        let made = |step: &Step| match &step.action {
            Action::CreateUsagePlan { name, .. } => Some(name.clone()),
            Action::CreateApiKey { key, .. } => Some(key.plan.clone()),
            _ => None,
        };
        self.steps.iter().filter_map(made).collect()
    }

    /// Custom domain names that the steps make or map.
    pub fn domains(&self) -> BTreeSet<String> {
        let made = |step: &Step| match &step.action {
            Action::CreateDomainName { name, .. } | Action::CreateMapping { domain: name, .. } => Some(name.clone()),
            _ => None,
        };
        self.steps.iter().filter_map(made).collect()
    }

    /// Names of the roles that the steps create.
    pub fn created_roles(&self) -> BTreeSet<String> {
        let created = |step: &Step| match &step.action {
            Action::CreateRole(role) => Some(role.name.clone()),
            _ => None,
        };
        self.steps.iter().filter_map(created).collect()
    }

    /// Managed policies that the steps attach.
    pub fn managed_policies(&self) -> BTreeSet<Arn> {
        let attached = |step: &Step| match &step.action {
            Action::AttachRolePolicy { policy, .. } => Some(policy.clone()),
            _ => None,
        };
        self.steps.iter().filter_map(attached).collect()
    }

    /// Whether a step makes a client certificate.
    pub fn makes_client_certificates(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::GenerateClientCertificate { .. }))
    }
}

impl Step {
    fn new(action: Action) -> Self {
        Self { action, changes: Vec::new() }
    }
}
