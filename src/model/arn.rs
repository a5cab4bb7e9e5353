//! Amazon Resource Names.

use std::fmt;

use serde::Serialize;

/// An ARN, checked for its shape only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Arn(String);

impl Arn {
    /// Six colon-separated parts starting with `arn`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        if parts.len() == 6 && parts[0] == "arn" && !parts[1].is_empty() && !parts[2].is_empty() && !parts[5].is_empty()
        {
            return Ok(Self(text.to_owned()));
        }
        Err(format!("{text:?} is not an ARN (arn:partition:service:region:account:resource)"))
    }

    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, index: usize) -> &str {
        self.0.splitn(6, ':').nth(index).unwrap_or_default()
    }

    /// `aws`, `aws-cn`, ...
    pub fn partition(&self) -> &str {
        self.part(1)
    }

    /// `states`, `iam`, ...
    pub fn service(&self) -> &str {
        self.part(2)
    }

    /// Region; empty for global services.
    pub fn region(&self) -> &str {
        self.part(3)
    }

    /// Account id; empty where a service has none in its ARNs.
    pub fn account(&self) -> &str {
        self.part(4)
    }

    /// What is left: `stateMachine:HelloWorld`, `role/x`, ...
    pub fn resource(&self) -> &str {
        self.part(5)
    }

    /// Name of the role that it is of, without the path.
    pub fn role_name(&self) -> &str {
        self.resource().rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// ARN of a state machine, possibly qualified by an alias or a version, possibly with wildcards in its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateMachineArn(Arn);

impl StateMachineArn {
    /// `arn:P:states:R:A:stateMachine:NAME` or `...:NAME:QUALIFIER`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let arn = Arn::parse(text)?;
        let resource: Vec<&str> = arn.resource().split(':').collect();
        let name = match resource[..] {
            ["stateMachine", name] | ["stateMachine", name, _] => name,
            _ => "",
        };
        let account = arn.account();
        if arn.service() != "states"
            || !is_name(name)
            || account.len() != 12
            || !account.bytes().all(|c| c.is_ascii_digit())
        {
            return Err(format!(
                "{text:?} is not the ARN of a state machine (arn:aws:states:us-east-1:123456789012:stateMachine:NAME)"
            ));
        }
        Ok(Self(arn))
    }

    /// As it was written.
    pub fn arn(&self) -> &Arn {
        &self.0
    }

    fn name(&self) -> &str {
        self.0.resource().split(':').nth(1).unwrap_or_default()
    }

    /// Whether it stands for several machines.
    pub fn is_pattern(&self) -> bool {
        self.0.as_str().contains(['*', '?'])
    }

    /// The machine without alias or version: what IAM authorises on
    /// (<https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html>).
    pub fn unqualified(&self) -> String {
        self.resource_of("stateMachine", self.name())
    }

    /// What DescribeStateMachine takes: machines and versions, but no aliases, which have an operation of their own
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html>).
    pub fn described(&self) -> Arn {
        let qualifier = self.0.resource().split(':').nth(2);
        let is_alias = qualifier.is_some_and(|qualifier| qualifier.parse::<u64>().is_err());
        if is_alias { Arn(self.unqualified()) } else { self.0.clone() }
    }

    /// All Map Runs of the machine
    /// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html>).
    pub fn map_runs(&self) -> String {
        self.resource_of("mapRun", &format!("{}/*:*", self.name()))
    }

    /// All executions of the machine.
    pub fn executions(&self) -> String {
        self.resource_of("execution", &format!("{}:*", self.name()))
    }

    /// How the ARNs of the machine's resources of a kind begin: kind `execution`, then `:`, for executions, `mapRun` and
    /// `/` for Map Runs.
    pub fn start_of(&self, kind: &str, after_name: &str) -> String {
        self.resource_of(kind, &format!("{}{after_name}", self.name()))
    }

    fn resource_of(&self, kind: &str, rest: &str) -> String {
        let arn = &self.0;
        format!("arn:{}:states:{}:{}:{kind}:{rest}", arn.partition(), arn.region(), arn.account())
    }
}

/// ARN of an activity, possibly with wildcards in its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActivityArn(Arn);

impl ActivityArn {
    /// `arn:P:states:R:A:activity:NAME`.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let arn = Arn::parse(text)?;
        let name = arn.resource().strip_prefix("activity:").unwrap_or_default();
        let account = arn.account();
        let is_account = account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit());
        if arn.service() != "states" || !is_name(name) || !is_account {
            return Err(format!(
                "{text:?} is not the ARN of an activity (arn:aws:states:us-east-1:123456789012:activity:NAME)"
            ));
        }
        Ok(Self(arn))
    }

    /// As it was written.
    pub fn arn(&self) -> &Arn {
        &self.0
    }
}

/// Whether a state machine or an activity can have this name, wildcards aside
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html>).
fn is_name(text: &str) -> bool {
    let allowed = |c: char| !(c.is_whitespace() || c.is_control() || r##"<>{}[]"#%\^|~`$&,;:/"##.contains(c));
    !text.is_empty() && text.chars().count() <= 80 && text.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alias_arn_authorises_on_the_machine() {
        let arn = StateMachineArn::parse("arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Order:PROD").unwrap();
        assert_eq!(arn.unqualified(), "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:Order");
        assert_eq!(arn.executions(), "arn:aws-cn:states:cn-north-1:123456789012:execution:Order:*");
        assert_eq!(arn.map_runs(), "arn:aws-cn:states:cn-north-1:123456789012:mapRun:Order/*:*");
    }

    #[test]
    fn aliases_are_described_by_their_machine() {
        let machine = "arn:aws:states:us-east-1:123456789012:stateMachine:Order";
        for (qualifier, described) in [("", ""), (":7", ":7"), (":PROD", "")] {
            let arn = StateMachineArn::parse(&format!("{machine}{qualifier}")).unwrap();
            assert_eq!(arn.described().as_str(), format!("{machine}{described}"));
        }
    }

    #[test]
    fn other_arns_are_no_state_machines() {
        for text in [
            "HelloWorld",
            "arn:aws:states:us-east-1:123456789012:activity:a",
            "arn:aws:states:us-east-1:123456789012:stateMachine:",
            "arn:aws:states:us-east-1:123456789012:stateMachine:a:b:c",
            "arn:aws:states:us-east-1::stateMachine:a",
            "arn:aws:states:us-east-1:12345:stateMachine:a",
            "arn:aws:states:us-east-1:123456789012:stateMachine:a b",
            "arn:aws:iam::123456789012:role/stateMachine",
        ] {
            assert!(StateMachineArn::parse(text).is_err(), "{text}");
        }
    }
}
