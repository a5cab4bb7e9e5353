//! The role's permissions: actions x what the methods work on, nothing wider.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Problems, Works, activities::Activities, machines::Reached, method_field};
use crate::actions::{self, Action, ArnKind, Resource};
use crate::api::{Method, StepFunctionsApiSpec};
use crate::model::{Arn, INLINE_POLICY_MAX, PolicyDocument, StateMachineArn};

/// The inline policy, `None` when no method needs one. Methods that could do nothing are a problem unless a managed policy
/// is there to cover them.
pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    on: &Works<'_>,
    managed: bool,
    problems: &mut Problems,
) -> Option<PolicyDocument> {
    let mut grants: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut passed: BTreeSet<String> = BTreeSet::new();
    for method in &spec.methods {
        let Some(action) = actions::find(&method.action) else { continue };
        let resources = match action.resource {
            Resource::Any => unscoped(spec, method, action, problems),
            Resource::Activity => of_activities(method, on.activities, managed, problems),
            Resource::StateMachine | Resource::Execution | Resource::MapRun => {
                of_machines(method, action, on.machines, managed, problems)
            }
        };
        grants.entry(format!("states:{}", action.name)).or_default().extend(resources);
        passed.extend(passed_role(method, action, managed, problems));
    }
    grants.retain(|_, resources| !resources.is_empty());
    if grants.is_empty() {
        return None;
    }
    let mut statements: Vec<Value> = grants
        .iter()
        .map(|(action, resources)| json!({"Effect": "Allow", "Action": action, "Resource": resources}))
        .collect();
    if !passed.is_empty() {
        statements.push(json!({
            "Effect": "Allow",
            "Action": "iam:PassRole",
            "Resource": passed,
            "Condition": {"StringEquals": {"iam:PassedToService": "states.amazonaws.com"}},
        }));
    }
    let document = PolicyDocument::new(json!({"Version": "2012-10-17", "Statement": statements}));
    let size = document.size();
    if size > INLINE_POLICY_MAX {
        problems.add(
            "spec.role",
            format!(
                "the created role's policy would have {size} characters for the state machines of spec.stateMachines \
                 and spec.role.stateMachineArns, and IAM allows {INLINE_POLICY_MAX}; name fewer, or use * in stateMachineArns"
            ),
        );
    }
    Some(document)
}

/// What a method reaches of the machines that it works on.
fn of_machines(
    method: &Method,
    action: &Action,
    machines: &Reached,
    managed: bool,
    problems: &mut Problems,
) -> BTreeSet<String> {
    let reached = machines.of(method);
    if reached.is_empty() && method.state_machine.is_none() && !managed {
        problems.add(
            format!("{}.stateMachine", method_field(method)),
            "missing: the created role would allow nothing; name an entry of spec.stateMachines, or list the machines \
             that callers may name in spec.role.stateMachineArns",
        );
    }
    let kinds = kinds(method, action);
    let resource = |arn: &StateMachineArn, kind: &Resource| match kind {
        Resource::Execution => arn.executions(),
        Resource::MapRun => arn.map_runs(),
        _ => arn.unqualified(),
    };
    let reached = reached.iter().chain(machines.of_tests(method));
    reached.flat_map(|(_, arn)| kinds.iter().map(move |kind| resource(arn, kind))).collect()
}

/// ListExecutions is allowed on a machine or on a Map Run, by the argument that it has.
fn kinds(method: &Method, action: &Action) -> Vec<Resource> {
    let of_map_run = action.arn(ArnKind::MapRun).filter(|_| action.resource == Resource::StateMachine);
    let Some(of_map_run) = of_map_run else { return vec![action.resource] };
    let own = method.request.as_ref().is_some_and(|request| request.template.is_some());
    let callers_choice = own || (method.arguments.is_empty() && method.state_machine.is_none());
    match (callers_choice, method.arguments.contains_key(of_map_run.name)) {
        (true, _) => vec![Resource::StateMachine, Resource::MapRun],
        (false, true) => vec![Resource::MapRun],
        (false, false) => vec![Resource::StateMachine],
    }
}

fn of_activities(method: &Method, activities: &Activities, managed: bool, problems: &mut Problems) -> BTreeSet<String> {
    let reached = activities.of(method);
    if reached.is_empty() && !managed && !activities.are_fixed(method) {
        problems.add(
            format!("{}.arguments.activityArn", method_field(method)),
            "the created role would allow nothing; give a value or a stageVariable, or list the activities that callers \
             may name in spec.role.activityArns",
        );
    }
    reached.iter().map(|arn| arn.arn().to_string()).collect()
}

/// What can only be allowed on everything has to be listed.
fn unscoped(
    spec: &StepFunctionsApiSpec,
    method: &Method,
    action: &Action,
    problems: &mut Problems,
) -> BTreeSet<String> {
    let listed = spec.role.iter().any(|role| role.unscoped_actions.iter().any(|name| name == action.name));
    if !listed {
        problems.add(
            format!("{}.action", method_field(method)),
            format!(
                "IAM cannot limit {0} to some machines or activities: the created role would allow it on everything in \
                 account and region. If that is meant, list {0} in spec.role.unscopedActions",
                action.name
            ),
        );
    }
    BTreeSet::from(["*".to_owned()])
}

/// The role that a method hands to Step Functions, which IAM wants to be allowed.
fn passed_role(method: &Method, action: &Action, managed: bool, problems: &mut Problems) -> Option<String> {
    let argument = action.arn(ArnKind::Role)?;
    let source = method.arguments.get(argument.name)?;
    let field = format!("{}.arguments.{}", method_field(method), argument.name);
    if let Some(text) = &source.value {
        return problems.check(&format!("{field}.value"), Arn::parse(text)).map(|arn| arn.to_string());
    }
    if !managed {
        problems.add(field, "a caller cannot choose the role that is handed to Step Functions; give its ARN as value");
    }
    None
}
