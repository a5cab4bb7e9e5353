//! The resource policy, written by the user as it is in AWS.

use serde_json::{Map, Value, json};

use super::Problems;
use crate::model::{PolicyDocument, partition};

/// API Gateway's limit for a resource policy, in characters
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const POLICY_MAX: usize = 8192;
const FIELD: &str = "spec.endpoint.policy";
/// The API's own ARN in a policy, which AWS writes out.
const SHORT: &str = "\"execute-api:/";
/// What a statement may have (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>).
const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// The policy as a document, after a look at its shape: AWS's own words on a bad one name no place.
pub(super) fn render(region: &str, policy: &Map<String, Value>, problems: &mut Problems) -> PolicyDocument {
    for name in policy.keys().filter(|name| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        problems.add(format!("{FIELD}.{name}"), "a policy has Version, Id and Statement only");
    }
    if !["2012-10-17", "2008-10-17"].iter().any(|version| policy.get("Version") == Some(&json!(version))) {
        problems.add(format!("{FIELD}.Version"), "has to be \"2012-10-17\", in quotes");
    }
    match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => {
            for (index, one) in statements.iter().enumerate() {
                statement(&format!("{FIELD}.Statement[{index}]"), one, problems);
            }
        }
        Some(one @ Value::Object(_)) => statement(&format!("{FIELD}.Statement"), one, problems),
        _ => problems.add(format!("{FIELD}.Statement"), "missing: a list of statements"),
    }
    let text = Value::Object(policy.clone()).to_string();
    if text.contains("${AWS::") {
        problems.add(FIELD, "API Gateway replaces ${AWS::...} when the policy is imported; write it otherwise");
    }
    // Ids of APIs have ten characters, account ids twelve.
    let own = format!("\"arn:{}:execute-api:{region}:123456789012:a1b2c3d4e5/", partition(region).id);
    let size = text.replace(SHORT, &own).chars().count();
    if size > POLICY_MAX {
        problems.add(
            FIELD,
            format!("has {size} characters with execute-api:/ written out, and API Gateway allows {POLICY_MAX}"),
        );
    }
    PolicyDocument::new(Value::Object(policy.clone()))
}

fn statement(field: &str, statement: &Value, problems: &mut Problems) {
    let Some(elements) = statement.as_object() else {
        problems.add(field, "has to be a statement: Effect, Principal, Action, Resource");
        return;
    };
    for name in elements.keys().filter(|name| !ELEMENTS.contains(&name.as_str())) {
        problems.add(format!("{field}.{name}"), format!("unknown; a statement has {}", ELEMENTS.join(", ")));
    }
    if !matches!(elements.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        problems.add(format!("{field}.Effect"), "has to be Allow or Deny");
    }
    for (name, negation) in [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")] {
        if elements.contains_key(name) == elements.contains_key(negation) {
            problems.add(format!("{field}.{name}"), format!("give exactly one of {name} and {negation}"));
        }
    }
    for name in ["Action", "NotAction"] {
        texts(field, elements, name, problems, |text| {
            text == "*" || text.to_ascii_lowercase().starts_with("execute-api:")
        });
    }
    for name in ["Resource", "NotResource"] {
        texts(field, elements, name, problems, |text| {
            text == "*"
                || text.starts_with("execute-api:/")
                || (text.starts_with("arn:") && text.contains(":execute-api:"))
        });
    }
    if elements.get("Condition").is_some_and(|condition| !condition.is_object()) {
        problems.add(format!("{field}.Condition"), "has to be a map of operators, such as IpAddress");
    }
}

/// A text or a list of them, each of the form that an API's policy has.
fn texts(field: &str, elements: &Map<String, Value>, name: &str, problems: &mut Problems, fits: fn(&str) -> bool) {
    let all = match elements.get(name) {
        None => return,
        Some(Value::Array(items)) => items.clone(),
        Some(one) => vec![one.clone()],
    };
    if all.is_empty() || !all.iter().all(|one| one.as_str().is_some_and(fits)) {
        let example = if name.ends_with("Action") { "execute-api:Invoke" } else { "execute-api:/*" };
        problems.add(format!("{field}.{name}"), format!("has to be {example}, or others of execute-api, or *"));
    }
}
