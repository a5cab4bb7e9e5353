//! IAM policy documents, compared by meaning.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::RestApiId;

/// IAM's limit for all inline policies of a role, in characters, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const INLINE_POLICY_MAX: usize = 10_240;

const STATEMENT: &str = "Statement";

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

    /// A resource policy from text as API Gateway returns it: with quotes and slashes escaped once more
    /// (<https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/apigateway/rest_api.go>).
    pub fn parse_escaped(text: &str) -> Self {
        let unescaped = || serde_json::from_str::<String>(&format!("\"{text}\"")).ok();
        let value = serde_json::from_str(text).ok().or_else(|| serde_json::from_str(&unescaped()?).ok());
        value.map_or_else(|| Self::new(Value::String(text.to_owned())), Self::new)
    }

    /// The same document with the API's own ARN in its short form, `execute-api:/stage/method/path`, which AWS writes
    /// out (<https://docs.aws.amazon.com/apigateway/latest/developerguide/openapi-extensions-policy.html>), and with
    /// principals in one form: AWS makes `arn:aws:iam::ACCOUNT:root` of an account's number.
    #[must_use]
    pub fn of_api(&self, id: &RestApiId) -> Self {
        let mut document = self.0.clone();
        for statement in statements(&mut document) {
            for name in ["Resource", "NotResource"] {
                each_text(statement.get_mut(name), &|text| short(text, id));
            }
            for name in ["Principal", "NotPrincipal"] {
                let Some(principal) = statement.get_mut(name) else { continue };
                each_text(principal.get_mut("AWS"), &|text| account(text));
                if *principal == serde_json::json!({"AWS": "*"}) {
                    *principal = Value::String("*".to_owned());
                }
            }
        }
        Self::new(document)
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
        document.insert(STATEMENT.to_owned(), statements.collect());
        Some(Self::new(Value::Object(document)))
    }

    fn statements(&self) -> Option<Vec<Value>> {
        self.0.get(STATEMENT).cloned().map(list)
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

impl Serialize for PolicyDocument {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// The statements of a document, to be changed.
fn statements(document: &mut Value) -> Vec<&mut Value> {
    document.get_mut(STATEMENT).and_then(Value::as_array_mut).into_iter().flatten().collect()
}

/// Changes a text, or each of a list of them.
fn each_text(value: Option<&mut Value>, change: &impl Fn(&str) -> Option<String>) {
    match value {
        Some(Value::String(text)) => {
            if let Some(changed) = change(text) {
                *text = changed;
            }
        }
        Some(Value::Array(items)) => items.iter_mut().for_each(|item| each_text(Some(item), change)),
        _ => {}
    }
}

/// The short form of an ARN below `arn:P:execute-api:R:ACCOUNT:ID`.
fn short(text: &str, id: &RestApiId) -> Option<String> {
    let [start, _partition, service, _region, _account, rest] = *text.splitn(6, ':').collect::<Vec<_>>() else {
        return None;
    };
    let own = start == "arn" && service == "execute-api";
    rest.strip_prefix(&id.0).filter(|rest| own && rest.starts_with('/')).map(|rest| format!("execute-api:{rest}"))
}

/// The number of an account that is meant as a whole.
fn account(text: &str) -> Option<String> {
    let [start, _partition, service, "", account, "root"] = *text.splitn(6, ':').collect::<Vec<_>>() else {
        return None;
    };
    (start == "arn" && service == "iam").then(|| account.to_owned())
}

/// Lists sorted, lists of one unwrapped, but that of the statements. In a policy no list's order has a meaning.
fn normal(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let entry = |(key, value): (String, Value)| match normal(value) {
                one @ Value::Object(_) if key == STATEMENT => (key, Value::Array(vec![one])),
                value => (key, value),
            };
            Value::Object(map.into_iter().map(entry).collect())
        }
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
    #[test]
    fn resource_policies_compare_as_api_gateway_returns_them() {
        let id = RestApiId("a1b2".to_owned());
        let wanted = PolicyDocument::new(json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"AWS": ["123456789012"]}, "Action": "execute-api:Invoke",
            "Resource": ["execute-api:/*/GET/*", "arn:aws:execute-api:us-east-1:1:a1b2/x", "arn:aws:execute-api:us-east-1:1:zz/*"],
        }]}));
        let returned = r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::123456789012:root\"},\"Action\":\"execute-api:Invoke\",\"Resource\":[\"arn:aws:execute-api:us-east-1:1:a1b2\/*\/GET\/*\",\"arn:aws:execute-api:us-east-1:1:zz\/*\",\"execute-api:\/x\"]}]}"#;
        assert_eq!(PolicyDocument::parse_escaped(returned).of_api(&id), wanted.of_api(&id));
        let anyone = |principal| PolicyDocument::new(json!({"Statement": [{"Principal": principal}]})).of_api(&id);
        assert_eq!(anyone(json!({"AWS": "*"})), anyone(json!("*")));
        assert_ne!(anyone(json!({"AWS": "123456789012"})), anyone(json!("*")));
    }
}
