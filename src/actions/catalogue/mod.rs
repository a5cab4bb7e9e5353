//! The entries, from the service model of Step Functions (API version 2016-11-23), by family.

mod activities;
mod definitions;
mod executions;
mod machines;
mod map_runs;
mod tasks;

use super::{Action, Argument, ArnKind, Kind, Length};

const fn required(name: &'static str, kind: Kind) -> Argument {
    Argument { name, required: true, kind }
}

const fn optional(name: &'static str, kind: Kind) -> Argument {
    Argument { name, required: false, kind }
}

const fn text(min: usize, max: usize) -> Kind {
    Kind::Text(Length { min, max })
}

const fn arn(kind: ArnKind) -> Kind {
    Kind::Arn(kind, Length { min: 1, max: 256 })
}

/// The model calls it SensitiveData.
const DATA: Kind = Kind::Json(Length { min: 0, max: 262_144 });
const NAME: Kind = Kind::Name(Length { min: 1, max: 80 });
const ERROR: Kind = text(0, 256);
const CAUSE: Kind = text(0, 32_768);

const INCLUDED_DATA: Argument = optional("includedData", Kind::Enum(&["ALL_DATA", "METADATA_ONLY"]));
const MAX_RESULTS: Argument = optional("maxResults", Kind::Integer { min: 0, max: Some(1000) });
const NEXT_TOKEN: Argument = optional("nextToken", text(1, 1024));
const STATE_MACHINE: Argument = required("stateMachineArn", arn(ArnKind::StateMachine));
const EXECUTION: Argument = required("executionArn", arn(ArnKind::Execution));

/// All actions that a method can have, by name.
pub const ACTIONS: [Action; 22] = [
    activities::DESCRIBE_ACTIVITY,
    executions::DESCRIBE_EXECUTION,
    map_runs::DESCRIBE_MAP_RUN,
    machines::DESCRIBE_STATE_MACHINE,
    machines::DESCRIBE_STATE_MACHINE_FOR_EXECUTION,
    activities::GET_ACTIVITY_TASK,
    executions::GET_EXECUTION_HISTORY,
    activities::LIST_ACTIVITIES,
    executions::LIST_EXECUTIONS,
    map_runs::LIST_MAP_RUNS,
    machines::LIST_STATE_MACHINE_ALIASES,
    machines::LIST_STATE_MACHINE_VERSIONS,
    machines::LIST_STATE_MACHINES,
    executions::REDRIVE_EXECUTION,
    tasks::SEND_TASK_FAILURE,
    tasks::SEND_TASK_HEARTBEAT,
    tasks::SEND_TASK_SUCCESS,
    executions::START_EXECUTION,
    executions::START_SYNC_EXECUTION,
    executions::STOP_EXECUTION,
    definitions::TEST_STATE,
    definitions::VALIDATE_STATE_MACHINE_DEFINITION,
];
