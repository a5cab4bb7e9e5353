//! Values of API keys: read from Secrets before a spec is rendered, and written into them once AWS has made some. They are
//! held no longer than a pass, and shown nowhere.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Resource, ResourceExt};
use serde_json::json;

use super::with_causes;
use crate::api::{FIELD_MANAGER, SecretKey, SecretText, StepFunctionsApi, StepFunctionsApiSpec};
use crate::apply::Ids;
use crate::model::ApiKeyValue;
use crate::status::Trouble;

/// The Secrets that a spec names, as they were read at the start of a pass.
pub(super) struct Secrets {
    api: Api<Secret>,
    found: BTreeMap<String, Option<Secret>>,
}

/// Path of an API key in the spec.
fn field(plan: &str, key: &str) -> String {
    format!("spec.usagePlans[{plan}].apiKeys[{key}]")
}

impl Secrets {
    /// Fills the values of API keys into the spec. One that AWS is to make stays empty.
    pub(super) async fn fill(api: Api<Secret>, spec: &mut StepFunctionsApiSpec) -> Result<Self, Trouble> {
        let mut secrets = Self { api, found: BTreeMap::new() };
        for plan in &mut spec.usage_plans {
            for key in &mut plan.api_keys {
                let field = field(&plan.name, &key.name);
                if let Some(at) = &key.secret {
                    key.value = secrets.read(&field, at).await?;
                } else if let Some(from) = &key.value_from {
                    let at = &from.secret_key_ref;
                    key.value = secrets.read(&field, at).await?;
                    if key.value.is_none() {
                        let text = format!("Secret {} with a key {} does not exist; create it", at.name, at.key);
                        return Err(Trouble::secret(&format!("{field}.valueFrom.secretKeyRef"), &text));
                    }
                }
            }
        }
        Ok(secrets)
    }

    async fn read(&mut self, field: &str, at: &SecretKey) -> Result<Option<SecretText>, Trouble> {
        if !self.found.contains_key(&at.name) {
            let found = self.api.get_opt(&at.name).await;
            let found = found.map_err(|error| {
                Trouble::secret(field, &format!("failed to read Secret {}: {}", at.name, with_causes(&error)))
            })?;
            self.found.insert(at.name.clone(), found);
        }
        let secret = self.found.get(&at.name).and_then(Option::as_ref);
        let Some(ByteString(bytes)) = secret.and_then(|secret| secret.data.as_ref()).and_then(|data| data.get(&at.key))
        else {
            return Ok(None);
        };
        let text = String::from_utf8(bytes.clone()).map_err(|_| {
            Trouble::secret(field, &format!("the value of key {} of Secret {} is no text", at.key, at.name))
        })?;
        ApiKeyValue::parse(&text)
            .map_err(|wrong| Trouble::secret(field, &format!("key {} of Secret {}: {wrong}", at.key, at.name)))?;
        Ok(Some(SecretText(text)))
    }

    /// Writes the values that AWS made into their Secrets, where they are not yet.
    pub(super) async fn keep(&self, object: &StepFunctionsApi, ids: &Ids) -> Result<(), Trouble> {
        let mut missing: BTreeMap<&str, (String, BTreeMap<String, ByteString>)> = BTreeMap::new();
        for plan in &object.spec.usage_plans {
            for key in &plan.api_keys {
                let (Some(at), Some((_, value))) = (&key.secret, ids.api_keys.get(&key.name)) else { continue };
                let found = self.found.get(&at.name).and_then(Option::as_ref);
                if found.and_then(|secret| secret.data.as_ref()).is_some_and(|data| data.contains_key(&at.key)) {
                    continue;
                }
                let entry = missing.entry(&at.name).or_insert_with(|| (field(&plan.name, &key.name), BTreeMap::new()));
                entry.1.insert(at.key.clone(), ByteString(value.0.clone().into_bytes()));
            }
        }
        for (name, (field, data)) in missing {
            self.write(object, name, data).await.map_err(|error| {
                let text = format!("failed to write the API key into Secret {name}: {}", with_causes(&error));
                Trouble::secret(&format!("{field}.secret"), &text)
            })?;
        }
        Ok(())
    }

    /// Only the missing keys, and only if the Secret is still as it was read: a value is never overwritten.
    async fn write(
        &self,
        object: &StepFunctionsApi,
        name: &str,
        data: BTreeMap<String, ByteString>,
    ) -> Result<(), kube::Error> {
        let manager = Some(FIELD_MANAGER.to_owned());
        let Some(found) = self.found.get(name).and_then(Option::as_ref) else {
            let metadata = ObjectMeta {
                name: Some(name.to_owned()),
                owner_references: object.owner_ref(&()).map(|owner| vec![owner]),
                ..ObjectMeta::default()
            };
            let secret = Secret { metadata, data: Some(data), ..Secret::default() };
            let params = PostParams { field_manager: manager, ..PostParams::default() };
            return self.api.create(&params, &secret).await.map(drop);
        };
        let patch = json!({"metadata": {"resourceVersion": found.resource_version()}, "data": data});
        let params = PatchParams { field_manager: manager, ..PatchParams::default() };
        self.api.patch(name, &params, &Patch::Merge(patch)).await.map(drop)
    }
}
