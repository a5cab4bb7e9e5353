//! IAM policy documents, compared by meaning.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// IAM's limit for all inline policies of a role, in characters, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const INLINE_POLICY_MAX: usize = 10_240;

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

    /// Its size as IAM counts it, in characters, white space left out.
    pub fn size(&self) -> usize {
        self.text().chars().filter(|c| !c.is_whitespace()).count()
    }

    /// What either document says; statements that differ in resources only become one. `None` if one of them has no
    /// statements.
    pub fn union(&self, other: &Self) -> Option<Self> {
        let mut merged: BTreeMap<String, (Map<String, Value>, Vec<Value>)> = BTreeMap::new();
        for statement in
            [self, other].iter().map(|document| document.statements()).collect::<Option<Vec<_>>>()?.concat()
        {
            let mut rest = statement.as_object()?.clone();
            let resources = rest.remove("Resource").map(list).unwrap_or_default();
            merged.entry(Value::Object(rest.clone()).to_string()).or_insert((rest, Vec::new())).1.extend(resources);
        }
        let statements = merged.into_values().map(|(mut statement, mut resources)| {
            resources.sort_by_key(Value::to_string);
            resources.dedup();
            if !resources.is_empty() {
                statement.insert("Resource".to_owned(), Value::Array(resources));
            }
            Value::Object(statement)
        });
        let mut document = self.0.as_object()?.clone();
        document.insert("Statement".to_owned(), statements.collect());
        Some(Self::new(Value::Object(document)))
    }

    fn statements(&self) -> Option<Vec<Value>> {
        self.0.get("Statement").cloned().map(list)
    }

    /// The document as a value.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

/// A list, or the list of one that it stands for.
fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        one => vec![one],
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
    fn a_union_of_a_document_and_a_wider_one_is_the_wider_one() {
        let allow =
            |action: &str, resources: &[&str]| json!({"Effect": "Allow", "Action": action, "Resource": resources});
        let document = |statements: Value| PolicyDocument::new(json!({"Version": "1", "Statement": statements}));
        let one = document(json!([allow("a", &["x"])]));
        let wider = document(json!([allow("a", &["x", "y"]), allow("b", &["x"])]));
        let other = document(json!([allow("a", &["z"])]));
        assert_eq!(one.union(&wider), Some(wider.clone()));
        assert_eq!(wider.union(&one), Some(wider.clone()));
        assert_eq!(one.union(&other), Some(document(json!([allow("a", &["x", "z"])]))));
        assert_eq!(one.union(&PolicyDocument::parse("no policy")), None);
    }

    #[test]
    fn documents_compare_by_meaning() {
        let one = PolicyDocument::new(json!({"Statement": [{"Action": ["b", "a"], "Resource": "*"}]}));
        let same = PolicyDocument::parse(r#"{"Statement":{"Resource":["*"],"Action":["a","b"]}}"#);
        assert_eq!(one, same);
        assert_ne!(one, PolicyDocument::parse(r#"{"Statement":{"Resource":["*"],"Action":["a"]}}"#));
        assert_ne!(one, PolicyDocument::parse("not json"));
    }
}
