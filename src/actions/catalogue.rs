//! The entries, from the service model of Step Functions (API version 2016-11-23).

use super::{Action, Argument, Kind, Machines, Resource};

const fn required(name: &'static str, kind: Kind) -> Argument {
    Argument { name, required: true, kind }
}

const fn optional(name: &'static str, kind: Kind) -> Argument {
    Argument { name, required: false, kind }
}

const INCLUDED_DATA: Argument = optional("includedData", Kind::Enum(&["ALL_DATA", "METADATA_ONLY"]));

/// All actions that a method can have, by name.
pub const ACTIONS: [Action; 4] = [
    Action {
        name: "DescribeExecution",
        summary: "Answers status, input and output of an execution.",
        arguments: &[required("executionArn", Kind::Execution), INCLUDED_DATA],
        errors: &["ExecutionDoesNotExist", "InvalidArn"],
        resource: Resource::Execution,
        machines: Machines::Standard,
        waits: false,
    },
    Action {
        name: "StartExecution",
        summary: "Starts an execution and answers its ARN at once.",
        arguments: &[
            required("stateMachineArn", Kind::StateMachine),
            optional("name", Kind::Text),
            optional("input", Kind::Json),
            optional("traceHeader", Kind::Text),
        ],
        errors: &[
            "ExecutionAlreadyExists",
            "ExecutionLimitExceeded",
            "InvalidArn",
            "InvalidExecutionInput",
            "InvalidName",
            "StateMachineDeleting",
            "StateMachineDoesNotExist",
        ],
        resource: Resource::StateMachine,
        machines: Machines::Any,
        waits: false,
    },
    Action {
        name: "StartSyncExecution",
        summary: "Starts an execution of an EXPRESS state machine and waits for its end.",
        arguments: &[
            required("stateMachineArn", Kind::StateMachine),
            optional("name", Kind::Text),
            optional("input", Kind::Json),
            optional("traceHeader", Kind::Text),
            INCLUDED_DATA,
        ],
        errors: &[
            "InvalidArn",
            "InvalidExecutionInput",
            "InvalidName",
            "StateMachineDeleting",
            "StateMachineDoesNotExist",
            "StateMachineTypeNotSupported",
        ],
        resource: Resource::StateMachine,
        machines: Machines::Express,
        waits: true,
    },
    Action {
        name: "StopExecution",
        summary: "Stops a running execution.",
        arguments: &[
            required("executionArn", Kind::Execution),
            optional("error", Kind::Text),
            optional("cause", Kind::Text),
        ],
        errors: &["ExecutionDoesNotExist", "InvalidArn", "ValidationException"],
        resource: Resource::Execution,
        machines: Machines::Standard,
        waits: false,
    },
];
