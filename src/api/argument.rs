//! Where the arguments of an action come from.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use kube::KubeSchema;
use kube::core::Rule;
use regex_lite::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::fields::{form, nested_object};

/// Where the value of an argument comes from: exactly one of these. An optional argument is left out when the call has no
/// such value, or an empty one; without a required one, and with one of the wrong type, the answer is 400 and the action
/// is not done.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new(
    "[has(self.body), has(self.bodyField), has(self.query), has(self.path), has(self.header), \
     has(self.stageVariable), has(self.context), has(self.claim), has(self.value), has(self.object)].filter(given, given).size() == 1")
    .message("give exactly one source: body, bodyField, query, path, header, stageVariable, context, claim, value or object"))]
pub struct ArgumentSource {
    /// The whole body, as it was sent. Write it as `body: {}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "WholeBody")]
    pub body: Option<WholeBody>,

    /// A field of a JSON body, by its JSONPath, such as $.order.id or $.items[0].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 256))]
    #[x_kube(validation = BODY_FIELD.rule())]
    pub body_field: Option<String>,

    /// A query parameter; the last one if it is repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = QUERY.rule())]
    pub query: Option<String>,

    /// A variable of the path, written {name} there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = PATH.rule())]
    pub path: Option<String>,

    /// A request header, in any case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = HEADER.rule())]
    pub header: Option<String>,

    /// A stage variable, which every stage must give.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 64))]
    #[x_kube(validation = STAGE_VARIABLE.rule())]
    pub stage_variable: Option<String>,

    /// What API Gateway knows of the call, such as requestId or identity.sourceIp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 64))]
    #[x_kube(validation = CONTEXT.rule())]
    pub context: Option<String>,

    /// What the method's authorizer knows of the caller: with Cognito a claim of the token, such as sub, email or
    /// custom:tenant; with a Lambda authorizer a key of the context that the function answers, or principalId. A caller
    /// cannot choose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(min = 1, max = 128))]
    #[x_kube(validation = CLAIM.rule())]
    pub claim: Option<String>,

    /// A fixed text; for arguments that are JSON, such as `input`, a JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 32_768))]
    pub value: Option<String>,

    /// For arguments that are JSON, such as `input`: an object made of several sources, by its keys. Each is one of the
    /// sources above, or an object again, five deep at most; what the call does not have is left out. Example:
    /// `object: {order: {body: {}}, trace: {header: X-Trace}, page: {query: page, type: Integer}, fixed: {object: {by:
    /// {value: api}}}}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "nested_object")]
    pub object: Option<BTreeMap<String, Value>>,

    /// How the value is written into JSON; for `input` and the other arguments that are JSON, and in objects. Default:
    /// body and bodyField keep what they are, the rest is a string. Integer: a whole number of up to 19 digits, so all of
    /// 64 bits, such as requestTimeEpoch. Number: with up to 21 digits before the point, 25 after it, and an exponent up to
    /// e307, such as -1.5e3. Boolean: true or false. Another value answers 400. JSON: body and bodyField as they are, and
    /// value as a JSON text.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueType")]
    pub value_type: Option<ValueType>,
}

/// The whole body; there is nothing to set.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
pub struct WholeBody {}

/// How a value is written into JSON.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueType {
    String,
    Integer,
    Number,
    Boolean,
    #[serde(rename = "JSON")]
    Json,
}

/// What a text of a source has to look like.
pub struct Form {
    /// The source, as users write it.
    pub name: &'static str,
    max: usize,
    pattern: &'static str,
    /// What to tell whoever wrote another text.
    pub sentence: &'static str,
    /// The pattern, compiled once for all texts.
    compiled: OnceLock<Option<Regex>>,
}

static BODY_FIELD: Form = Form {
    name: "bodyField",
    max: 256,
    pattern: r"\$(\.[A-Za-z_][A-Za-z0-9_-]*|\[\d+\])+",
    sentence: "must be the JSONPath of one field, such as $.order.id or $.items[0], of names with letters, digits, _ and -; body: {} is the whole body",
    compiled: OnceLock::new(),
};
static QUERY: Form = Form {
    name: "query",
    max: 128,
    pattern: r"[A-Za-z0-9._$-]+",
    sentence: "the name of a query parameter has letters, digits and . _ $ - only",
    compiled: OnceLock::new(),
};
static PATH: Form = Form {
    name: "path",
    max: 128,
    pattern: r"[A-Za-z0-9_.-]+",
    sentence: "must be the name of a variable of the path without its braces, such as id",
    compiled: OnceLock::new(),
};
static HEADER: Form = Form {
    name: "header",
    max: 128,
    pattern: r"[A-Za-z0-9_-]+",
    sentence: "the name of a header has letters, digits, _ and - only",
    compiled: OnceLock::new(),
};
static STAGE_VARIABLE: Form = Form {
    name: "stageVariable",
    max: 64,
    pattern: r"[A-Za-z0-9_]+",
    sentence: "the name of a stage variable has letters, digits and _ only",
    compiled: OnceLock::new(),
};
static CONTEXT: Form = Form {
    name: "context",
    max: 64,
    pattern: r"[A-Za-z]+(\.[A-Za-z]+)*",
    sentence: "must be a member of $context, such as requestId or identity.sourceIp",
    compiled: OnceLock::new(),
};
static CLAIM: Form = Form {
    name: "claim",
    max: 128,
    pattern: r"[A-Za-z0-9_:.-]+",
    sentence: "the name of a claim has letters, digits and _ : . - only, such as sub or custom:tenant",
    compiled: OnceLock::new(),
};
static VALUE: Form = Form {
    name: "value",
    max: 32_768,
    pattern: r"(?s).*",
    sentence: "has more than 32768 characters",
    compiled: OnceLock::new(),
};

impl Form {
    fn rule(&self) -> Rule {
        form(self.pattern, self.sentence)
    }

    /// Whether a text is of this form. Of a source in the schema the API server asks; inside objects `render` does.
    pub fn fits(&self, text: &str) -> bool {
        let compiled = self.compiled.get_or_init(|| Regex::new(&format!("^({})$", self.pattern)).ok());
        text.chars().count() <= self.max && compiled.as_ref().is_some_and(|pattern| pattern.is_match(text))
    }
}

impl ArgumentSource {
    /// The forms of all sources that are a text.
    pub const FORMS: [&Form; 8] = [&BODY_FIELD, &QUERY, &PATH, &HEADER, &STAGE_VARIABLE, &CONTEXT, &CLAIM, &VALUE];
}
