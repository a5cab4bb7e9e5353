//! `stepgate import`.

use std::collections::BTreeSet;
use std::fmt::Write;

use clap::Args;
use serde::Serialize;

use super::aws::AwsArguments;
use super::output::print;
use crate::api::StepFunctionsApiSpec;
use crate::aws::Caller;
use crate::import::{Imported, import};
use crate::model::{DeploymentId, Desired, Holder, Observed, Owner, RestApiId};
use crate::observe::look;
use crate::plan::{Plan, plan};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Id of the API: the first part of its URL
    #[arg(value_name = "API_ID")]
    api: String,

    /// Region that the API is in
    #[arg(long, env = "AWS_REGION", value_name = "REGION")]
    region: String,

    /// Stages to take over; can be given several times. Without it: all of the API's. Others are left alone
    #[arg(long, value_name = "NAME")]
    stage: Vec<String>,

    /// Name of the object; by default made of the API's
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    #[command(flatten)]
    aws: AwsArguments,
}

/// Where documentation of commands has its examples.
pub(super) const EXAMPLES: &str = "\
Examples:
  stepgate import a1b2c3d4e5 --region us-east-1 > api.yaml    describe the API
  stepgate plan api.yaml                                      what is left to write, and what is kept
  kubectl apply -f api.yaml                                   nothing is written yet: the plan is in status.plan
  kubectl annotate --overwrite sfnapi NAME stepgate.dev/approve=HASH
                                                              take the API over as that plan says";

pub(super) async fn run(arguments: Arguments) -> Result<(), String> {
    let Arguments { api, region, stage, name, aws } = arguments;
    let regions = aws.load_unobserved().await;
    let port = regions.get(&region, Caller::default());
    let id = RestApiId(api);
    let observed = look(&port, &id).await.map_err(|error| error.to_string())?;
    let mut observed = observed.ok_or_else(|| {
        format!("API {id} does not exist in {region} in this account; `aws apigateway get-rest-apis` lists ids")
    })?;
    let name = name.unwrap_or_else(|| object_name(&observed));
    let owner = Owner { installation: "OWNER_ID".to_owned(), namespace: "default".to_owned(), name };
    let holder = match observed.rest_api.as_mut().map(|found| std::mem::replace(&mut found.holder, Holder::Nobody)) {
        Some(Holder::Other(holder)) => Some(holder),
        _ => None,
    };
    let imported = import(&owner, &region, &observed, &stage)?;
    let comments = comments(&id, holder.as_deref(), &observed, &imported);
    print(&(comments + &manifest(&owner, &imported).map_err(|error| error.to_string())?))
}

/// The API's name as Kubernetes takes it.
fn object_name(observed: &Observed) -> String {
    let name = observed.rest_api.as_ref().map(|found| found.api.name.to_ascii_lowercase()).unwrap_or_default();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name: String = words.collect::<Vec<_>>().join("-").chars().take(63).collect();
    if name.is_empty() { "imported".to_owned() } else { name.trim_end_matches('-').to_owned() }
}

fn manifest(owner: &Owner, imported: &Imported) -> Result<String, serde_saphyr::ser_error::Error> {
    let document = Document {
        api_version: "stepgate.dev/v1alpha1",
        kind: "StepFunctionsApi",
        metadata: Metadata { name: &owner.name },
        spec: &imported.spec,
    };
    let text = serde_saphyr::to_string(&document)?;
    // What holds without them.
    let lines = text.lines().filter(|line| !["  driftPolicy: Heal", "  mode: Apply"].contains(line));
    Ok(lines.map(|line| format!("{line}\n")).collect())
}

/// The object in the order in which people write it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    spec: &'a StepFunctionsApiSpec,
}

#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
}

