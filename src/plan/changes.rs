//! Differences that read like one: `stage/prod variables.arn: "a" -> "b"`.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::model::json;

/// Longest text of a value; more is cut.
const SHOWN: usize = 120;

/// One difference.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Where, from the outside in.
    pub path: String,
    /// What is there; `None` for nothing.
    pub from: Option<Value>,
    /// What should be there; `None` for nothing.
    pub to: Option<Value>,
}

impl Change {
    /// Every leaf that differs between two values of one type.
    pub(super) fn between<T: Serialize>(path: &str, from: Option<&T>, to: Option<&T>) -> Vec<Self> {
        let mut changes = Vec::new();
        walk(path, from.map(json), to.map(json), &mut changes);
        changes
    }
}

fn walk(path: &str, from: Option<Value>, to: Option<Value>, changes: &mut Vec<Change>) {
    match (from, to) {
        (from, to) if from == to => {}
        (Some(Value::Object(mut from)), Some(Value::Object(to))) => {
            for (key, value) in to {
                walk(&format!("{path}.{key}"), from.remove(&key), Some(value), changes);
            }
            for (key, value) in from {
                walk(&format!("{path}.{key}"), Some(value), None, changes);
            }
        }
        (from, to) => changes.push(Change { path: path.to_owned(), from, to }),
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} -> {}", self.path, shown(self.from.as_ref()), shown(self.to.as_ref()))
    }
}

fn shown(value: Option<&Value>) -> String {
    let Some(value) = value else { return "(none)".to_owned() };
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn changes_name_the_leaves() {
        let from = BTreeMap::from([("a", 1), ("b", 2)]);
        let to = BTreeMap::from([("b", 3), ("c", 4)]);
        let lines: Vec<String> =
            Change::between("stage/x", Some(&from), Some(&to)).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["stage/x.b: 2 -> 3", "stage/x.c: (none) -> 4", "stage/x.a: 1 -> (none)"]);
        assert!(Change::between("x", Some(&from), Some(&from)).is_empty());
    }
}
