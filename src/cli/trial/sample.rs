//! The file of `stepgate render --sample`: a call, and what Step Functions is taken to answer.

use std::collections::BTreeMap;
use std::path::Path;

use crate::spelling::instead;
use serde_json::{Map, Value};

/// Teaches the format.
pub(in crate::cli) const HELP: &str = "\
Show what a call comes to, with no AWS and no cluster: what Step Functions receives, what it is taken to answer, and \
what the caller gets. Values of Secrets, if a FILE has them, stand in it. The file holds the call:

  {
    \"method\": \"POST\",
    \"path\": \"/orders/7?verbose=true\",
    \"stage\": \"prod\",
    \"headers\": {\"Content-Type\": \"application/json\", \"X-Tenant\": \"a\"},
    \"query\": {\"lang\": \"en\"},
    \"body\": {\"customer\": \"O'Hara\"},
    \"claims\": {\"sub\": \"user-1\"},
    \"context\": {\"identity\": {\"sourceIp\": \"192.0.2.7\"}},
    \"answer\": {\"status\": 200, \"body\": {\"executionArn\": \"arn:aws:states:...\"}}
  }

All fields may be left out; path only if --method says it or there is one method.
  path      what follows the stage in the URL; it may have a query
  headers   Content-Type is application/json by default
  body      a text is sent as it is, everything else as JSON
  claims    claims of a Cognito token, or the context that a Lambda authorizer answers
  context   other members of $context, in place of made-up ones
  answer    what Step Functions answers: status, headers, body; or one of its
            errors: {\"error\": \"ExecutionDoesNotExist\", \"message\": \"...\"}

Without answer, Step Functions refuses what it would refuse, such as a wrong name, input that is no JSON, or a state \
machine that the role may not start; else a success is made up. API Gateway refuses as it would: no such path or method, \
required parameters, models, content types without a template.

Of what is printed, problem says what is wrong, also as a warning, and notChecked lists what else decides about such a \
call: nobody is asked for a signature, a token or a key, and nothing that the request names is looked up.

Example: stepgate render examples/aws-tutorial.yaml --sample examples/sample.json";

/// A call to try a method with.
#[derive(Debug, Default)]
pub(in crate::cli) struct Sample {
    pub method: Option<String>,
    pub path: Option<String>,
    pub stage: Option<String>,
    pub headers: BTreeMap<String, String>,
    pub query: BTreeMap<String, String>,
    /// The payload as it is sent.
    pub body: String,
    pub claims: Map<String, Value>,
    /// Members of `$context` in place of the made-up ones.
    pub context: Map<String, Value>,
    pub answer: Answer,
}

/// What Step Functions is taken to answer.
#[derive(Debug, Default)]
pub(in crate::cli) struct Answer {
    pub status: Option<u16>,
    pub headers: BTreeMap<String, String>,
    pub body: Option<String>,
    /// Type of an error, such as `ExecutionDoesNotExist`.
    pub error: Option<String>,
    pub message: Option<String>,
}

impl Sample {
    /// Reads the file.
    ///
    /// # Errors
    /// With the field that is wrong.
    pub fn read(file: &Path) -> Result<Self, String> {
        let name = file.display();
        let text = std::fs::read_to_string(file).map_err(|error| format!("failed to read {name}: {error}"))?;
        let value = serde_json::from_str(&text).map_err(|error| format!("{name}: is not JSON: {error}"))?;
        Self::parse(value).map_err(|error| format!("{name}: {error}"))
    }

    fn parse(value: Value) -> Result<Self, String> {
        let mut fields = Fields::new("", value)?;
        let sample = Self {
            method: fields.text("method")?,
            path: fields.text("path")?,
            stage: fields.text("stage")?,
            headers: fields.texts("headers")?,
            query: fields.texts("query")?,
            body: fields.payload("body").unwrap_or_default(),
            claims: fields.object("claims")?,
            context: fields.object("context")?,
            answer: match fields.take("answer") {
                Some(value) => Answer::parse(value)?,
                None => Answer::default(),
            },
        };
        fields.end()?;
        Ok(sample)
    }
}

impl Answer {
    fn parse(value: Value) -> Result<Self, String> {
        let mut fields = Fields::new("answer", value)?;
        let status = fields.take("status").map(|value| {
            let status = value.as_u64().and_then(|status| u16::try_from(status).ok());
            status
                .filter(|status| (100..600).contains(status))
                .ok_or("answer.status: has to be a number from 100 to 599")
        });
        let answer = Self {
            status: status.transpose()?,
            headers: fields.texts("headers")?,
            body: fields.payload("body"),
            error: fields.text("error")?,
            message: fields.text("message")?,
        };
        fields.end()?;
        if answer.error.is_some() && (answer.status.is_some() || answer.body.is_some()) {
            return Err("answer.error: give error, or status and body".to_owned());
        }
        Ok(answer)
    }
}

/// The fields of an object, each taken once.
struct Fields {
    path: &'static str,
    fields: Map<String, Value>,
    taken: Vec<&'static str>,
}

impl Fields {
    fn new(path: &'static str, value: Value) -> Result<Self, String> {
        match value {
            Value::Object(fields) => Ok(Self { path, fields, taken: Vec::new() }),
            _ if path.is_empty() => {
                Err("has to be a JSON object, such as {\"method\": \"POST\", \"path\": \"/\"}".into())
            }
            _ => Err(format!("{path}: has to be an object")),
        }
    }

    fn name(&self, field: &str) -> String {
        if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) }
    }

    /// A field that is there and not null.
    fn take(&mut self, field: &'static str) -> Option<Value> {
        self.taken.push(field);
        self.fields.remove(field).filter(|value| !value.is_null())
    }

    fn text(&mut self, field: &'static str) -> Result<Option<String>, String> {
        match self.take(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{}: has to be a text", self.name(field))),
        }
    }

    fn object(&mut self, field: &'static str) -> Result<Map<String, Value>, String> {
        match self.take(field) {
            None => Ok(Map::new()),
            Some(Value::Object(object)) => Ok(object),
            Some(_) => Err(format!("{}: has to be an object", self.name(field))),
        }
    }

    /// Texts by name; numbers and booleans are taken as they are written, of a list the last item counts.
    fn texts(&mut self, field: &'static str) -> Result<BTreeMap<String, String>, String> {
        let text = |name: &str, value: &Value| match value {
            Value::String(text) => Ok(text.clone()),
            Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
            _ => Err(format!("{}.{name}: has to be a text", self.name(field))),
        };
        let object = self.fields.get(field).cloned().unwrap_or(Value::Null);
        let texts = match &object {
            Value::Null => BTreeMap::new(),
            Value::Object(object) => {
                let last = |value: &Value| value.as_array().and_then(|items| items.last()).unwrap_or(value).clone();
                let each = |(name, value): (&String, &Value)| Ok((name.clone(), text(name, &last(value))?));
                object.iter().map(each).collect::<Result<_, String>>()?
            }
            _ => return Err(format!("{}: has to be an object of texts", self.name(field))),
        };
        self.take(field);
        Ok(texts)
    }

    /// A payload: a text as it is, everything else as JSON.
    fn payload(&mut self, field: &'static str) -> Option<String> {
        Some(match self.take(field)? {
            Value::String(text) => text,
            value => value.to_string(),
        })
    }

    /// Nothing else may be there.
    fn end(self) -> Result<(), String> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(unknown) => {
                let instead = instead(unknown, self.taken.iter().copied());
                Err(format!("{}: unknown field{instead}", self.name(unknown)))
            }
        }
    }
}
