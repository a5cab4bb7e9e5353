//! The API's stages: the owner's, and others that bear a wanted name.

use std::collections::BTreeMap;

use super::OwnTags;
use crate::aws::{Aws, Result};
use crate::model::{Desired, ObservedStage, RestApiId, StageName};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    api: &RestApiId,
    ours: &OwnTags,
) -> Result<BTreeMap<StageName, ObservedStage>> {
    if desired.rest_api.is_none() {
        return Ok(BTreeMap::new());
    }
    let mut stages = aws.get_stages(api).await?;
    for stage in stages.values_mut() {
        stage.owned = desired.owner.owns(&stage.stage.tags);
        stage.stage.tags = ours.of(std::mem::take(&mut stage.stage.tags));
    }
    stages.retain(|name, stage| stage.owned || desired.stages.contains_key(name));
    Ok(stages)
}
