//! The API's stages: the owner's, and others that bear a wanted name; and what all others use. With an API that is taken
//! over go the stages of wanted names that are no other object's.

use std::collections::{BTreeMap, BTreeSet};

use super::{OwnTags, Scope, holder};
use crate::aws::{Aws, Result};
use crate::model::{DeploymentId, Desired, Holder, ObservedStage, RestApiId, StageName};

pub(super) async fn observe(
    aws: &impl Aws,
    desired: &Desired,
    scope: &Scope,
    api: &RestApiId,
    ours: &OwnTags,
) -> Result<(BTreeMap<StageName, ObservedStage>, BTreeSet<DeploymentId>)> {
    if desired.rest_api.is_none() {
        return Ok(Default::default());
    }
    let mut stages = aws.get_stages(api).await?;
    for (name, stage) in &mut stages {
        stage.owned = match holder(desired, &stage.stage.tags, scope.stages.contains_key(name)) {
            Holder::Owner => true,
            Holder::Nobody => desired.adopt.is_some() && desired.stages.contains_key(name),
            Holder::Other(_) => false,
        };
        stage.stage.tags = ours.of(std::mem::take(&mut stage.stage.tags));
    }
    let (own, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
        stages.into_iter().partition(|(name, stage)| stage.owned || desired.stages.contains_key(name));
    Ok((own, others.values().flat_map(ObservedStage::deployments).cloned().collect()))
}
