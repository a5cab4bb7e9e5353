//! `stepgate plan`.

use std::collections::BTreeMap;
use std::fmt::Write;

use clap::Args;
use kube::{Api, Client};

use super::aws::AwsArguments;
use super::manifest::{Manifest, ManifestArguments, rendered};
use super::output::print;
use crate::api::StepFunctionsApi;
use crate::aws::Caller;
use crate::controller::{connect, owner_id, scope, with_causes};
use crate::model::{ApiStatus, Definition, Desired, Holder, Observed, ObservedRestApi, RestApi, Tags};
use crate::observe::{Scope, observe};
use crate::plan::{Plan, plan};
use crate::references::HIDDEN;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    manifest: ManifestArguments,

    /// Plan against an empty account, an API to adopt being as empty: needs neither AWS nor a cluster
    #[arg(long)]
    offline: bool,

    /// Owner id of the installation, as the controller logs it when it starts
    #[arg(long, env = "STEPGATE_OWNER_ID", value_name = "ID")]
    owner_id: Option<String>,

    #[command(flatten)]
    aws: AwsArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), String> {
    let (cluster, installation) = if arguments.offline {
        (None, arguments.owner_id.clone().unwrap_or_else(|| "OWNER_ID".to_owned()))
    } else if let Some(id) = &arguments.owner_id {
        (None, id.clone())
    } else {
        let cluster = connect(None).await?;
        let id = owner_id(&cluster, None).await.map_err(|error| with_causes(&error))?;
        (Some(cluster), id)
    };
    let regions = arguments.aws.load_unobserved().await;
    for manifest in arguments.manifest.read(&installation, arguments.offline)? {
        let desired = rendered(&manifest)?;
        let owner = &manifest.owner;
        let observed = if arguments.offline {
            empty(&desired)
        } else {
            let aws = regions.get(&desired.region, Caller::default());
            let scope = known(cluster.as_ref(), &manifest).await;
            observe(&aws, &desired, &scope).await.map_err(|error| manifest.secrets.hide(&error.to_string()))?
        };
        let mut plan = plan(&desired, &observed);
        plan.hide(|value| manifest.secrets.are_in(value), HIDDEN);
        print(&manifest.secrets.hide(&shown(&format!("{}/{}", owner.namespace, owner.name), &plan)))?;
    }
    Ok(())
}

/// Where AWS may have something that the spec does not name any more, as the object's status in the cluster tells.
async fn known(cluster: Option<&Client>, manifest: &Manifest) -> Scope {
    let Some(cluster) = cluster else { return Scope::default() };
    let objects: Api<StepFunctionsApi> = Api::namespaced(cluster.clone(), &manifest.owner.namespace);
    // Without the object, or the right to see it, the plan is that of a new one.
    let object = objects.get_opt(&manifest.owner.name).await.ok().flatten();
    object.map_or_else(Scope::default, |object| Scope { settled: false, ..scope(&object, &manifest.object.spec) })
}

/// An account with nothing in it but the API that the spec names.
fn empty(desired: &Desired) -> Observed {
    let named = desired.adopt.as_ref().zip(desired.rest_api.as_ref());
    let rest_api = named.map(|(adopt, wanted)| ObservedRestApi {
        id: adopt.rest_api.clone(),
        holder: Holder::Nobody,
        status: ApiStatus::Available,
        api: RestApi { tags: Tags::new(), definition: Definition::default(), ..wanted.clone() },
        unused_validators: BTreeMap::new(),
    });
    Observed { rest_api, ..Observed::default() }
}

fn shown(name: &str, plan: &Plan) -> String {
    let mut text: String = plan.blockers.iter().map(|blocker| format!("{name}: blocked: {blocker}\n")).collect();
    text.extend(plan.unmet.iter().map(|unmet| format!("{name}: left out: {unmet}\n")));
    if plan.is_empty() {
        let _ = writeln!(text, "{name}: nothing to do, AWS matches");
    } else if plan.only_takes_over() {
        let writes = plan.steps.len();
        let _ = writeln!(
            text,
            "{name}: no changes of what the API is; {writes} writes take it over, and its stages will serve what it is now \
             (plan {})",
            plan.hash()
        );
    } else if !plan.steps.is_empty() {
        let _ = writeln!(text, "{name}: {} writes (plan {})", plan.steps.len(), plan.hash());
    }
    text.extend(plan.lines().into_iter().map(|line| format!("  {line}\n")));
    text
}
