//! Executions: start, look at, stop.

use super::{
    CAUSE, DATA, ERROR, EXECUTION, INCLUDED_DATA, MAX_RESULTS, NAME, NEXT_TOKEN, STATE_MACHINE, arn, optional, text,
};
use crate::actions::{Action, ArnKind, Kind, Length, Machines, Resource};

pub(super) const DESCRIBE_EXECUTION: Action = Action {
    name: "DescribeExecution",
    summary: "Answers status, input and output of an execution.",
    arguments: &[EXECUTION, INCLUDED_DATA],
    errors: &[
        "ExecutionDoesNotExist",
        "InvalidArn",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
    ],
    resource: Resource::Execution,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};

pub(super) const GET_EXECUTION_HISTORY: Action = Action {
    name: "GetExecutionHistory",
    summary: "Answers the events of an execution, page by page.",
    arguments: &[
        EXECUTION,
        MAX_RESULTS,
        optional("reverseOrder", Kind::Boolean),
        NEXT_TOKEN,
        optional("includeExecutionData", Kind::Boolean),
    ],
    errors: &[
        "ExecutionDoesNotExist",
        "InvalidArn",
        "InvalidToken",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
    ],
    resource: Resource::Execution,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};

pub(super) const LIST_EXECUTIONS: Action = Action {
    name: "ListExecutions",
    summary: "Lists executions of a state machine or of a Map Run, page by page.",
    arguments: &[
        optional("stateMachineArn", arn(ArnKind::StateMachine)),
        optional(
            "statusFilter",
            Kind::Enum(&["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]),
        ),
        MAX_RESULTS,
        optional("nextToken", text(1, 3096)),
        optional("mapRunArn", Kind::Arn(ArnKind::MapRun, Length { min: 1, max: 2000 })),
        optional("redriveFilter", Kind::Enum(&["REDRIVEN", "NOT_REDRIVEN"])),
    ],
    errors: &[
        "InvalidArn",
        "InvalidToken",
        "ResourceNotFound",
        "StateMachineDoesNotExist",
        "StateMachineTypeNotSupported",
        "ValidationException",
    ],
    resource: Resource::StateMachine,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};

pub(super) const REDRIVE_EXECUTION: Action = Action {
    name: "RedriveExecution",
    summary: "Runs the failed steps of an execution again.",
    arguments: &[EXECUTION, optional("clientToken", text(1, 64))],
    errors: &[
        "ExecutionDoesNotExist",
        "ExecutionLimitExceeded",
        "ExecutionNotRedrivable",
        "InvalidArn",
        "ValidationException",
    ],
    resource: Resource::Execution,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};

pub(super) const START_EXECUTION: Action = Action {
    name: "StartExecution",
    summary: "Starts an execution and answers its ARN at once.",
    arguments: &[STATE_MACHINE, optional("name", NAME), optional("input", DATA), optional("traceHeader", text(0, 256))],
    errors: &[
        "ExecutionAlreadyExists",
        "ExecutionLimitExceeded",
        "InvalidArn",
        "InvalidExecutionInput",
        "InvalidName",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "StateMachineDeleting",
        "StateMachineDoesNotExist",
        "ValidationException",
    ],
    resource: Resource::StateMachine,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const START_SYNC_EXECUTION: Action = Action {
    name: "StartSyncExecution",
    summary: "Starts an execution of an EXPRESS state machine and waits for its end.",
    arguments: &[
        STATE_MACHINE,
        optional("name", NAME),
        optional("input", DATA),
        optional("traceHeader", text(0, 256)),
        INCLUDED_DATA,
    ],
    errors: &[
        "InvalidArn",
        "InvalidExecutionInput",
        "InvalidName",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "StateMachineDeleting",
        "StateMachineDoesNotExist",
        "StateMachineTypeNotSupported",
    ],
    resource: Resource::StateMachine,
    machines: Machines::Express,
    waits: true,
    holds_seconds: None,
};

pub(super) const STOP_EXECUTION: Action = Action {
    name: "StopExecution",
    summary: "Stops a running execution.",
    arguments: &[EXECUTION, optional("error", ERROR), optional("cause", CAUSE)],
    errors: &[
        "ExecutionDoesNotExist",
        "InvalidArn",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "ValidationException",
    ],
    resource: Resource::Execution,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};
