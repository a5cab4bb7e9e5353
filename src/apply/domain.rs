//! Custom domain names and base path mappings.

use super::{Ids, rest_api};
use crate::aws::{Aws, Result, TaggedResource};
use crate::model::{DomainName, DomainSettings};
use crate::plan::TagChange;

pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, name: &str, domain: &DomainName) -> Result<()> {
    let target = aws.create_domain_name(name, domain).await?;
    ids.domains.insert(name.to_owned(), target);
    Ok(())
}

pub(super) async fn update(aws: &impl Aws, ids: &mut Ids, name: &str, settings: &DomainSettings) -> Result<()> {
    let target = aws.update_domain_name(name, settings).await?;
    ids.domains.insert(name.to_owned(), target);
    Ok(())
}

pub(super) async fn tag(aws: &impl Aws, name: &str, tags: &TagChange) -> Result<()> {
    rest_api::change_tags(aws, TaggedResource::DomainName(name), tags).await
}

pub(super) async fn delete(aws: &impl Aws, ids: &mut Ids, name: &str) -> Result<()> {
    aws.delete_domain_name(name).await?;
    ids.domains.remove(name);
    Ok(())
}

pub(super) async fn map(aws: &impl Aws, ids: &Ids, domain: &str, path: &str, stage: &str) -> Result<()> {
    aws.create_base_path_mapping(domain, path, ids.need_rest_api()?, stage).await
}
