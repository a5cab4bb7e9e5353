//! `stepgate render`.

use clap::Args;
use serde_json::{Value, json};

use super::manifest::{ManifestArguments, rendered};
use crate::aws::openapi;
use crate::model::{Arn, Desired, Role};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    manifest: ManifestArguments,
}

/// Stands for what a cluster knows and a file does not.
const INSTALLATION: &str = "OWNER_ID";

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    let mut documents = Vec::new();
    for (owner, object) in arguments.manifest.read(INSTALLATION, true)? {
        let desired = rendered(&owner, &object.spec)?;
        documents.push(document(&desired));
    }
    let shown = if documents.len() == 1 { documents.remove(0) } else { Value::Array(documents) };
    println!("{shown:#}");
    Ok(())
}

fn document(desired: &Desired) -> Value {
    let account = desired.machines.keys().map(Arn::account).next().unwrap_or("ACCOUNT_ID");
    let partition = crate::model::partition(&desired.region).id;
    let role_arn =
        desired.role.as_ref().map(|role| format!("arn:{partition}:iam::{account}:role{}{}", role.path, role.name));
    json!({
        "role": desired.role.as_ref().map(role),
        "restApi": desired.rest_api.as_ref().map(|api| json!({
            "name": api.name,
            "tags": api.tags,
            "settings": api.settings,
            "openapi": openapi(api, role_arn.as_deref().unwrap_or_default()),
        })),
        "deployment": desired.revision().map(|revision| json!({"description": revision.description()})),
        "stages": desired.stages.iter().map(|(name, stage)| (name.clone(), json!({
            "description": stage.description,
            "variables": stage.variables,
            "tags": stage.tags,
        }))).collect::<serde_json::Map<_, _>>(),
    })
}

fn role(role: &Role) -> Value {
    json!({
        "name": role.name,
        "path": role.path,
        "permissionsBoundary": role.permissions_boundary,
        "trustPolicy": role.trust.value(),
        "inlinePolicy": role.inline_policy.as_ref().map(crate::model::PolicyDocument::value),
        "managedPolicies": role.managed_policies,
        "tags": role.tags,
    })
}
