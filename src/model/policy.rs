//! IAM policy documents, compared by meaning.

use serde_json::Value;

/// A policy document. Order of statements, actions and resources, and "one or a list of one", do not matter.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyDocument(Value);

impl PolicyDocument {
    /// A document from its JSON value.
    pub fn new(document: Value) -> Self {
        Self(normal(document))
    }

    /// A document from text as AWS returns it. What is not JSON is kept as text, and so differs from every document.
    pub fn parse(text: &str) -> Self {
        Self::new(serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())))
    }

    /// The document as compact JSON text.
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// The document as a value.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

/// Lists sorted, lists of one unwrapped. In a policy no list's order has a meaning.
fn normal(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, normal(value))).collect()),
        Value::Array(mut items) if items.len() == 1 => normal(items.remove(0)),
        Value::Array(items) => {
            let mut items: Vec<Value> = items.into_iter().map(normal).collect();
            items.sort_by_key(Value::to_string);
            Value::Array(items)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_compare_by_meaning() {
        let one = PolicyDocument::new(json!({"Statement": [{"Action": ["b", "a"], "Resource": "*"}]}));
        let same = PolicyDocument::parse(r#"{"Statement":{"Resource":["*"],"Action":["a","b"]}}"#);
        assert_eq!(one, same);
        assert_ne!(one, PolicyDocument::parse(r#"{"Statement":{"Resource":["*"],"Action":["a"]}}"#));
        assert_ne!(one, PolicyDocument::parse("not json"));
    }
}
