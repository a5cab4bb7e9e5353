//! What Step Functions refuses of a request, as far as the catalogue of actions says.

use serde_json::Value;

use super::answer::{DENIED, SERIALIZATION};
use crate::actions::{self, Action, Argument, ArnKind, Kind, Length, not_in_a_name};
use crate::model::Arn;

const VALIDATION: &str = "ValidationException";

/// Type and words of an error.
type Error = (&'static str, String);

/// The error that Step Functions answers to a request that is a JSON object, or none; `null` stands for an empty one. `may`
/// is whether the role may make it, if that is known. It reads the request, looks at the limits of every member, at who
/// asks, and then at what is in the members; AWS does not document that order, and of several errors it may name another.
pub(super) fn refused(action: &str, request: &Value, may: Option<bool>) -> Option<Error> {
    let action = actions::find(action)?;
    let given: Vec<(&Argument, &Value)> = action
        .arguments
        .iter()
        .filter_map(|argument| Some((argument, request.get(argument.name).filter(|value| !value.is_null())?)))
        .collect();
    let all = |check: fn(&Argument, &Value) -> Option<Error>| {
        given.iter().find_map(|(argument, value)| check(argument, value))
    };
    let denied = || {
        (may == Some(false))
            .then(|| (DENIED, format!("the API's role may call {} on what spec names, and not on that", action.name)))
    };
    all(mistyped).or_else(|| lacks(action, &given)).or_else(|| all(beyond)).or_else(denied).or_else(|| all(unusable))
}

fn mistyped(argument: &Argument, value: &Value) -> Option<Error> {
    let fits = match argument.kind {
        Kind::Integer { .. } => value.is_i64() || value.is_u64(),
        Kind::Boolean => value.is_boolean(),
        Kind::Object(_) => value.is_object(),
        Kind::Text(_) | Kind::Name(_) | Kind::Json(_) | Kind::Arn(..) | Kind::Enum(_) => value.is_string(),
    };
    (!fits).then(|| (SERIALIZATION, format!("{} has to be {}", argument.name, type_of(argument.kind))))
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer { .. } => "a whole number",
        Kind::Boolean => "true or false",
        Kind::Object(_) => "an object",
        Kind::Json(_) => "a string that holds JSON",
        Kind::Text(_) | Kind::Name(_) | Kind::Arn(..) | Kind::Enum(_) => "a string",
    }
}

fn lacks(action: &Action, given: &[(&Argument, &Value)]) -> Option<Error> {
    let has = |argument: &&Argument| given.iter().any(|(other, _)| other.name == argument.name);
    let missing = action.arguments.iter().filter(|argument| argument.required).find(|argument| !has(argument))?;
    Some(violated(&format!("Value null at '{}'", missing.name), "Member must not be null"))
}

/// The words of AWS for a limit that does not hold.
fn violated(what: &str, rule: &str) -> Error {
    (VALIDATION, format!("1 validation error detected: {what} failed to satisfy constraint: {rule}"))
}

fn beyond(argument: &Argument, value: &Value) -> Option<Error> {
    // Of data and other texts AWS does not repeat what was given.
    let (what, secret) =
        (format!("Value '{}' at '{}'", plain(value), argument.name), format!("Value at '{}'", argument.name));
    let length = |what: &str, has: usize, Length { min, max }: Length| match has {
        has if has < min => Some(violated(what, &format!("Member must have length greater than or equal to {min}"))),
        has if has > max => Some(violated(what, &format!("Member must have length less than or equal to {max}"))),
        _ => None,
    };
    let text = value.as_str().unwrap_or_default();
    match argument.kind {
        Kind::Integer { min, max } => {
            let max = max.unwrap_or(i32::MAX);
            match value.as_i64().unwrap_or(i64::MAX) {
                number if number < min.into() => {
                    Some(violated(&what, &format!("Member must have value greater than or equal to {min}")))
                }
                number if number > max.into() => {
                    Some(violated(&what, &format!("Member must have value less than or equal to {max}")))
                }
                _ => None,
            }
        }
        Kind::Enum(words) if !words.contains(&text) => {
            Some(violated(&what, &format!("Member must satisfy enum value set: [{}]", words.join(", "))))
        }
        Kind::Enum(_) | Kind::Boolean | Kind::Object(_) => None,
        Kind::Json(of) => length(&secret, text.len(), of),
        Kind::Text(of) => length(&secret, text.chars().count(), of),
        Kind::Name(of) | Kind::Arn(_, of) => length(&what, text.chars().count(), of),
    }
}

