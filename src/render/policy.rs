//! The role's permissions: actions x machines, nothing wider.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Problems, machines::Reached, method_field};
use crate::actions::{self, Resource};
use crate::api::StepFunctionsApiSpec;
use crate::model::{INLINE_POLICY_MAX, PolicyDocument, StateMachineArn};

/// The inline policy, `None` when no method needs one. Methods without any machine are a problem unless a managed policy
/// is there to cover them.
pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    machines: &Reached,
    managed: bool,
    problems: &mut Problems,
) -> Option<PolicyDocument> {
    let mut grants: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for method in &spec.methods {
        let Some(action) = actions::find(&method.action) else { continue };
        let reached = machines.of(method);
        if reached.is_empty() && method.state_machine.is_none() && !managed {
            problems.add(
                format!("{}.stateMachine", method_field(method)),
                "missing: the created role would allow nothing; name an entry of spec.stateMachines, or list the \
                 machines that callers may name in spec.role.stateMachineArns",
            );
        }
        let resource = |arn: &StateMachineArn| match action.resource {
            Resource::StateMachine => arn.unqualified(),
            Resource::Execution => arn.executions(),
        };
        grants.entry(action.name).or_default().extend(reached.iter().map(|(_, arn)| resource(arn)));
    }
    grants.retain(|_, resources| !resources.is_empty());
    if grants.is_empty() {
        return None;
    }
    let statements: Vec<Value> = grants
        .iter()
        .map(|(action, resources)| json!({"Effect": "Allow", "Action": format!("states:{action}"), "Resource": resources}))
        .collect();
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
