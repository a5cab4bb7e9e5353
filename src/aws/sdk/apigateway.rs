//! API Gateway.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_apigateway::primitives::{Blob, DateTime};
use aws_sdk_apigateway::types::{EndpointAccessMode, PutMode, SecurityPolicy};

use super::call::{all, found, gone, incomplete};
use super::settings::{endpoint_configuration, head, patches, rest_api};
use super::{SdkAws, convert, stage};
use crate::aws::{ApiGateway, RestApiHead, Result, StagePatch, TaggedResource, openapi};
use crate::model::{
    ApiSummary, Arn, Authorizer, ClientCertificate, ClientCertificateId, Deployment, DeploymentHead, DeploymentId,
    GatewayResponse, Method, MethodKey, MethodTest, Models, ObservedStage, RestApi, RestApiId, Revision, STAGE_TAG,
    Stage, StageName, Tags, TestAnswer, Validation, partition,
};

/// The largest page of every list.
pub(super) const PAGE: i32 = 500;
/// More operations in one `UpdateStage` are refused ("Update size too large").
const PATCH_MAX: usize = 80;

impl SdkAws {
    /// ARNs of API Gateway name no account.
    fn tag_arn(&self, what: TaggedResource<'_>) -> String {
        let root = format!("arn:{}:apigateway:{}::", partition(&self.region).id, self.region);
        match what {
            TaggedResource::RestApi(id) => format!("{root}/restapis/{id}"),
            TaggedResource::Stage(id, stage) => format!("{root}/restapis/{id}/stages/{stage}"),
            TaggedResource::UsagePlan(id) => format!("{root}/usageplans/{id}"),
            TaggedResource::ApiKey(id) => format!("{root}/apikeys/{id}"),
            TaggedResource::DomainName(name) => format!("{root}/domainnames/{name}"),
            TaggedResource::ClientCertificate(id) => format!("{root}/clientcertificates/{id}"),
        }
    }
}

fn seconds(at: Option<DateTime>) -> i64 {
    at.map(|at| at.secs()).unwrap_or_default()
}

impl ApiGateway for SdkAws {
    async fn get_rest_apis(&self) -> Result<Vec<RestApiHead>> {
        let apis = all(async |position| {
            let request = self.apigateway.get_rest_apis().limit(PAGE).set_position(position).send();
            let page = self.call("apigateway:GetRestApis", "list APIs", request).await?;
            Ok((page.items, page.position))
        });
        Ok(apis.await?.into_iter().filter_map(head).collect())
    }

    async fn get_rest_api(&self, id: &RestApiId) -> Result<Option<RestApiHead>> {
        let request = self.apigateway.get_rest_api().rest_api_id(&id.0).send();
        let answer = found(self.call("apigateway:GetRestApi", format!("read API {id}"), request).await)?;
        Ok(answer.and_then(|api| head(rest_api!(api))))
    }

    async fn get_methods(&self, id: &RestApiId, own_role: Option<&Arn>) -> Result<BTreeMap<MethodKey, Method>> {
        let resources = all(async |position| {
            let request = self.apigateway.get_resources().rest_api_id(&id.0).embed("methods").limit(PAGE);
            let request = request.set_position(position).send();
            let page = self.call("apigateway:GetResources", format!("read the methods of API {id}"), request).await?;
            Ok((page.items, page.position))
        });
        Ok(resources.await?.into_iter().flat_map(|resource| convert::methods(resource, own_role)).collect())
    }

    async fn get_gateway_responses(&self, id: &RestApiId) -> Result<BTreeMap<String, GatewayResponse>> {
        let request = self.apigateway.get_gateway_responses().rest_api_id(&id.0).limit(PAGE).send();
        let tried = format!("read the gateway responses of API {id}");
        let answer = self.call("apigateway:GetGatewayResponses", tried, request).await?;
        Ok(answer.items.unwrap_or_default().into_iter().filter_map(convert::gateway_response).collect())
    }

