//! Custom domain names and base path mappings.

use std::collections::BTreeMap;

use aws_sdk_apigateway::operation::create_domain_name::CreateDomainNameOutput;
use aws_sdk_apigateway::operation::get_domain_name::GetDomainNameOutput;
use aws_sdk_apigateway::operation::update_domain_name::UpdateDomainNameOutput;
use aws_sdk_apigateway::types::{EndpointConfiguration, EndpointType, Op, PatchOperation, SecurityPolicy};

use super::SdkAws;
use super::apigateway::PAGE;
use super::call::{all, found, gone};
use crate::aws::{Domains, Mapping, Result};
use crate::model::{Arn, DomainName, DomainSettings, DomainTarget, RestApiId};

/// API Gateway's word for the whole name in paths of its own:
/// <https://docs.aws.amazon.com/apigateway/latest/api/API_GetBasePathMapping.html>.
const WHOLE: &str = "(none)";

fn sdk_path(path: &str) -> &str {
    if path.is_empty() { WHOLE } else { path }
}

fn replace(path: &str, value: impl Into<String>) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
}

/// The three answers have the same fields in types of their own.
macro_rules! target {
    ($answer:expr) => {
        DomainTarget {
            host: $answer.regional_domain_name.clone().or($answer.distribution_domain_name.clone()),
            hosted_zone: $answer.regional_hosted_zone_id.clone().or($answer.distribution_hosted_zone_id.clone()),
            state: $answer.domain_name_status.as_ref().map(|state| state.as_str().to_owned()),
        }
    };
}

fn created(answer: &CreateDomainNameOutput) -> DomainTarget {
    target!(answer)
}

fn updated(answer: &UpdateDomainNameOutput) -> DomainTarget {
    target!(answer)
}

fn read(answer: GetDomainNameOutput) -> (DomainName, DomainTarget) {
    let target = target!(answer);
    let types = answer.endpoint_configuration.and_then(|endpoint| endpoint.types).unwrap_or_default();
    let endpoint_type = types.first().map(EndpointType::as_str).unwrap_or_default().to_owned();
    let certificate =
        if endpoint_type == DomainSettings::EDGE { answer.certificate_arn } else { answer.regional_certificate_arn };
    let settings = DomainSettings {
        certificate: certificate.and_then(|arn| Arn::parse(&arn).ok()),
        endpoint_type,
        security_policy: answer.security_policy.as_ref().map(SecurityPolicy::as_str).unwrap_or_default().to_owned(),
    };
    (DomainName { settings, tags: answer.tags.unwrap_or_default().into_iter().collect() }, target)
}

impl Domains for SdkAws {
    async fn get_domain_name(&self, name: &str) -> Result<Option<(DomainName, DomainTarget)>> {
        let request = self.apigateway.get_domain_name().domain_name(name).send();
        let answer = self.call("apigateway:GetDomainName", format!("read domain name {name}"), request).await;
        Ok(found(answer)?.map(read))
    }

    async fn create_domain_name(&self, name: &str, domain: &DomainName) -> Result<DomainTarget> {
        let settings = &domain.settings;
        let endpoint = EndpointType::from(settings.endpoint_type.as_str());
        let certificate = settings.certificate.as_ref().map(ToString::to_string);
        let request = self
            .apigateway
            .create_domain_name()
            .domain_name(name)
            .endpoint_configuration(EndpointConfiguration::builder().types(endpoint).build())
            .security_policy(SecurityPolicy::from(settings.security_policy.as_str()))
            .set_tags(Some(domain.tags.clone().into_iter().collect()));
        let request = match settings.endpoint_type.as_str() {
            DomainSettings::EDGE => request.set_certificate_arn(certificate),
            _ => request.set_regional_certificate_arn(certificate),
        };
        let tried = format!("create domain name {name}");
        let answer = self.call("apigateway:CreateDomainName", tried, request.send()).await?;
        Ok(created(&answer))
    }

    async fn update_domain_name(&self, name: &str, settings: &DomainSettings) -> Result<DomainTarget> {
        let certificate = match settings.endpoint_type.as_str() {
            DomainSettings::EDGE => "/certificateArn",
            _ => "/regionalCertificateArn",
        };
        let mut operations = vec![replace("/securityPolicy", &settings.security_policy)];
        operations.extend(settings.certificate.as_ref().map(|arn| replace(certificate, arn.as_str())));
        let request =
            self.apigateway.update_domain_name().domain_name(name).set_patch_operations(Some(operations)).send();
        let answer = self.call("apigateway:UpdateDomainName", format!("update domain name {name}"), request).await?;
        Ok(updated(&answer))
    }

    async fn delete_domain_name(&self, name: &str) -> Result<()> {
        let request = self.apigateway.delete_domain_name().domain_name(name).send();
        gone(self.call("apigateway:DeleteDomainName", format!("delete domain name {name}"), request).await)
    }

    async fn get_base_path_mappings(&self, domain: &str) -> Result<BTreeMap<String, Mapping>> {
        let mappings = all(async |position| {
            let request = self.apigateway.get_base_path_mappings().domain_name(domain).limit(PAGE);
            let request = request.set_position(position).send();
            let tried = format!("read the mappings of domain name {domain}");
            let page = self.call("apigateway:GetBasePathMappings", tried, request).await?;
            Ok((page.items, page.position))
        });
        let by_path = mappings.await?.into_iter().map(|mapping| {
            let path = mapping.base_path.filter(|path| path != WHOLE).unwrap_or_default();
            let stage = mapping.stage.filter(|stage| !stage.is_empty());
            (path, (RestApiId(mapping.rest_api_id.unwrap_or_default()), stage))
        });
        Ok(by_path.collect())
    }

    async fn create_base_path_mapping(&self, domain: &str, path: &str, api: &RestApiId, stage: &str) -> Result<()> {
        let request = self
            .apigateway
            .create_base_path_mapping()
            .domain_name(domain)
            .set_base_path((!path.is_empty()).then(|| path.to_owned()))
            .rest_api_id(&api.0)
            .stage(stage)
            .send();
        let tried = format!("map {domain}/{path} to stage {stage}");
        self.call("apigateway:CreateBasePathMapping", tried, request).await.map(drop)
    }

    async fn update_base_path_mapping(&self, domain: &str, path: &str, stage: &str) -> Result<()> {
        let request = self
            .apigateway
            .update_base_path_mapping()
            .domain_name(domain)
            .base_path(sdk_path(path))
            .patch_operations(replace("/stage", stage))
            .send();
        let tried = format!("map {domain}/{path} to stage {stage}");
        self.call("apigateway:UpdateBasePathMapping", tried, request).await.map(drop)
    }

    async fn delete_base_path_mapping(&self, domain: &str, path: &str) -> Result<()> {
        let request = self.apigateway.delete_base_path_mapping().domain_name(domain).base_path(sdk_path(path)).send();
        let tried = format!("unmap {domain}/{path}");
        gone(self.call("apigateway:DeleteBasePathMapping", tried, request).await)
    }
}
