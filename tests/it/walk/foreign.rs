//! What others do in AWS to what is ours.

use aws_sdk_apigateway::types::{GatewayResponseType, Op, PatchOperation};

use crate::samples::REGION;
use crate::world::World;

/// Something that others can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    AddMethod,
    DeleteMethod,
    ChangeTemplate,
    ChangeIntegrationResponse,
    DeleteGatewayResponse,
    RenameApi,
    ChangeVariable,
    AddVariable,
    Throttle,
    DeployOverStage,
    DeleteStage,
    TagStage,
    TagApi,
    PutRolePolicy,
    DeleteRolePolicy,
    ChangeTrust,
    DetachPolicies,
    DeleteRole,
    DeleteApi,
    RenamePlan,
    DeleteKeys,
    DeleteCertificates,
    DeleteMappings,
    DeleteOldDeployments,
}

impl Edit {
    pub const ALL: [Self; 24] = [
        Self::AddMethod,
        Self::DeleteMethod,
        Self::ChangeTemplate,
        Self::ChangeIntegrationResponse,
        Self::DeleteGatewayResponse,
        Self::RenameApi,
        Self::ChangeVariable,
        Self::AddVariable,
        Self::Throttle,
        Self::DeployOverStage,
        Self::DeleteStage,
        Self::TagStage,
        Self::TagApi,
        Self::PutRolePolicy,
        Self::DeleteRolePolicy,
        Self::ChangeTrust,
        Self::DetachPolicies,
        Self::DeleteRole,
        Self::DeleteApi,
        Self::RenamePlan,
        Self::DeleteKeys,
        Self::DeleteCertificates,
        Self::DeleteMappings,
        Self::DeleteOldDeployments,
    ];
}

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"states:*","Resource":"*"}]}"#;
const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"states.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn patch(op: Op, path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).value(value).build()
}

/// Does it, as far as there is something to do it to: what AWS answers does not matter.
pub async fn edit(world: &World, name: &str, edit: Edit) {
    let status = world.kube.api::<stepgate::api::StepFunctionsApi>().get_opt(name).await.ok().flatten();
    let status = status.and_then(|object| object.status).unwrap_or_default();
    let role = status.role_arn.as_deref().and_then(|arn| arn.rsplit('/').next()).unwrap_or("none").to_owned();
    let id = status.rest_api_id.unwrap_or_else(|| "none".to_owned());
    match edit {
        Edit::PutRolePolicy | Edit::DeleteRolePolicy | Edit::ChangeTrust | Edit::DetachPolicies | Edit::DeleteRole => {
            of_role(world, &role, edit).await
        }
        Edit::AddMethod
        | Edit::DeleteMethod
        | Edit::ChangeTemplate
        | Edit::ChangeIntegrationResponse
        | Edit::DeleteGatewayResponse
        | Edit::RenameApi
        | Edit::TagApi
        | Edit::DeleteApi => of_draft(world, &id, edit).await,
        Edit::ChangeVariable
        | Edit::AddVariable
        | Edit::Throttle
        | Edit::DeployOverStage
        | Edit::DeleteStage
        | Edit::TagStage
        | Edit::DeleteOldDeployments => of_stage(world, &id, edit).await,
        Edit::RenamePlan | Edit::DeleteKeys | Edit::DeleteCertificates | Edit::DeleteMappings => {
            around(world, edit).await;
        }
    }
}

async fn of_role(world: &World, role: &str, edit: Edit) {
    let iam = world.aws.iam();
    let attached = iam.list_attached_role_policies().role_name(role).send().await;
    let attached: Vec<String> = attached.map_or_else(
        |_| Vec::new(),
        |found| found.attached_policies().iter().filter_map(|policy| policy.policy_arn.clone()).collect(),
    );
    if matches!(edit, Edit::DetachPolicies | Edit::DeleteRole) {
        for policy in attached {
            let _ = iam.detach_role_policy().role_name(role).policy_arn(policy).send().await;
        }
    }
    if matches!(edit, Edit::DeleteRolePolicy | Edit::DeleteRole) {
        let _ = iam.delete_role_policy().role_name(role).policy_name("stepgate").send().await;
    }
    match edit {
        Edit::PutRolePolicy => {
            let put = iam.put_role_policy().role_name(role).policy_name("stepgate").policy_document(POLICY);
            let _ = put.send().await;
        }
        Edit::ChangeTrust => {
            let _ = iam.update_assume_role_policy().role_name(role).policy_document(TRUST).send().await;
        }
        Edit::DeleteRole => {
            let _ = iam.delete_role().role_name(role).send().await;
        }
        _ => {}
    }
}

