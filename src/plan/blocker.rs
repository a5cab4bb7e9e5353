//! What keeps a plan from being carried out.

use std::fmt;

use crate::model::Arn;

/// Why a plan may not be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Blocker {
    /// Something of the wanted name is not ours.
    NotOwned { what: String },
    /// A state machine does not exist.
    MachineMissing { fields: Vec<String>, arn: Arn },
    /// An action does not work on the machine's type.
    MachineType { field: String, message: String },
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOwned { what } => {
                write!(
                    f,
                    "{what} exists and does not carry this object's owner tag: delete or rename it, or give it the tag if it is this object's"
                )
            }
            Self::MachineMissing { fields, arn } => {
                write!(f, "{}: state machine {arn} does not exist; create it or correct the ARN", fields.join(", "))
            }
            Self::MachineType { field, message } => write!(f, "{field}: {message}"),
        }
    }
}
