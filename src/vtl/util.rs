//! `$input` and `$util`
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).

use std::collections::BTreeMap;
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::evaluate::{Machine, Outcome};
use super::value::{Map, Value};
use super::{json, jsonpath};

/// What Java's form encoding leaves as it is.
const FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

impl Machine<'_> {
    /// `$input.body`. AWS gives an empty object for no body.
    pub(super) fn raw_body(&self) -> &str {
        if self.context.body.is_empty() { "{}" } else { &self.context.body }
    }

    /// `$input.name(arguments)`
    pub(super) fn input(&mut self, name: &str, arguments: &[Value]) -> Outcome<Value> {
        match (name, arguments) {
            ("body" | "getBody", []) => Ok(Value::text(self.raw_body())),
            ("path", [path]) => self.in_body(path),
            ("json", [path]) => match self.in_body(path)? {
                Value::Null => Ok(Value::text("\"\"")),
                value => {
                    let text = self.heap.json(&value)?;
                    self.spend(text.len() / 8)?;
                    Ok(Value::text(text))
                }
            },
            ("params", []) => self.all_parameters(),
            ("params", [name]) => {
                let name = self.print(name)?;
                Ok(Value::text(self.parameter(&name)))
            }
            _ => Ok(Value::Null),
        }
    }

    /// What a JSONPath gives of the body; null for a body that is no JSON.
    fn in_body(&mut self, path: &Value) -> Outcome<Value> {
        let path = self.print(path)?;
        let body = match &self.body {
            Some(body) => body.clone(),
            None => {
                self.spend(self.context.body.len() / 8)?;
                let body = json::parse(&self.context.body, &mut self.heap).unwrap_or(Value::Null);
                self.body.insert(body).clone()
            }
        };
        if matches!(body, Value::Null) {
            return Ok(Value::Null);
        }
        let found = jsonpath::find(&path, &body, &mut self.heap, &mut self.work);
        found.map_err(|message| {
            format!("the JSONPath {:?} does not do: {message}", path.chars().take(80).collect::<String>())
        })
    }

    /// From path, query, headers, in this order; a header in any case.
    fn parameter(&self, name: &str) -> &str {
        let context = self.context;
        let exact = [&context.path, &context.query, &context.headers].into_iter().find_map(|all| all.get(name));
        let any_case = || {
            let mut headers = context.headers.iter();
            headers.find(|(header, _)| header.eq_ignore_ascii_case(name)).map(|(_, value)| value)
        };
        exact.or_else(any_case).map_or("", String::as_str)
    }

    fn all_parameters(&mut self) -> Outcome<Value> {
        let context = self.context;
        let mut all = Map::default();
        let groups: [(&str, &BTreeMap<String, String>); 3] =
            [("path", &context.path), ("querystring", &context.query), ("header", &context.headers)];
        for (group, parameters) in groups {
            self.spend(parameters.len())?;
            let mut map = Map::default();
            for (name, value) in parameters {
                map.put(name.as_str().into(), Value::text(value.as_str()));
            }
            all.put(group.into(), self.heap.map(map));
        }
        Ok(self.heap.map(all))
    }

    /// `$util.name(arguments)`
    pub(super) fn util(&mut self, name: &str, arguments: &[Value]) -> Outcome<Value> {
        let [argument] = arguments else { return Ok(Value::Null) };
        let text = self.print(argument)?;
        self.spend(text.len() / 8)?;
        let shown = || text.chars().take(40).collect::<String>();
        Ok(match name {
            "escapeJavaScript" => Value::text(escape_java_script(&text)),
            "parseJson" => json::parse(&text, &mut self.heap)
                .map_err(|error| format!("$util.parseJson cannot read {:?}: {error}", shown()))?,
            "urlEncode" => Value::text(utf8_percent_encode(&text, FORM).to_string().replace(' ', "+")),
            "urlDecode" => {
                let spaces = text.replace('+', " ");
                Value::text(percent_decode_str(&spaces).decode_utf8_lossy().into_owned())
            }
            "base64Encode" => Value::text(STANDARD.encode(&text)),
            "base64Decode" => {
                let bytes = STANDARD.decode(&text);
                let bytes = bytes.map_err(|_| format!("$util.base64Decode cannot read {:?}", shown()))?;
                Value::text(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => Value::Null,
        })
    }
}

/// JavaScript's escapes. `\'` is not JSON: AWS says to turn it back with `.replaceAll("\\'","'")`.
fn escape_java_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' | '/' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='\u{7f}' => out.push(c),
            _ => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04X}");
                }
            }
        }
    }
    out
}
