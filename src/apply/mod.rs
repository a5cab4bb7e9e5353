//! Plan + AWS -> Outcome: the steps in their order, until one fails.

mod api_key;
mod client_certificate;
mod deployment;
mod domain;
mod policy;
mod preflight;
mod rest_api;
mod role;
mod stage;
mod usage_plan;

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::{Aws, Class, Error, RestApiHead, Result};
use crate::model::{
    ApiKeyId, ApiKeyValue, Arn, ClientCertificateId, Deployment, DeploymentId, DomainTarget, Observed, ObservedRestApi,
    RestApi, RestApiId, Revision, StageName, UsagePlanId,
};
use crate::plan::{Action, Part, Plan, Step};

/// What became of a plan.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Ids as they are now, as far as the steps came.
    pub ids: Ids,
    /// How many steps were made.
    pub made: usize,
    /// Places of those that found nothing to write.
    pub idle: BTreeSet<usize>,
    /// The step that failed, and why; the steps after it were not made.
    pub failure: Option<Failure>,
    /// Parts that these steps belong to.
    pub left: BTreeSet<Part>,
}

/// A step that failed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The step.
    pub action: Action,
    /// Why.
    pub cause: Cause,
}

/// Why a step failed.
#[derive(Clone, Debug)]
pub enum Cause {
    /// A call did.
    Aws(Error),
    /// The draft answered a test otherwise than expected.
    Test {
        /// How, for people.
        difference: String,
        /// The status that came.
        status: u16,
    },
}

impl From<Error> for Cause {
    fn from(error: Error) -> Self {
        Self::Aws(error)
    }
}

/// What AWS called the things.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ids {
    /// ARN of the created role.
    pub role: Option<Arn>,
    /// Id of the API.
    pub rest_api: Option<RestApiId>,
    /// The API without its content, as it was last read or answered.
    pub head: Option<RestApiHead>,
    /// Deployments, the newest first.
    pub deployments: Vec<Deployment>,
    /// What each stage serves.
    pub stages: BTreeMap<StageName, DeploymentId>,
    /// The variables of each stage.
    pub variables: BTreeMap<StageName, BTreeMap<String, String>>,
    /// The stages that a step made or changed.
    pub brought: BTreeSet<StageName>,
    /// Whether a step changed what the role may do or who assumes it. That takes effect after a while only.
    role_changed: bool,
    /// Ids of the draft's resources by path, once they are asked for.
    resources: BTreeMap<String, String>,
    /// Client certificates by the stage that they are for.
    pub client_certificates: BTreeMap<StageName, ClientCertificateId>,
    /// Usage plans by their name in the spec.
    pub usage_plans: BTreeMap<String, UsagePlanId>,
    /// API keys by their name in the spec, with their values.
    pub api_keys: BTreeMap<String, (ApiKeyId, ApiKeyValue)>,
    /// Where custom domain names lead.
    pub domains: BTreeMap<String, DomainTarget>,
}

impl Ids {
    fn of(observed: &Observed, plan: &Plan) -> Self {
        let certificate = |name: &StageName| Some((name.clone(), observed.client_certificate(name)?.id.clone()));
        let key = |id: &ApiKeyId| observed.api_keys.values().flatten().find(|key| key.id == *id);
        let keys = plan.api_keys.iter().filter_map(|(name, id)| Some((name.clone(), key(id)?)));
        let plans = observed.usage_plans.iter().filter_map(|(name, found)| Some((name.clone(), found.first()?)));
        Self {
            client_certificates: observed.client_certificates.iter().filter_map(|c| certificate(&c.stage)).collect(),
            usage_plans: plans.map(|(name, plan)| (name, plan.id.clone())).collect(),
            api_keys: keys.map(|(name, key)| (name, (key.id.clone(), key.value.clone()))).collect(),
            domains: observed.domains.iter().map(|(name, domain)| (name.clone(), domain.target.clone())).collect(),
            role: observed.role.as_ref().filter(|role| role.owned).map(|role| role.arn.clone()),
            rest_api: observed.rest_api.as_ref().map(|api| api.id.clone()),
            head: observed.rest_api.as_ref().map(head),
            deployments: observed.deployments.clone(),
            stages: observed.stages.iter().map(|(name, stage)| (name.clone(), stage.deployment.clone())).collect(),
            variables: observed
                .stages
                .iter()
                .map(|(name, stage)| (name.clone(), stage.stage.variables.clone()))
                .collect(),
            brought: BTreeSet::new(),
            role_changed: false,
            resources: BTreeMap::new(),
        }
    }

    /// The deployment that holds a revision.
    pub fn deployment(&self, revision: &Revision) -> Option<&DeploymentId> {
        self.deployments.iter().find(|deployment| deployment.revision == *revision).map(|found| &found.id)
    }

    fn need_rest_api(&self) -> Result<&RestApiId> {
        self.rest_api.as_ref().ok_or_else(|| unplanned("the API's id"))
    }

    fn need_client_certificate(&self, stage: &str) -> Result<&ClientCertificateId> {
        self.client_certificates.get(stage).ok_or_else(|| unplanned("the stage's client certificate"))
    }

    fn need_deployment(&self, revision: &Revision) -> Result<&DeploymentId> {
        self.deployment(revision).ok_or_else(|| unplanned("a deployment of the revision"))
    }
}

fn head(found: &ObservedRestApi) -> RestApiHead {
    let ObservedRestApi { id, status, api: RestApi { name, tags, settings, .. }, .. } = found.clone();
    RestApiHead { id, name, tags, settings, status }
}

/// A plan lacks the step that brings what a later one needs. The next pass plans again.
fn unplanned(what: &str) -> Error {
    Error {
        tried: "apply the plan".to_owned(),
        operation: "plan",
        class: Class::Transient,
        code: None,
        message: format!("no earlier step gave {what}"),
        retry_after: None,
    }
}

