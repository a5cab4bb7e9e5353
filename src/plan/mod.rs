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
//!
//! What others need is built first and removed last: role, API, deployment, stages; then back.

mod changes;
mod deployment;
mod policy;
mod rest_api;
mod role;
mod stage;
mod state_machine;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use sha2::{Digest, Sha256};

use crate::model::{
    Arn, Desired, Observed, PolicyDocument, RestApi, Revision, Role, Stage, StageName, TAG_PREFIX, Tags,
};

pub use changes::Change;

/// The writes that lead from observed to desired.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// In the order in which they are made.
    pub steps: Vec<Step>,
    /// Why none of them may be made.
    pub blockers: Vec<Blocker>,
}

/// One write.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What is written.
    pub action: Action,
    /// What that changes; empty for creations and deletions.
    pub changes: Vec<Change>,
}

/// A write to AWS, with all that it needs except ids that an earlier step brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Role with trust policy and tags.
    CreateRole(Role),
    UpdateTrust {
        role: String,
        trust: PolicyDocument,
    },
    TagRole {
        role: String,
        tags: TagChange,
    },
    PutRolePolicy {
        role: String,
        policy: PolicyDocument,
    },
    DeleteRolePolicy {
        role: String,
    },
    AttachRolePolicy {
        role: String,
        policy: Arn,
    },
    DetachRolePolicy {
        role: String,
        policy: Arn,
    },
    DeleteRole {
        role: String,
    },
    /// An empty API with name and tags.
    CreateRestApi(RestApi),
    /// Name and definition of the draft.
    PutRestApi(RestApi),
    TagRestApi(TagChange),
    DeleteRestApi,
    /// A snapshot of the draft, on no stage.
    CreateDeployment(Revision),
    /// A stage that serves that revision.
    CreateStage {
        name: StageName,
        stage: Stage,
        revision: Revision,
    },
    UpdateStage {
        name: StageName,
        update: StageUpdate,
    },
    TagStage {
        name: StageName,
        tags: TagChange,
    },
    DeleteStage(StageName),
}

/// Tags to set and keys to remove.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TagChange {
    pub set: Tags,
    pub remove: BTreeSet<String>,
}

/// Differences of a stage, `None` and empty for what stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageUpdate {
    /// Revision to serve from now on.
    pub revision: Option<Revision>,
    /// New description; empty to have none.
    pub description: Option<String>,
    /// Variables to set.
    pub set_variables: BTreeMap<String, String>,
    /// Variables to remove.
    pub remove_variables: BTreeSet<String>,
}

/// The parts of an object's resources, in the order in which they are built; each has a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Role and permissions.
    Role,
    /// Draft of the API.
    RestApi,
    /// Deployments and stages.
    Stages,
}

/// Why a plan may not be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Blocker {
    /// Something of the wanted name is not ours.
    NotOwned { what: String },
    /// A state machine does not exist.
    MachineMissing { fields: Vec<String>, arn: Arn },
    /// An action does not work on the machine's type.
    MachineType { field: String, message: String },
}

/// The plan for an object that is to exist.
pub fn plan(desired: &Desired, observed: &Observed) -> Plan {
    let mut plan = Plan { steps: Vec::new(), blockers: state_machine::blockers(desired, observed) };
    let parts: [fn(&Desired, &Observed) -> Steps; 5] =
        [role::plan, policy::plan, rest_api::plan, deployment::plan, stage::plan];
    let parts = parts.map(|part| part(desired, observed));
    for part in &parts {
        plan.steps.extend(part.build.iter().cloned());
        plan.blockers.extend(part.blockers.iter().cloned());
    }
    for part in parts.into_iter().rev() {
        plan.steps.extend(part.remove);
    }
    plan
}

/// What one kind of resource adds to a plan.
#[derive(Default)]
struct Steps {
    build: Vec<Step>,
    remove: Vec<Step>,
    blockers: Vec<Blocker>,
}

