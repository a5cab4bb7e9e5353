//! `stepgate iam-policy`.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::manifest::read_class;
use super::output::print;
use crate::api::StepFunctionsApiClassSpec;
use crate::aws::policy::{Bounds, Feature, ROLE_NAMES, Sid, needs, policy};
use crate::model::{partition, regions};
use crate::spelling::hint;

pub(super) const EXAMPLES: &str = "\
Examples:
  stepgate iam-policy --account 123456789012 --region eu-west-1
  stepgate iam-policy --class class.yaml                        what the objects of that StepFunctionsApiClass may need
  stepgate iam-policy --role 'stepgate-*' --role apis/orders    specs with role.name: orders, role.path: /apis/, too
  stepgate iam-policy --without created-roles --pass-role arn:aws:iam::123456789012:role/api-gateway
  stepgate iam-policy --explain                                 what each statement is for";

/// IAM's limit for a managed policy; white space does not count:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
const SIZE_MAX: usize = 6144;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Partition of the ARNs: aws, aws-cn, aws-us-gov; by default that of the region
    #[arg(long, value_parser = word)]
    partition: Option<String>,

    /// File with a StepFunctionsApiClass, - for standard input: the policy is for its objects, and for no others. What is
    /// given beside it goes before what it says. For several classes, print one for each and attach them all
    #[arg(long, value_name = "FILE")]
    class: Option<PathBuf>,

    /// Region of the APIs, with *; may be repeated
    #[arg(long = "region", value_name = "REGION", value_parser = word)]
    regions: Vec<String>,

    /// Account of roles and state machines, twelve digits
    #[arg(long, value_parser = account)]
    account: Option<String>,

    /// Path and name of roles that the controller makes, with *; may be repeated. Specs that give role.path or role.name
    /// need their own. By default stepgate-*, or all below the rolePath of the class
    #[arg(long = "role", value_name = "PATTERN", value_parser = role)]
    roles: Vec<String>,

    /// A role that specs give as role.arn or authorizers[].lambda.roleArn, with *; may be repeated
    #[arg(long = "pass-role", value_name = "ARN", value_parser = role_arn)]
    passed_roles: Vec<String>,

    /// Make roles only with this permissions boundary
    #[arg(long, value_name = "ARN", value_parser = policy_arn)]
    permissions_boundary: Option<String>,

    /// Attach only these managed policies, with *; may be repeated
    #[arg(long = "managed-policy", value_name = "ARN", value_parser = policy_arn)]
    managed_policies: Vec<String>,

    /// Name of a state machine that specs may use, with *; may be repeated
    #[arg(long = "state-machine", value_name = "PATTERN", value_parser = word)]
    state_machines: Vec<String>,

    /// A feature that no spec uses; may be repeated
    #[arg(long, value_name = "FEATURE", value_parser = PossibleValuesParser::new(Feature::ALL.map(|(name, _)| name)))]
    without: Vec<String>,

    /// Print what each statement is for and which calls need it, in place of the policy
    #[arg(long)]
    explain: bool,
}

fn word(text: &str) -> Result<String, String> {
    let known = |c: char| c.is_ascii_alphanumeric() || "-_*".contains(c);
    match !text.is_empty() && text.chars().all(known) {
        true => Ok(text.to_owned()),
        false => Err("has to be of letters, digits, - and _, or *".to_owned()),
    }
}

fn account(text: &str) -> Result<String, String> {
    match text == "*" || (text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())) {
        true => Ok(text.to_owned()),
        false => Err("has to be twelve digits".to_owned()),
    }
}

/// Characters of names and paths: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>.
fn role(text: &str) -> Result<String, String> {
    let text = text.trim_start_matches('/');
    let known = |c: char| c.is_ascii_alphanumeric() || "+=,.@-_/*".contains(c);
    match !text.is_empty() && !text.ends_with('/') && text.chars().all(known) {
        true => Ok(text.to_owned()),
        false => Err("has to be a path and a name, such as apis/stepgate-*".to_owned()),
    }
}

fn role_arn(text: &str) -> Result<String, String> {
    iam_arn(text, "role/")
}

fn policy_arn(text: &str) -> Result<String, String> {
    iam_arn(text, "policy/")
}

fn iam_arn(text: &str, kind: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "iam", "", _, name] if name.starts_with(kind) && role(name).is_ok() => Ok(text.to_owned()),
        _ => Err(format!("has to be an ARN such as arn:aws:iam::123456789012:{kind}name")),
    }
}

