//! The catalogue of Step Functions actions: arguments, errors, permissions, state machine types.
//!
//! Adding an action is one entry in `catalogue.rs`: schema, validation, templates and the role's policy follow from it.

mod catalogue;
mod errors;

pub use catalogue::ACTIONS;
pub use errors::{ErrorAnswer, answers};

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
}

impl Action {
    /// Whether each call makes an execution run, which costs something.
    pub fn starts_execution(&self) -> bool {
        matches!(self.name, "StartExecution" | "StartSyncExecution" | "RedriveExecution")
    }
}

/// A member of an action's request.
#[derive(Debug)]
pub struct Argument {
    /// Its name on the wire.
    pub name: &'static str,
    /// Whether Step Functions refuses a request without it.
    pub required: bool,
    /// What it holds.
    pub kind: Kind,
}

/// What an argument holds. All of them travel as JSON strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain text.
    Text,
    /// JSON text, to be parsed by the workflow.
    Json,
    /// ARN of a state machine.
    StateMachine,
    /// ARN of an execution.
    Execution,
    /// One of these words.
    Enum(&'static [&'static str]),
}

/// Resource type of an action's permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The state machine.
    StateMachine,
    /// An execution of it.
    Execution,
}

/// State machine types that an action works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machines {
    /// Both.
    Any,
    /// STANDARD only: EXPRESS leaves no execution to look at.
    Standard,
    /// EXPRESS only.
    Express,
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
    fn every_action_names_what_it_works_on() {
        for action in &ACTIONS {
            let required = action.arguments.iter().filter(|argument| argument.required).count();
            assert_eq!(required, 1, "{}: generated templates rely on one required argument", action.name);
        }
    }
}