    async fn get_authorizers(&self, id: &RestApiId) -> Result<BTreeMap<String, (String, Authorizer)>> {
        // One page: an API has ten at most, unless AWS raises that.
        let request = self.apigateway.get_authorizers().rest_api_id(&id.0).limit(PAGE).send();
        let answer =
            self.call("apigateway:GetAuthorizers", format!("read the authorizers of API {id}"), request).await?;
        Ok(answer.items.unwrap_or_default().into_iter().filter_map(convert::authorizer).collect())
    }

    async fn get_request_validators(&self, id: &RestApiId) -> Result<BTreeMap<String, (String, Validation)>> {
        let request = self.apigateway.get_request_validators().rest_api_id(&id.0).limit(PAGE).send();
        let tried = format!("read the request validators of API {id}");
        let answer = self.call("apigateway:GetRequestValidators", tried, request).await?;
        Ok(answer.items.unwrap_or_default().into_iter().filter_map(convert::request_validator).collect())
    }

    async fn get_models(&self, id: &RestApiId) -> Result<Models> {
        let request = self.apigateway.get_models().rest_api_id(&id.0).limit(PAGE).send();
        let answer = self.call("apigateway:GetModels", format!("read the models of API {id}"), request).await?;
        Ok(answer.items.unwrap_or_default().into_iter().filter_map(convert::model).collect())
    }

    async fn get_stages(&self, id: &RestApiId) -> Result<BTreeMap<StageName, ObservedStage>> {
        let request = self.apigateway.get_stages().rest_api_id(&id.0).send();
        let answer = self.call("apigateway:GetStages", format!("read the stages of API {id}"), request).await?;
        Ok(answer.item.unwrap_or_default().into_iter().filter_map(stage::observed).collect())
    }

    async fn get_deployments(&self, id: &RestApiId) -> Result<Vec<DeploymentHead>> {
        let deployments = all(async |position| {
            let request = self.apigateway.get_deployments().rest_api_id(&id.0).limit(PAGE);
            let request = request.set_position(position).send();
            let tried = format!("read the deployments of API {id}");
            let page = self.call("apigateway:GetDeployments", tried, request).await?;
            Ok((page.items, page.position))
        });
        let found = deployments.await?.into_iter().filter_map(|found| {
            let revision = found.description.as_deref().and_then(Revision::from_description);
            Some(DeploymentHead { id: DeploymentId(found.id?), revision, created: seconds(found.created_date) })
        });
        Ok(found.collect())
    }

    async fn get_deployment(&self, id: &RestApiId, deployment: &DeploymentId) -> Result<Option<ApiSummary>> {
        let request = self.apigateway.get_deployment().rest_api_id(&id.0).deployment_id(&deployment.0);
        let request = request.embed("apisummary").send();
        let tried = format!("read deployment {deployment} of API {id}");
        let answer = found(self.call("apigateway:GetDeployment", tried, request).await)?;
        Ok(answer.and_then(|deployment| deployment.api_summary).map(convert::api_summary))
    }

    async fn create_rest_api(&self, api: &RestApi) -> Result<RestApiHead> {
        let operation = "apigateway:CreateRestApi";
        let settings = &api.settings;
        let request = self
            .apigateway
            .create_rest_api()
            .name(&api.name)
            .endpoint_configuration(endpoint_configuration(settings))
            .set_security_policy(settings.security_policy.as_deref().map(SecurityPolicy::from))
            .set_endpoint_access_mode(settings.endpoint_access_mode.as_deref().map(EndpointAccessMode::from))
            .set_tags(Some(api.tags.clone().into_iter().collect()))
            .send();
        let answer = self.call(operation, format!("create API {:?}", api.name), request).await?;
        head(rest_api!(answer)).ok_or_else(|| incomplete(operation, "id"))
    }

