//! The resource policy, written by the user as it is in AWS.

use serde_json::{Map, Value, json};

use super::Problems;
use crate::api::StepFunctionsApiSpec;
use crate::model::{PolicyDocument, matches, partition};
use crate::spelling::{hint, instead};

/// API Gateway's limit for a resource policy, in characters
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html>).
const POLICY_MAX: usize = 8192;
const FIELD: &str = "spec.endpoint.policy";
/// The API's own ARN in a policy, which AWS writes out.
const SHORT: &str = "\"execute-api:/";
/// What a statement may have (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>).
const ELEMENTS: [&str; 9] =
    ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];

/// What a statement can be about
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigateway.html>).
const ACTIONS: [&str; 3] = ["Invoke", "InvalidateCache", "ManageConnections"];
/// Operators of conditions; each but Null may end in `IfExists`, and each may have a quantifier before it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).
const OPERATORS: [&str; 27] = [
    "StringEquals",
    "StringNotEquals",
    "StringEqualsIgnoreCase",
    "StringNotEqualsIgnoreCase",
    "StringLike",
    "StringNotLike",
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "Bool",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "Null",
];
const QUANTIFIERS: [&str; 2] = ["ForAllValues:", "ForAnyValue:"];

/// The policy as a document, after a look at its shape: AWS's own words on a bad one name no place.
pub(super) fn render(
    spec: &StepFunctionsApiSpec,
    policy: &Map<String, Value>,
    problems: &mut Problems,
) -> PolicyDocument {
    let region = &spec.region;
    for name in policy.keys().filter(|name| !["Version", "Id", "Statement"].contains(&name.as_str())) {
        problems.add(format!("{FIELD}.{name}"), "a policy has Version, Id and Statement only");
    }
    if !["2012-10-17", "2008-10-17"].iter().any(|version| policy.get("Version") == Some(&json!(version))) {
        problems.add(format!("{FIELD}.Version"), "has to be \"2012-10-17\", in quotes");
    }
    match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => {
            for (index, one) in statements.iter().enumerate() {
                statement(spec, &format!("{FIELD}.Statement[{index}]"), one, problems);
            }
        }
        Some(one @ Value::Object(_)) => statement(spec, &format!("{FIELD}.Statement"), one, problems),
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

fn statement(spec: &StepFunctionsApiSpec, field: &str, statement: &Value, problems: &mut Problems) {
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
    match elements.get("Condition") {
        None => {}
        Some(Value::Object(operators)) => {
            for (operator, keys) in operators {
                let field = format!("{field}.Condition.{operator}");
                unknown_operator(&field, operator, problems);
                if !keys.is_object() {
                    problems.add(field, "has to be a map of keys, such as aws:SourceIp");
                }
            }
        }
        Some(_) => problems.add(format!("{field}.Condition"), "has to be a map of operators, such as IpAddress"),
    }
    for name in ["Action", "NotAction"] {
        for action in listed(elements, name).filter_map(Value::as_str) {
            unknown_action(&format!("{field}.{name}"), action, problems);
        }
    }
    for name in ["Resource", "NotResource"] {
        for resource in listed(elements, name).filter_map(Value::as_str) {
            unknown_stage(spec, &format!("{field}.{name}"), resource, problems);
        }
    }
}

fn unknown_operator(field: &str, operator: &str, problems: &mut Problems) {
    let bare = QUANTIFIERS.iter().find_map(|quantifier| operator.strip_prefix(quantifier)).unwrap_or(operator);
    let bare = bare.strip_suffix("IfExists").filter(|bare| !bare.eq_ignore_ascii_case("Null")).unwrap_or(bare);
    if !OPERATORS.iter().any(|known| known.eq_ignore_ascii_case(bare)) {
        problems.warn(field, format!("is no operator of IAM that is known here{}", hint(bare, OPERATORS)));
    }
}

fn unknown_action(field: &str, action: &str, problems: &mut Problems) {
    let Some((_, name)) = action.split_once(':') else { return };
    let pattern = name.to_ascii_lowercase();
    let fits = |known: &str| pattern.contains('?') || matches(&pattern, &known.to_ascii_lowercase());
    if !ACTIONS.into_iter().any(fits) {
        problems.warn(field, format!("there is no action {action}{}", instead(name, ACTIONS)));
    }
}

/// A stage that only this policy names is one that callers do not reach, or that is not protected.
fn unknown_stage(spec: &StepFunctionsApiSpec, field: &str, resource: &str, problems: &mut Problems) {
    let path = match resource.strip_prefix("execute-api:/") {
        Some(path) => path,
        // arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/...
        None => match resource.splitn(6, ':').nth(5).and_then(|rest| rest.split_once('/')) {
            Some((_, path)) => path,
            None => return,
        },
    };
    let (name, wild) = start(path.split('/').next().unwrap_or_default());
    let mut stages = spec.stages.iter().map(|stage| stage.name.as_str());
    if !stages.clone().any(|stage| if wild { stage.starts_with(name) } else { stage == name }) {
        let message = format!("{resource} is about a stage that spec.stages does not have{}", hint(name, &mut stages));
        problems.warn(field, message);
    }
}

/// What stands before the first wildcard, and whether there is one.
fn start(pattern: &str) -> (&str, bool) {
    pattern.split_once(['*', '?']).map_or((pattern, false), |(start, _)| (start, true))
}

fn listed<'a>(elements: &'a Map<String, Value>, name: &str) -> impl Iterator<Item = &'a Value> {
    let one = elements.get(name);
    let all = one.and_then(Value::as_array);
    all.into_iter().flatten().chain(one.filter(|_| all.is_none()))
}

/// A text or a list of them, each of the form that an API's policy has.
fn texts(field: &str, elements: &Map<String, Value>, name: &str, problems: &mut Problems, fits: fn(&str) -> bool) {
    if !elements.contains_key(name) {
        return;
    }
    let mut all = listed(elements, name).peekable();
    if all.peek().is_none() || !all.all(|one| one.as_str().is_some_and(fits)) {
        let example = if name.ends_with("Action") { "execute-api:Invoke" } else { "execute-api:/*" };
        problems.add(format!("{field}.{name}"), format!("has to be {example}, or others of execute-api, or *"));
    }
}
