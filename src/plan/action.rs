//! The writes that a plan can have.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{
    ApiKey, ApiKeyId, Arn, ClientCertificateId, DeploymentId, DomainName, DomainSettings, MethodTest, PolicyDocument,
    Quota, RestApi, RestApiId, Revision, Role, Stage, StageChange, StageName, Tags, Throttle, UsagePlan, UsagePlanId,
};

/// A write to AWS, with all that it needs except ids that an earlier step brings.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Role with trust policy and tags.
    CreateRole(Role),
    UpdateTrust {
        role: String,
        trust: PolicyDocument,
    },
    /// The permissions boundary.
    PutBoundary {
        role: String,
        boundary: Arn,
    },
    DeleteBoundary {
        role: String,
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
    /// An empty API with name, endpoint and tags.
    CreateRestApi(RestApi),
    /// Owner's tag and others on an API that was made elsewhere.
    AdoptRestApi {
        id: RestApiId,
        tags: TagChange,
    },
    /// Definition of the draft, with as many of the settings as its document can hold; whether what it does not have is
    /// kept.
    PutRestApi {
        api: RestApi,
        keep: bool,
    },
    /// Name and settings; writes what differs by then, which may be nothing after a put.
    UpdateRestApi {
        api: RestApi,
        after_put: bool,
    },
    TagRestApi(TagChange),
    DeleteRestApi(RestApiId),
    /// A call of the draft whose answer decides whether the next steps are made.
    TestMethod(MethodTest),
    /// A snapshot of the draft, on no stage.
    CreateDeployment(Revision),
    DeleteDeployment {
        id: DeploymentId,
        revision: Revision,
    },
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
    /// Execution and access logs of a stage, which need a role of the account's.
    UpdateStageLogs {
        name: StageName,
        change: StageChange,
    },
    TagStage {
        name: StageName,
        tags: TagChange,
    },
    DeleteStage(StageName),
    /// A client certificate for that stage.
    GenerateClientCertificate {
        stage: StageName,
        tags: Tags,
    },
    TagClientCertificate {
        id: ClientCertificateId,
        stage: StageName,
        tags: TagChange,
    },
    DeleteClientCertificate {
        id: ClientCertificateId,
        stage: StageName,
    },
    /// A usage plan with its stages, without keys. Names of plans and keys are those in the spec.
    CreateUsagePlan {
        name: String,
        plan: UsagePlan,
    },
    UpdateUsagePlan {
        name: String,
        id: UsagePlanId,
        update: UsagePlanUpdate,
    },
    TagUsagePlan {
        name: String,
        id: UsagePlanId,
        tags: TagChange,
    },
    DeleteUsagePlan {
        name: String,
        id: UsagePlanId,
    },
    CreateApiKey {
        name: String,
        key: ApiKey,
    },
    /// Its name in AWS, and that it is enabled.
    UpdateApiKey {
        name: String,
        id: ApiKeyId,
        new_name: String,
    },
    TagApiKey {
        name: String,
        id: ApiKeyId,
        tags: TagChange,
    },
    DeleteApiKey {
        name: String,
        id: ApiKeyId,
    },
    AttachApiKey {
        name: String,
        plan: String,
    },
    DetachApiKey {
        name: String,
        key: ApiKeyId,
        plan: String,
        plan_id: UsagePlanId,
    },
    CreateDomainName {
        name: String,
        domain: DomainName,
    },
    UpdateDomainName {
        name: String,
        settings: DomainSettings,
    },
    TagDomainName {
        name: String,
        tags: TagChange,
    },
    DeleteDomainName(String),
    /// The empty path is the whole name.
    CreateMapping {
        domain: String,
        path: String,
        stage: StageName,
    },
    UpdateMapping {
        domain: String,
        path: String,
        stage: StageName,
    },
    DeleteMapping {
        domain: String,
        path: String,
    },
}

