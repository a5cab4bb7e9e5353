//! Stages: names under which callers reach a deployment.

use std::collections::BTreeMap;

use super::Tags;

/// Name of a stage, the first part of every path that callers use.
pub type StageName = String;

/// A stage's own settings. Which deployment it serves follows from the API's revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage {
    /// Text for people.
    pub description: Option<String>,
    /// Stage variables, live for callers without a deployment.
    pub variables: BTreeMap<String, String>,
    /// Tags.
    pub tags: Tags,
}
