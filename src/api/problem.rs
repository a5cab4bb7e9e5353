//! Something wrong with a spec.

use std::fmt;

/// Something wrong with a spec.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Path of the field, such as `spec.methods[POST /execution].arguments.name`.
    pub field: String,
    /// What is wrong and what to do.
    pub message: String,
    /// Whether it is the object's class that does not allow it. A change of that cures it, too.
    pub by_class: bool,
}

impl Problem {
    /// What no class is to blame for.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into(), by_class: false }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}