impl Plan {
    /// Whether there is nothing to write and nothing in the way.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.blockers.is_empty()
    }

    /// Hash of the steps' text.
    pub fn hash(&self) -> String {
        let digest = Sha256::digest(self.lines().join("\n").as_bytes());
        digest[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Keys of the users' tags that the steps set.
    pub fn tag_keys(&self) -> BTreeSet<String> {
        let tags = |action: &Action| match action {
            Action::CreateRole(role) => role.tags.clone(),
            Action::CreateRestApi(api) => api.tags.clone(),
            Action::CreateStage { stage, .. } => stage.tags.clone(),
            Action::TagRole { tags, .. } | Action::TagRestApi(tags) | Action::TagStage { tags, .. } => tags.set.clone(),
            _ => Tags::new(),
        };
        let keys = self.steps.iter().flat_map(|step| tags(&step.action).into_keys());
        keys.filter(|key| !key.starts_with(TAG_PREFIX)).collect()
    }

    /// Managed policies that the steps attach.
    pub fn managed_policies(&self) -> BTreeSet<Arn> {
        let attached = |step: &Step| match &step.action {
            Action::AttachRolePolicy { policy, .. } => Some(policy.clone()),
            _ => None,
        };
        self.steps.iter().filter_map(attached).collect()
    }

    /// One line a step, and one a change below it.
    pub fn lines(&self) -> Vec<String> {
        let lines = self.steps.iter().flat_map(|step| {
            let changes = step.changes.iter().map(|change| format!("  {change}"));
            std::iter::once(step.action.to_string()).chain(changes)
        });
        lines.collect()
    }
}

impl Action {
    /// The part that it belongs to.
    pub fn part(&self) -> Part {
        match self {
            Self::CreateRole(_)
            | Self::UpdateTrust { .. }
            | Self::TagRole { .. }
            | Self::PutRolePolicy { .. }
            | Self::DeleteRolePolicy { .. }
            | Self::AttachRolePolicy { .. }
            | Self::DetachRolePolicy { .. }
            | Self::DeleteRole { .. } => Part::Role,
            Self::CreateRestApi(_) | Self::PutRestApi(_) | Self::TagRestApi(_) | Self::DeleteRestApi => Part::RestApi,
            Self::CreateDeployment(_)
            | Self::CreateStage { .. }
            | Self::UpdateStage { .. }
            | Self::TagStage { .. }
            | Self::DeleteStage(_) => Part::Stages,
        }
    }
}

impl Step {
    fn new(action: Action) -> Self {
        Self { action, changes: Vec::new() }
    }
}

impl TagChange {
    fn between(observed: &Tags, desired: &Tags) -> Option<Self> {
        let set: Tags = (desired.iter())
            .filter(|(key, value)| observed.get(*key) != Some(*value))
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let remove: BTreeSet<String> = observed.keys().filter(|key| !desired.contains_key(*key)).cloned().collect();
        (!set.is_empty() || !remove.is_empty()).then_some(Self { set, remove })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CreateRole(role) => write!(f, "create role {}", role.name),
            Self::UpdateTrust { role, .. } => write!(f, "update trust policy of role {role}"),
            Self::TagRole { role, .. } => write!(f, "tag role {role}"),
            Self::PutRolePolicy { role, .. } => write!(f, "put policy of role {role}"),
            Self::DeleteRolePolicy { role } => write!(f, "delete policy of role {role}"),
            Self::AttachRolePolicy { role, policy } => write!(f, "attach {policy} to role {role}"),
            Self::DetachRolePolicy { role, policy } => write!(f, "detach {policy} from role {role}"),
            Self::DeleteRole { role } => write!(f, "delete role {role}"),
            Self::CreateRestApi(api) => write!(f, "create API {:?}", api.name),
            Self::PutRestApi(api) => write!(f, "put definition of API {:?}", api.name),
            Self::TagRestApi(_) => f.write_str("tag API"),
            Self::DeleteRestApi => f.write_str("delete API"),
            Self::CreateDeployment(revision) => write!(f, "create deployment of revision {revision}"),
            Self::CreateStage { name, revision, .. } => write!(f, "create stage {name} with revision {revision}"),
            Self::UpdateStage { name, .. } => write!(f, "update stage {name}"),
            Self::TagStage { name, .. } => write!(f, "tag stage {name}"),
            Self::DeleteStage(name) => write!(f, "delete stage {name}"),
        }
    }
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwned { what } => {
                write!(
                    f,
                    "{what} exists and does not carry this object's owner tag: delete or rename it, or give it the tag if it is this object's"
                )
            }
            Self::MachineMissing { fields, arn } => {
                write!(f, "{}: state machine {arn} does not exist; create it or correct the ARN", fields.join(", "))
            }
            Self::MachineType { field, message } => write!(f, "{field}: {message}"),
        }
    }
}