    async fn put_rest_api(
        &self,
        id: &RestApiId,
        api: &RestApi,
        keep: bool,
        own_role: Option<&Arn>,
    ) -> Result<RestApiHead> {
        let operation = "apigateway:PutRestApi";
        let body = openapi(api, own_role.map(Arn::as_str).unwrap_or_default()).to_string();
        let request = self
            .apigateway
            .put_rest_api()
            .rest_api_id(&id.0)
            .mode(if keep { PutMode::Merge } else { PutMode::Overwrite })
            .fail_on_warnings(true)
            .body(Blob::new(body))
            .send();
        let answer = self.call(operation, format!("put the definition of API {id}"), request).await?;
        head(rest_api!(answer)).ok_or_else(|| incomplete(operation, "id"))
    }

    async fn update_rest_api(&self, found: &RestApiHead, wanted: &RestApi) -> Result<RestApiHead> {
        let operation = "apigateway:UpdateRestApi";
        let patches = patches(found, wanted);
        if patches.is_empty() {
            return Ok(found.clone());
        }
        let request =
            self.apigateway.update_rest_api().rest_api_id(&found.id.0).set_patch_operations(Some(patches)).send();
        let answer = self.call(operation, format!("update the settings of API {}", found.id), request).await?;
        head(rest_api!(answer)).ok_or_else(|| incomplete(operation, "id"))
    }

    async fn delete_rest_api(&self, id: &RestApiId) -> Result<()> {
        let request = self.apigateway.delete_rest_api().rest_api_id(&id.0).send();
        gone(self.call("apigateway:DeleteRestApi", format!("delete API {id}"), request).await)
    }

    async fn get_resource_ids(&self, id: &RestApiId) -> Result<BTreeMap<String, String>> {
        let resources = all(async |position| {
            let request = self.apigateway.get_resources().rest_api_id(&id.0).limit(PAGE).set_position(position).send();
            let page = self.call("apigateway:GetResources", format!("read the paths of API {id}"), request).await?;
            Ok((page.items, page.position))
        });
        Ok(resources.await?.into_iter().filter_map(|found| Some((found.path?, found.id?))).collect())
    }

    async fn test_invoke_method(&self, id: &RestApiId, resource: &str, test: &MethodTest) -> Result<TestAnswer> {
        let request = self
            .apigateway
            .test_invoke_method()
            .rest_api_id(&id.0)
            .resource_id(resource)
            .http_method(&test.verb)
            .path_with_query_string(&test.path_and_query)
            .set_headers(Some(test.headers.clone().into_iter().collect()))
            .set_stage_variables(Some(test.stage_variables.clone().into_iter().collect()))
            .set_body(test.body.clone())
            .send();
        // What is sent and answered is the caller's business; the log that comes with it too.
        let answer = self.call("apigateway:TestInvokeMethod", format!("test {test} of API {id}"), request).await?;
        Ok(TestAnswer {
            status: u16::try_from(answer.status).unwrap_or_default(),
            headers: answer.headers.unwrap_or_default().into_iter().collect(),
            body: answer.body.unwrap_or_default(),
        })
    }

    async fn create_deployment(&self, id: &RestApiId, revision: &Revision) -> Result<Deployment> {
        let operation = "apigateway:CreateDeployment";
        let request = self.apigateway.create_deployment().rest_api_id(&id.0).description(revision.description()).send();
        let answer = self.call(operation, format!("create a deployment of API {id}"), request).await?;
        let id = answer.id.ok_or_else(|| incomplete(operation, "id"))?;
        let (revision, created) = (revision.clone(), seconds(answer.created_date));
        Ok(Deployment { id: DeploymentId(id), revision, created, needs: None })
    }

    async fn delete_deployment(&self, id: &RestApiId, deployment: &DeploymentId) -> Result<()> {
        let request = self.apigateway.delete_deployment().rest_api_id(&id.0).deployment_id(&deployment.0).send();
        let tried = format!("delete deployment {deployment} of API {id}");
        gone(self.call("apigateway:DeleteDeployment", tried, request).await)
    }

