//! Running a template.

use std::collections::{BTreeMap, HashMap};

use super::ast::{Error, Expression, ExpressionKind, Node, NodeKind, PartKind, Position, Reference, Template};
use super::context::{Context, Output, Overrides};
use super::value::{Heap, Map, TEXT_MAX, Value, WORK_MAX};
use super::{json, operators};

/// API Gateway's limit for the rounds of a `#foreach`
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>). Velocity stops there and goes on.
const ROUNDS_MAX: usize = 1000;

/// How deep nodes and expressions may lie in each other while they run, `#define`s that print each other included.
const DEPTH_MAX: usize = 250;

/// Runs a template.
///
/// # Errors
/// What answers a call with a 500 on API Gateway, such as an index that a list does not have; what this evaluation does
/// not know; and what takes too much work. With the place in the template.
pub fn evaluate(template: &Template, context: &Context) -> Result<Output, Error> {
    evaluate_within(WORK_MAX, template, context)
}

/// Runs a template with that much work at most.
pub(super) fn evaluate_within(work: usize, template: &Template, context: &Context) -> Result<Output, Error> {
    let mut machine = Machine::new(context);
    machine.work = WORK_MAX.saturating_sub(work);
    let mut text = String::new();
    machine.nodes(&template.nodes, &mut text, true)?;
    Ok(Output { text, overrides: machine.overrides(), origins: machine.origins })
}

/// What goes on after a node.
#[derive(Clone, Copy, PartialEq)]
enum Flow {
    Next,
    Break,
    Stop,
}

pub(super) struct Machine<'a> {
    pub heap: Heap,
    pub context: &'a Context,
    /// The body as JSON, parsed when first asked for; `Null` if it is none.
    pub body: Option<Value>,
    variables: HashMap<String, Value>,
    defines: Vec<&'a [Node]>,
    depth: usize,
    pub work: usize,
    origins: Vec<(usize, Position)>,
}

/// A problem without its place.
pub(super) type Outcome<T> = Result<T, String>;

impl<'a> Machine<'a> {
    fn new(context: &'a Context) -> Self {
        let mut heap = Heap::default();
        let mut stage_variables = Map::default();
        for (name, value) in &context.stage_variables {
            stage_variables.put(name.as_str().into(), Value::text(value.as_str()));
        }
        let stage_variables = heap.map(stage_variables);
        let mut members = json::load(&serde_json::Value::Object(context.context.clone()), &mut heap);
        if !matches!(members, Value::Map(_)) {
            members = heap.map(Map::default());
        }
        let variables = HashMap::from([
            ("input".to_owned(), Value::Input),
            ("util".to_owned(), Value::Util),
            ("context".to_owned(), members),
            ("stageVariables".to_owned(), stage_variables),
        ]);
        let (defines, origins) = (Vec::new(), Vec::new());
        let mut machine = Self { heap, context, body: None, variables, defines, depth: 0, work: 0, origins };
        machine.load_overrides();
        machine
    }

    /// `$context.requestOverride` and `.responseOverride`, with what the request's template set.
    fn load_overrides(&mut self) {
        let mut map = |entries: &BTreeMap<String, String>| {
            let mut map = Map::default();
            for (name, value) in entries {
                map.put(name.as_str().into(), Value::text(value.as_str()));
            }
            self.heap.map(map)
        };
        let overrides = &self.context.overrides;
        let (mut request, mut response) = (Map::default(), Map::default());
        request.put("header".into(), map(&overrides.request_headers));
        request.put("path".into(), map(&overrides.request_path));
        request.put("querystring".into(), map(&overrides.request_query));
        response.put("header".into(), map(&overrides.response_headers));
        if let Some(status) = &overrides.status {
            response.put("status".into(), Value::text(status.as_str()));
        }
        let (request, response) = (self.heap.map(request), self.heap.map(response));
        if let Some(Value::Map(context)) = self.variables.get("context") {
            self.heap.map_mut(*context).put("requestOverride".into(), request);
            self.heap.map_mut(*context).put("responseOverride".into(), response);
        }
    }

    fn overrides(&self) -> Overrides {
        let member = |value: Option<&Value>, name: &str| match value {
            Some(Value::Map(place)) => self.heap.map_at(*place).get(name).cloned(),
            _ => None,
        };
        let print = |value: &Value| self.heap.print(value).unwrap_or_default();
        let texts = |value: Option<Value>| match value {
            Some(Value::Map(place)) => {
                let entries = self.heap.map_at(place).entries().iter();
                entries.map(|(name, value)| (name.to_string(), print(value))).collect()
            }
            _ => BTreeMap::new(),
        };
        let context = self.variables.get("context");
        let (request, response) = (member(context, "requestOverride"), member(context, "responseOverride"));
        Overrides {
            status: member(response.as_ref(), "status").map(|status| print(&status)),
            response_headers: texts(member(response.as_ref(), "header")),
            request_headers: texts(member(request.as_ref(), "header")),
            request_path: texts(member(request.as_ref(), "path")),
            request_query: texts(member(request.as_ref(), "querystring")),
        }
    }

