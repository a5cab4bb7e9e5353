//! Calls of the draft that have to be answered as expected before a stage moves.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

use super::MethodKey;

/// A call of a method's draft, and the answer it has to get.
#[derive(Clone, PartialEq)]
pub struct MethodTest {
    /// The method in the API; its verb may be ANY.
    pub method: MethodKey,
    /// Name among the method's tests.
    pub name: String,
    /// Verb of the call.
    pub verb: String,
    /// Path and query of the call, encoded.
    pub path_and_query: String,
    /// Request headers.
    pub headers: BTreeMap<String, String>,
    /// Request body.
    pub body: Option<String>,
    /// Stage variables.
    pub stage_variables: BTreeMap<String, String>,
    /// Status code it has to get.
    pub status: u16,
    /// Headers it has to get.
    pub expected_headers: BTreeMap<String, String>,
    /// Body it has to get, or the part of it that counts.
    pub expected_body: Option<Value>,
    /// Whether the call starts an execution.
    pub starts_execution: bool,
    /// Whether an unexpected body may be shown.
    pub show_body: bool,
}

/// Payloads are nobody's business.
impl fmt::Debug for MethodTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MethodTest({self})")
    }
}

impl fmt::Display for MethodTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.method, self.name)
    }
}

/// The answer to a call of the draft.
#[derive(Clone, PartialEq)]
pub struct TestAnswer {
    /// Status code.
    pub status: u16,
    /// Response headers.
    pub headers: BTreeMap<String, String>,
    /// Response body.
    pub body: String,
}

/// Longest part of a body that is shown, in characters.
const SHOWN: usize = 300;

impl MethodTest {
    /// How an answer differs from the expected one, without its values unless they may be shown; `None` if it does not.
    pub fn difference(&self, answer: &TestAnswer) -> Option<String> {
        let mut found = Vec::new();
        if answer.status != self.status {
            found.push(format!("expected status {}, got {}", self.status, answer.status));
        }
        for (name, wanted) in &self.expected_headers {
            let has = answer.headers.iter().find(|(header, _)| header.eq_ignore_ascii_case(name));
            match has {
                None => found.push(format!("header {name} is missing")),
                Some((_, has)) if has != wanted => found.push(format!("header {name} is not {wanted:?}")),
                Some(_) => {}
            }
        }
        let body = serde_json::from_str(&answer.body).unwrap_or_else(|_| Value::String(answer.body.clone()));
        let whole = self.expected_body.as_ref().and_then(Value::as_str) == Some(&answer.body);
        if let Some(wanted) = self.expected_body.as_ref().filter(|_| !whole)
            && let Some(path) = differs("$", wanted, &body)
        {
            found.push(format!("the body differs at {path}"));
        }
        if found.is_empty() {
            return None;
        }
        let shown: String = answer.body.chars().take(SHOWN).collect();
        let cut = if shown.len() < answer.body.len() { "..." } else { "" };
        found.push(match self.show_body {
            true => format!("the body is {shown}{cut}"),
            // Nor its length: that may be another each time, and the text with it.
            false => "the body is hidden, showBody: true shows it".to_owned(),
        });
        Some(found.join("; "))
    }
}

/// JSONPath of the first value that is wanted and is not there.
fn differs(path: &str, wanted: &Value, has: &Value) -> Option<String> {
    match (wanted, has) {
        (Value::Object(wanted), Value::Object(has)) => wanted.iter().find_map(|(name, wanted)| {
            let here = format!("{path}.{name}");
            match has.get(name) {
                Some(has) => differs(&here, wanted, has),
                None => Some(here),
            }
        }),
        (Value::Array(wanted), Value::Array(has)) if wanted.len() == has.len() => {
            let mut pairs = wanted.iter().zip(has).enumerate();
            pairs.find_map(|(index, (wanted, has))| differs(&format!("{path}[{index}]"), wanted, has))
        }
        // 1 and 1.0 are one number.
        (Value::Number(wanted), Value::Number(has)) if wanted.as_f64() == has.as_f64() => None,
        (wanted, has) => (wanted != has).then(|| path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn test(expected_body: Option<Value>, show_body: bool) -> MethodTest {
        MethodTest {
            method: MethodKey { path: "/a".into(), verb: "GET".into() },
            name: "t".into(),
            verb: "GET".into(),
            path_and_query: "/a".into(),
            headers: BTreeMap::new(),
            body: None,
            stage_variables: BTreeMap::new(),
            status: 200,
            expected_headers: BTreeMap::from([("X-A".to_owned(), "1".to_owned())]),
            expected_body,
            starts_execution: false,
            show_body,
        }
    }

    fn answer(status: u16, body: &str) -> TestAnswer {
        TestAnswer { status, headers: BTreeMap::from([("x-a".to_owned(), "1".to_owned())]), body: body.to_owned() }
    }

    #[test]
    fn fields_that_are_not_named_do_not_count() {
        let wanted = Some(json!({"a": {"b": [1, {"c": "x"}]}}));
        let good = answer(200, r#"{"a":{"b":[1.0,{"c":"x","d":2}],"e":3}}"#);
        assert_eq!(test(wanted.clone(), false).difference(&good), None);
        let bad = answer(200, r#"{"a":{"b":[1,{"c":"y"}]}}"#);
        let told = test(wanted, false).difference(&bad).unwrap();
        assert_eq!(told, "the body differs at $.a.b[1].c; the body is hidden, showBody: true shows it");
        assert_eq!(test(Some(json!("plain")), false).difference(&answer(200, "plain")), None);
        assert_eq!(test(Some(json!("text")), false).difference(&answer(200, "\"text\"")), None);
    }

    #[test]
    fn a_body_is_shown_on_demand_only() {
        let told = test(None, true).difference(&answer(500, &"secret".repeat(100))).unwrap();
        assert!(told.starts_with("expected status 200, got 500; the body is secretsecret"), "{told}");
        assert!(told.len() < 400);
        assert!(!test(None, false).difference(&answer(500, "secret")).unwrap().contains("secret"));
    }
}
