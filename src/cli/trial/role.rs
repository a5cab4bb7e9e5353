//! Whether the role may make a request, as far as a manifest says.

use serde_json::Value;

use crate::actions::{self, ArnKind, Resource};
use crate::model::matches;
use crate::model::{Backend, Credentials, Integration, Role};

/// Whether IAM lets the role make the request; `None` where others say so: for a role that is given, one with managed
/// policies, and, if its own policy allows it, one with a boundary.
pub(super) fn may(role: Option<&Role>, integration: &Integration, action: &str, request: &Value) -> Option<bool> {
    let Backend::Aws { credentials: Credentials::OwnRole, .. } = &integration.backend else { return None };
    let role = role.filter(|role| role.managed_policies.is_empty())?;
    let on = subject(action, request)?;
    let policy = role.inline_policy.as_ref()?.value();
    let name = format!("states:{action}");
    let statements = each(&policy["Statement"]).filter(|statement| statement["Action"] == name.as_str());
    let patterns: Vec<&str> =
        statements.flat_map(|statement| each(&statement["Resource"])).filter_map(Value::as_str).collect();
    if patterns.iter().any(|pattern| pattern.contains('?')) {
        return None;
    }
    match patterns.iter().any(|pattern| matches(pattern, &on)) {
        true if role.permissions_boundary.is_some() => None,
        allowed => Some(allowed),
    }
}

/// What IAM authorises the request on.
fn subject(action: &str, request: &Value) -> Option<String> {
    let action = actions::find(action)?;
    let kinds: &[ArnKind] = match action.resource {
        Resource::Any => return Some("*".to_owned()),
        Resource::StateMachine => &[ArnKind::StateMachine, ArnKind::MapRun],
        Resource::Execution => &[ArnKind::Execution],
        Resource::MapRun => &[ArnKind::MapRun],
        Resource::Activity => &[ArnKind::Activity],
    };
    let given = |kind: &ArnKind| Some((*kind, request[action.arn(*kind)?.name].as_str()?));
    let (kind, text) = kinds.iter().find_map(given)?;
    // Aliases and versions are authorised as their machine.
    let machine = (kind == ArnKind::StateMachine).then(|| text.splitn(8, ':').take(7).collect::<Vec<_>>().join(":"));
    Some(machine.unwrap_or_else(|| text.to_owned()))
}

/// The items of a list, or the one that stands for it.
fn each(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter()
}
