//! The API's stages: the owner's, and others that bear a wanted name; and what all others use.

use std::collections::{BTreeMap, BTreeSet};

use super::OwnTags;
use crate::aws::{Aws, Result};
use crate::model::{DeploymentId, Desired, ObservedStage, RestApiId, StageName};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    api: &RestApiId,
    ours: &OwnTags,
) -> Result<(BTreeMap<StageName, ObservedStage>, BTreeSet<DeploymentId>)> {
    if desired.rest_api.is_none() {
        return Ok(Default::default());
    }
    let mut stages = aws.get_stages(api).await?;
    for stage in stages.values_mut() {
        stage.owned = desired.owner.owns(&stage.stage.tags);
        stage.stage.tags = ours.of(std::mem::take(&mut stage.stage.tags));
    }
    let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        stages.into_iter().partition(|(name, stage)| stage.owned || desired.stages.contains_key(name));
    Ok((own, others.values().flat_map(ObservedStage::deployments).cloned().collect()))
}
