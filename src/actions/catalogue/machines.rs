//! State machines, their versions and aliases.

use super::{EXECUTION, INCLUDED_DATA, MAX_RESULTS, NEXT_TOKEN, STATE_MACHINE};
use crate::actions::{Action, Machines, Resource};

pub(super) const DESCRIBE_STATE_MACHINE: Action = Action {
    name: "DescribeStateMachine",
    summary: "Answers definition, role and settings of a state machine.",
    arguments: &[STATE_MACHINE, INCLUDED_DATA],
    errors: &[
        "InvalidArn",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
        "StateMachineDoesNotExist",
    ],
    resource: Resource::StateMachine,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const DESCRIBE_STATE_MACHINE_FOR_EXECUTION: Action = Action {
    name: "DescribeStateMachineForExecution",
    summary: "Answers the definition that an execution runs by.",
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

pub(super) const LIST_STATE_MACHINE_ALIASES: Action = Action {
    name: "ListStateMachineAliases",
    summary: "Lists the aliases of a state machine.",
    arguments: &[STATE_MACHINE, NEXT_TOKEN, MAX_RESULTS],
    errors: &["InvalidArn", "InvalidToken", "ResourceNotFound", "StateMachineDeleting", "StateMachineDoesNotExist"],
    resource: Resource::StateMachine,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const LIST_STATE_MACHINE_VERSIONS: Action = Action {
    name: "ListStateMachineVersions",
    summary: "Lists the versions of a state machine.",
    arguments: &[STATE_MACHINE, NEXT_TOKEN, MAX_RESULTS],
    errors: &["InvalidArn", "InvalidToken", "ValidationException"],
    resource: Resource::StateMachine,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const LIST_STATE_MACHINES: Action = Action {
    name: "ListStateMachines",
    summary: "Lists all state machines of account and region.",
    arguments: &[MAX_RESULTS, NEXT_TOKEN],
    errors: &["InvalidToken"],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};
