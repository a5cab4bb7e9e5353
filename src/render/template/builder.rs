//! A request template under construction: the directives before the request, and what must hold of the call.

use super::escaped;
use super::source::Read;
use crate::api::{self, StepFunctionsApiSpec};
use crate::model::Integration;
use crate::render::{Problem, Problems};
use crate::vtl;

/// Holds for a body that has fields to look for; what is no JSON has none, and no body at all reads as `{}`.
const HAS_FIELDS: &str = "($json != \"\" || $body == \"{}\")";

/// Holds for a body that is JSON, null and the empty string too, or for none.
const IS_JSON: &str = "($json != \"\" || $body == \"{}\" || $body.matches('\\s*(null|\"\")\\s*'))";

/// Why a body that is none is refused.
const NO_JSON: &str = "the body is not JSON";

/// What a condition's template gives of a call for which it holds.
const HOLDS: &str = "holds";

/// What must hold of a call, or Step Functions is made to refuse it.
pub struct Condition {
    /// Gives [`HOLDS`] or nothing.
    template: String,
    /// The field of the spec that asks for it, and what is wrong with a call for which it does not hold.
    pub told: Problem,
}

impl Condition {
    /// Whether it holds for a call.
    pub fn holds(&self, call: &vtl::Context) -> bool {
        let output = vtl::parse(&self.template).and_then(|template| vtl::evaluate(&template, call));
        output.is_ok_and(|output| output.text == HOLDS)
    }
}

/// What the parts of a template add to the whole.
pub(super) struct Builder<'a> {
    pub(super) spec: &'a StepFunctionsApiSpec,
    pub(super) method: &'a api::Method,
    pub(super) problems: &'a mut Problems,
    set: String,
    needed: Vec<Need>,
    variables: usize,
}

/// What must hold of a call, or the request is refused.
pub(super) struct Need {
    /// In the template's words.
    condition: String,
    /// The field of the spec that asks for it, and what it asks, for people.
    told: Problem,
}

/// A value of the request.
pub(super) struct Part {
    /// Its JSON, as it stands in the template.
    pub(super) json: String,
    /// Condition under which the call has it; `None` for always.
    pub(super) present: Option<String>,
    /// The caller's text as an expression, before it is escaped; `None` for a text of the spec.
    pub(super) text: Option<String>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(spec: &'a StepFunctionsApiSpec, method: &'a api::Method, problems: &'a mut Problems) -> Self {
        Self { spec, method, problems, set: String::new(), needed: Vec::new(), variables: 0 }
    }

    /// A variable that nothing else uses, with its dollar sign.
    pub(super) fn variable(&mut self) -> String {
        self.variables += 1;
        format!("$v{}", self.variables - 1)
    }

    /// Adds directives before the request.
    pub(super) fn set(&mut self, directives: &str) {
        self.set.push_str(directives);
    }

    /// Adds what must hold of the call, or the request is refused: in the template's words, and in people's, of that field.
    pub(super) fn need(&mut self, field: &str, message: impl Into<String>, condition: impl Into<String>) {
        let condition = condition.into();
        if self.needed.iter().all(|need| need.condition != condition) {
            let told = Problem::new(field, message);
            self.needed.push(Need { condition, told });
        }
    }

    /// The same for a value that the call may lack.
    pub(super) fn need_if(&mut self, present: Option<&str>, field: &str, message: &str, condition: String) {
        match present {
            Some(present) => self.need(field, message, format!("(!({present}) || {condition})")),
            None => self.need(field, message, condition),
        }
    }

    /// Needs a body whose fields can be read.
    pub(super) fn need_fields(&mut self, field: &str) {
        self.read_body();
        self.need(field, NO_JSON, HAS_FIELDS);
    }

    /// Needs a body that is JSON.
    pub(super) fn need_json(&mut self, field: &str) {
        self.read_body();
        self.need(field, NO_JSON, IS_JSON);
    }

    fn read_body(&mut self) {
        const READ: &str = "#set($json = \"$!input.path('$')\")#set($body = \"$input.body\")";
        if !self.set.starts_with(READ) {
            self.set.insert_str(0, READ);
        }
    }

    /// An expression for a text as the content of a JSON string inside so many JSON texts.
    pub(super) fn escaped(&mut self, expression: &str, levels: usize) -> String {
        let mut expression = expression.to_owned();
        for level in 0..levels {
            expression = escaped(&expression);
            if level + 1 < levels {
                let variable = self.variable();
                self.set(&format!("#set({variable} = {expression})"));
                expression = variable;
            }
        }
        expression
    }

    /// A JSON string of a caller's text.
    pub(super) fn string(&mut self, read: &Read, level: usize) -> String {
        let quote = at_level("\"", level);
        format!("{quote}{}{quote}", self.escaped(&read.text, level))
    }

    /// The template of a request, which is refused without what is needed.
    pub(super) fn finish(self, object: &str) -> String {
        if self.needed.is_empty() {
            return self.set + object;
        }
        let needed: Vec<&str> = self.needed.iter().map(|need| need.condition.as_str()).collect();
        format!("{}#if({}){object}{}", self.set, needed.join(" && "), Integration::OR_REFUSED)
    }

    /// What must hold of the call, one by one.
    pub(super) fn conditions(self) -> Vec<Condition> {
        let condition =
            |Need { condition, told }| Condition { template: format!("{}#if({condition}){HOLDS}#end", self.set), told };
        self.needed.into_iter().map(condition).collect()
    }

    /// The JSON of an object with these members, each a name and a part. `level` is how deep it stands in JSON texts: 1
    /// for the request itself, 2 for the text of an argument that is JSON.
    pub(super) fn join(&mut self, members: Vec<(String, Part)>, level: usize) -> String {
        let (mut always, mut sometimes) = (Vec::new(), Vec::new());
        for (name, part) in members {
            let member = format!("{}:{}", fixed(&serde_json::Value::from(name).to_string(), level), part.json);
            match part.present {
                Some(present) => sometimes.push((present, member)),
                None => always.push(member),
            }
        }
        let several = sometimes.len() > 1;
        let mut json = format!("{{{}", always.join(","));
        if always.is_empty() && several {
            // The comma is set by the first member that is there.
            let comma = self.variable();
            self.set(&format!("#set({comma} = \"\")"));
            let name = comma.trim_start_matches('$').to_owned();
            for (present, member) in sometimes {
                json.push_str(&format!("#if({present})${{{name}}}{member}#set({comma} = \",\")#end"));
            }
        } else {
            let comma = if always.is_empty() { "" } else { "," };
            for (present, member) in sometimes {
                json.push_str(&format!("#if({present}){comma}{member}#end"));
            }
        }
        json + "}"
    }
}

/// A fixed JSON text inside so many JSON texts, with `$` and `#` as JSON escapes, so that Velocity sees neither: in JSON
/// both occur in strings only.
pub(super) fn fixed(json: &str, level: usize) -> String {
    at_level(&json.replace('$', "\\u0024").replace('#', "\\u0023"), level)
}

/// A piece of JSON inside so many JSON texts, 1 for none.
pub(super) fn at_level(json: &str, level: usize) -> String {
    let mut text = json.to_owned();
    for _ in 1..level {
        let quoted = serde_json::Value::from(text).to_string();
        text = quoted[1..quoted.len() - 1].to_owned();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_inside_a_text_reads_back_as_it_was() {
        let value = serde_json::json!({"a\"b": "it's \\ $x #if é \u{2028}"});
        let template = format!("\"{}\"", fixed(&value.to_string(), 2));
        assert!(!template.contains(['$', '#']), "{template}");
        let text: String = serde_json::from_str(&template).unwrap();
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
