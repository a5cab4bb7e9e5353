//! The controller's own IAM policy, from the table of [`super::permissions`].

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};

use super::permissions::{Need, OPERATIONS, On};
use crate::model::matches;

/// Names of statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "Sid::why says it")]
pub enum Sid {
    ReadApis,
    CreateApis,
    ChangeApis,
    Tag,
    ReadRoles,
    ChangeRoles,
    GrantRoles,
    PassRoles,
    DescribeMachines,
    AttachPolicies,
    RoleBoundaries,
    ResourcePolicies,
    TestMethods,
    CreatePlans,
    ChangePlans,
    CreateDomains,
    ChangeDomains,
    EdgeDomains,
    CreateCertificates,
    ChangeCertificates,
}

impl Sid {
    /// All of them, in the order of the policy.
    pub const ALL: [Self; 20] = [
        Self::ReadApis,
        Self::CreateApis,
        Self::ChangeApis,
        Self::Tag,
        Self::ReadRoles,
        Self::ChangeRoles,
        Self::GrantRoles,
        Self::PassRoles,
        Self::DescribeMachines,
        Self::AttachPolicies,
        Self::RoleBoundaries,
        Self::ResourcePolicies,
        Self::TestMethods,
        Self::CreatePlans,
        Self::ChangePlans,
        Self::CreateDomains,
        Self::ChangeDomains,
        Self::EdgeDomains,
        Self::CreateCertificates,
        Self::ChangeCertificates,
    ];
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Parts of the spec that need statements of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Roles that the controller makes; without, every spec gives `role.arn`.
    CreatedRoles,
    /// `role.managedPolicyArns`.
    ManagedPolicies,
    /// Changes of `role.permissionsBoundaryArn`; a role can be made with one all the same.
    PermissionsBoundaries,
    /// `endpoint.policy`.
    ResourcePolicies,
    /// `methods[].tests`.
    Tests,
    /// `usagePlans`.
    UsagePlans,
    /// `domains`.
    Domains,
    /// `domains` of type Edge.
    EdgeDomains,
    /// `stages[].clientCertificate`.
    ClientCertificates,
}

impl Feature {
    /// All of them with their names on the command line.
    pub const ALL: [(&'static str, Self); 9] = [
        ("created-roles", Self::CreatedRoles),
        ("managed-policies", Self::ManagedPolicies),
        ("permissions-boundaries", Self::PermissionsBoundaries),
        ("resource-policies", Self::ResourcePolicies),
        ("tests", Self::Tests),
        ("usage-plans", Self::UsagePlans),
        ("domains", Self::Domains),
        ("edge-domains", Self::EdgeDomains),
        ("client-certificates", Self::ClientCertificates),
    ];
}

/// How narrow a policy is. `*` in a part of an ARN stands for all.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Partition of all ARNs.
    pub partition: String,
    /// Regions of the APIs; all, if there are none.
    pub regions: Vec<String>,
    /// Account of roles and state machines.
    pub account: String,
    /// Created roles: path and name without the leading slash, such as `apis/stepgate-*`.
    pub roles: Vec<String>,
    /// ARNs of roles that specs give.
    pub passed_roles: Vec<String>,
    /// The permissions boundary that every created role must have.
    pub boundary: Option<String>,
    /// Managed policies that may be attached; any, if there are none.
    pub managed_policies: Vec<String>,
    /// ARNs of state machines that may be reached; `None` for all.
    pub state_machines: Option<Vec<String>>,
    /// Features to leave out.
    pub without: BTreeSet<Feature>,
}

/// Names of created roles, unless the spec gives one: [`crate::model::Owner::role_name`].
pub const ROLE_NAMES: &str = "stepgate-*";

impl Default for Bounds {
    fn default() -> Self {
        Self {
            partition: "aws".to_owned(),
            regions: Vec::new(),
            account: "*".to_owned(),
            roles: vec![ROLE_NAMES.to_owned()],
            passed_roles: Vec::new(),
            boundary: None,
            managed_policies: Vec::new(),
            state_machines: None,
            without: BTreeSet::new(),
        }
    }
}

