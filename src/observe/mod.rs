//! AWS -> Observed, by the fewest reads that the question needs.

mod api_key;
mod client_certificate;
mod deployment;
mod domain;
mod policy;
mod rest_api;
mod role;
mod stage;
mod state_machine;
mod usage_plan;

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::{Aws, Result};
use crate::model::{
    Arn, Brought, Deployment, Desired, Holder, OWNER_TAG, Observed, ObservedRestApi, RestApi, RestApiId, StageName,
    TAG_PREFIX, Tags,
};

/// What is known before, and so need not be asked.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Whether the last pass left everything as it should be, for the same spec. Then only that is read which should be
    /// there; else also what should not be there any more.
    pub settled: bool,
    /// Id of the API, if it was seen before. Only a hint: the owner's tag decides, unless others took that away from an API
    /// that had all it should have.
    pub rest_api_id: Option<RestApiId>,
    /// ARN of the role, if it was created before; the same holds for it.
    pub role: Option<Arn>,
    /// Deployments seen before, the newest first. They never change, so stages that serve those need no further look.
    pub deployments: Vec<Deployment>,
    /// Stages that were made before, with what they were brought to.
    pub stages: BTreeMap<StageName, Brought>,
    /// Keys of tags that were set before. Others are not ours and not looked at.
    pub tag_keys: BTreeSet<String>,
    /// Whether client certificates were made before.
    pub client_certificates: bool,
    /// Names of roles that were created before. The owner's tag decides whose they are.
    pub created_roles: BTreeSet<String>,
    /// Managed policies that were attached before. Others are not ours and not looked at.
    pub managed_policies: BTreeSet<Arn>,
    /// Whether there were usage plans or API keys before.
    pub usage_plans: bool,
    /// Custom domain names that were used before.
    pub domains: BTreeSet<String>,
    /// Whether no pass is known to have ended well: the object is new, or its status was lost.
    pub is_new: bool,
}

impl Scope {
    /// Whether that API was once brought to what it should be.
    fn made_api(&self, id: &RestApiId) -> bool {
        self.rest_api_id.as_ref() == Some(id) && !self.stages.is_empty()
    }

    fn has_usage_plans(&self, desired: &Desired) -> bool {
        self.usage_plans || !desired.usage_plans.is_empty()
    }

    /// The same, once it is known whether a new object has an API already: kept from an object of before, or found again
    /// with its status lost. Then what else there was is looked for, too: roles by what the API calls with.
    fn remembering(&self, found: Option<&ObservedRestApi>) -> Self {
        let own = found.filter(|found| self.is_new && found.holder == Holder::Owner);
        let roles = own.into_iter().flat_map(|found| found.api.definition.given_roles());
        let roles = roles.map(|arn| arn.role_name().to_owned());
        let created_roles = roles.chain(self.created_roles.iter().cloned()).collect();
        Self { is_new: own.is_some(), created_roles, ..self.clone() }
    }
}

/// Everything of the owner's.
///
/// # Errors
/// Of the first call that fails.
pub async fn observe(aws: &impl Aws, desired: &Desired, scope: &Scope) -> Result<Observed> {
    let ours: BTreeSet<String> = scope.tag_keys.iter().cloned().chain(desired.tag_keys()).collect();
    let ours = OwnTags(ours);
    let role = role::observe(aws, desired, scope, &ours).await?;
    // Made again it has the same ARN, so what assumes it stays as it is.
    let lost = scope.role.as_ref().filter(|arn| desired.role.as_ref().is_some_and(|wanted| wanted.has_arn(arn)));
    let own_role = role.as_ref().map(|role| &role.arn).or(lost);
    let rest_api = rest_api::observe(aws, desired, scope, &ours, own_role).await?;
    let scope = &scope.remembering(rest_api.as_ref());
    let former_roles = role::former(aws, desired, scope, &ours).await?;
    let (mut stages, mut used_by_others, mut deployments, mut summaries) = Default::default();
    if let Some(api) = rest_api.as_ref().filter(|api| !matches!(api.holder, Holder::Other(_))) {
        (stages, used_by_others) = stage::observe(aws, desired, scope, &api.id, &ours).await?;
        deployments = deployment::observe(aws, desired, scope, &api.id, &stages).await?;
        summaries = deployment::summaries(aws, &api.id, &stages, &deployments).await?;
    }
    let client_certificates = client_certificate::observe(aws, desired, scope, &stages, &ours).await?;
    let machines = state_machine::observe(aws, desired, scope).await?;
    let api_id = rest_api.as_ref().map(|api| &api.id);
    let usage_plans = usage_plan::observe(aws, desired, scope, api_id, &ours).await?;
    let api_keys = api_key::observe(aws, desired, scope, &usage_plans, &ours).await?;
    let domains = domain::observe(aws, desired, scope, &ours).await?;
    Ok(Observed {
        role,
        former_roles,
        rest_api,
        stages,
        brought_to: scope.stages.clone(),
        deployments,
        summaries,
        used_by_others,
        client_certificates,
        machines,
        usage_plans,
        api_keys,
        domains,
    })
}

/// An API with all that there is of it, whosever it is, its stages taken for the owner's, and no role; `None` if it does not
/// exist.
///
/// # Errors
/// Of the first call that fails.
pub async fn look(aws: &impl Aws, id: &RestApiId) -> Result<Option<Observed>> {
    let Some(head) = aws.get_rest_api(id).await? else { return Ok(None) };
    let rest_api::Draft { definition, unused_validators } = rest_api::whole_draft(aws, id, None).await?;
    let mut stages = aws.get_stages(id).await?;
    let ours = OwnTags(BTreeSet::new());
    for stage in stages.values_mut() {
        stage.owned = true;
        stage.stage.tags = ours.of(std::mem::take(&mut stage.stage.tags));
    }
    let summaries = deployment::summaries(aws, id, &stages, &[]).await?;
    let holder = head.tags.get(OWNER_TAG).map_or(Holder::Nobody, |owner| Holder::Other(owner.clone()));
    let api = RestApi { name: head.name, tags: ours.of(head.tags), settings: head.settings, definition };
    let rest_api = ObservedRestApi { id: head.id, holder, status: head.status, api, unused_validators };
    Ok(Some(Observed { rest_api: Some(rest_api), stages, summaries, ..Observed::default() }))
}

/// Whose a thing with these tags is. One without an owner that was the owner's before still is: others took the tag away.
fn holder(desired: &Desired, tags: &Tags, was_ours: bool) -> Holder {
    match desired.owner.holder(tags) {
        Holder::Nobody if was_ours => Holder::Owner,
        holder => holder,
    }
}

/// Which tags are ours; the rest is left out of what is observed.
struct OwnTags(BTreeSet<String>);

impl OwnTags {
    fn of(&self, tags: Tags) -> Tags {
        tags.into_iter().filter(|(key, _)| key.starts_with(TAG_PREFIX) || self.0.contains(key)).collect()
    }
}
