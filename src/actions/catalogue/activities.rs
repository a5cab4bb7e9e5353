//! Activities, and the tasks that workers get from them.

use super::{MAX_RESULTS, NAME, NEXT_TOKEN, arn, optional, required};
use crate::actions::{Action, ArnKind, Machines, Resource};

pub(super) const DESCRIBE_ACTIVITY: Action = Action {
    name: "DescribeActivity",
    summary: "Answers name and creation date of an activity.",
    arguments: &[required("activityArn", arn(ArnKind::Activity))],
    errors: &["ActivityDoesNotExist", "InvalidArn"],
    resource: Resource::Activity,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const GET_ACTIVITY_TASK: Action = Action {
    name: "GetActivityTask",
    summary: "Hands a worker the next task of an activity, and waits for one up to a minute.",
    arguments: &[required("activityArn", arn(ArnKind::Activity)), optional("workerName", NAME)],
    errors: &[
        "ActivityDoesNotExist",
        "ActivityWorkerLimitExceeded",
        "InvalidArn",
        "KmsAccessDeniedException",
        "KmsInvalidStateException",
        "KmsThrottlingException",
    ],
    resource: Resource::Activity,
    machines: Machines::Any,
    waits: false,
    holds_seconds: Some(60),
};

pub(super) const LIST_ACTIVITIES: Action = Action {
    name: "ListActivities",
    summary: "Lists all activities of account and region.",
    arguments: &[MAX_RESULTS, NEXT_TOKEN],
    errors: &["InvalidToken"],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};