    async fn create_stage(&self, id: &RestApiId, name: &str, stage: &Stage, deployment: &DeploymentId) -> Result<()> {
        let request = self
            .apigateway
            .create_stage()
            .rest_api_id(&id.0)
            .stage_name(name)
            .deployment_id(&deployment.0)
            .set_description(stage.description.clone())
            .set_variables(Some(stage.variables.clone().into_iter().collect()))
            .set_tags(Some(stage.tags.clone().into_iter().collect()))
            .tracing_enabled(stage.tracing)
            .cache_cluster_enabled(stage.cache_size.is_some())
            .set_cache_cluster_size(stage.cache_size.as_deref().map(Into::into))
            .set_canary_settings(stage.canary.as_ref().map(|canary| stage::canary_settings(canary, deployment)))
            .send();
        self.call("apigateway:CreateStage", format!("create stage {name} of API {id}"), request).await.map(drop)
    }

    async fn update_stage(&self, id: &RestApiId, name: &str, patch: &StagePatch) -> Result<()> {
        for operations in stage::operations(patch).chunks(PATCH_MAX) {
            let request = self
                .apigateway
                .update_stage()
                .rest_api_id(&id.0)
                .stage_name(name)
                .set_patch_operations(Some(operations.to_vec()))
                .send();
            self.call("apigateway:UpdateStage", format!("update stage {name} of API {id}"), request).await?;
        }
        Ok(())
    }

    async fn get_client_certificates(&self) -> Result<Vec<ClientCertificate>> {
        let certificates = all(async |position| {
            let request = self.apigateway.get_client_certificates().limit(PAGE).set_position(position).send();
            let page = self.call("apigateway:GetClientCertificates", "list client certificates", request).await?;
            Ok((page.items, page.position))
        });
        let ours = certificates.await?.into_iter().filter_map(|found| {
            let tags: Tags = found.tags.unwrap_or_default().into_iter().collect();
            let (id, stage) = (ClientCertificateId(found.client_certificate_id?), tags.get(STAGE_TAG)?.clone());
            Some(ClientCertificate { id, stage, tags })
        });
        Ok(ours.collect())
    }

    async fn generate_client_certificate(&self, description: &str, tags: &Tags) -> Result<ClientCertificateId> {
        let operation = "apigateway:GenerateClientCertificate";
        let tags = Some(tags.clone().into_iter().collect());
        let request = self.apigateway.generate_client_certificate().description(description).set_tags(tags).send();
        let answer = self.call(operation, format!("generate the client certificate of {description}"), request).await?;
        answer.client_certificate_id.map(ClientCertificateId).ok_or_else(|| incomplete(operation, "id"))
    }

    async fn delete_client_certificate(&self, id: &ClientCertificateId) -> Result<()> {
        let request = self.apigateway.delete_client_certificate().client_certificate_id(&id.0).send();
        let tried = format!("delete client certificate {id}");
        gone(self.call("apigateway:DeleteClientCertificate", tried, request).await)
    }

    async fn delete_stage(&self, id: &RestApiId, name: &str) -> Result<()> {
        let request = self.apigateway.delete_stage().rest_api_id(&id.0).stage_name(name).send();
        gone(self.call("apigateway:DeleteStage", format!("delete stage {name} of API {id}"), request).await)
    }

    async fn tag_resource(&self, what: TaggedResource<'_>, tags: &Tags) -> Result<()> {
        let arn = self.tag_arn(what);
        let tags = tags.clone().into_iter().collect();
        let request = self.apigateway.tag_resource().resource_arn(&arn).set_tags(Some(tags)).send();
        self.call("apigateway:TagResource", format!("tag {arn}"), request).await.map(drop)
    }

    async fn untag_resource(&self, what: TaggedResource<'_>, keys: &BTreeSet<String>) -> Result<()> {
        let arn = self.tag_arn(what);
        let keys = keys.iter().cloned().collect();
        let request = self.apigateway.untag_resource().resource_arn(&arn).set_tag_keys(Some(keys)).send();
        self.call("apigateway:UntagResource", format!("untag {arn}"), request).await.map(drop)
    }
}
