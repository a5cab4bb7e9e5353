//! AWS resources as plain data: what `render` wants and what `observe` found, in the same types.
//!
//! Nothing here knows the SDK, Kubernetes, a clock or a client. Collections are sorted, so that a value prints, compares
//! and hashes the same every time.

mod adoption;
mod api_key;
mod arn;
mod authorizer;
mod client_certificate;
mod deployment;
mod domain;
mod method_settings;
mod owner;
mod partition;
mod path;
mod pattern;
mod policy;
mod preflight;
mod rest_api;
mod role;
mod settings;
mod stage;
mod state_machine;
mod usage_plan;
mod validation;

pub use adoption::{Adoption, Holder, KEEP_TAG};
pub use api_key::{ApiKey, ApiKeyId, ApiKeyValue, ObservedApiKey};
pub use arn::{ActivityArn, Arn, StateMachineArn};
pub use authorizer::{Authorizer, AuthorizerKind, Invocation};
pub use client_certificate::{ClientCertificate, ClientCertificateId};
pub use deployment::{ApiSummary, Deployment, DeploymentHead, DeploymentId, MethodSnapshot, Needs, Revision, Serves};
pub use domain::{Domain, DomainName, DomainSettings, DomainTarget, ObservedDomain};
pub use method_settings::{
    LogLevel, Logging, MethodCache, MethodSettings, SettingsChange, SettingsPart, Throttling, Unauthorized,
};
pub use owner::{API_KEY_TAG, OWNER_TAG, Owner, STAGE_TAG, TAG_PREFIX, USAGE_PLAN_TAG};
pub use partition::{Partition, invoke_url, partition, regions};
pub use path::Segment;
pub use pattern::matches;
pub use policy::{INLINE_POLICY_MAX, PolicyDocument};
pub use preflight::{MethodTest, TestAnswer};
pub use rest_api::{
    Authorization, Backend, Credentials, Definition, GatewayResponse, Integration, IntegrationResponse, Method,
    MethodKey, MethodResponse, Parameter, RestApi, RestApiId,
};
pub use role::{INLINE_POLICY, Role};
pub use settings::{ApiSettings, ApiStatus, EndpointType};
pub use stage::{AccessLog, Brought, Canary, CanaryChange, Stage, StageChange, StageName, route};
pub use state_machine::{MachineType, MachineUse};
pub use usage_plan::{ObservedUsagePlan, Quota, Throttle, UsagePlan, UsagePlanId, UsagePlanSettings};
pub use validation::{MODEL_REFERENCE, ModelSchema, Models, Validation};

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// A model value as JSON, for hashes and differences.
///
/// # Panics
/// If the type is no JSON (a map with keys that are not text): silence would hide every difference.
pub fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).expect("model types are JSON")
}

/// A digest as it is shown: its first 12 hexadecimal digits.
pub fn short(digest: &[u8]) -> String {
    owner::hex(&digest[..6])
}

/// Tags by key.
pub type Tags = BTreeMap<String, String>;

/// What a `StepFunctionsApi` should be in AWS. [`Desired::nothing`] is what a deleted one should be.
#[derive(Clone, Debug, PartialEq)]
pub struct Desired {
    /// Whose resources these are.
    pub owner: Owner,
    /// Region of the API and the state machines.
    pub region: String,
    /// The role to keep for API Gateway; `None` when one is given or none is needed.
    pub role: Option<Role>,
    /// The REST API with everything that a deployment snapshots.
    pub rest_api: Option<RestApi>,
    /// The API to take over, if it was made elsewhere.
    pub adopt: Option<Adoption>,
    /// The revision of that, which stages serve that are not told otherwise; `None` when there is no API.
    pub revision: Option<Revision>,
    /// Stages by name.
    pub stages: BTreeMap<StageName, Stage>,
    /// What stages serve that do not serve what the spec describes now.
    pub serves: BTreeMap<StageName, Serves>,
    /// How many deployments are kept, those that stages serve included.
    pub history: usize,
    /// State machines that the API starts, and what it needs of each.
    pub machines: BTreeMap<Arn, MachineUse>,
    /// Calls that the draft has to answer as expected before a stage moves.
    pub tests: Vec<MethodTest>,
    /// Usage plans by their name in the spec.
    pub usage_plans: BTreeMap<String, UsagePlan>,
    /// API keys by their name in the spec.
    pub api_keys: BTreeMap<String, ApiKey>,
    /// Custom domain names.
    pub domains: BTreeMap<String, Domain>,
    /// Hash of the limits that the object's class sets; `None` without any. Older revisions may be served within the same
    /// ones only.
    pub limits: Option<String>,
}

