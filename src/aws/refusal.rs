//! What to allow after AWS refused a call.

use serde_json::{Value, json};

use super::permissions::{Need, OPERATIONS};
use super::policy::{Bounds, statement};
use super::{Class, Error};
use crate::model::matches;

/// Longest statement in a message, which has to fit into an event. One for a single action is shorter.
const STATEMENT_MAX: usize = 500;

/// What AWS's sentence says. "User: ARN is not authorized to perform: ACTION on resource: ARN because no KIND allows the
/// ACTION action", or "with an explicit deny in a KIND":
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>.
#[derive(Debug, PartialEq)]
struct Refusal<'a> {
    user: &'a str,
    action: &'a str,
    resource: &'a str,
    /// The kind of policy, such as "identity-based policy", if it is said.
    kind: Option<&'a str>,
    /// Whether a statement forbids it.
    denied: bool,
}

/// The words that make a refusal of permission, whatever the error's code.
pub(super) const UNAUTHORIZED: &str = "is not authorized to perform: ";

impl<'a> Refusal<'a> {
    fn parse(message: &'a str) -> Option<Self> {
        let (before, rest) = message.split_once(UNAUTHORIZED)?;
        let user = before.rsplit("User: ").next().unwrap_or_default().trim();
        let (action, rest) = rest.split_once(" on resource: ").unwrap_or((rest, ""));
        let action = action.split_whitespace().next().unwrap_or_default();
        let (because, explicit) = (rest.split_once(" because no "), rest.split_once(" with an explicit deny in "));
        let (resource, kind) = match (because, explicit) {
            (Some((resource, words)), _) => (resource, words.split_once(" allows ").map(|(kind, _)| kind)),
            (_, Some((resource, words))) => (resource, words.split_once(' ').map(|(_, kind)| kind)),
            _ => (rest, None),
        };
        let clean = |text: &'a str| text.trim().trim_end_matches('.');
        Some(Self {
            user,
            action: clean(action),
            resource: clean(resource),
            kind: kind.map(clean),
            denied: explicit.is_some(),
        })
    }
}

impl Error {
    /// What would cure a refusal: the statement to add, and to what; `None` for other errors and for those of the
    /// credentials themselves. AWS's words are believed where they name action and resource, else the table's row of the
    /// operation holds.
    pub fn cure(&self) -> Option<String> {
        if self.class != Class::Denied {
            return None;
        }
        let found = Refusal::parse(&self.message);
        if found.is_none() && !self.code.as_deref().is_some_and(|code| code.starts_with("AccessDenied")) {
            return None;
        }
        if let Some(Refusal { action, kind, denied: true, .. }) = &found {
            let kind = kind.unwrap_or("policy");
            return Some(format!(
                "A statement in the {kind} denies {action} there; what allows it does not help, take it out"
            ));
        }
        let kind = found.as_ref().and_then(|refusal| refusal.kind).unwrap_or("identity-based policy");
        let mut statement = self.missing(found.as_ref())?;
        // A policy may have one of that name, narrower; IAM takes each name once.
        let sid = statement.as_object_mut().and_then(|statement| statement.remove("Sid"));
        let sid = sid.as_ref().and_then(Value::as_str).map(|sid| format!(" (see {sid} of `stepgate iam-policy`)"));
        let sid = sid.unwrap_or_default();
        Some(format!("Add to the {kind} of the controller's identity{sid}: {statement}"))
    }

    /// The statement to add.
    fn missing(&self, refusal: Option<&Refusal<'_>>) -> Option<Value> {
        let (_, row) = OPERATIONS.iter().find(|(operation, _)| *operation == self.operation)?;
        let Some(refusal) = refusal else { return statement(row.first()?.sid, &Bounds::default()) };
        let bounds = bounds(refusal);
        let arn = resource(refusal, &bounds);
        // A statement of the policy as it is, where it covers what is missing.
        let candidates = || row.iter().filter(|need| need.action == refusal.action);
        let covering = candidates().find_map(|need| {
            let found = statement(need.sid, &bounds)?;
            let covers = |on: &Value| on.as_str().is_some_and(|on| arn.as_deref().is_none_or(|arn| matches(on, arn)));
            found["Resource"].as_array().is_some_and(|on| on.iter().any(covers)).then_some(found)
        });
        // Else, for a role of another name, the same actions on that; for all that the table does not know, what AWS says.
        let of_role = || {
            let mut found = statement(candidates().next()?.sid, &bounds)?;
            found["Resource"] = json!([arn.as_deref().filter(|arn| arn.contains(":role/"))?]);
            Some(found)
        };
        let single = || single(refusal, arn.as_deref(), candidates().next(), &bounds);
        let whole = covering.or_else(of_role).filter(|found| found.to_string().len() <= STATEMENT_MAX);
        Some(whole.unwrap_or_else(single))
    }
}