/// Differences of a usage plan, `None` and empty for what stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UsagePlanUpdate {
    /// New name in AWS.
    pub name: Option<String>,
    /// New description; empty to have none.
    pub description: Option<String>,
    /// New throttle; `Some(None)` to have none.
    pub throttle: Option<Option<Throttle>>,
    /// New quota; `Some(None)` to have none.
    pub quota: Option<Option<Quota>>,
    /// Stages of the API to take in.
    pub add_stages: BTreeSet<StageName>,
    /// Stages of the API to take out.
    pub remove_stages: BTreeSet<StageName>,
    /// Stages of other APIs to take out, as `apiId:stageName`.
    pub remove_foreign: BTreeSet<String>,
    /// Limits of methods to set.
    pub set_throttles: BTreeMap<(StageName, String), Throttle>,
    /// Limits of methods to remove.
    pub remove_throttles: BTreeSet<(StageName, String)>,
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
    /// Revision that the canary is to serve.
    pub canary_revision: Option<Revision>,
    /// Whether it has its client certificate from now on, or none.
    pub client_certificate: Option<bool>,
    /// Its own settings.
    pub change: StageChange,
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
    /// Usage plans and API keys.
    UsagePlans,
    /// Custom domain names and what they lead to.
    Domains,
}

impl Action {
    /// The part that it belongs to.
    pub fn part(&self) -> Part {
        match self {
            Self::CreateRole(_)
            | Self::UpdateTrust { .. }
            | Self::PutBoundary { .. }
            | Self::DeleteBoundary { .. }
            | Self::TagRole { .. }
            | Self::PutRolePolicy { .. }
            | Self::DeleteRolePolicy { .. }
            | Self::AttachRolePolicy { .. }
            | Self::DetachRolePolicy { .. }
            | Self::DeleteRole { .. } => Part::Role,
            Self::CreateRestApi(_)
            | Self::AdoptRestApi { .. }
            | Self::PutRestApi { .. }
            | Self::UpdateRestApi { .. }
            | Self::TagRestApi(_)
            | Self::DeleteRestApi(_) => Part::RestApi,
            Self::TestMethod(_)
            | Self::CreateDeployment(_)
            | Self::DeleteDeployment { .. }
            | Self::CreateStage { .. }
            | Self::UpdateStage { .. }
            | Self::UpdateStageLogs { .. }
            | Self::TagStage { .. }
            | Self::DeleteStage(_)
            | Self::GenerateClientCertificate { .. }
            | Self::TagClientCertificate { .. }
            | Self::DeleteClientCertificate { .. } => Part::Stages,
            Self::CreateUsagePlan { .. }
            | Self::UpdateUsagePlan { .. }
            | Self::TagUsagePlan { .. }
            | Self::DeleteUsagePlan { .. }
            | Self::CreateApiKey { .. }
            | Self::UpdateApiKey { .. }
            | Self::TagApiKey { .. }
            | Self::DeleteApiKey { .. }
            | Self::AttachApiKey { .. }
            | Self::DetachApiKey { .. } => Part::UsagePlans,
            Self::CreateDomainName { .. }
            | Self::UpdateDomainName { .. }
            | Self::TagDomainName { .. }
            | Self::DeleteDomainName(_)
            | Self::CreateMapping { .. }
            | Self::UpdateMapping { .. }
            | Self::DeleteMapping { .. } => Part::Domains,
        }
    }
}

impl Action {
    /// Whether callers have all of it when everything else is made.
    pub fn spares_callers(&self) -> bool {
        matches!(self, Self::UpdateStageLogs { .. })
    }
}