impl Desired {
    /// The empty state: planning towards it deletes whatever the owner has.
    pub fn nothing(owner: Owner, region: &str) -> Self {
        Self {
            owner,
            region: region.to_owned(),
            role: None,
            rest_api: None,
            adopt: None,
            revision: None,
            stages: BTreeMap::new(),
            serves: BTreeMap::new(),
            history: 0,
            machines: BTreeMap::new(),
            tests: Vec::new(),
            usage_plans: BTreeMap::new(),
            api_keys: BTreeMap::new(),
            domains: BTreeMap::new(),
            limits: None,
        }
    }

    /// Whether what the API has beside what is desired is kept.
    pub fn keeps(&self) -> bool {
        self.adopt.as_ref().is_some_and(|adopt| !adopt.prune)
    }

    /// Keys of all tags that this state sets.
    pub fn tag_keys(&self) -> BTreeSet<String> {
        let role = self.role.iter().flat_map(|role| role.tags.keys());
        let api = self.rest_api.iter().flat_map(|api| api.tags.keys());
        let stages = self.stages.values().flat_map(|stage| stage.tags.keys());
        let plans = self.usage_plans.values().flat_map(|plan| plan.tags.keys());
        let keys = self.api_keys.values().flat_map(|key| key.tags.keys());
        let domains = self.domains.values().filter_map(|domain| domain.own.as_ref());
        let domains = domains.flat_map(|own| own.tags.keys());
        role.chain(api).chain(stages).chain(plans).chain(keys).chain(domains).cloned().collect()
    }

    /// Hash of all of it, API key values included, which `Debug` leaves out.
    pub fn hash(&self) -> String {
        let mut digest = Sha256::new_with_prefix(format!("{self:?}"));
        for value in self.api_keys.values().filter_map(|key| key.value.as_ref()) {
            digest.update(&value.0);
        }
        short(&digest.finalize())
    }

    /// What a stage is to serve; `None` when there is no API.
    pub fn served_by(&self, stage: &str) -> Option<&Revision> {
        match self.chain(stage).last().and_then(|last| self.serves.get(*last)) {
            Some(Serves::Pinned(revision)) => Some(revision),
            _ => self.revision.as_ref(),
        }
    }

    /// Whether a stage or a canary is to serve what the spec describes now.
    pub fn serves_current(&self) -> bool {
        let serves = |(name, stage): (&StageName, &Stage)| {
            stage.canary.is_some() || self.served_by(name) == self.revision.as_ref()
        };
        self.stages.iter().any(serves)
    }

    /// ARN of the role that methods call their actions with, if the spec gives one.
    pub fn given_role(&self) -> Option<&Arn> {
        self.rest_api.as_ref()?.definition.given_roles().next()
    }

    /// ARNs of all roles that the spec gives: that one, and those that authorizers are called with.
    pub fn given_roles(&self) -> BTreeSet<Arn> {
        let authorizers = self.rest_api.iter().flat_map(|api| api.definition.authorizers.values());
        let invoked = authorizers.filter_map(|authorizer| match &authorizer.kind {
            AuthorizerKind::Token(invocation) | AuthorizerKind::Request(invocation) => {
                Arn::parse(invocation.credentials.as_deref()?).ok()
            }
            _ => None,
        });
        self.given_role().cloned().into_iter().chain(invoked).collect()
    }

    /// The stages, those that come after others behind them.
    pub fn stages_in_order(&self) -> Vec<(&StageName, &Stage)> {
        let mut stages: Vec<(&StageName, &Stage)> = self.stages.iter().collect();
        stages.sort_by_key(|(name, _)| self.chain(name).len());
        stages
    }

    /// The revisions that stages are to serve though the spec describes another one by now, with one stage of each.
    pub fn held(&self) -> BTreeMap<&Revision, &StageName> {
        let served = self.stages.keys().rev().filter_map(|name| Some((self.served_by(name)?, name)));
        served.filter(|(revision, _)| Some(*revision) != self.revision.as_ref()).collect()
    }

    /// A stage, the one that it comes after, and so on. No longer than there are stages, also if they form a circle.
    fn chain<'a>(&'a self, stage: &'a str) -> Vec<&'a str> {
        let next = |stage: &&'a str| match self.serves.get(*stage) {
            Some(Serves::After(before)) => Some(before.as_str()),
            _ => None,
        };
        std::iter::successors(Some(stage), next).take(self.stages.len().max(1)).collect()
    }
}