/// Makes the steps of a plan, each told before it is made. A plan with blockers is not started.
pub async fn apply(aws: &impl Aws, observed: &Observed, plan: &Plan, tell: impl Fn(&Action)) -> Outcome {
    let mut outcome =
        Outcome { ids: Ids::of(observed, plan), made: 0, idle: BTreeSet::new(), failure: None, left: BTreeSet::new() };
    for step in plan.steps.iter().filter(|_| plan.blockers.is_empty()) {
        if is_idle(&outcome.ids, step) {
            outcome.idle.insert(outcome.made);
            outcome.made += 1;
            continue;
        }
        tell(&step.action);
        if let Err(cause) = make(aws, &mut outcome.ids, step).await {
            outcome.failure = Some(Failure { action: step.action.clone(), cause });
            outcome.left = plan.steps[outcome.made + 1..].iter().map(|step| step.action.part()).collect();
            break;
        }
        outcome.made += 1;
        outcome.ids.role_changed |= step.action.part() == Part::Role;
    }
    outcome
}

/// Whether there is nothing to write any more for a step.
fn is_idle(ids: &Ids, step: &Step) -> bool {
    match &step.action {
        Action::UpdateRestApi { api, after_put: true } => rest_api::is_as_wanted(ids, api),
        _ => false,
    }
}

async fn make(aws: &impl Aws, ids: &mut Ids, step: &Step) -> std::result::Result<(), Cause> {
    let made = match &step.action {
        Action::TestMethod(test) => return preflight::test(aws, ids, test).await,
        Action::CreateRole(role) => role::create(aws, ids, role).await,
        Action::UpdateTrust { role, trust } => aws.update_assume_role_policy(role, trust).await,
        Action::PutBoundary { role, boundary } => aws.put_role_permissions_boundary(role, boundary).await,
        Action::DeleteBoundary { role } => aws.delete_role_permissions_boundary(role).await,
        Action::TagRole { role, tags } => role::tag(aws, role, tags).await,
        Action::DeleteRole { role } => role::delete(aws, ids, role).await,
        Action::PutRolePolicy { role, policy } => policy::put(aws, role, policy).await,
        Action::DeleteRolePolicy { role } => aws.delete_role_policy(role).await,
        Action::AttachRolePolicy { role, policy } => aws.attach_role_policy(role, policy).await,
        Action::DetachRolePolicy { role, policy } => aws.detach_role_policy(role, policy).await,
        Action::CreateRestApi(api) => rest_api::create(aws, ids, api).await,
        Action::AdoptRestApi { id, tags } => rest_api::adopt(aws, id, tags).await,
        Action::PutRestApi { api, keep } => rest_api::put(aws, ids, api, *keep).await,
        Action::UpdateRestApi { api, .. } => rest_api::update(aws, ids, api).await,
        Action::TagRestApi(tags) => rest_api::tag(aws, ids, tags).await,
        Action::DeleteRestApi(_) => rest_api::delete(aws, ids).await,
        Action::CreateDeployment(revision) => deployment::create(aws, ids, revision).await,
        Action::DeleteDeployment { id, .. } => deployment::delete(aws, ids, id).await,
        Action::CreateStage { name, stage, revision } => stage::create(aws, ids, name, stage, revision).await,
        Action::UpdateStage { name, update } => stage::update(aws, ids, name, update).await,
        Action::UpdateStageLogs { name, change } => stage::update_logs(aws, ids, name, change).await,
        Action::GenerateClientCertificate { stage, tags } => client_certificate::generate(aws, ids, stage, tags).await,
        Action::TagClientCertificate { id, tags, .. } => client_certificate::tag(aws, id, tags).await,
        Action::DeleteClientCertificate { id, .. } => aws.delete_client_certificate(id).await,
        Action::TagStage { name, tags } => stage::tag(aws, ids, name, tags).await,
        Action::DeleteStage(name) => aws.delete_stage(ids.need_rest_api()?, name).await,
        Action::CreateUsagePlan { name, plan } => usage_plan::create(aws, ids, name, plan).await,
        Action::UpdateUsagePlan { id, update, .. } => usage_plan::update(aws, ids, id, update).await,
        Action::TagUsagePlan { id, tags, .. } => usage_plan::tag(aws, id, tags).await,
        Action::DeleteUsagePlan { id, .. } => usage_plan::delete(aws, ids, id).await,
        Action::CreateApiKey { name, key } => api_key::create(aws, ids, name, key).await,
        Action::UpdateApiKey { id, new_name, .. } => aws.update_api_key(id, new_name).await,
        Action::TagApiKey { id, tags, .. } => api_key::tag(aws, id, tags).await,
        Action::DeleteApiKey { id, .. } => aws.delete_api_key(id).await,
        Action::AttachApiKey { name, plan } => api_key::attach(aws, ids, name, plan).await,
        Action::DetachApiKey { key, plan_id, .. } => aws.delete_usage_plan_key(plan_id, key).await,
        Action::CreateDomainName { name, domain } => domain::create(aws, ids, name, domain).await,
        Action::UpdateDomainName { name, settings } => domain::update(aws, ids, name, settings).await,
        Action::TagDomainName { name, tags } => domain::tag(aws, name, tags).await,
        Action::DeleteDomainName(name) => domain::delete(aws, ids, name).await,
        Action::CreateMapping { domain, path, stage } => domain::map(aws, ids, domain, path, stage).await,
        Action::UpdateMapping { domain, path, stage } => aws.update_base_path_mapping(domain, path, stage).await,
        Action::DeleteMapping { domain, path } => aws.delete_base_path_mapping(domain, path).await,
    };
    made.map_err(Cause::Aws)
}