impl TagChange {
    pub(super) fn between(observed: &Tags, desired: &Tags) -> Option<Self> {
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
            Self::PutBoundary { role, boundary } => write!(f, "put permissions boundary {boundary} on role {role}"),
            Self::DeleteBoundary { role } => write!(f, "delete permissions boundary of role {role}"),
            Self::TagRole { role, .. } => write!(f, "tag role {role}"),
            Self::PutRolePolicy { role, .. } => write!(f, "put policy of role {role}"),
            Self::DeleteRolePolicy { role } => write!(f, "delete policy of role {role}"),
            Self::AttachRolePolicy { role, policy } => write!(f, "attach {policy} to role {role}"),
            Self::DetachRolePolicy { role, policy } => write!(f, "detach {policy} from role {role}"),
            Self::DeleteRole { role } => write!(f, "delete role {role}"),
            Self::CreateRestApi(api) => write!(f, "create API {:?}", api.name),
            Self::AdoptRestApi { id, .. } => write!(f, "adopt API {id} by the owner's tag"),
            Self::PutRestApi { api, keep: false } => write!(f, "put definition of API {:?}", api.name),
            Self::PutRestApi { api, keep: true } => write!(f, "put definition into API {:?}", api.name),
            Self::UpdateRestApi { api, after_put: false } => write!(f, "update settings of API {:?}", api.name),
            Self::UpdateRestApi { api, after_put: true } => {
                write!(f, "restore settings of API {:?} that the put may reset", api.name)
            }
            Self::TagRestApi(_) => f.write_str("tag API"),
            Self::DeleteRestApi(id) => write!(f, "delete API {id}"),
            Self::TestMethod(test) if test.starts_execution => write!(f, "test {test}, which starts an execution"),
            Self::TestMethod(test) => write!(f, "test {test}"),
            Self::CreateDeployment(revision) => write!(f, "create deployment of revision {revision}"),
            Self::DeleteDeployment { id, revision } => write!(f, "delete deployment {id} of revision {revision}"),
            Self::CreateStage { name, revision, .. } => write!(f, "create stage {name} with revision {revision}"),
            Self::UpdateStage { name, .. } => write!(f, "update stage {name}"),
            Self::TagStage { name, .. } => write!(f, "tag stage {name}"),
            Self::UpdateStageLogs { name, .. } => write!(f, "set logs of stage {name}"),
            Self::DeleteStage(name) => write!(f, "delete stage {name}"),
            Self::GenerateClientCertificate { stage, .. } => write!(f, "generate client certificate for stage {stage}"),
            Self::TagClientCertificate { id, stage, .. } => write!(f, "tag client certificate {id} of stage {stage}"),
            Self::DeleteClientCertificate { id, stage } => write!(f, "delete client certificate {id} of stage {stage}"),
            Self::CreateUsagePlan { name, .. } => write!(f, "create usage plan {name}"),
            Self::UpdateUsagePlan { name, .. } => write!(f, "update usage plan {name}"),
            Self::TagUsagePlan { name, .. } => write!(f, "tag usage plan {name}"),
            Self::DeleteUsagePlan { name, .. } => write!(f, "delete usage plan {name}"),
            Self::CreateApiKey { name, .. } => write!(f, "create API key {name}"),
            Self::UpdateApiKey { name, .. } => write!(f, "update API key {name}"),
            Self::TagApiKey { name, .. } => write!(f, "tag API key {name}"),
            Self::DeleteApiKey { name, id } => write!(f, "delete API key {name} ({id})"),
            Self::AttachApiKey { name, plan } => write!(f, "add API key {name} to usage plan {plan}"),
            Self::DetachApiKey { name, plan, .. } => write!(f, "take API key {name} out of usage plan {plan}"),
            Self::CreateDomainName { name, .. } => write!(f, "create domain name {name}"),
            Self::UpdateDomainName { name, .. } => write!(f, "update domain name {name}"),
            Self::TagDomainName { name, .. } => write!(f, "tag domain name {name}"),
            Self::DeleteDomainName(name) => write!(f, "delete domain name {name}"),
            Self::CreateMapping { domain, path, stage } | Self::UpdateMapping { domain, path, stage } => {
                write!(f, "map {domain}/{path} to stage {stage}")
            }
            Self::DeleteMapping { domain, path } => write!(f, "unmap {domain}/{path}"),
        }
    }
}
