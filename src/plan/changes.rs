//! Differences that read like one: `stage/prod variables.arn: "a" -> "b"`.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::model::json;

/// Longest text of a value; more is cut.
const SHOWN: usize = 120;
/// How much of what is the same is shown before the difference.
const LEAD: usize = 30;

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
        let text = |value: &Option<Value>| value.as_ref().filter(|value| !value.is_null()).map(Value::to_string);
        let (from, to) = (text(&self.from), text(&self.to));
        // Of long texts, where they begin to differ.
        let start = match (&from, &to) {
            (Some(from), Some(to)) => same(from, to).saturating_sub(LEAD),
            _ => 0,
        };
        write!(f, "{}: {} -> {}", self.path, shown(from.as_deref(), start), shown(to.as_deref(), start))
    }
}

/// How many characters two texts have in common at their start.
fn same(a: &str, b: &str) -> usize {
    a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count()
}

fn shown(text: Option<&str>, start: usize) -> String {
    let Some(text) = text else { return "(none)".to_owned() };
    let length = text.chars().count();
    if length <= SHOWN {
        return text.to_owned();
    }
    // A part of such a length, if there is one from there on.
    let start = start.min(length - SHOWN);
    let part: String = text.chars().skip(start).take(SHOWN).collect();
    let (before, after) = (if start > 0 { "..." } else { "" }, if start + SHOWN < length { "..." } else { "" });
    format!("{before}{part}{after}")
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

    #[test]
    fn long_values_are_shown_where_they_differ() {
        let line = |from: &str, to: &str| Change::between("x", Some(&from), Some(&to))[0].to_string();
        let same = "é".repeat(500);
        let told = line(&format!("{same}before"), &format!("{same}after{same}"));
        let (from, to) = told.split_once(" -> ").unwrap();
        assert!(from.ends_with("ébefore\"") && from.starts_with("x: ...é"), "{told}");
        assert!(to.contains("éafteré") && to.starts_with("...") && to.ends_with("..."), "{told}");
        let told = line("short", &format!("shorter{same}"));
        assert!(told.starts_with("x: \"short\" -> \"shorteré") && told.ends_with("..."), "{told}");
    }
}
