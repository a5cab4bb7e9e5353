//! The catalogue of Step Functions actions: arguments, errors, permissions, state machine types.
//!
//! Adding an action is one entry in `catalogue/`: schema, validation, templates and the role's policy follow from it.
//! `tests/it/catalogue.rs` compares every entry with the service model of the AWS SDK and with botocore's.

mod catalogue;
mod errors;

pub use catalogue::ACTIONS;
pub use errors::{ErrorAnswer, answers};

/// Actions whose answer holds the output of a workflow, in `output`.
pub const WITH_OUTPUT: [&str; 2] = ["StartSyncExecution", "DescribeExecution"];
/// Actions that answer the ARN of an execution that runs on, in `executionArn`.
pub const WITH_STATUS_URL: [&str; 1] = ["StartExecution"];

/// One action of the Step Functions API, as <https://docs.aws.amazon.com/step-functions/latest/apireference/> has it.
#[derive(Debug)]
pub struct Action {
    /// Its name, also that of the IAM action `states:<name>`.
    pub name: &'static str,
    /// One sentence for people.
    pub summary: &'static str,
    /// Members of its request.
    pub arguments: &'static [Argument],
    /// Error types it answers, beside those that every action has.
    pub errors: &'static [&'static str],
    /// What IAM authorises it on
    /// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html>).
    pub resource: Resource,
    /// The state machine types it works on.
    pub machines: Machines,
    /// Whether a 200 may still mean that the workflow failed.
    pub waits: bool,
    /// Seconds for which Step Functions may hold the call before it answers; `None` for an answer at once.
    pub holds_seconds: Option<u32>,
}

impl Action {
    /// Whether it is about a machine with all its versions and aliases, so that it takes neither of them itself
    /// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListStateMachineVersions.html>).
    pub fn of_whole_machines(&self) -> bool {
        matches!(self.name, "ListStateMachineVersions" | "ListStateMachineAliases")
    }

    /// Whether each call makes an execution run, which costs something.
    pub fn starts_execution(&self) -> bool {
        matches!(self.name, "StartExecution" | "StartSyncExecution" | "RedriveExecution")
    }
}

/// A member of an action's request.
#[derive(Debug, PartialEq, Eq)]
pub struct Argument {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether Step Functions refuses a request without it.
    pub required: bool,
    /// What it holds.
    pub kind: Kind,
}

/// What an argument holds. All but integers, booleans and objects travel as JSON strings.
///
/// No action here takes a time; it would be a number, of seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain text.
    Text(Length),
    /// The same without what [`not_in_a_name`] finds.
    Name(Length),
    /// JSON text, to be parsed by the workflow. Step Functions counts its bytes in UTF-8.
    Json(Length),
    /// ARN.
    Arn(ArnKind, Length),
    /// One of these words.
    Enum(&'static [&'static str]),
    /// Whole number, with the least and the greatest that is taken.
    Integer {
        /// Least.
        min: i32,
        /// Greatest; `None` for no limit but the type's.
        max: Option<i32>,
    },
    /// `true` or `false`.
    Boolean,
    /// A JSON object with these members.
    Object(&'static [Argument]),
}

/// Least and greatest number of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// Least.
    pub min: usize,
    /// Greatest.
    pub max: usize,
}

/// What an ARN is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArnKind {
    /// A state machine.
    StateMachine,
    /// An execution.
    Execution,
    /// An activity.
    Activity,
    /// A Map Run.
    MapRun,
    /// A role that Step Functions assumes.
    Role,
}

/// Resource type of an action's permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The state machine.
    StateMachine,
    /// An execution of it.
    Execution,
    /// The activity.
    Activity,
    /// A Map Run of the machine.
    MapRun,
    /// IAM knows no resource for it: it can be allowed on `*` only.
    Any,
}

/// State machine types that an action works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machines {
    /// Both, or it has nothing to do with one.
    Any,
    /// STANDARD only: EXPRESS leaves no execution to look at.
    Standard,
    /// EXPRESS only.
    Express,
}

impl Action {
    /// Its argument of that name.
    pub fn argument(&self, name: &str) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| argument.name == name)
    }

    /// Its argument that is such an ARN.
    pub fn arn(&self, kind: ArnKind) -> Option<&'static Argument> {
        self.arguments.iter().find(|argument| matches!(argument.kind, Kind::Arn(of, _) if of == kind))
    }

    /// Whether a method can name the state machine that it is for.
    pub fn is_of_a_machine(&self) -> bool {
        matches!(self.resource, Resource::StateMachine | Resource::Execution | Resource::MapRun)
    }
}

/// The first character of a text that no name of an execution has, by the documentation of `StartExecution`
/// (<https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>).
pub fn not_in_a_name(text: &str) -> Option<char> {
    const SPECIAL: &str = "<>{}[]?*\"#%\\^|~`$&,;:/";
    let never = |c: char| {
        SPECIAL.contains(c)
            || c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{fffe}' | '\u{ffff}' | '\u{10ffff}')
    };
    text.chars().find(|c| never(*c))
}

/// The action of that name.
pub fn find(name: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_error_has_an_answer() {
        for action in &ACTIONS {
            for error in action.errors {
                assert!(answers(action).any(|answer| answer.error == *error), "{}: {error}", action.name);
            }
        }
    }

    #[test]
    fn actions_are_sorted_by_name() {
        assert!(ACTIONS.is_sorted_by_key(|action| action.name));
    }

    #[test]
    fn an_action_of_a_machine_has_an_arn_that_says_which() {
        for action in ACTIONS.iter().filter(|action| action.is_of_a_machine()) {
            let kinds = [ArnKind::StateMachine, ArnKind::Execution, ArnKind::MapRun];
            assert!(kinds.into_iter().any(|kind| action.arn(kind).is_some()), "{}", action.name);
        }
    }

    #[test]
    fn names_take_letters_of_any_language() {
        assert_eq!(not_in_a_name("order-7_é.x'(1)"), None);
        let wrong = [("a b", ' '), ("a*", '*'), ("a\u{7f}", '\u{7f}'), ("a\\", '\\'), ("a:b/", ':')];
        assert!(wrong.iter().all(|(text, c)| not_in_a_name(text) == Some(*c)));
    }
}