/// What to know before it is applied.
fn comments(id: &RestApiId, owner: Option<&str>, observed: &Observed, imported: &Imported) -> String {
    let name = observed.rest_api.as_ref().map(|found| found.api.name.clone()).unwrap_or_default();
    let mut lines = vec![
        format!("Written by `stepgate import` from API {id}, {name:?}. Applied, it writes nothing before its plan is approved:"),
        "see spec.adopt. Whatever made the API has to forget it first (terraform state rm). Once adopted, deleting this".to_owned(),
        "object deletes the API unless deletionPolicy is Retain. Not looked at, and left as they are: usage plans with their".to_owned(),
        "API keys, and custom domain names that lead to it.".to_owned(),
    ];
    if let Some(owner) = owner {
        lines.push(format!("REFUSED as long as it belongs to object {owner} (INSTALLATION/NAMESPACE/NAME)."));
    }
    if !imported.problems.is_empty() {
        lines.push("NOT VALID YET, correct this:".to_owned());
        lines.extend(imported.problems.iter().map(|problem| format!("  {problem}")));
    }
    if let Some(desired) = &imported.desired {
        // The manifest's owner has no other stages.
        let mut observed = observed.clone();
        observed.stages.retain(|name, _| desired.stages.contains_key(name));
        lines.extend(of_plan(imported, &plan(desired, &observed), desired, &observed));
    } else {
        lines.extend(imported.left_out.iter().map(|(key, why)| format!("Not described here: method {key}: {why}")));
    }
    let mut text = String::new();
    for line in lines.iter().flat_map(|line| line.lines()) {
        let _ = writeln!(text, "# {line}");
    }
    text
}

fn of_plan(imported: &Imported, plan: &Plan, desired: &Desired, observed: &Observed) -> Vec<String> {
    let mut lines = Vec::new();
    if !plan.kept.is_empty() {
        lines.push("Not described here and kept as it is, until spec.adopt.prune is true:".to_owned());
        for kept in &plan.kept {
            let why = imported.left_out.iter().find(|(key, _)| *kept == format!("method {key}"));
            lines.push(format!("  {kept}{}", why.map(|(_, why)| format!(": {why}")).unwrap_or_default()));
        }
    }
    let different = plan.beyond_taking_over();
    if !different.is_empty() {
        lines.push("DIFFERENT from what the API has or its stages serve, and would be changed:".to_owned());
        lines.extend(different.into_iter().map(|line| format!("  {line}")));
    }
    lines.extend(plan.blockers.iter().map(|blocker| format!("BLOCKED: {blocker}")));
    if plan.only_takes_over() {
        lines.push("The API is as this describes it: the plan changes nothing of it, and takes it over.".to_owned());
    }
    lines.extend(of_stages(observed));
    lines.push("Writes that take it over:".to_owned());
    let revision = desired.revision.as_ref().map(|revision| revision.to_string()).unwrap_or_default();
    lines.extend(plan.steps.iter().map(|step| format!("  {}", step.action).replace(&revision, "of this manifest")));
    lines
}

/// What the stages serve now, of which AWS tells little.
fn of_stages(observed: &Observed) -> Vec<String> {
    let stages = || observed.stages.iter();
    let own = stages().map(|(name, found)| (name.clone(), &found.deployment));
    let canaries =
        stages().filter_map(|(name, found)| Some((format!("{name}'s canary"), found.canary_deployment.as_ref()?)));
    let served: Vec<(String, &DeploymentId)> = own.chain(canaries).collect();
    let serves: Vec<String> = served.iter().map(|(name, deployment)| format!("{name} {deployment}")).collect();
    let deployments: BTreeSet<_> = served.iter().map(|(_, deployment)| deployment).collect();
    let mut lines = vec![
        "Its stages will serve what the API is now. Of what they serve already AWS tells the methods, who may call them and".to_owned(),
        "whether they need an API key, and no more: what else was changed and never deployed GOES LIVE with the plan. In".to_owned(),
        "doubt deploy it by hand before, and look.".to_owned(),
    ];
    if deployments.len() > 1 {
        lines.push(format!(
            "Stages serve DIFFERENT deployments now ({}); `--stage NAME` takes over some only.",
            serves.join(", ")
        ));
    }
    lines
}