    /// Counts work.
    pub fn spend(&mut self, work: usize) -> Outcome<()> {
        self.work = self.work.saturating_add(work);
        if self.work > WORK_MAX { Err("the template takes too much work".to_owned()) } else { Ok(()) }
    }

    /// The text of a value, paid for.
    pub fn print(&mut self, value: &Value) -> Outcome<String> {
        if let Value::Block(number) = value {
            return self.print_block(*number);
        }
        let text = self.heap.print(value)?;
        self.spend(text.len() / 8)?;
        Ok(text)
    }

    fn print_block(&mut self, number: usize) -> Outcome<String> {
        let nodes = self.defines[number];
        let mut text = String::new();
        self.nodes(nodes, &mut text, false).map_err(|error| error.message)?;
        Ok(text)
    }

    /// One level deeper.
    fn enter(&mut self, at: Position) -> Result<(), Error> {
        if self.depth >= DEPTH_MAX {
            return Err(Error { at, message: format!("the template runs more than {DEPTH_MAX} levels deep") });
        }
        self.depth += 1;
        Ok(())
    }

    fn nodes(&mut self, nodes: &'a [Node], out: &mut String, outermost: bool) -> Result<Flow, Error> {
        let Some(first) = nodes.first() else { return Ok(Flow::Next) };
        self.enter(first.at)?;
        let flow = self.each(nodes, out, outermost);
        self.depth -= 1;
        flow
    }

