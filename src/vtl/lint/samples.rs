//! Requests to try a template on, made from what the template reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::ast::{Expression, ExpressionKind, Node, NodeKind, Part, PartKind, Reference, Template};
use super::super::context::Context;

/// Text with everything that breaks JSON when it is not escaped.
const NASTY: &str = "it's \"x\" \\ y";
/// The same without what the trap of `$util.escapeJavaScript` needs.
const NASTY_WITHOUT_APOSTROPHE: &str = "say \"x\" \\ y";

/// Deepest place of a body that is filled in.
const DEPTH_MAX: usize = 30;

/// Requests that have every value that a template reads. One that has none of them is not tried: a template may well need
/// what it reads, and Step Functions answers 400 then.
pub(super) struct Samples {
    /// All values are numbers.
    pub numbers: Context,
    /// All values are plain texts.
    pub texts: Context,
    /// All values are texts that break JSON when they are not escaped.
    pub nasty: Context,
}

pub(super) fn samples(template: &Template, without_apostrophe: bool) -> Samples {
    let mut reads = Reads::default();
    reads.nodes(&template.nodes);
    let nasty = if without_apostrophe { NASTY_WITHOUT_APOSTROPHE } else { NASTY };
    Samples {
        numbers: reads.context("7", &json!(7)),
        texts: reads.context("text", &json!("text")),
        nasty: reads.context(nasty, &json!(nasty)),
    }
}

/// A step into the body.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Name(String),
    Item,
}

/// What a template reads of a request.
#[derive(Default)]
struct Reads {
    body: BTreeSet<Vec<Step>>,
    parameters: BTreeSet<String>,
    stage_variables: BTreeSet<String>,
    /// Variables that hold a part of the body.
    variables: BTreeMap<String, Vec<Step>>,
}

impl Reads {
    fn context(&self, text: &str, leaf: &Value) -> Context {
        let mut body = Value::Null;
        for path in &self.body {
            put(&mut body, path, leaf);
        }
        if body.is_null() {
            body = json!({ "a": leaf });
        }
        Context {
            body: body.to_string(),
            query: self.parameters.iter().map(|name| (name.clone(), text.to_owned())).collect(),
            // Stage variables are the owner's, and have no quotes.
            stage_variables: self.stage_variables.iter().map(|name| (name.clone(), "x".to_owned())).collect(),
            context: Map::new(),
            ..Context::default()
        }
    }

    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match &node.kind {
                NodeKind::Reference(reference) => {
                    self.reference(reference);
                }
                NodeKind::Set { target, value } => {
                    let read = self.expression(value);
                    if let (Some(path), true) = (read, target.parts.is_empty()) {
                        self.variables.insert(target.name.clone(), path);
                    }
                }
                NodeKind::If { arms, otherwise } => {
                    for (condition, nodes) in arms {
                        self.expression(condition);
                        self.nodes(nodes);
                    }
                    self.nodes(otherwise);
                }
                NodeKind::Foreach { variable, list, body } => {
                    if let Some(mut path) = self.expression(list) {
                        path.push(Step::Item);
                        self.body.insert(path.clone());
                        self.variables.insert(variable.clone(), path);
                    }
                    self.nodes(body);
                }
                NodeKind::Define { body, .. } => self.nodes(body),
                NodeKind::Text(_) | NodeKind::Inert { .. } | NodeKind::Stop | NodeKind::Break => {}
            }
        }
    }

    /// What an expression reads; its path when it is a part of the body.
    fn expression(&mut self, expression: &Expression) -> Option<Vec<Step>> {
        match &expression.kind {
            ExpressionKind::Reference(reference) => return self.reference(reference),
            ExpressionKind::Interpolated(nodes) => self.nodes(nodes),
            ExpressionKind::List(items) => items.iter().for_each(|item| {
                self.expression(item);
            }),
            ExpressionKind::Map(entries) => entries.iter().for_each(|(key, value)| {
                self.expression(key);
                self.expression(value);
            }),
            ExpressionKind::Not(inner) => {
                self.expression(inner);
            }
            ExpressionKind::Binary(_, left, right) | ExpressionKind::Range(left, right) => {
                self.expression(left);
                self.expression(right);
            }
            _ => {}
        }
        None
    }

    fn reference(&mut self, reference: &Reference) -> Option<Vec<Step>> {
        for part in &reference.parts {
            match &part.kind {
                PartKind::Call(_, arguments) => arguments.iter().for_each(|argument| {
                    self.expression(argument);
                }),
                PartKind::Index(index) => {
                    self.expression(index);
                }
                PartKind::Property(_) => {}
            }
        }
        let (first, rest) = match reference.parts.split_first() {
            Some((first, rest)) => (Some(&first.kind), rest),
            None => (None, [].as_slice()),
        };
        let (start, parts) = match (reference.name.as_str(), first) {
            ("input", Some(PartKind::Call(name, arguments))) => match (name.as_str(), text(arguments)) {
                ("path" | "json", Some(path)) => (steps(path)?, rest),
                ("params", Some(name)) => {
                    self.parameters.insert(name.to_owned());
                    return None;
                }
                _ => return None,
            },
            ("stageVariables", Some(PartKind::Property(name))) => {
                self.stage_variables.insert(name.clone());
                return None;
            }
            ("stageVariables", Some(PartKind::Call(_, arguments))) => {
                self.stage_variables.extend(text(arguments).map(str::to_owned));
                return None;
            }
            (name, _) => (self.variables.get(name)?.clone(), reference.parts.as_slice()),
        };
        let (path, whole) = below(start, parts);
        if path.len() > DEPTH_MAX {
            return None;
        }
        self.body.insert(path.clone());
        whole.then_some(path)
    }
}