/// A value as AWS writes it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn unusable(argument: &Argument, value: &Value) -> Option<Error> {
    let text = value.as_str()?;
    match (argument.kind, argument.name) {
        (Kind::Arn(of, _), _) if !is_arn(of, text) => Some(("InvalidArn", format!("Invalid Arn: '{text}'"))),
        (Kind::Name(_), _) => not_in_a_name(text).map(|_| ("InvalidName", format!("Invalid Name: '{text}'"))),
        (Kind::Json(_), name) => {
            let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err()?;
            match name {
                "input" => Some(("InvalidExecutionInput", format!("Invalid State Machine Execution Input: '{error}'"))),
                "output" => Some(("InvalidOutput", format!("Invalid Output: '{error}'"))),
                _ => None,
            }
        }
        _ => None,
    }
}

/// Whether a text has the form of such an ARN.
fn is_arn(kind: ArnKind, text: &str) -> bool {
    let (service, resources): (_, &[&str]) = match kind {
        ArnKind::StateMachine => ("states", &["stateMachine:"]),
        ArnKind::Execution => ("states", &["execution:", "express:"]),
        ArnKind::Activity => ("states", &["activity:"]),
        ArnKind::MapRun => ("states", &["mapRun:"]),
        ArnKind::Role => ("iam", &["role/"]),
    };
    Arn::parse(text).is_ok_and(|arn| {
        arn.service() == service && resources.iter().any(|resource| arn.resource().starts_with(resource))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:M";

    #[test]
    fn a_request_is_refused_for_its_first_error() {
        let execution = MACHINE.replace("stateMachine", "execution");
        let long = format!("\"{}\"", "x".repeat(262_143));
        let cases = [
            ("StartExecution", json!({"stateMachineArn": MACHINE}), None),
            ("StartExecution", json!({"stateMachineArn": MACHINE, "name": "a", "input": "{}", "other": 1}), None),
            ("StartExecution", json!(null), Some((VALIDATION, "Value null at 'stateMachineArn'"))),
            ("StartExecution", json!({"stateMachineArn": MACHINE, "name": null}), None),
            ("StartExecution", json!({"stateMachineArn": 7}), Some((SERIALIZATION, "stateMachineArn"))),
            ("StartExecution", json!({"input": {}}), Some((SERIALIZATION, "input has to be a string that holds JSON"))),
            ("StartExecution", json!({"stateMachineArn": "M"}), Some(("InvalidArn", "'M'"))),
            ("StartExecution", json!({"stateMachineArn": execution}), Some(("InvalidArn", ":execution:"))),
            (
                "StartExecution",
                json!({"stateMachineArn": MACHINE, "name": ""}),
                Some((VALIDATION, "Value '' at 'name'")),
            ),
            ("StartExecution", json!({"stateMachineArn": MACHINE, "name": "x".repeat(81)}), Some((VALIDATION, "80"))),
            ("StartExecution", json!({"stateMachineArn": MACHINE, "name": "é".repeat(80)}), None),
            ("StartExecution", json!({"stateMachineArn": MACHINE, "name": "a b"}), Some(("InvalidName", "'a b'"))),
            ("StartExecution", json!({"stateMachineArn": MACHINE, "input": "{"}), Some(("InvalidExecutionInput", ""))),
            (
                "StartExecution",
                json!({"stateMachineArn": MACHINE, "input": long}),
                Some((VALIDATION, "Value at 'input'")),
            ),
            ("StartExecution", json!({"name": "a b"}), Some((VALIDATION, "null"))),
            ("SendTaskSuccess", json!({"taskToken": "t", "output": "no"}), Some(("InvalidOutput", ""))),
            (
                "DescribeExecution",
                json!({"executionArn": execution, "includedData": "ALL"}),
                Some((VALIDATION, "ALL_DATA")),
            ),
            ("GetExecutionHistory", json!({"executionArn": execution, "maxResults": 1001}), Some((VALIDATION, "1000"))),
            ("GetExecutionHistory", json!({"executionArn": execution, "maxResults": -1}), Some((VALIDATION, "'-1'"))),
            (
                "GetExecutionHistory",
                json!({"executionArn": execution, "reverseOrder": "x"}),
                Some((SERIALIZATION, "true")),
            ),
        ];
        for (action, request, wanted) in cases {
            let found = refused(action, &request, None);
            let same = match (&found, wanted) {
                (None, None) => true,
                (Some((kind, message)), Some((wanted, part))) => *kind == wanted && message.contains(part),
                _ => false,
            };
            assert!(same, "{action} {request:.200}: {found:?}, not {wanted:?}");
        }
    }
}
