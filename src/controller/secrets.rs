//! Writes the values of API keys that AWS made into their Secrets. They are held no longer than a pass, and shown nowhere.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, Resource, ResourceExt};
use serde_json::json;

use super::references::Read;
use super::with_causes;
use crate::api::{FIELD_MANAGER, StepFunctionsApi};
use crate::apply::Ids;
use crate::references::{Content, Kind, Source};
use crate::status::Trouble;

/// Writes those values that were not in their Secrets when these were read, and takes them for read.
pub(super) async fn keep(client: Client, object: &StepFunctionsApi, read: &mut Read, ids: &Ids) -> Result<(), Trouble> {
    let mut missing: BTreeMap<Source, (String, BTreeMap<String, ByteString>)> = BTreeMap::new();
    for plan in &object.spec.usage_plans {
        for key in &plan.api_keys {
            let (Some(at), Some((_, value))) = (&key.secret, ids.api_keys.get(&key.name)) else { continue };
            let source = Source { kind: Kind::Secret, name: at.name.clone() };
            if matches!(read.values.get(&source), Some(Content::Keys(keys)) if keys.contains_key(&at.key)) {
                continue;
            }
            let field = || format!("spec.usagePlans[{}].apiKeys[{}].secret", plan.name, key.name);
            let entry = missing.entry(source).or_insert_with(|| (field(), BTreeMap::new()));
            entry.1.insert(at.key.clone(), ByteString(value.0.clone().into_bytes()));
        }
    }
    let api = Api::namespaced(client, &object.namespace().unwrap_or_default());
    for (source, (field, data)) in missing {
        let written = write(&api, object, read, &source, data).await.map_err(|error| {
            let text = format!("failed to write the API key into {source}: {}", with_causes(&error));
            Trouble::secret(&field, &text)
        })?;
        let object = serde_json::to_value(&written).unwrap_or_default();
        read.replace(source, &object, written.resource_version());
    }
    Ok(())
}

/// Only the missing keys, and only if the Secret is still as it was read: a value is never overwritten.
async fn write(
    api: &Api<Secret>,
    object: &StepFunctionsApi,
    read: &Read,
    source: &Source,
    data: BTreeMap<String, ByteString>,
) -> Result<Secret, kube::Error> {
    let manager = Some(FIELD_MANAGER.to_owned());
    if !matches!(read.values.get(source), Some(Content::Keys(_))) {
        let metadata = ObjectMeta {
            name: Some(source.name.clone()),
            owner_references: object.owner_ref(&()).map(|owner| vec![owner]),
            ..ObjectMeta::default()
        };
        let secret = Secret { metadata, data: Some(data), ..Secret::default() };
        let params = PostParams { field_manager: manager, ..PostParams::default() };
        return api.create(&params, &secret).await;
    }
    let patch = json!({"metadata": {"resourceVersion": read.version(source)}, "data": data});
    let params = PatchParams { field_manager: manager, ..PatchParams::default() };
    api.patch(&source.name, &params, &Patch::Merge(patch)).await
}