async fn of_draft(world: &World, id: &str, edit: Edit) {
    let gateway = world.aws.apigateway(REGION);
    let resources = gateway.get_resources().rest_api_id(id).send().await;
    let resources = resources.map(|found| found.items.unwrap_or_default()).unwrap_or_default();
    let of = |path: &str| resources.iter().find(|found| found.path() == Some(path)).and_then(|found| found.id.clone());
    let (root, run) = (of("/").unwrap_or_default(), of("/run").unwrap_or_default());
    match edit {
        Edit::AddMethod => {
            let put = gateway.put_method().rest_api_id(id).resource_id(root).http_method("GET");
            let _ = put.authorization_type("NONE").send().await;
        }
        Edit::DeleteMethod => {
            let _ = gateway.delete_method().rest_api_id(id).resource_id(run).http_method("POST").send().await;
        }
        Edit::ChangeTemplate => {
            let update = gateway.update_integration().rest_api_id(id).resource_id(run).http_method("POST");
            let patch = patch(Op::Replace, "/requestTemplates/application~1json", "{}");
            let _ = update.patch_operations(patch).send().await;
        }
        Edit::ChangeIntegrationResponse => {
            let delete = gateway.delete_integration_response().rest_api_id(id).resource_id(run).http_method("POST");
            let _ = delete.status_code("200").send().await;
        }
        Edit::DeleteGatewayResponse => {
            let delete = gateway.delete_gateway_response().rest_api_id(id);
            let _ = delete.response_type(GatewayResponseType::Default4Xx).send().await;
        }
        Edit::RenameApi => {
            let patch = patch(Op::Replace, "/name", "theirs");
            let _ = gateway.update_rest_api().rest_api_id(id).patch_operations(patch).send().await;
        }
        Edit::TagApi => {
            let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{id}");
            let _ = gateway.tag_resource().resource_arn(arn).tags("stepgate.dev/more", "theirs").send().await;
        }
        Edit::DeleteApi => {
            let _ = gateway.delete_rest_api().rest_api_id(id).send().await;
        }
        _ => {}
    }
}

async fn of_stage(world: &World, id: &str, edit: Edit) {
    let gateway = world.aws.apigateway(REGION);
    let update = |patch| gateway.update_stage().rest_api_id(id).stage_name("prod").patch_operations(patch).send();
    match edit {
        Edit::ChangeVariable => drop(update(patch(Op::Replace, "/variables/arn", "theirs")).await),
        Edit::AddVariable => drop(update(patch(Op::Replace, "/variables/theirs", "theirs")).await),
        Edit::Throttle => drop(update(patch(Op::Replace, "/*/*/throttling/rateLimit", "1")).await),
        Edit::DeployOverStage => {
            let theirs = gateway.create_deployment().rest_api_id(id).send().await.ok().and_then(|made| made.id);
            let _ = update(patch(Op::Replace, "/deploymentId", &theirs.unwrap_or_default())).await;
        }
        Edit::DeleteStage => drop(gateway.delete_stage().rest_api_id(id).stage_name("prod").send().await),
        Edit::TagStage => {
            let arn = format!("arn:aws:apigateway:{REGION}::/restapis/{id}/stages/prod");
            let _ = gateway.tag_resource().resource_arn(arn).tags("stepgate.dev/more", "theirs").send().await;
        }
        Edit::DeleteOldDeployments => {
            let found = gateway.get_deployments().rest_api_id(id).send().await;
            for deployment in found.map(|found| found.items.unwrap_or_default()).unwrap_or_default() {
                // AWS keeps those that stages use.
                let deployment = deployment.id.unwrap_or_default();
                let _ = gateway.delete_deployment().rest_api_id(id).deployment_id(deployment).send().await;
            }
        }
        _ => {}
    }
}

/// Usage plans, API keys, client certificates and mappings: the account has no others.
async fn around(world: &World, edit: Edit) {
    let gateway = world.aws.apigateway(REGION);
    match edit {
        Edit::RenamePlan => {
            let plans = gateway.get_usage_plans().send().await.ok().and_then(|found| found.items).unwrap_or_default();
            for plan in plans {
                let patch = patch(Op::Replace, "/name", "theirs");
                let id = plan.id.unwrap_or_default();
                let _ = gateway.update_usage_plan().usage_plan_id(id).patch_operations(patch).send().await;
            }
        }
        Edit::DeleteKeys => {
            let keys = gateway.get_api_keys().send().await.ok().and_then(|found| found.items).unwrap_or_default();
            for key in keys {
                let _ = gateway.delete_api_key().api_key(key.id.unwrap_or_default()).send().await;
            }
        }
        Edit::DeleteCertificates => {
            let found = gateway.get_client_certificates().send().await.ok().and_then(|found| found.items);
            for certificate in found.unwrap_or_default() {
                let id = certificate.client_certificate_id.unwrap_or_default();
                let _ = gateway.delete_client_certificate().client_certificate_id(id).send().await;
            }
        }
        Edit::DeleteMappings => {
            let name = format!("{}.example.com", world.kube.namespace);
            let delete = gateway.delete_base_path_mapping().domain_name(name).base_path("v1");
            let _ = delete.send().await;
        }
        _ => {}
    }
}
