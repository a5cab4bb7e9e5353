//! Deployments and stages: as the status tells them, and back.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::{CanaryStatus, DeploymentNeeds, DeploymentStatus, StageStatus, StepFunctionsApiStatus};
use crate::apply::Ids;
use crate::model::{
    Brought, Deployment, DeploymentId, Desired, Needs, Observed, PolicyDocument, Revision, Stage, StageName, route,
};

/// The deployments that are left after a pass.
pub(super) fn deployments(desired: &Desired, ids: &Ids) -> Vec<DeploymentStatus> {
    let role = desired.role.as_ref();
    let own = || Needs {
        role: role.map(|role| role.name.clone()),
        limits: desired.limits.clone(),
        policy: role.and_then(|role| role.inline_policy.clone()),
    };
    let needed = |Needs { role, limits, policy }| DeploymentNeeds {
        role,
        limits,
        policy: policy.map(|policy: PolicyDocument| policy.text()),
    };
    let shown = |deployment: &Deployment| {
        let is_current = Some(&deployment.revision) == desired.revision.as_ref();
        let needs = if is_current { Some(own()) } else { deployment.needs.clone() };
        DeploymentStatus {
            id: deployment.id.to_string(),
            revision: deployment.revision.to_string(),
            created: Time(Timestamp::from_second(deployment.created).unwrap_or(Timestamp::UNIX_EPOCH)),
            needs: needs.map(needed),
        }
    };
    ids.deployments.iter().map(shown).collect()
}

/// Forgets deployments and canaries that are gone, and says of stages that are to serve one what they serve now.
pub(super) fn forget_gone(status: &mut StepFunctionsApiStatus, observed: &Observed, now: &Time) {
    let exists = |id: &str| observed.deployments.iter().any(|deployment| deployment.id.0 == id);
    let gone: Vec<String> =
        status.deployments.iter().map(|known| known.id.clone()).filter(|known| !exists(known)).collect();
    status.deployments.retain(|known| !gone.contains(&known.id));
    for stage in &mut status.stages {
        let Some(found) = observed.stages.get(&stage.name) else { continue };
        stage.canary.take_if(|_| found.canary_deployment.is_none());
        if !gone.contains(&stage.deployment_id) {
            continue;
        }
        let revision = observed.revision_of(&found.deployment);
        stage.revision = revision.map(ToString::to_string).unwrap_or_default();
        stage.deployment_id = found.deployment.to_string();
        stage.since = Some(now.clone());
    }
}

/// Says of stages whether they are there, and takes away what cannot be called. What they were brought to stays: they come
/// back to that.
pub(super) fn miss(status: &mut StepFunctionsApiStatus, is_there: impl Fn(&str) -> bool) {
    for stage in &mut status.stages {
        stage.missing = !is_there(&stage.name);
        if stage.missing {
            stage.url.clear();
        }
    }
    status.endpoints.retain(|endpoint| is_there(&endpoint.stage));
}

/// Notes the deployments that a pass found or made before it failed, and that what stages serve needs what was written for
/// them: a stage may have other variables by now than when its deployment was made.
pub(super) fn meanwhile(status: &mut StepFunctionsApiStatus, desired: &Desired, ids: &Ids) {
    let known = std::mem::take(&mut status.deployments);
    status.deployments = deployments(desired, ids);
    for deployment in &mut status.deployments {
        if let Some(known) = known.iter().find(|known| known.id == deployment.id) {
            deployment.needs.clone_from(&known.needs);
        }
        let served = ids.stages.iter().any(|(name, id)| ids.brought.contains(name) && id.0 == deployment.id);
        let wanted = desired.role.as_ref().and_then(|role| role.inline_policy.as_ref()).filter(|_| served);
        if let (Some(needs), Some(wanted)) = (&mut deployment.needs, wanted) {
            let before = needs.policy.as_deref().map(PolicyDocument::parse);
            let both = before.map_or_else(|| Some(wanted.clone()), |before| before.union(wanted));
            needs.policy = both.map(|both| both.text()).or(needs.policy.take());
        }
    }
}

/// The deployments that a status knows of.
pub fn known_deployments(status: &StepFunctionsApiStatus) -> Vec<Deployment> {
    let known = |deployment: &DeploymentStatus| Deployment {
        id: DeploymentId(deployment.id.clone()),
        revision: Revision(deployment.revision.clone()),
        created: deployment.created.0.as_second(),
        needs: deployment.needs.as_ref().map(|needs| Needs {
            role: needs.role.clone(),
            limits: needs.limits.clone(),
            policy: needs.policy.as_deref().map(PolicyDocument::parse),
        }),
    };
    status.deployments.iter().map(known).collect()
}

/// What a status says that stages were brought to.
pub fn brought_to(status: &StepFunctionsApiStatus) -> BTreeMap<StageName, Brought> {
    let brought = |stage: &StageStatus| Brought {
        deployment: DeploymentId(stage.deployment_id.clone()),
        route: stage.hash.clone(),
        canary_route: stage.canary.as_ref().and_then(|canary| canary.hash.clone()),
        settings: stage.settings_hash.clone(),
    };
    status.stages.iter().map(|stage| (stage.name.clone(), brought(stage))).collect()
}

/// A stage that serves a deployment, now or since the status before said so.
pub(super) fn stage(
    name: &str,
    url: String,
    id: &DeploymentId,
    (desired, ids): (&Desired, &Ids),
    before: &[StageStatus],
    now: &Time,
) -> StageStatus {
    let served = before.iter().find(|stage| stage.name == name && stage.deployment_id == id.0);
    let holds = ids.deployments.iter().find(|deployment| deployment.id == *id);
    let variables = ids.variables.get(name);
    StageStatus {
        name: name.to_owned(),
        url,
        deployment_id: id.to_string(),
        revision: holds.map(|deployment| deployment.revision.to_string()).unwrap_or_default(),
        since: Some(served.and_then(|served| served.since.clone()).unwrap_or_else(|| now.clone())),
        canary: canary(name, desired, ids),
        missing: false,
        hash: holds.zip(variables).map(|(deployment, variables)| route(&deployment.revision, variables)),
        settings_hash: desired.stages.get(name).map(Stage::settings_hash),
    }
}

/// A stage's canary, which serves what the spec describes.
fn canary(name: &str, desired: &Desired, ids: &Ids) -> Option<CanaryStatus> {
    let stage = desired.stages.get(name)?;
    let canary = stage.canary.as_ref()?;
    let current = desired.revision.as_ref()?;
    let holds = ids.deployments.iter().find(|deployment| deployment.revision == *current)?;
    let (deployment_id, revision) = (holds.id.to_string(), current.to_string());
    let hash = stage.canary_route(current);
    Some(CanaryStatus { percent: canary.percent, deployment_id, revision, hash })
}
