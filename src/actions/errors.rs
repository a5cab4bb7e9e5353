//! What callers get for an error of Step Functions.
//!
//! Step Functions answers every modelled error with HTTP 400 and its type in `__type`, so the status has to come from
//! the type. Types carry a namespace (`com.amazonaws.swf.service.v2.model#ExecutionAlreadyExists`).

use super::Action;

/// The answer for one error type.
#[derive(Clone, Copy, Debug)]
pub struct ErrorAnswer {
    /// The type, without namespace.
    pub error: &'static str,
    /// Status code for the caller.
    pub status: u16,
    /// Message in place of Step Functions' own, where that would be empty or tell more than a caller should know.
    pub message: Option<&'static str>,
}

const fn own(error: &'static str, status: u16) -> ErrorAnswer {
    ErrorAnswer { error, status, message: None }
}

const fn fixed(error: &'static str, status: u16, message: &'static str) -> ErrorAnswer {
    ErrorAnswer { error, status, message: Some(message) }
}

/// The API's own role lacks something: the operator's fault, so a 5xx, and no ARN for the caller.
const DENIED: &str = "The API is not permitted to perform this action";

/// Also what a template answers to a caller's values that it does not pass on.
const MALFORMED: &str =
    "The request lacks a required value, names what this method does not serve, or is not the JSON of this action";

const TABLE: [ErrorAnswer; 29] = [
    own("ExecutionAlreadyExists", 409),
    own("ConflictException", 409),
    own("StateMachineDeleting", 409),
    own("ExecutionNotRedrivable", 409),
    own("ActivityDoesNotExist", 404),
    own("ExecutionDoesNotExist", 404),
    own("StateMachineDoesNotExist", 404),
    own("TaskDoesNotExist", 404),
    own("ResourceNotFound", 404),
    own("TaskTimedOut", 410),
    own("ActivityWorkerLimitExceeded", 429),
    own("ExecutionLimitExceeded", 429),
    own("KmsThrottlingException", 429),
    own("ThrottlingException", 429),
    own("InvalidArn", 400),
    own("InvalidDefinition", 400),
    own("InvalidExecutionInput", 400),
    own("InvalidName", 400),
    own("InvalidOutput", 400),
    own("InvalidToken", 400),
    own("ValidationException", 400),
    fixed("SerializationException", 400, MALFORMED),
    fixed("StateMachineTypeNotSupported", 500, "The action does not work on this type of state machine"),
    fixed("UnknownOperationException", 500, "The action is not known in this region"),
    fixed("KmsAccessDeniedException", 500, DENIED),
    fixed("KmsInvalidStateException", 500, "The key that encrypts the data cannot be used"),
    fixed("AccessDeniedException", 500, DENIED),
    fixed("UnrecognizedClientException", 500, DENIED),
    fixed("ExpiredTokenException", 500, DENIED),
];

/// Types that any action may answer.
const COMMON: [&str; 12] = [
    "ConflictException",
    "ResourceNotFound",
    "KmsThrottlingException",
    "ThrottlingException",
    "ValidationException",
    "SerializationException",
    "UnknownOperationException",
    "KmsAccessDeniedException",
    "AccessDeniedException",
    "UnrecognizedClientException",
    "ExpiredTokenException",
    "InvalidArn",
];

/// The answers for an action. A type that contains another one comes first, so that a search for its name hits.
pub fn answers(action: &Action) -> impl Iterator<Item = &'static ErrorAnswer> {
    TABLE.iter().filter(|answer| COMMON.contains(&answer.error) || action.errors.contains(&answer.error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_type_is_found_before_the_one_it_contains() {
        for (index, answer) in TABLE.iter().enumerate() {
            for earlier in &TABLE[..index] {
                assert!(!answer.error.contains(earlier.error), "{} hides {}", earlier.error, answer.error);
            }
        }
    }
}
