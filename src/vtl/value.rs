//! Values while a template is evaluated, how they print, and the heap that holds lists and maps.
//!
//! Lists and maps can be changed through every reference to them, and put into each other. In a heap they are numbers:
//! nothing to count, no loop that is never freed.

use std::collections::HashMap;
use std::fmt::Write;
use std::rc::Rc;

/// Longest text that a template may make, in bytes: API Gateway's limit for a payload.
pub(super) const TEXT_MAX: usize = 10 * 1024 * 1024;

/// Most work of one evaluation, about a node, a value or eight bytes of text each.
pub(super) const WORK_MAX: usize = 2_000_000;

/// How deep lists and maps may lie in each other; more than any JSON that the parser takes.
const DEPTH_MAX: usize = 200;

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    Integer(i128),
    Decimal(f64),
    Text(Rc<str>),
    /// A list, by its place in the heap.
    List(usize),
    /// A map, by its place in the heap.
    Map(usize),
    /// A key and value of a map.
    Entry(Rc<(Rc<str>, Value)>),
    /// The body of a `#define`, by its number.
    Block(usize),
    /// `$input`
    Input,
    /// `$util`
    Util,
}

impl Value {
    pub fn text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(text.into())
    }

    pub fn count(count: usize) -> Self {
        Self::Integer(count as i128)
    }

    /// As Velocity's words for its kind, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) | Self::Decimal(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
            Self::Entry(_) => "an entry of a map",
            Self::Block(_) => "a #define",
            Self::Input => "$input",
            Self::Util => "$util",
        }
    }
}

/// A list. One that comes from JSON prints as JSON, one that a template makes as Java prints lists.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    pub items: Vec<Value>,
    pub json: bool,
}

/// A map in the order in which its keys came.
#[derive(Clone, Debug, Default)]
pub(super) struct Map {
    entries: Vec<(Rc<str>, Value)>,
    places: HashMap<Rc<str>, usize>,
}

impl Map {
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.places.get(key).map(|place| &self.entries[*place].1)
    }

    pub fn put(&mut self, key: Rc<str>, value: Value) -> Option<Value> {
        if let Some(place) = self.places.get(&key) {
            return Some(std::mem::replace(&mut self.entries[*place].1, value));
        }
        self.places.insert(key.clone(), self.entries.len());
        self.entries.push((key, value));
        None
    }

    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let place = self.places.remove(key)?;
        let (_, value) = self.entries.remove(place);
        self.places.values_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
        Some(value)
    }

    pub fn entries(&self) -> &[(Rc<str>, Value)] {
        &self.entries
    }
}

#[derive(Debug, Default)]
pub(super) struct Heap {
    lists: Vec<List>,
    maps: Vec<Map>,
}

impl Heap {
    /// A list as a template makes it.
    pub fn list(&mut self, items: Vec<Value>) -> Value {
        self.add_list(List { items, json: false })
    }

    /// A list of JSON.
    pub fn json_list(&mut self, items: Vec<Value>) -> Value {
        self.add_list(List { items, json: true })
    }

    fn add_list(&mut self, list: List) -> Value {
        self.lists.push(list);
        Value::List(self.lists.len() - 1)
    }

    pub fn map(&mut self, map: Map) -> Value {
        self.maps.push(map);
        Value::Map(self.maps.len() - 1)
    }

    pub fn list_at(&self, place: usize) -> &List {
        &self.lists[place]
    }

    pub fn list_mut(&mut self, place: usize) -> &mut Vec<Value> {
        &mut self.lists[place].items
    }

    pub fn map_at(&self, place: usize) -> &Map {
        &self.maps[place]
    }

    pub fn map_mut(&mut self, place: usize) -> &mut Map {
        &mut self.maps[place]
    }

    /// The text that a template prints for a value.
    ///
    /// # Errors
    /// When it is too long, or a list or map holds itself.
    pub fn print(&self, value: &Value) -> Result<String, &'static str> {
        let mut out = String::new();
        self.write(value, false, 0, &mut out)?;
        Ok(out)
    }

    /// A value as JSON without spaces.
    ///
    /// # Errors
    /// As for [`Self::print`].
    pub fn json(&self, value: &Value) -> Result<String, &'static str> {
        let mut out = String::new();
        self.write(value, true, 0, &mut out)?;
        Ok(out)
    }

    fn write(&self, value: &Value, json: bool, depth: usize, out: &mut String) -> Result<(), &'static str> {
        if out.len() > TEXT_MAX {
            return Err("the text is longer than 10 MB, API Gateway's limit for a payload");
        }
        if depth > DEPTH_MAX {
            return Err("a list or map holds itself and cannot be printed");
        }
        match value {
            Value::Null => out.push_str("null"),
            Value::Boolean(value) => out.push_str(if *value { "true" } else { "false" }),
            Value::Integer(value) => {
                let _ = write!(out, "{value}");
            }
            Value::Decimal(value) if json && value.is_finite() => {
                out.push_str(&serde_json::to_string(value).unwrap_or_default());
            }
            Value::Decimal(value) => out.push_str(&decimal(*value)),
            Value::Text(text) if json => out.push_str(&quoted(text)),
            Value::Text(text) => out.push_str(text),
            Value::List(place) => {
                let list = &self.lists[*place];
                let json = json || list.json;
                out.push('[');
                for (index, item) in list.items.iter().enumerate() {
                    if index > 0 {
                        out.push_str(if json { "," } else { ", " });
                    }
                    self.write(item, json, depth + 1, out)?;
                }
                out.push(']');
            }
            Value::Map(place) => {
                out.push('{');
                for (index, (key, value)) in self.maps[*place].entries.iter().enumerate() {
                    if index > 0 {
                        out.push_str(if json { "," } else { ", " });
                    }
                    out.push_str(if json { quoted(key) } else { key.to_string() }.as_str());
                    out.push(if json { ':' } else { '=' });
                    self.write(value, json, depth + 1, out)?;
                }
                out.push('}');
            }
            Value::Entry(entry) => {
                out.push_str(&entry.0);
                out.push('=');
                self.write(&entry.1, json, depth + 1, out)?;
            }
            Value::Block(_) => {}
            Value::Input => out.push_str("$input"),
            Value::Util => out.push_str("$util"),
        }
        Ok(())
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// A decimal as Java prints a double.
fn decimal(value: f64) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        return format!("{value:?}");
    }
    let text = format!("{value:E}");
    let (digits, exponent) = text.split_once('E').unwrap_or((&text, "0"));
    let point = if digits.contains('.') { "" } else { ".0" };
    format!("{digits}{point}E{exponent}")
}
