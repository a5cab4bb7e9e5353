//! Definitions: tried out and checked before a machine is made of them.

use super::{CAUSE, DATA, ERROR, arn, optional, required, text};
use crate::actions::{Action, Argument, ArnKind, Kind, Length, Machines, Resource};

const MOCK_ERROR_OUTPUT: &[Argument] = &[optional("error", ERROR), optional("cause", CAUSE)];

const MOCK_INPUT: &[Argument] = &[
    optional("result", DATA),
    optional("errorOutput", Kind::Object(MOCK_ERROR_OUTPUT)),
    optional("fieldValidationMode", Kind::Enum(&["STRICT", "PRESENT", "NONE"])),
];

const TEST_STATE_CONFIGURATION: &[Argument] = &[
    optional("retrierRetryCount", Kind::Integer { min: 0, max: None }),
    optional("errorCausedByState", text(1, 80)),
    optional("mapIterationFailureCount", Kind::Integer { min: 0, max: None }),
    optional("mapItemReaderData", DATA),
];

pub(super) const TEST_STATE: Action = Action {
    name: "TestState",
    summary: "Runs one state of a definition and answers what it made of its input.",
    arguments: &[
        required("definition", Kind::Json(Length { min: 1, max: 1_048_576 })),
        optional("roleArn", arn(ArnKind::Role)),
        optional("input", DATA),
        optional("inspectionLevel", Kind::Enum(&["INFO", "DEBUG", "TRACE"])),
        optional("revealSecrets", Kind::Boolean),
        optional("variables", DATA),
        optional("stateName", text(1, 80)),
        optional("mock", Kind::Object(MOCK_INPUT)),
        optional("context", DATA),
        optional("stateConfiguration", Kind::Object(TEST_STATE_CONFIGURATION)),
    ],
    errors: &["InvalidArn", "InvalidDefinition", "InvalidExecutionInput", "ValidationException"],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};

pub(super) const VALIDATE_STATE_MACHINE_DEFINITION: Action = Action {
    name: "ValidateStateMachineDefinition",
    summary: "Checks a definition and answers what is wrong with it.",
    arguments: &[
        required("definition", Kind::Json(Length { min: 1, max: 1_048_576 })),
        optional("type", Kind::Enum(&["STANDARD", "EXPRESS"])),
        optional("severity", Kind::Enum(&["ERROR", "WARNING"])),
        optional("maxResults", Kind::Integer { min: 0, max: Some(100) }),
    ],
    errors: &["ValidationException"],
    resource: Resource::Any,
    machines: Machines::Any,
    waits: false,
    holds_seconds: None,
};
