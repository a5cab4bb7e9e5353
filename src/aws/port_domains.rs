//! What the program asks of API Gateway about custom domain names.

use std::collections::BTreeMap;
use std::future::Future;

use super::Result;
use crate::model::{DomainName, DomainSettings, DomainTarget, RestApiId, StageName};

/// What a base path is mapped to; the stage is `None` when callers name it.
pub type Mapping = (RestApiId, Option<StageName>);

/// Custom domain names of one region. `Option` results are `None` for what does not exist; deleting that succeeds. The
/// empty base path is the whole name.
#[allow(missing_docs, reason = "each method is the operation of its name")]
pub trait Domains {
    fn get_domain_name(&self, name: &str) -> impl Future<Output = Result<Option<(DomainName, DomainTarget)>>> + Send;
    fn create_domain_name(&self, name: &str, domain: &DomainName) -> impl Future<Output = Result<DomainTarget>> + Send;
    /// Sets certificate and security policy. The endpoint's type stays; it says which certificate is meant.
    fn update_domain_name(
        &self,
        name: &str,
        settings: &DomainSettings,
    ) -> impl Future<Output = Result<DomainTarget>> + Send;
    fn delete_domain_name(&self, name: &str) -> impl Future<Output = Result<()>> + Send;
    fn get_base_path_mappings(&self, domain: &str) -> impl Future<Output = Result<BTreeMap<String, Mapping>>> + Send;
    fn create_base_path_mapping(
        &self,
        domain: &str,
        path: &str,
        api: &RestApiId,
        stage: &str,
    ) -> impl Future<Output = Result<()>> + Send;
    /// Another stage of the same API.
    fn update_base_path_mapping(
        &self,
        domain: &str,
        path: &str,
        stage: &str,
    ) -> impl Future<Output = Result<()>> + Send;
    fn delete_base_path_mapping(&self, domain: &str, path: &str) -> impl Future<Output = Result<()>> + Send;
}