/// That action on that resource alone.
fn single(refusal: &Refusal<'_>, arn: Option<&str>, need: Option<&Need>, bounds: &Bounds) -> Value {
    let mut found = json!({"Effect": "Allow", "Action": refusal.action, "Resource": arn.unwrap_or("*")});
    let condition = need.and_then(|need| statement(need.sid, bounds)?.get("Condition").cloned());
    if let Some(condition) = condition {
        found["Condition"] = condition;
    }
    found
}

/// Partition, account and region that AWS named.
fn bounds(refusal: &Refusal<'_>) -> Bounds {
    let mut bounds = Bounds::default();
    for arn in [refusal.user, refusal.resource] {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let ["arn", partition, _, region, account, _] = parts[..] else { continue };
        partition.clone_into(&mut bounds.partition);
        if !region.is_empty() {
            bounds.regions = vec![region.to_owned()];
        }
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
            account.clone_into(&mut bounds.account);
        }
    }
    bounds
}

/// ARN of what is missing. IAM says "role NAME" of some; a masked one is none.
fn resource(refusal: &Refusal<'_>, bounds: &Bounds) -> Option<String> {
    if let Some(name) = refusal.resource.strip_prefix("role ") {
        return Some(format!("arn:{}:iam::{}:role/{name}", bounds.partition, bounds.account));
    }
    let whole = refusal.resource.starts_with("arn:") && !refusal.resource.contains("**");
    whole.then(|| refusal.resource.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = "User: arn:aws-cn:sts::123456789012:assumed-role/stepgate/session";

    fn error(operation: &'static str, message: &str) -> Error {
        Error {
            tried: "do it".to_owned(),
            operation,
            class: Class::Denied,
            code: Some("AccessDeniedException".to_owned()),
            message: message.to_owned(),
            retry_after: None,
        }
    }

    fn statement_of(operation: &'static str, words: &str) -> Value {
        let cure = error(operation, &format!("{USER} is not authorized to perform: {words}")).cure().expect("a cure");
        let (words, text) = cure.split_once(": ").expect("a statement");
        let mut found: Value = serde_json::from_str(text).expect("JSON");
        if let Some((_, sid)) = words.split_once("(see ") {
            found["Sid"] = json!(sid.split(' ').next());
        }
        found
    }

    #[test]
    fn partition_account_and_region_are_those_that_aws_names() {
        let on = "arn:aws-cn:apigateway:cn-north-1::/restapis because no identity-based policy allows the x action";
        let found = statement_of("apigateway:GetRestApis", &format!("apigateway:GET on resource: {on}"));
        assert_eq!(found["Sid"], "ReadApis");
        assert_eq!(found["Resource"][1], "arn:aws-cn:apigateway:cn-north-1::/restapis");
        // Step Functions names no role, and IAM no ARN for one that it looks up by name.
        let found = statement_of("iam:GetRole", "iam:GetRole on resource: role stepgate-a-b-1 because no x allows y");
        assert_eq!(found["Resource"], json!(["arn:aws-cn:iam::123456789012:role/stepgate-*"]));
        let found = statement_of("iam:GetRole", "iam:GetRole on resource: role orders because no x allows y");
        assert_eq!(found["Resource"], json!(["arn:aws-cn:iam::123456789012:role/orders"]));
    }

    #[test]
    fn what_the_table_does_not_know_is_said_as_aws_says_it() {
        let key = "arn:aws-cn:kms:cn-north-1:123456789012:key/1";
        let found = statement_of("states:DescribeStateMachine", &format!("kms:Decrypt on resource: {key}."));
        assert_eq!(found, json!({"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}));
        // A masked resource, and none.
        for words in ["apigateway:PUT on resource: ****", "apigateway:PUT"] {
            assert_eq!(statement_of("apigateway:PutRestApi", words)["Sid"], "ChangeApis", "{words}");
        }
    }

    #[test]
    fn without_aws_words_the_operation_tells() {
        let cure = error("apigateway:GetStages", "Forbidden").cure().expect("a cure");
        assert!(cure.contains("ReadApis of `stepgate iam-policy`"), "{cure}");
    }

    #[test]
    fn wrong_credentials_are_not_cured_by_a_statement() {
        let expired = Error { code: Some("ExpiredTokenException".to_owned()), ..error("iam:GetRole", "expired") };
        assert_eq!(expired.cure(), None);
        assert_eq!(Error { class: Class::Invalid, ..error("iam:GetRole", "no") }.cure(), None);
    }

    #[test]
    fn a_long_statement_gives_way_to_that_of_the_one_action() {
        let long = format!("arn:aws-cn:iam::123456789012:role/{}/name", "p".repeat(400));
        let found = statement_of("iam:TagRole", &format!("iam:TagRole on resource: {long} because no x allows y"));
        assert_eq!(found, json!({"Effect": "Allow", "Action": "iam:TagRole", "Resource": long}));
    }
}
