//! What the program asks of AWS, in its own types. One method is one call, but for lists, which are one per page.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use super::{Domains, Result, UsagePlans};
use crate::model::{
    ApiKeyId, ApiSettings, ApiStatus, ApiSummary, Arn, Authorizer, ClientCertificate, ClientCertificateId, Deployment,
    DeploymentHead, DeploymentId, GatewayResponse, MachineType, Method, MethodKey, MethodTest, Models, ObservedStage,
    PolicyDocument, RestApi, RestApiId, Revision, Role, Stage, StageChange, StageName, Tags, TestAnswer, UsagePlanId,
    Validation,
};

/// A REST API without its content.
#[derive(Clone, Debug, PartialEq)]
pub struct RestApiHead {
    /// Its id.
    pub id: RestApiId,
    /// Its name.
    pub name: String,
    /// All of its tags.
    pub tags: Tags,
    /// Its settings.
    pub settings: ApiSettings,
    /// What AWS is doing with it.
    pub status: ApiStatus,
}

/// Something of API Gateway's that has tags.
#[derive(Clone, Copy, Debug)]
pub enum TaggedResource<'a> {
    /// The API.
    RestApi(&'a RestApiId),
    /// One of its stages.
    Stage(&'a RestApiId, &'a str),
    /// A usage plan.
    UsagePlan(&'a UsagePlanId),
    /// An API key.
    ApiKey(&'a ApiKeyId),
    /// A custom domain name.
    DomainName(&'a str),
    /// A client certificate.
    ClientCertificate(&'a ClientCertificateId),
}

/// Changes of a stage; empty for what stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StagePatch {
    /// Deployment to serve.
    pub deployment: Option<DeploymentId>,
    /// Deployment that the canary is to serve.
    pub canary_deployment: Option<DeploymentId>,
    /// Its client certificate from now on, or none any more.
    pub client_certificate: Option<Option<ClientCertificateId>>,
    /// Its own settings.
    pub change: StageChange,
}

/// IAM. `Option` results are `None` for what does not exist; deleting that succeeds.
#[allow(missing_docs, reason = "each method is the operation of its name")]
pub trait Iam {
    fn get_role(&self, name: &str) -> impl Future<Output = Result<Option<(Arn, Role)>>> + Send;
    fn get_role_policy(&self, role: &str) -> impl Future<Output = Result<Option<PolicyDocument>>> + Send;
    fn list_attached_role_policies(&self, role: &str) -> impl Future<Output = Result<BTreeSet<Arn>>> + Send;
    fn list_role_policies(&self, role: &str) -> impl Future<Output = Result<BTreeSet<String>>> + Send;
    fn create_role(&self, role: &Role) -> impl Future<Output = Result<Arn>> + Send;
    fn update_assume_role_policy(&self, role: &str, trust: &PolicyDocument) -> impl Future<Output = Result<()>> + Send;
    fn put_role_permissions_boundary(&self, role: &str, boundary: &Arn) -> impl Future<Output = Result<()>> + Send;
    fn delete_role_permissions_boundary(&self, role: &str) -> impl Future<Output = Result<()>> + Send;
    fn tag_role(&self, role: &str, tags: &Tags) -> impl Future<Output = Result<()>> + Send;
    fn untag_role(&self, role: &str, keys: &BTreeSet<String>) -> impl Future<Output = Result<()>> + Send;
    fn put_role_policy(&self, role: &str, policy: &PolicyDocument) -> impl Future<Output = Result<()>> + Send;
    fn delete_role_policy(&self, role: &str) -> impl Future<Output = Result<()>> + Send;
    fn attach_role_policy(&self, role: &str, policy: &Arn) -> impl Future<Output = Result<()>> + Send;
    fn detach_role_policy(&self, role: &str, policy: &Arn) -> impl Future<Output = Result<()>> + Send;
    fn delete_role(&self, role: &str) -> impl Future<Output = Result<()>> + Send;
}

/// API Gateway in one region. `Option` results are `None` for what does not exist; deleting that succeeds.
#[allow(missing_docs, reason = "each method is the operation of its name")]
pub trait ApiGateway {
    fn get_rest_apis(&self) -> impl Future<Output = Result<Vec<RestApiHead>>> + Send;
    fn get_rest_api(&self, id: &RestApiId) -> impl Future<Output = Result<Option<RestApiHead>>> + Send;
    /// `own_role` is what [`crate::model::Credentials::OwnRole`] stands for.
    fn get_methods(
        &self,
        id: &RestApiId,
        own_role: Option<&Arn>,
    ) -> impl Future<Output = Result<BTreeMap<MethodKey, Method>>> + Send;
    fn get_gateway_responses(
        &self,
        id: &RestApiId,
    ) -> impl Future<Output = Result<BTreeMap<String, GatewayResponse>>> + Send;
    /// Authorizers with their names, by id.
    fn get_authorizers(
        &self,
        id: &RestApiId,
    ) -> impl Future<Output = Result<BTreeMap<String, (String, Authorizer)>>> + Send;
    /// Request validators by id.
    fn get_request_validators(
        &self,
        id: &RestApiId,
    ) -> impl Future<Output = Result<BTreeMap<String, (String, Validation)>>> + Send;
    fn get_models(&self, id: &RestApiId) -> impl Future<Output = Result<Models>> + Send;
    /// Stages; whose they are is for the caller to say, so `owned` is false.
    fn get_stages(&self, id: &RestApiId) -> impl Future<Output = Result<BTreeMap<StageName, ObservedStage>>> + Send;
    /// All deployments, in any order.
    fn get_deployments(&self, id: &RestApiId) -> impl Future<Output = Result<Vec<DeploymentHead>>> + Send;
    /// What a deployment holds; `None` if it does not exist, or AWS does not tell.
    fn get_deployment(
        &self,
        id: &RestApiId,
        deployment: &DeploymentId,
    ) -> impl Future<Output = Result<Option<ApiSummary>>> + Send;
    fn create_rest_api(&self, api: &RestApi) -> impl Future<Output = Result<RestApiHead>> + Send;
    /// `keep` leaves what the API has beside that (`mode=merge`); else it goes (`mode=overwrite`).
    fn put_rest_api(
        &self,
        id: &RestApiId,
        api: &RestApi,
        keep: bool,
        own_role: Option<&Arn>,
    ) -> impl Future<Output = Result<RestApiHead>> + Send;
    /// Name and settings, from those of `found` to those of `wanted`; answers what there is then.
    fn update_rest_api(
        &self,
        found: &RestApiHead,
        wanted: &RestApi,
    ) -> impl Future<Output = Result<RestApiHead>> + Send;
    fn delete_rest_api(&self, id: &RestApiId) -> impl Future<Output = Result<()>> + Send;
    /// Ids of the draft's resources, by path.
    fn get_resource_ids(&self, id: &RestApiId) -> impl Future<Output = Result<BTreeMap<String, String>>> + Send;
    /// A call of the draft; `resource` is the id of the method's path.
    fn test_invoke_method(
        &self,
        id: &RestApiId,
        resource: &str,
        test: &MethodTest,
    ) -> impl Future<Output = Result<TestAnswer>> + Send;
    fn create_deployment(&self, id: &RestApiId, revision: &Revision)
    -> impl Future<Output = Result<Deployment>> + Send;
    fn delete_deployment(&self, id: &RestApiId, deployment: &DeploymentId) -> impl Future<Output = Result<()>> + Send;
    fn create_stage(
        &self,
        id: &RestApiId,
        name: &str,
        stage: &Stage,
        deployment: &DeploymentId,
    ) -> impl Future<Output = Result<()>> + Send;
    fn update_stage(&self, id: &RestApiId, name: &str, patch: &StagePatch) -> impl Future<Output = Result<()>> + Send;
    /// Client certificates that carry a stage's tag; whose they are is for the caller to say.
    fn get_client_certificates(&self) -> impl Future<Output = Result<Vec<ClientCertificate>>> + Send;
    fn generate_client_certificate(
        &self,
        description: &str,
        tags: &Tags,
    ) -> impl Future<Output = Result<ClientCertificateId>> + Send;
    fn delete_client_certificate(&self, id: &ClientCertificateId) -> impl Future<Output = Result<()>> + Send;
    fn delete_stage(&self, id: &RestApiId, name: &str) -> impl Future<Output = Result<()>> + Send;
    fn tag_resource(&self, what: TaggedResource<'_>, tags: &Tags) -> impl Future<Output = Result<()>> + Send;
    fn untag_resource(
        &self,
        what: TaggedResource<'_>,
        keys: &BTreeSet<String>,
    ) -> impl Future<Output = Result<()>> + Send;
}

/// Step Functions in one region.
#[allow(missing_docs, reason = "each method is the operation of its name")]
pub trait StepFunctions {
    fn describe_state_machine(&self, arn: &Arn) -> impl Future<Output = Result<Option<MachineType>>> + Send;
}

/// The AWS of one region.
pub trait Aws: Iam + ApiGateway + UsagePlans + Domains + StepFunctions + Send + Sync {}

impl<T: Iam + ApiGateway + UsagePlans + Domains + StepFunctions + Send + Sync> Aws for T {}
