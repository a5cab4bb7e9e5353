//! API keys.

use super::{Ids, rest_api, unplanned};
use crate::aws::{Aws, Result, TaggedResource};
use crate::model::{ApiKey, ApiKeyId};
use crate::plan::TagChange;

pub(super) async fn create(aws: &impl Aws, ids: &mut Ids, name: &str, key: &ApiKey) -> Result<()> {
    let made = aws.create_api_key(key).await?;
    ids.api_keys.insert(name.to_owned(), made);
    Ok(())
}

pub(super) async fn tag(aws: &impl Aws, id: &ApiKeyId, tags: &TagChange) -> Result<()> {
    rest_api::change_tags(aws, TaggedResource::ApiKey(id), tags).await
}

pub(super) async fn attach(aws: &impl Aws, ids: &Ids, name: &str, plan: &str) -> Result<()> {
    let plan = ids.usage_plans.get(plan).ok_or_else(|| unplanned("the usage plan's id"))?;
    let (key, _) = ids.api_keys.get(name).ok_or_else(|| unplanned("the API key's id"))?;
    aws.create_usage_plan_key(plan, key).await
}