fn text(arguments: &[Expression]) -> Option<&str> {
    match arguments {
        [Expression { kind: ExpressionKind::Text(text), .. }] => Some(text),
        _ => None,
    }
}

/// The path at the end of properties, or of those before a method; and whether it is the value itself.
fn below(mut path: Vec<Step>, parts: &[Part]) -> (Vec<Step>, bool) {
    for part in parts {
        match &part.kind {
            PartKind::Property(name) => path.push(Step::Name(name.clone())),
            PartKind::Index(Expression { kind: ExpressionKind::Text(name), .. }) => path.push(Step::Name(name.clone())),
            PartKind::Index(_) => path.push(Step::Item),
            PartKind::Call(name, arguments) if name == "get" => match text(arguments) {
                Some(name) => path.push(Step::Name(name.to_owned())),
                None => path.push(Step::Item),
            },
            PartKind::Call(name, _) => {
                if ["size", "count"].contains(&name.as_str()) {
                    path.push(Step::Item);
                }
                return (path, false);
            }
        }
    }
    (path, true)
}

/// A plain JSONPath as steps.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    for segment in path.trim().trim_start_matches('$').split(['.', '[']).filter(|segment| !segment.is_empty()) {
        let segment = segment.trim_end_matches(']');
        match segment.trim_matches(['\'', '"']) {
            index if index == segment && index.parse::<u32>().is_ok() => steps.push(Step::Item),
            name if name.contains(['*', '?', '(', ':', ',', ' ']) => return None,
            name => steps.push(Step::Name(name.to_owned())),
        }
    }
    Some(steps)
}

/// Puts a value at the end of a path, unless there is something already.
fn put(value: &mut Value, path: &[Step], leaf: &Value) {
    match path {
        [] => {
            if value.is_null() {
                *value = leaf.clone();
            }
        }
        [Step::Name(name), rest @ ..] => {
            if !value.is_object() {
                *value = json!({});
            }
            if let Some(member) = value.as_object_mut() {
                put(member.entry(name.clone()).or_insert(Value::Null), rest, leaf);
            }
        }
        [Step::Item, rest @ ..] => {
            if !value.is_array() {
                *value = json!([null]);
            }
            if let Some(item) = value.as_array_mut().and_then(|items| items.first_mut()) {
                put(item, rest, leaf);
            }
        }
    }
}
