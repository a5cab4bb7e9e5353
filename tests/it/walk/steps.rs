//! The steps of a walk.

use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use serde_json::{Value, json};

use super::foreign::Edit;
use super::spec::KNOBS;
use crate::inputs::generated::generated;

/// One step.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A knob of the spec, and its new value.
    Turn(usize, u8),
    /// The stage goes back to one of the revisions that there are.
    Pin(usize),
    /// Tests of what is new begin to fail, or to succeed.
    Fail,
    /// Somebody else changes AWS.
    Foreign(Edit),
    /// AWS fails at one of the next calls.
    Fault(Value),
    /// The controller is killed and started again.
    Crash,
    /// A check is asked for, and not waited for.
    Check,
    Delete,
    Nap(u64),
    /// It is left alone and looked at.
    Settle,
}

impl Step {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Turn(..) => "edits",
            Self::Pin(_) => "pins",
            Self::Fail => "changes of tests",
            Self::Foreign(_) => "foreign edits",
            Self::Fault(_) => "faults",
            Self::Crash => "crashes",
            Self::Check => "checks",
            Self::Delete => "deletions",
            Self::Nap(_) => "naps",
            Self::Settle => "settled",
        }
    }
}

/// That many, from the seed of this run.
pub fn steps(count: usize) -> Vec<Step> {
    let fault = (select(FAULTS.to_vec()), 0..12_u32).prop_map(|(fault, skip)| {
        let mut fault: Value = serde_json::from_str(fault).expect("JSON");
        fault["skip"] = json!(skip);
        Step::Fault(fault)
    });
    let step = prop_oneof![
        10 => (0..KNOBS, any::<u8>()).prop_map(|(knob, value)| Step::Turn(knob, value)),
        1 => any::<usize>().prop_map(Step::Pin),
        2 => Just(Step::Fail),
        6 => select(Edit::ALL.to_vec()).prop_map(Step::Foreign),
        5 => fault,
        2 => Just(Step::Crash),
        3 => Just(Step::Check),
        1 => Just(Step::Delete),
        4 => (0..400_u64).prop_map(Step::Nap),
        2 => Just(Step::Settle),
    ];
    generated(&step, count)
}

const FAULTS: [&str; 9] = [
    r#"{"status": 500}"#,
    r#"{"status": 503}"#,
    r#"{"status": 429, "code": "TooManyRequestsException", "service": "apigateway"}"#,
    r#"{"status": 409, "code": "ConflictException", "service": "apigateway", "message": "Unable to complete operation due to concurrent modification. Please try again later."}"#,
    r#"{"status": 403, "code": "AccessDeniedException"}"#,
    r#"{"status": 403, "code": "ExpiredTokenException"}"#,
    r#"{"action": "reset"}"#,
    r#"{"action": "reset", "when": "after"}"#,
    r#"{"action": "hang", "seconds": 1, "when": "after"}"#,
];
