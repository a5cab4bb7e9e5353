//! Differences that read like one: `stage/prod variables.arn: "a" -> "b"`.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::model::json;

/// Longest text of a value; more is cut.
const SHOWN: usize = 120;
/// How much of what is the same is shown before the difference.
const LEAD: usize = 30;
/// Most leaves of one thing that is new or gone.
pub(super) const LEAVES: usize = 8;

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
    /// Every leaf that differs between two values of one type; what only one of them has, as a whole.
    pub(super) fn between<T: Serialize>(path: &str, from: Option<&T>, to: Option<&T>) -> Vec<Self> {
        let mut changes = Vec::new();
        walk(path, from.map(json), to.map(json), &mut changes);
        changes
    }

    /// The same change in smaller ones, so many at most, where its values are too long to be shown.
    pub(super) fn leaves(&self, most: usize) -> Vec<Self> {
        let mut leaves = vec![self.clone()];
        let room = |leaves: &Vec<Self>| most.saturating_sub(leaves.len() - 1);
        let next = |leaves: &Vec<Self>| {
            let long = leaves.iter().enumerate().filter(|(_, change)| change.is_cut());
            let mut parts = long.map(|(at, change)| (at, change.parts()));
            parts.find(|(_, parts)| (1..=room(leaves)).contains(&parts.len()))
        };
        while let Some((at, parts)) = next(&leaves) {
            leaves.splice(at..=at, parts);
        }
        leaves
    }

    /// Whether it is shown in part only.
    fn is_cut(&self) -> bool {
        [&self.from, &self.to].into_iter().flatten().any(|value| value.to_string().chars().count() > SHOWN)
    }

    /// The entries of what it has on one side only; none if it is a leaf. Empty ones say nothing.
    fn parts(&self) -> Vec<Self> {
        let sides = [(&self.from, true), (&self.to, false)];
        let has_entries = |side: &Value| match side {
            Value::Array(items) => !items.is_empty() && items.iter().all(Value::is_object),
            side => side.is_object(),
        };
        if !sides.iter().any(|(side, _)| side.as_ref().is_some_and(has_entries)) {
            return Vec::new();
        }
        let change = |path: String, value: &Value, is_from: bool| {
            let value = Some(value.clone()).filter(|value| !is_empty(value));
            let (from, to) = if is_from { (value, None) } else { (None, value) };
            (from.is_some() || to.is_some()).then_some(Self { path, from, to })
        };
        let parts = sides.into_iter().flat_map(|(side, is_from)| -> Vec<Option<Self>> {
            match side {
                Some(Value::Object(entries)) => {
                    let path = |key: &String| format!("{}.{key}", self.path);
                    entries.iter().map(|(key, value)| change(path(key), value, is_from)).collect()
                }
                Some(list @ Value::Array(items)) if has_entries(list) => {
                    let items = items.iter().enumerate();
                    items.map(|(at, item)| change(format!("{}[{at}]", self.path), item, is_from)).collect()
                }
                side => side.iter().map(|value| change(self.path.clone(), value, is_from)).collect(),
            }
        });
        parts.flatten().collect()
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(entries) => entries.is_empty(),
        _ => false,
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
        (Some(Value::Array(from)), Some(Value::Array(to))) if from.iter().chain(&to).all(Value::is_object) => {
            // Of such lists the order means nothing: what is told is what only one of them has.
            let only = |all: &[Value], others: &[Value]| -> Vec<(usize, Value)> {
                all.iter().cloned().enumerate().filter(|(_, one)| !others.contains(one)).collect()
            };
            let (gone, new) = (only(&from, &to), only(&to, &from));
            let change = |from, to| Change { path: path.to_owned(), from, to };
            match (gone.len(), new.len()) {
                (0, 0) => changes.push(change(Some(Value::Array(from)), Some(Value::Array(to)))),
                (gone_count, new_count) if gone_count == new_count => {
                    for ((_, from), (at, to)) in gone.into_iter().zip(new) {
                        walk(&format!("{path}[{at}]"), Some(from), Some(to), changes);
                    }
                }
                _ => {
                    changes.extend(gone.into_iter().map(|(_, gone)| change(Some(gone), None)));
                    changes.extend(new.into_iter().map(|(_, new)| change(None, Some(new))));
                }
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

    use serde_json::json;

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
    fn what_is_new_or_gone_is_told_by_its_leaves_if_it_is_too_long() {
        let long = "x".repeat(100);
        let told = |from: Option<Value>, to: Option<Value>, most| -> Vec<String> {
            let changes = Change::between("m", from.as_ref(), to.as_ref());
            changes.iter().flat_map(|change| change.leaves(most)).map(|change| change.to_string()).collect()
        };
        assert_eq!(told(None, Some(json!({"a": 1, "b": 2})), 8), [r#"m: (none) -> {"a":1,"b":2}"#]);
        let deep = json!({"a": {"b": long, "c": true, "empty": {}}, "d": [1]});
        let wanted =
            [format!("m.a.b: \"{long}\" -> (none)"), "m.a.c: true -> (none)".into(), "m.d: [1] -> (none)".into()];
        assert_eq!(told(Some(deep.clone()), None, 8), wanted);
        assert_eq!(told(Some(deep.clone()), None, 2).len(), 2, "as far as there is room");
        assert_eq!(told(Some(deep.clone()), None, 1).len(), 1);
        let other_kind = told(Some(deep), Some(json!("Mock")), 8);
        assert_eq!(other_kind.last().map(String::as_str), Some("m: (none) -> \"Mock\""));
        let statements = |allowed: &str| Some(json!([{"Action": allowed}, {"Action": "b"}]));
        assert_eq!(told(statements("a"), statements("*"), 8), [r#"m[0].Action: "a" -> "*""#]);
    }

    #[test]
    fn an_entry_more_or_less_in_a_list_of_objects_is_told_alone() {
        let list = |names: &[&str]| json!(names.iter().map(|name| json!({"n": name})).collect::<Vec<_>>());
        let told = |from: &[&str], to: &[&str]| -> Vec<String> {
            let changes = Change::between("l", Some(&list(from)), Some(&list(to)));
            changes.iter().map(ToString::to_string).collect()
        };
        assert_eq!(told(&["a", "b"], &["a", "x", "b"]), [r#"l: (none) -> {"n":"x"}"#]);
        assert_eq!(told(&["a", "b"], &["b"]), [r#"l: {"n":"a"} -> (none)"#]);
        assert_eq!(told(&["a"], &[]), [r#"l: {"n":"a"} -> (none)"#]);
        assert_eq!(told(&["a", "a"], &["a"]), [r#"l: [{"n":"a"},{"n":"a"}] -> [{"n":"a"}]"#]);
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
