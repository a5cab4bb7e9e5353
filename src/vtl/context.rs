//! What a template is given, and what it gives.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::ast::Position;

/// What a template can see of a call.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// The payload: the caller's, or for a response that of the backend.
    pub body: String,
    /// Variables of the path.
    pub path: BTreeMap<String, String>,
    /// Query parameters; the last one of those that are repeated.
    pub query: BTreeMap<String, String>,
    /// Headers, with names as they were sent.
    pub headers: BTreeMap<String, String>,
    /// `$stageVariables`
    pub stage_variables: BTreeMap<String, String>,
    /// `$context`, without its overrides.
    pub context: Map<String, Value>,
    /// What an earlier template of the same call set.
    pub overrides: Overrides,
}

/// What templates set in `$context.requestOverride` and `$context.responseOverride`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `responseOverride.status`, as it was set; a status code if all is well.
    pub status: Option<String>,
    /// `responseOverride.header`
    pub response_headers: BTreeMap<String, String>,
    /// `requestOverride.header`
    pub request_headers: BTreeMap<String, String>,
    /// `requestOverride.path`
    pub request_path: BTreeMap<String, String>,
    /// `requestOverride.querystring`
    pub request_query: BTreeMap<String, String>,
}

/// What a template gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The payload.
    pub text: String,
    /// Overrides, those of the context included.
    pub overrides: Overrides,
    /// Where pieces of the text come from: offset of a piece's first byte, and place in the template.
    pub(super) origins: Vec<(usize, Position)>,
}

impl Output {
    /// The place in the template that made the byte at that line and column of the text, both from 1, as serde_json
    /// counts them.
    pub fn origin_of(&self, line: usize, column: usize) -> Position {
        let start: usize = self.text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        self.origin((start + column.saturating_sub(1)).min(self.text.len().saturating_sub(1)))
    }

    /// The place in the template that made the byte at that offset.
    fn origin(&self, offset: usize) -> Position {
        let after = self.origins.partition_point(|(start, _)| *start <= offset);
        let found = after.checked_sub(1).and_then(|index| self.origins.get(index));
        found.map_or(Position { line: 1, column: 1 }, |(_, at)| *at)
    }
}
