//! Map Runs: the child executions of a distributed Map.

use super::{EXECUTION, MAX_RESULTS, NEXT_TOKEN, required};
use crate::actions::{Action, ArnKind, Kind, Length, Machines, Resource};

pub(super) const DESCRIBE_MAP_RUN: Action = Action {
    name: "DescribeMapRun",
    summary: "Answers counts and settings of a Map Run.",
    arguments: &[required("mapRunArn", Kind::Arn(ArnKind::MapRun, Length { min: 1, max: 2000 }))],
    errors: &["InvalidArn", "ResourceNotFound"],
    resource: Resource::MapRun,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};

pub(super) const LIST_MAP_RUNS: Action = Action {
    name: "ListMapRuns",
    summary: "Lists the Map Runs of an execution.",
    arguments: &[EXECUTION, MAX_RESULTS, NEXT_TOKEN],
    errors: &["ExecutionDoesNotExist", "InvalidArn", "InvalidToken"],
    resource: Resource::Execution,
    machines: Machines::Standard,
    waits: false,
    holds_seconds: None,
};