/// The least policy that lets the controller do its work within those bounds, as a policy document.
pub fn policy(bounds: &Bounds) -> Value {
    let wanted = |sid: &Sid| sid.features().iter().all(|feature| !bounds.without.contains(feature));
    let statements: Vec<Value> = Sid::ALL.into_iter().filter(wanted).filter_map(|sid| statement(sid, bounds)).collect();
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// What the code needs of a statement: permissions with the operations that need them.
pub fn needs(sid: Sid) -> impl Iterator<Item = (&'static str, &'static Need)> {
    let all = OPERATIONS.iter().flat_map(|(operation, needs)| needs.iter().map(|need| (*operation, need)));
    all.filter(move |(_, need)| need.sid == sid)
}

/// A statement, `None` if the bounds leave nothing of it.
pub(super) fn statement(sid: Sid, bounds: &Bounds) -> Option<Value> {
    let mut actions: BTreeSet<&str> = needs(sid).map(|(_, need)| need.action).collect();
    if bounds.boundary.is_some() {
        actions.remove("iam:DeleteRolePermissionsBoundary");
    }
    let all: BTreeSet<String> = needs(sid).flat_map(|(_, need)| resources(need.on, bounds)).collect();
    let wider = |this: &String| all.iter().any(|other| other != this && matches(other, this));
    let resources: Vec<&String> = all.iter().filter(|this| !wider(this)).collect();
    if actions.is_empty() || resources.is_empty() {
        return None;
    }
    let mut statement = json!({"Sid": sid.to_string(), "Effect": "Allow", "Action": actions, "Resource": resources});
    if let Some(condition) = condition(sid, bounds) {
        statement["Condition"] = condition;
    }
    Some(statement)
}

/// Who may make roles may give itself any permission by them, unless every role has to have a boundary:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html>.
fn condition(sid: Sid, bounds: &Bounds) -> Option<Value> {
    let bounded = bounds.boundary.as_ref().map(|arn| json!({"StringEquals": {"iam:PermissionsBoundary": arn}}));
    match sid {
        Sid::PassRoles => Some(json!({"StringEquals": {"iam:PassedToService": "apigateway.amazonaws.com"}})),
        Sid::GrantRoles | Sid::RoleBoundaries => bounded,
        Sid::AttachPolicies if bounds.managed_policies.is_empty() => bounded,
        Sid::AttachPolicies => {
            let mut condition = bounded.unwrap_or_else(|| json!({}));
            condition["ArnLike"] = json!({"iam:PolicyARN": bounds.managed_policies});
            Some(condition)
        }
        _ if bounds.regions.len() > 1 && is_regional(sid) => {
            Some(json!({"StringEquals": {"aws:RequestedRegion": bounds.regions}}))
        }
        _ => None,
    }
}

/// Whether a statement is about services that have regions.
fn is_regional(sid: Sid) -> bool {
    needs(sid).all(|(_, need)| matches!(need.on, On::Path(_) | On::StateMachines))
}

fn resources(on: On, bounds: &Bounds) -> Vec<String> {
    let Bounds { partition, account, .. } = bounds;
    // Several are in a condition: in the ARNs, they would be more than a policy may have.
    let region = if let [one] = bounds.regions.as_slice() { one.as_str() } else { "*" };
    let role = |name: &str| format!("arn:{partition}:iam::{account}:role/{name}");
    let created = || bounds.roles.iter().map(|name| role(name));
    match on {
        On::Path(path) => vec![format!("arn:{partition}:apigateway:{region}::{path}")],
        On::NamedRoles => {
            let names = bounds.roles.iter().filter_map(|role| role.rsplit('/').next()).chain([ROLE_NAMES]);
            created().chain(names.map(role)).collect()
        }
        On::CreatedRoles => created().collect(),
        On::PassedRoles => {
            let created: Vec<String> =
                if bounds.without.contains(&Feature::CreatedRoles) { Vec::new() } else { created().collect() };
            created.into_iter().chain(bounds.passed_roles.iter().cloned()).collect()
        }
        On::StateMachines => {
            let all = || vec![format!("arn:{partition}:states:{region}:{account}:stateMachine:*")];
            bounds.state_machines.clone().unwrap_or_else(all)
        }
        On::Anything => vec!["*".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a statement would allow an action where no operation needs it.
    #[test]
    fn every_action_of_a_statement_is_needed_on_each_of_its_resources() {
        let bounds = Bounds::default();
        for sid in Sid::ALL {
            let found = statement(sid, &bounds).expect("a statement");
            let list = |key: &str| found[key].as_array().expect("a list").clone();
            for action in list("Action") {
                for resource in list("Resource") {
                    let needed = needs(sid).any(|(_, need)| {
                        let on = resources(need.on, &bounds);
                        action == need.action && on.iter().any(|on| resource == *on)
                    });
                    assert!(needed, "{sid}: {action} on {resource}");
                }
            }
        }
    }

    /// Else one of them is not needed.
    #[test]
    fn a_permission_is_in_one_statement() {
        let bounds = Bounds::default();
        for (operation, needs) in OPERATIONS {
            for need in *needs {
                for wanted in resources(need.on, &bounds) {
                    let allows = |sid: &Sid| {
                        let found = statement(*sid, &bounds).expect("a statement");
                        let listed = |key: &str, wanted: &dyn Fn(&str) -> bool| {
                            found[key].as_array().into_iter().flatten().filter_map(Value::as_str).any(wanted)
                        };
                        listed("Action", &|action| action == need.action)
                            && listed("Resource", &|pattern| matches(pattern, &wanted))
                    };
                    let allowed: Vec<Sid> = Sid::ALL.into_iter().filter(allows).collect();
                    assert_eq!(allowed, [need.sid], "{operation}: {} on {wanted}", need.action);
                }
            }
        }
    }
}
