//! What comes from Secrets, so that it is not shown.

use std::fmt;

use serde_json::Value;

use super::walk::Filled;
use super::{Content, Kind, Reference, Values, fill};

/// What is shown in place of a value of a Secret.
pub const HIDDEN: &str = "(secret)";

/// Texts of a spec that come from Secrets.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The longest first: one may be part of another.
    texts: Vec<String>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Secrets {
    pub(super) fn of(references: &[Reference], values: &Values) -> Self {
        let mut texts = Vec::new();
        for reference in references.iter().filter(|reference| reference.source.kind == Kind::Secret) {
            let Some(Content::Keys(keys)) = values.get(&reference.source) else { continue };
            let Some(Some(text)) = keys.get(&reference.key) else { continue };
            note(text, &mut texts);
            if matches!(reference.place.kind, Filled::List | Filled::Structure) {
                fill::parsed(reference, text).iter().for_each(|value| leaves(value, &mut texts));
            }
        }
        Self::longest_first(texts)
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.texts.extend(others.texts);
        Self::longest_first(self.texts)
    }

    fn longest_first(mut texts: Vec<String>) -> Self {
        texts.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        texts.dedup();
        Self { texts }
    }

    /// A text without them, and without the start of one at which the text was cut.
    pub fn hide(&self, text: &str) -> String {
        self.texts.iter().fold(text.to_owned(), |shown, secret| {
            let shown = without_start(&shown, secret);
            let mut pieces = Vec::new();
            let mut rest = shown.as_str();
            while let Some(at) = find(rest, secret) {
                pieces.extend([&rest[..at], HIDDEN]);
                rest = &rest[at + secret.len()..];
            }
            pieces.push(rest);
            pieces.concat()
        })
    }

    /// A value without them.
    pub fn hide_in(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.hide(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.hide_in(item)).collect(),
            Value::Object(members) => {
                Value::Object(members.into_iter().map(|(key, value)| (key, self.hide_in(value))).collect())
            }
            number if self.are_in(&number) => Value::String(HIDDEN.to_owned()),
            other => other,
        }
    }

    /// Whether one of them is in a value.
    pub fn are_in(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.texts.iter().any(|secret| find(text, secret).is_some()),
            Value::Array(items) => items.iter().any(|item| self.are_in(item)),
            Value::Object(members) => members.values().any(|value| self.are_in(value)),
            Value::Number(number) => self.texts.contains(&number.to_string()),
            Value::Bool(_) | Value::Null => false,
        }
    }
}

/// Where a text has a secret, not as a part of a longer word: a secret may be as short as `1`.
fn find(text: &str, secret: &str) -> Option<usize> {
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let (starts, ends) = (word(secret.chars().next()), word(secret.chars().next_back()));
    text.match_indices(secret).map(|(at, _)| at).find(|at| {
        let (before, after) = (text[..*at].chars().next_back(), text[at + secret.len()..].chars().next());
        !(starts && word(before) || ends && word(after))
    })
}

/// A text in which `...` comes right after the start of a secret, without that.
fn without_start(text: &str, secret: &str) -> String {
    let mut parts = text.split(CUT).peekable();
    let mut shown = String::new();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            shown.push_str(part);
            break;
        }
        let starts = secret.char_indices().map(|(at, _)| &secret[..at]).filter(|start| start.len() >= START_MIN);
        match starts.rev().find(|start| part.ends_with(start)) {
            Some(start) => shown.extend([&part[..part.len() - start.len()], HIDDEN, CUT]),
            None => shown.extend([part, CUT]),
        }
    }
    shown
}

/// Stands where a text was cut.
const CUT: &str = "...";
/// Shortest start of a secret that is hidden: less tells nothing of it, and is part of many words.
const START_MIN: usize = 3;

/// Notes a text as it is, and as JSON and `{:?}` write it.
fn note(text: &str, texts: &mut Vec<String>) {
    let written = Value::String(text.to_owned()).to_string();
    let debugged = format!("{text:?}");
    let forms = [text, text.trim(), &written[1..written.len() - 1], &debugged[1..debugged.len() - 1]];
    texts.extend(forms.iter().filter(|form| !form.is_empty()).map(|form| (*form).to_owned()));
}

fn leaves(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => note(text, texts),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, texts)),
        Value::Object(members) => members.values().for_each(|value| leaves(value, texts)),
        Value::Number(number) => texts.push(number.to_string()),
        Value::Bool(_) | Value::Null => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn secrets(texts: &[&str]) -> Secrets {
        let mut noted = Vec::new();
        texts.iter().for_each(|text| note(text, &mut noted));
        Secrets::longest_first(noted)
    }

    #[test]
    fn start_of_a_secret_at_which_a_text_was_cut_is_hidden() {
        let secrets = secrets(&["PFSECRET-0123"]);
        assert_eq!(secrets.hide("is {\"t\":\"PFSECRET-01...; no stage"), "is {\"t\":\"(secret)...; no stage");
        assert_eq!(secrets.hide("a P...b... PFSECRE...x"), "a P...b... (secret)...x");
    }

    #[test]
    fn secrets_are_hidden_where_they_stand_as_words() {
        let secrets = secrets(&["1", "abc", "abc-def", "say \"hi\"\n"]);
        assert_eq!(secrets.hide("1 of 10: abc-def, abc, xabc"), "(secret) of 10: (secret), (secret), xabc");
        assert_eq!(secrets.hide(r#"not "say \"hi\"\n" but"#), r#"not "(secret)" but"#);
        assert!(secrets.are_in(&json!({"a": ["x:abc/y"]})) && secrets.are_in(&json!(1)));
        assert!(!secrets.are_in(&json!({"abc": ["abcd", 10, true]})));
    }
}
