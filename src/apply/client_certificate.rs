//! Client certificates.

use super::{Ids, rest_api};
use crate::aws::{Aws, Result, TaggedResource};
use crate::model::{ClientCertificateId, OWNER_TAG, Tags};
use crate::plan::TagChange;

pub(super) async fn generate(aws: &impl Aws, ids: &mut Ids, stage: &str, tags: &Tags) -> Result<()> {
    let owner = tags.get(OWNER_TAG).map(String::as_str).unwrap_or_default();
    let id = aws.generate_client_certificate(&format!("stage {stage} of {owner}"), tags).await?;
    ids.client_certificates.insert(stage.to_owned(), id);
    Ok(())
}

pub(super) async fn tag(aws: &impl Aws, id: &ClientCertificateId, tags: &TagChange) -> Result<()> {
    rest_api::change_tags(aws, TaggedResource::ClientCertificate(id), tags).await
}