pub(super) fn run(arguments: Arguments) -> Result<(), String> {
    if arguments.explain {
        return print(&explanation());
    }
    let class = arguments.class.as_deref().map(read_class).transpose()?;
    let bounds = bounds(arguments, &class.unwrap_or_default())?;
    for region in bounds.regions.iter().filter(|region| !region.contains('*')) {
        if !regions().any(|known| known == region) {
            eprintln!("warning: {region} is no region of AWS that is known here{}", hint(region, regions()));
        }
    }
    let found = policy(&bounds);
    let size = found.to_string().len();
    if size > SIZE_MAX {
        return Err(format!(
            "the policy has {size} characters, IAM takes {SIZE_MAX} in a managed policy: give fewer and wider patterns"
        ));
    }
    print(&format!("{found:#}\n"))
}

/// What is given, or else what the class says.
fn bounds(given: Arguments, class: &StepFunctionsApiClassSpec) -> Result<Bounds, String> {
    let or = |given: Vec<String>, class: &[String]| if given.is_empty() { class.to_vec() } else { given };
    let regions = or(given.regions, &class.regions);
    let mut partitions: Vec<&str> = regions.iter().map(|region| partition(region).id).collect();
    partitions.dedup();
    let partition = match (given.partition, partitions.as_slice()) {
        (Some(given), _) => given,
        (None, []) => "aws".to_owned(),
        (None, [one]) => (*one).to_owned(),
        (None, several) => {
            let several = several.join(" and ");
            return Err(format!("regions of the partitions {several} need a policy each: give --region for one"));
        }
    };
    let account = given.account.or_else(|| only_account(class)).unwrap_or_else(|| "*".to_owned());
    let names = given.state_machines.iter();
    let region = if let [one] = regions.as_slice() { one } else { "*" };
    let machines = names.map(|name| format!("arn:{partition}:states:{region}:{account}:stateMachine:{name}")).collect();
    let roles = or(
        given.roles,
        &class.role_path.iter().map(|path| format!("{}*", path.trim_start_matches('/'))).collect::<Vec<_>>(),
    );
    let left_out = |name: &&str| given.without.iter().any(|given| given == name);
    let without = Feature::ALL.into_iter().filter(|(name, _)| left_out(name)).map(|(_, feature)| feature);
    let mut without: BTreeSet<Feature> = without.collect();
    let limited = class.limits_works();
    let managed_policies = or(given.managed_policies, &class.managed_policy_arns);
    if managed_policies.is_empty() && limited {
        without.insert(Feature::ManagedPolicies);
    }
    let passed_roles = or(given.passed_roles, &class.role_arns);
    if without.contains(&Feature::CreatedRoles) && passed_roles.is_empty() {
        return Err("without created-roles, give --pass-role for each role that specs name".to_owned());
    }
    Ok(Bounds {
        partition,
        regions,
        account,
        roles: if roles.is_empty() { vec![ROLE_NAMES.to_owned()] } else { roles },
        passed_roles,
        boundary: given.permissions_boundary.or_else(|| class.permissions_boundary_arn.clone()),
        managed_policies,
        state_machines: Some(or(machines, &class.state_machine_arns)).filter(|some| limited || !some.is_empty()),
        without,
    })
}

/// The account that all ARNs of a class name.
fn only_account(class: &StepFunctionsApiClassSpec) -> Option<String> {
    let lists = [&class.state_machine_arns, &class.activity_arns, &class.role_arns];
    let arns = lists.into_iter().flatten().chain(&class.permissions_boundary_arn);
    let accounts: BTreeSet<&str> = arns.filter_map(|arn| arn.split(':').nth(4)).filter(|part| *part != "aws").collect();
    let mut accounts = accounts.into_iter();
    let one = accounts.next().filter(|one| account(one).is_ok())?;
    accounts.next().is_none().then(|| one.to_owned())
}

fn explanation() -> String {
    let mut text = String::new();
    for sid in Sid::ALL {
        let _ = writeln!(text, "{sid}\n    To {}.", sid.why());
        let features: Vec<&str> = Feature::ALL
            .into_iter()
            .filter(|(_, feature)| sid.features().contains(feature))
            .map(|(name, _)| name)
            .collect();
        if !features.is_empty() {
            let _ = writeln!(text, "    Left out --without {}.", features.join(" or --without "));
        }
        let mut permissions: Vec<(&str, BTreeSet<&str>)> = Vec::new();
        for (operation, need) in needs(sid) {
            match permissions.iter_mut().find(|(action, _)| *action == need.action) {
                Some((_, operations)) => drop(operations.insert(operation)),
                None => permissions.push((need.action, BTreeSet::from([operation]))),
            }
        }
        for (action, operations) in permissions {
            let operations: Vec<&str> = operations.into_iter().collect();
            let _ = writeln!(text, "    {action}: {}", operations.join(", "));
        }
        text.push('\n');
    }
    text
}
