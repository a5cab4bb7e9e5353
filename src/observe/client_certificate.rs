//! The owner's client certificates, where there can be any.

use std::collections::BTreeMap;

use super::{OwnTags, Scope};
use crate::aws::{Aws, Result};
use crate::model::{ClientCertificate, Desired, ObservedStage, StageName};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    stages: &BTreeMap<StageName, ObservedStage>,
    ours: &OwnTags,
) -> Result<Vec<ClientCertificate>> {
    let wanted = desired.stages.values().any(|stage| stage.client_certificate);
    let attached = stages.values().any(|stage| stage.client_certificate.is_some());
    // Stages of an API that is to go are not looked at.
    let deleting = desired.rest_api.is_none();
    if !(wanted || attached || deleting || scope.client_certificates) {
        return Ok(Vec::new());
    }
    let mut certificates = aws.get_client_certificates().await?;
    certificates.retain(|certificate| desired.owner.owns(&certificate.tags));
    for certificate in &mut certificates {
        certificate.tags = ours.of(std::mem::take(&mut certificate.tags));
    }
    Ok(certificates)
}
