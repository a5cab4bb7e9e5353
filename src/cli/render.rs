//! `stepgate render`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::manifest::{ManifestArguments, rendered};
use super::output::print;
use super::trial::{self, Sample};
use crate::aws::openapi;
use crate::model::{Arn, Desired, Role};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    manifest: ManifestArguments,

    /// Show what a call of this file comes to instead: what Step Functions receives, and what the caller gets
    #[arg(long, value_name = "JSON", long_help = trial::HELP)]
    sample: Option<PathBuf>,

    /// Method of the call, as "POST /execution"; by default it is found by the sample's method and path
    #[arg(long, value_name = "METHOD", requires = "sample")]
    method: Option<String>,

    /// Stage of the call; by default that of the sample, or the first one by name
    #[arg(long, value_name = "NAME", requires = "sample")]
    stage: Option<String>,
}

/// Stands for what a cluster knows and a file does not.
const INSTALLATION: &str = "OWNER_ID";

pub(super) fn run(arguments: &Arguments) -> Result<(), String> {
    if let Some(file) = &arguments.sample {
        return call(arguments, file);
    }
    let mut documents = Vec::new();
    for manifest in arguments.manifest.read(INSTALLATION, true)? {
        documents.push(manifest.secrets.hide_in(document(&rendered(&manifest)?)));
    }
    let shown = if documents.len() == 1 { documents.remove(0) } else { Value::Array(documents) };
    print(&format!("{shown:#}\n"))
}

/// Prints what a call comes to.
fn call(arguments: &Arguments, file: &Path) -> Result<(), String> {
    let sample = Sample::read(file)?;
    let manifests = arguments.manifest.read(INSTALLATION, true)?;
    let [manifest] = manifests.as_slice() else {
        return Err(format!("--sample is for one manifest, and there are {}", manifests.len()));
    };
    let desired = rendered(manifest)?;
    let (method, stage) = (arguments.method.as_deref(), arguments.stage.as_deref());
    let trial = trial::call(&manifest.object.spec, &desired, &sample, method, stage).map_err(|problem| {
        if problem.starts_with("--") { problem } else { format!("{}: {problem}", file.display()) }
    })?;
    print(&(serde_json::to_string_pretty(&trial).map_err(|error| error.to_string())? + "\n"))?;
    if let Some(problem) = trial.problem {
        eprintln!("warning: {problem}");
    }
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
        "deployment": desired.revision.as_ref().map(|revision| json!({"description": revision.description()})),
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
