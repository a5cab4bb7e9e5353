//! State machines: not ours, only looked at.

use std::collections::BTreeSet;
use std::fmt;

/// Type of a state machine; decides which actions work on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MachineType {
    /// Long-running, executions can be described and stopped.
    Standard,
    /// Up to five minutes, can be waited for, leaves no execution to look at.
    Express,
}

impl fmt::Display for MachineType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        })
    }
}

/// Where a spec names a state machine, and what it does with it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MachineUse {
    /// Field paths that name it.
    pub fields: BTreeSet<String>,
    /// What must be true of its type, with the method that needs it.
    pub needs: BTreeSet<(MachineType, String)>,
}
