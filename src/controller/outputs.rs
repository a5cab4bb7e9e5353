//! The ConfigMap of `spec.outputs`.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::{DeleteParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::json;

use crate::api::{FIELD_MANAGER, StepFunctionsApi};
use crate::status::Trouble;

/// What cannot be done about it: a condition of the object, or an API server that is not there.
#[derive(Debug)]
pub(super) enum Error {
    Trouble(Trouble),
    Kubernetes(kube::Error),
}

impl From<kube::Error> for Error {
    /// What the API server refuses, users have to see; the rest passes.
    fn from(error: kube::Error) -> Self {
        match &error {
            kube::Error::Api(status) if (400..500).contains(&status.code) && !status.is_conflict() => {
                Self::Trouble(Trouble::outputs(&status.message))
            }
            _ => Self::Kubernetes(error),
        }
    }
}

/// Outputs of one object.
pub(super) struct Outputs<'a> {
    api: Api<ConfigMap>,
    object: &'a StepFunctionsApi,
}

impl<'a> Outputs<'a> {
    pub(super) fn new(client: Client, object: &'a StepFunctionsApi) -> Self {
        Self { api: Api::namespaced(client, &object.namespace().unwrap_or_default()), object }
    }

    /// The name that the spec gives.
    fn name(&self) -> Option<&'a str> {
        self.object.spec.outputs.as_ref().map(|outputs| outputs.config_map.as_str())
    }

    /// The ConfigMap as it is. One of somebody else is an error, before anything is done in AWS.
    pub(super) async fn look(&self) -> Result<Option<ConfigMap>, Error> {
        let Some(name) = self.name() else { return Ok(None) };
        let found = self.api.get_opt(name).await?;
        match found {
            Some(found) if !self.is_ours(&found) => Err(Error::Trouble(Trouble::foreign_outputs(name))),
            found => Ok(found),
        }
    }

    /// Makes the ConfigMap have this data, and removes the one of before if the spec names it no more.
    pub(super) async fn write(&self, found: Option<ConfigMap>, data: &BTreeMap<String, String>) -> Result<(), Error> {
        let before = self.object.status.as_ref().and_then(|status| status.output_config_map.as_deref());
        if let Some(before) = before.filter(|before| Some(*before) != self.name()) {
            self.remove(before).await?;
        }
        let Some(name) = self.name() else { return Ok(()) };
        let found = match found {
            Some(found) => found,
            None => self.create(name).await?,
        };
        if has(&found, data) {
            return Ok(());
        }
        let body = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            // Only this very one.
            "metadata": {"uid": found.uid()},
            "data": data,
        });
        self.api.patch(name, &PatchParams::apply(FIELD_MANAGER).force(), &Patch::Apply(body)).await?;
        Ok(())
    }

    /// An empty one of ours. Making it is refused when there is one by now; an apply would take it over.
    async fn create(&self, name: &str) -> Result<ConfigMap, Error> {
        let owner = OwnerReference {
            api_version: StepFunctionsApi::api_version(&()).into_owned(),
            kind: StepFunctionsApi::kind(&()).into_owned(),
            name: self.object.name_any(),
            uid: self.object.uid().unwrap_or_default(),
            controller: Some(true),
            block_owner_deletion: None,
        };
        let empty = ConfigMap {
            metadata: ObjectMeta {
                name: Some(name.to_owned()),
                labels: Some([("app.kubernetes.io/managed-by".to_owned(), FIELD_MANAGER.to_owned())].into()),
                owner_references: Some(vec![owner]),
                ..ObjectMeta::default()
            },
            ..ConfigMap::default()
        };
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        match self.api.create(&params, &empty).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                Err(Error::Trouble(Trouble::foreign_outputs(name)))
            }
            created => Ok(created?),
        }
    }

    /// Removes one that is ours.
    async fn remove(&self, name: &str) -> Result<(), Error> {
        let Some(found) = self.api.get_opt(name).await?.filter(|found| self.is_ours(found)) else { return Ok(()) };
        let preconditions = Some(Preconditions { uid: found.uid(), resource_version: None });
        match self.api.delete(name, &DeleteParams { preconditions, ..DeleteParams::default() }).await {
            Err(kube::Error::Api(status)) if status.is_not_found() => Ok(()),
            removed => Ok(removed.map(drop)?),
        }
    }

    fn is_ours(&self, found: &ConfigMap) -> bool {
        found.owner_references().iter().any(|owner| Some(&owner.uid) == self.object.meta().uid.as_ref())
    }
}

/// Whether the data is there, and nothing that we applied before beside it. What others added is theirs.
fn has(found: &ConfigMap, data: &BTreeMap<String, String>) -> bool {
    let there = found.data.clone().unwrap_or_default();
    let ours = found.managed_fields().iter().filter(|fields| {
        fields.manager.as_deref() == Some(FIELD_MANAGER) && fields.operation.as_deref() == Some("Apply")
    });
    let keys = ours.filter_map(|fields| fields.fields_v1.as_ref()?.0["f:data"].as_object());
    let mut applied = keys.flat_map(|keys| keys.keys()).filter_map(|key| key.strip_prefix("f:"));
    data.iter().all(|(key, value)| there.get(key) == Some(value)) && applied.all(|key| data.contains_key(key))
}
