//! `stepgate plan`.

use clap::Args;

use super::aws::AwsArguments;
use super::manifest::{ManifestArguments, rendered};
use crate::aws::Caller;
use crate::controller::{connect, owner_id, with_causes};
use crate::model::Observed;
use crate::observe::{Scope, observe};
use crate::plan::{Plan, plan};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    manifest: ManifestArguments,

    /// Plan against an empty account: needs neither AWS nor a cluster
    #[arg(long)]
    offline: bool,

    /// Owner id of the installation, as the controller logs it when it starts
    #[arg(long, env = "STEPGATE_OWNER_ID", value_name = "ID")]
    owner_id: Option<String>,

    #[command(flatten)]
    aws: AwsArguments,
}

pub(super) async fn run(arguments: Arguments) -> Result<(), String> {
    let installation = if arguments.offline {
        arguments.owner_id.clone().unwrap_or_else(|| "OWNER_ID".to_owned())
    } else if let Some(id) = &arguments.owner_id {
        id.clone()
    } else {
        owner_id(&connect(None).await?, None).await.map_err(|error| with_causes(&error))?
    };
    let regions = arguments.aws.load_unobserved().await;
    for (owner, object) in arguments.manifest.read(&installation, arguments.offline)? {
        let desired = rendered(&owner, &object.spec)?;
        let observed = if arguments.offline {
            Observed::default()
        } else {
            let aws = regions.get(&desired.region, Caller::default());
            observe(&aws, &desired, &Scope::default()).await.map_err(|error| error.to_string())?
        };
        print(&format!("{}/{}", owner.namespace, owner.name), &plan(&desired, &observed));
    }
    Ok(())
}

fn print(name: &str, plan: &Plan) {
    for blocker in &plan.blockers {
        println!("{name}: blocked: {blocker}");
    }
    if plan.is_empty() {
        println!("{name}: nothing to do, AWS matches");
    } else if !plan.steps.is_empty() {
        println!("{name}: {} writes (plan {})", plan.steps.len(), plan.hash());
    }
    for line in plan.lines() {
        println!("  {line}");
    }
}