    fn each(&mut self, nodes: &'a [Node], out: &mut String, outermost: bool) -> Result<Flow, Error> {
        for node in nodes {
            let failed = |message: String| Error { at: node.at, message };
            self.spend(1).map_err(failed)?;
            if outermost {
                self.origins.push((out.len(), node.at));
            }
            let flow = match &node.kind {
                NodeKind::Text(text) | NodeKind::Inert { text, .. } => {
                    self.spend(text.len() / 8).map_err(failed)?;
                    out.push_str(text);
                    Flow::Next
                }
                NodeKind::Reference(reference) => {
                    let value = self.reference(reference)?;
                    out.push_str(&self.print(&value).map_err(failed)?);
                    Flow::Next
                }
                NodeKind::Set { target, value } => {
                    let value = self.expression(value)?;
                    self.set(target, value)?;
                    Flow::Next
                }
                NodeKind::If { arms, otherwise } => {
                    let mut chosen = otherwise.as_slice();
                    for (condition, nodes) in arms {
                        if self.holds(condition)? {
                            chosen = nodes;
                            break;
                        }
                    }
                    self.nodes(chosen, out, outermost)?
                }
                NodeKind::Foreach { variable, list, body } => self.foreach(variable, list, body, out, outermost)?,
                NodeKind::Define { variable, body } => {
                    self.defines.push(body);
                    self.variables.insert(variable.clone(), Value::Block(self.defines.len() - 1));
                    Flow::Next
                }
                NodeKind::Stop => Flow::Stop,
                NodeKind::Break => Flow::Break,
            };
            if out.len() > TEXT_MAX {
                return Err(failed("the output is longer than 10 MB, API Gateway's limit for a payload".to_owned()));
            }
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn foreach(
        &mut self,
        variable: &str,
        list: &'a Expression,
        body: &'a [Node],
        out: &mut String,
        outermost: bool,
    ) -> Result<Flow, Error> {
        let items = match self.expression(list)? {
            Value::List(place) => self.heap.list_at(place).items.clone(),
            Value::Map(place) => self.heap.map_at(place).entries().iter().map(|(_, value)| value.clone()).collect(),
            _ => return Ok(Flow::Next),
        };
        self.spend(items.len()).map_err(|message| Error { at: list.at, message })?;
        let names = [variable, "foreach", "velocityCount", "velocityHasNext"];
        let outer = names.map(|name| self.variables.remove(name));
        let state = self.heap.map(Map::default());
        let count = items.len();
        let mut flow = Flow::Next;
        for (index, item) in items.into_iter().take(ROUNDS_MAX).enumerate() {
            if let Value::Map(place) = state {
                let state = self.heap.map_mut(place);
                state.put("count".into(), Value::count(index + 1));
                state.put("index".into(), Value::count(index));
                state.put("hasNext".into(), Value::Boolean(index + 1 < count));
                state.put("first".into(), Value::Boolean(index == 0));
                state.put("last".into(), Value::Boolean(index + 1 == count));
                if let Some(parent) = &outer[1] {
                    state.put("parent".into(), parent.clone());
                }
            }
            self.variables.insert(variable.to_owned(), item);
            self.variables.insert("foreach".to_owned(), state.clone());
            self.variables.insert("velocityCount".to_owned(), Value::count(index + 1));
            self.variables.insert("velocityHasNext".to_owned(), Value::Boolean(index + 1 < count));
            flow = self.nodes(body, out, outermost)?;
            if flow != Flow::Next {
                break;
            }
        }
        for (name, value) in names.into_iter().zip(outer) {
            match value {
                Some(value) => self.variables.insert(name.to_owned(), value),
                None => self.variables.remove(name),
            };
        }
        Ok(if flow == Flow::Break { Flow::Next } else { flow })
    }

    /// Sets a variable or a member. Null sets nothing, and so does a member of what has none.
    fn set(&mut self, target: &'a Reference, value: Value) -> Result<(), Error> {
        if matches!(value, Value::Null) {
            return Ok(());
        }
        let Some((last, before)) = target.parts.split_last() else {
            self.variables.insert(target.name.clone(), value);
            return Ok(());
        };
        let owner = self.walk(target, before)?;
        let failed = |message: String| Error { at: last.at, message };
        match (&last.kind, owner) {
            (PartKind::Property(name), Value::Map(place)) => {
                self.heap.map_mut(place).put(name.as_str().into(), value);
            }
            (PartKind::Index(index), Value::Map(place)) => {
                let key = self.expression(index)?;
                let key = self.print(&key).map_err(failed)?;
                self.heap.map_mut(place).put(key.into(), value);
            }
            (PartKind::Index(index), Value::List(place)) => {
                let index = self.expression(index)?;
                let at = operators::place(&index, self.heap.list_at(place).items.len()).map_err(failed)?;
                self.heap.list_mut(place)[at] = value;
            }
            _ => {}
        }
        Ok(())
    }

    /// The value of a reference. What is not there is an empty text: so API Gateway has it, unlike Velocity.
    pub fn reference(&mut self, reference: &'a Reference) -> Result<Value, Error> {
        let value = self.walk(reference, &reference.parts)?;
        Ok(if matches!(value, Value::Null) { Value::text("") } else { value })
    }

    fn walk(&mut self, reference: &'a Reference, parts: &'a [super::ast::Part]) -> Result<Value, Error> {
        let mut value = self.variables.get(&reference.name).cloned().unwrap_or(Value::Null);
        for part in parts {
            let failed = |message: String| Error { at: part.at, message };
            self.spend(1).map_err(failed)?;
            if let Value::Block(number) = value {
                value = Value::text(self.print_block(number).map_err(failed)?);
            }
            value = match &part.kind {
                PartKind::Property(name) => self.property(&value, name),
                PartKind::Index(index) => {
                    let index = self.expression(index)?;
                    self.index(&value, &index).map_err(failed)?
                }
                PartKind::Call(name, arguments) => {
                    let mut values = Vec::with_capacity(arguments.len());
                    for argument in arguments {
                        values.push(self.expression(argument)?);
                    }
                    self.call(&value, name, &values).map_err(failed)?
                }
            };
        }
        Ok(value)
    }

    pub fn expression(&mut self, expression: &'a Expression) -> Result<Value, Error> {
        self.enter(expression.at)?;
        let value = self.value_of(expression);
        self.depth -= 1;
        value
    }

    fn value_of(&mut self, expression: &'a Expression) -> Result<Value, Error> {
        let failed = |message: String| Error { at: expression.at, message };
        self.spend(1).map_err(failed)?;
        Ok(match &expression.kind {
            ExpressionKind::Reference(reference) => self.reference(reference)?,
            ExpressionKind::Text(text) => {
                self.spend(text.len() / 8).map_err(failed)?;
                Value::text(text.as_str())
            }
            ExpressionKind::Interpolated(nodes) => {
                let mut text = String::new();
                self.nodes(nodes, &mut text, false)?;
                Value::text(text)
            }
            ExpressionKind::Integer(value) => Value::Integer(*value),
            ExpressionKind::Decimal(value) => Value::Decimal(*value),
            ExpressionKind::Boolean(value) => Value::Boolean(*value),
            ExpressionKind::Null => Value::Null,
            ExpressionKind::List(items) => {
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(self.expression(item)?);
                }
                self.heap.list(values)
            }
            ExpressionKind::Map(entries) => {
                let mut map = Map::default();
                for (key, value) in entries {
                    let key = self.expression(key)?;
                    let key = self.print(&key).map_err(failed)?;
                    let value = self.expression(value)?;
                    map.put(key.into(), value);
                }
                self.heap.map(map)
            }
            ExpressionKind::Range(first, last) => {
                let (first, last) = (self.expression(first)?, self.expression(last)?);
                let range = operators::range(&first, &last).map_err(failed)?;
                self.spend(range.len()).map_err(failed)?;
                self.heap.list(range)
            }
            ExpressionKind::Not(inner) => Value::Boolean(!self.holds(inner)?),
            ExpressionKind::Binary(operator, left, right) => self.binary(*operator, left, right)?,
        })
    }

    /// Whether a condition holds: a reference that is not `false`, or an operation that says so. Plain literals do not.
    pub fn holds(&mut self, condition: &'a Expression) -> Result<bool, Error> {
        let value = self.expression(condition)?;
        Ok(match (&condition.kind, value) {
            (_, Value::Boolean(value)) => value,
            (ExpressionKind::Reference(_), value) => !matches!(value, Value::Null),
            _ => false,
        })
    }
}