/// What AWS has of one owner's resources, in the terms of [`Desired`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// The role with the wanted name, if there is one.
    pub role: Option<ObservedRole>,
    /// Roles of the owner's with other names, which are to go.
    pub former_roles: Vec<ObservedRole>,
    /// The REST API that carries the owner's tag, or the one to take over.
    pub rest_api: Option<ObservedRestApi>,
    /// Stages of that API that carry the owner's tag, and others that bear a wanted name.
    pub stages: BTreeMap<StageName, ObservedStage>,
    /// What stages were brought to before, as far as that is known; also of stages that are gone.
    pub brought_to: BTreeMap<StageName, Brought>,
    /// Deployments of that API whose description names a revision, the newest first.
    pub deployments: Vec<Deployment>,
    /// What deployments of others hold, as far as the owner's stages serve them and AWS tells it.
    pub summaries: BTreeMap<DeploymentId, ApiSummary>,
    /// Deployments of that API that stages of others use.
    pub used_by_others: BTreeSet<DeploymentId>,
    /// Client certificates that carry the owner's tag.
    pub client_certificates: Vec<ClientCertificate>,
    /// State machines that were looked for; `None` for one that does not exist.
    pub machines: BTreeMap<Arn, Option<MachineType>>,
    /// The owner's usage plans by their name in the spec in the order of their ids; more than one only after a copy of its tags.
    pub usage_plans: BTreeMap<String, Vec<ObservedUsagePlan>>,
    /// The owner's API keys by their name in the spec; two of a name while a value changes.
    pub api_keys: BTreeMap<String, Vec<ObservedApiKey>>,
    /// Custom domain names that were looked for, as far as they exist.
    pub domains: BTreeMap<String, ObservedDomain>,
}

impl Observed {
    /// A deployment that holds that revision.
    pub fn deployment_of(&self, revision: &Revision) -> Option<&Deployment> {
        self.deployments.iter().find(|deployment| deployment.revision == *revision)
    }

    /// The revision that a deployment holds, if it is one of ours.
    pub fn revision_of(&self, deployment: &DeploymentId) -> Option<&Revision> {
        self.deployments.iter().find(|d| d.id == *deployment).map(|d| &d.revision)
    }

    /// The client certificate of a stage: of several, which lost answers can leave, the one that it has, or the first.
    pub fn client_certificate(&self, stage: &str) -> Option<&ClientCertificate> {
        let attached = self.stages.get(stage).and_then(|found| found.client_certificate.as_ref());
        let of_stage = self.client_certificates.iter().filter(|certificate| certificate.stage == stage);
        of_stage.min_by_key(|certificate| (Some(&certificate.id) != attached, &certificate.id))
    }
}

/// A role as IAM has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedRole {
    /// ARN, account included.
    pub arn: Arn,
    /// Whether it carries the owner's tag.
    pub owned: bool,
    /// Its content, foreign tags and policies left out.
    pub role: Role,
    /// Policies that others gave it, by ARN, and by name with a word for inline ones.
    pub foreign_policies: BTreeSet<String>,
}

/// A REST API as API Gateway has it: the draft, not what its stages serve.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedRestApi {
    /// Its id.
    pub id: RestApiId,
    /// Whose it is.
    pub holder: Holder,
    /// What AWS is doing with it.
    pub status: ApiStatus,
    /// Its content, foreign tags left out.
    pub api: RestApi,
    /// Request validators that no method has, by name, as far as they were read. They are no difference by themselves.
    pub unused_validators: BTreeMap<String, Validation>,
}

/// A stage as API Gateway has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedStage {
    /// What it serves.
    pub deployment: DeploymentId,
    /// Whether it is the owner's: by its tag, or because it was brought to serve something before.
    pub owned: bool,
    /// What its canary serves.
    pub canary_deployment: Option<DeploymentId>,
    /// The client certificate that it has, whosever it is.
    pub client_certificate: Option<ClientCertificateId>,
    /// Its content, foreign tags left out.
    pub stage: Stage,
}

impl ObservedStage {
    /// What it and its canary serve.
    pub fn deployments(&self) -> impl Iterator<Item = &DeploymentId> {
        std::iter::once(&self.deployment).chain(&self.canary_deployment)
    }
}
