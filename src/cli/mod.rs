//! The command line.

mod actions;
mod aws;
mod controller;
mod docs;
mod explain;
mod iam_policy;
mod import;
mod manifest;
mod output;
mod plan;
mod referents;
mod render;
mod trial;

use clap::{Parser, Subcommand};

/// One StepFunctionsApi object becomes a working, least-privilege HTTP API in Amazon API Gateway in front of AWS Step
/// Functions.
///
/// In a cluster `stepgate controller` does the work; the Helm chart starts it. The other commands help to write
/// manifests and to see beforehand what will happen.
#[derive(Debug, Parser)]
#[command(name = "stepgate", version, max_term_width = 110, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  stepgate crd | kubectl apply --server-side -f -   install the custom resource
  stepgate render api.yaml                          the policy and the OpenAPI document it becomes
  stepgate render api.yaml --sample call.json       what a call sends to Step Functions, and what it gets back
  stepgate plan --offline api.yaml                  the writes that create it
  stepgate plan api.yaml                            the writes that are left, against the account
  stepgate actions SendTaskSuccess                  arguments, errors and permission of an action
  stepgate explain Denied                           what a condition's reason means
  stepgate import a1b2c3d4e5 --region us-east-1     the manifest of an API that was made elsewhere
  stepgate iam-policy --region us-east-1            the IAM policy that the controller needs";

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the controller: watch StepFunctionsApi objects and make AWS match them
    Controller(Box<controller::Arguments>),
    /// Print the CustomResourceDefinition as YAML
    ///
    /// Install it without the chart: stepgate crd | kubectl apply --server-side -f -
    Crd,
    /// Print the AWS documents that a manifest becomes, without AWS and without a cluster
    ///
    /// One JSON object with role, restApi (with its OpenAPI document), deployment and stages, or a list of them for a
    /// file with several manifests. What only a cluster or AWS knows is written in capitals: OWNER_ID, ACCOUNT_ID.
    /// With --sample: what one call comes to, from request to answer.
    Render(render::Arguments),
    /// Print what would change in AWS for a manifest; writes nothing
    ///
    /// The plan is against the account of the AWS credentials in the environment. Which of its resources are the
    /// manifest's is told by the owner id, which comes from the cluster of KUBECONFIG unless --owner-id gives it.
    Plan(plan::Arguments),
    /// Print the manifest of an API that was made elsewhere, such as in the console or by Terraform
    ///
    /// The manifest takes the API over (spec.adopt) and describes what there is, so that callers notice nothing: methods in
    /// the shortest form that comes to the same, else with their integration to the letter. Comments at its top list what
    /// it cannot describe, which is kept as it is, and every write that takes the API over. Reads AWS, and writes nothing.
    #[command(after_help = import::EXAMPLES)]
    Import(import::Arguments),
    /// Print the reference of the custom resource as Markdown: every field, action and reason
    ///
    /// docs/reference.md is: stepgate docs --examples examples
    Docs(docs::Arguments),
    /// List the Step Functions actions that a method can have, or tell all about one
    Actions(actions::Arguments),
    /// Explain a reason that a condition or an event gives, or all of them
    Explain(explain::Arguments),
    /// Print the least IAM policy that the controller needs, as JSON
    ///
    /// Attach it to the role or user whose credentials the controller has. Without options it is that of
    /// docs/iam-policy.json: every feature, in any region and account, for roles that the controller names itself
    /// (stepgate-*). Options make it narrower, or add roles that specs name. Where it lacks something that a spec needs,
    /// the object's condition Denied says which statement to add.
    ///
    /// Who may make roles may give itself any permission by one of them: --permissions-boundary prevents that, if every
    /// spec then gives role.permissionsBoundaryArn.
    #[command(after_help = iam_policy::EXAMPLES)]
    IamPolicy(iam_policy::Arguments),
}

/// Runs the command that was given.
///
/// # Errors
/// With a text for people.
pub async fn run(cli: Cli) -> Result<(), String> {
    match cli.command {
        Command::Controller(arguments) => controller::run(*arguments).await,
        Command::Crd => output::print(&crate::api::crd_yaml().map_err(|error| error.to_string())?),
        Command::Render(arguments) => render::run(&arguments),
        Command::Plan(arguments) => plan::run(arguments).await,
        Command::Import(arguments) => import::run(arguments).await,
        Command::Docs(arguments) => docs::run(&arguments),
        Command::Actions(arguments) => actions::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::IamPolicy(arguments) => iam_policy::run(arguments),
    }
}
