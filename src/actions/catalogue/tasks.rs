//! What became of a task, from whoever has its token. IAM knows no resource for these: a token is all that a caller needs.

use super::{CAUSE, DATA, ERROR, optional, required, text};
use crate::actions::{Action, Machines, Resource};

pub(super) const SEND_TASK_FAILURE: Action = Action {
    name: "SendTaskFailure",
    summary: "Ends a task as failed.",
    arguments: &[required("taskToken", text(1, 2048)), optional("error", ERROR), optional("cause", CAUSE)],
    errors: &[
        "InvalidToken",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "TaskDoesNotExist",
        "TaskTimedOut",
    ],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const SEND_TASK_HEARTBEAT: Action = Action {
    name: "SendTaskHeartbeat",
    summary: "Says that a task is still being worked on.",
    arguments: &[required("taskToken", text(1, 2048))],
    errors: &["InvalidToken", "TaskDoesNotExist", "TaskTimedOut"],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const SEND_TASK_SUCCESS: Action = Action {
    name: "SendTaskSuccess",
    summary: "Ends a task with its output.",
    arguments: &[required("taskToken", text(1, 2048)), required("output", DATA)],
    errors: &[
        "InvalidOutput",
        "InvalidToken",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "TaskDoesNotExist",
        "TaskTimedOut",
    ],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};
