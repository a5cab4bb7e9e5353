//! Properties, indexes and methods of values: those of Java that templates use.
//!
//! What a value does not have is null, as API Gateway has it, and so prints as nothing.

use std::rc::Rc;

use super::evaluate::{Machine, Outcome};
use super::operators::place;
use super::text;
use super::value::Value;

impl Machine<'_> {
    /// `value.name`
    pub(super) fn property(&mut self, value: &Value, name: &str) -> Value {
        match value {
            Value::Map(place) => self.heap.map_at(*place).get(name).cloned().unwrap_or(Value::Null),
            Value::Input if name == "body" => Value::text(self.raw_body()),
            Value::Entry(entry) if name == "key" => Value::Text(entry.0.clone()),
            Value::Entry(entry) if name == "value" => entry.1.clone(),
            Value::Text(text) if name == "empty" => Value::Boolean(text.is_empty()),
            Value::List(place) if name == "empty" => Value::Boolean(self.heap.list_at(*place).items.is_empty()),
            _ => Value::Null,
        }
    }

    /// `value[index]`
    pub(super) fn index(&mut self, value: &Value, index: &Value) -> Outcome<Value> {
        match value {
            Value::List(list) => {
                let items = &self.heap.list_at(*list).items;
                Ok(items[place(index, items.len())?].clone())
            }
            Value::Map(place) => {
                let key = self.print(index)?;
                Ok(self.heap.map_at(*place).get(&key).cloned().unwrap_or(Value::Null))
            }
            _ => Ok(Value::Null),
        }
    }

    /// `value.name(arguments)`
    pub(super) fn call(&mut self, value: &Value, name: &str, arguments: &[Value]) -> Outcome<Value> {
        match (value, name, arguments) {
            (Value::Input, ..) => return self.input(name, arguments),
            (Value::Util, ..) => return self.util(name, arguments),
            (Value::Null, ..) => return Ok(Value::Null),
            (_, "toString", []) => return self.print(value).map(Value::text),
            (_, "equals", [other]) => {
                let same = std::mem::discriminant(value) == std::mem::discriminant(other);
                return Ok(Value::Boolean(same && self.equal(value, other)?));
            }
            _ => {}
        }
        match value {
            Value::Text(text) => {
                let mut texts = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    texts.push(self.print(argument)?);
                }
                self.spend(text.len() / 8)?;
                text::call(self, text, name, arguments, &texts)
            }
            Value::List(place) => self.call_list(*place, name, arguments),
            Value::Map(place) => self.call_map(*place, name, arguments),
            Value::Integer(_) | Value::Decimal(_) => self.call_number(value, name, arguments),
            Value::Entry(entry) => Ok(match (name, arguments) {
                ("getKey", []) => Value::Text(entry.0.clone()),
                ("getValue", []) => entry.1.clone(),
                _ => Value::Null,
            }),
            _ => Ok(Value::Null),
        }
    }

    fn call_list(&mut self, list: usize, name: &str, arguments: &[Value]) -> Outcome<Value> {
        let len = self.heap.list_at(list).items.len();
        Ok(match (name, arguments) {
            // `count` is what the documentation of `$input.path` calls it.
            ("size" | "count" | "length", []) => Value::count(len),
            ("isEmpty", []) => Value::Boolean(len == 0),
            ("get", [index]) => self.heap.list_at(list).items[place(index, len)?].clone(),
            ("set", [index, value]) => {
                let at = place(index, len)?;
                std::mem::replace(&mut self.heap.list_mut(list)[at], value.clone())
            }
            ("add", [value]) => {
                self.heap.list_mut(list).push(value.clone());
                Value::Boolean(true)
            }
            ("add", [Value::Integer(index), value]) => {
                let at = usize::try_from(*index).ok().filter(|at| *at <= len);
                let at = at.ok_or_else(|| format!("the list has {len} items; none can be added at {index}"))?;
                self.spend(len - at)?;
                self.heap.list_mut(list).insert(at, value.clone());
                Value::Null
            }
            ("addAll", [other]) => {
                let items = self.items(other);
                self.spend(items.len())?;
                let added = !items.is_empty();
                self.heap.list_mut(list).extend(items);
                Value::Boolean(added)
            }
            ("remove", [index @ Value::Integer(_)]) => {
                self.spend(len)?;
                let at = place(index, len)?;
                self.heap.list_mut(list).remove(at)
            }
            ("remove", [value]) => {
                let at = self.find(list, value)?;
                at.map(|at| self.heap.list_mut(list).remove(at));
                Value::Boolean(at.is_some())
            }
            ("clear", []) => {
                self.heap.list_mut(list).clear();
                Value::Null
            }
            ("contains", [value]) => Value::Boolean(self.find(list, value)?.is_some()),
            ("indexOf", [value]) => self.find(list, value)?.map_or(Value::Integer(-1), Value::count),
            ("subList", [Value::Integer(start), Value::Integer(end)]) => {
                let range = usize::try_from(*start).ok().zip(usize::try_from(*end).ok());
                let items = range.and_then(|(start, end)| self.heap.list_at(list).items.get(start..end));
                let items =
                    items.ok_or_else(|| format!("the list has {len} items, and not {start} to {end}"))?.to_vec();
                self.spend(items.len())?;
                self.heap.list(items)
            }
            _ => Value::Null,
        })
    }

    fn find(&mut self, list: usize, value: &Value) -> Outcome<Option<usize>> {
        for at in 0..self.heap.list_at(list).items.len() {
            self.spend(1)?;
            let item = self.heap.list_at(list).items[at].clone();
            let same = std::mem::discriminant(&item) == std::mem::discriminant(value);
            if same && self.equal(&item, value)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn items(&self, value: &Value) -> Vec<Value> {
        match value {
            Value::List(place) => self.heap.list_at(*place).items.clone(),
            _ => Vec::new(),
        }
    }

    fn call_map(&mut self, map: usize, name: &str, arguments: &[Value]) -> Outcome<Value> {
        let len = self.heap.map_at(map).entries().len();
        Ok(match (name, arguments) {
            ("size", []) => Value::count(len),
            ("isEmpty", []) => Value::Boolean(len == 0),
            ("get", [key]) => self.index(&Value::Map(map), key)?,
            ("getOrDefault", [key, default]) => match self.index(&Value::Map(map), key)? {
                Value::Null => default.clone(),
                value => value,
            },
            ("containsKey", [key]) => {
                let key = self.print(key)?;
                Value::Boolean(self.heap.map_at(map).get(&key).is_some())
            }
            ("containsValue", [value]) => {
                let Value::List(values) = self.values(map)? else { return Ok(Value::Null) };
                Value::Boolean(self.find(values, value)?.is_some())
            }
            ("put", [key, value]) => {
                let key = self.print(key)?;
                self.heap.map_mut(map).put(key.into(), value.clone()).unwrap_or(Value::Null)
            }
            ("putAll", [Value::Map(other)]) => {
                let entries = self.heap.map_at(*other).entries().to_vec();
                self.spend(entries.len())?;
                for (key, value) in entries {
                    self.heap.map_mut(map).put(key, value);
                }
                Value::Null
            }
            ("remove", [key]) => {
                let key = self.print(key)?;
                self.spend(len)?;
                self.heap.map_mut(map).remove(&key).unwrap_or(Value::Null)
            }
            ("clear", []) => {
                *self.heap.map_mut(map) = super::value::Map::default();
                Value::Null
            }
            ("keySet", []) => {
                self.spend(len)?;
                let keys = self.heap.map_at(map).entries().iter().map(|(key, _)| Value::Text(key.clone())).collect();
                self.heap.list(keys)
            }
            ("values", []) => self.values(map)?,
            ("entrySet", []) => {
                self.spend(len)?;
                let entries = self.heap.map_at(map).entries().iter();
                let entries = entries.map(|entry| Value::Entry(Rc::new(entry.clone()))).collect();
                self.heap.list(entries)
            }
            _ => Value::Null,
        })
    }

    fn values(&mut self, map: usize) -> Outcome<Value> {
        self.spend(self.heap.map_at(map).entries().len())?;
        let values = self.heap.map_at(map).entries().iter().map(|(_, value)| value.clone()).collect();
        Ok(self.heap.list(values))
    }

    fn call_number(&mut self, value: &Value, name: &str, arguments: &[Value]) -> Outcome<Value> {
        Ok(match (value, name, arguments) {
            (Value::Integer(_), "intValue" | "longValue", []) => value.clone(),
            (Value::Decimal(value), "intValue" | "longValue", []) => Value::Integer(*value as i128),
            (Value::Integer(value), "doubleValue" | "floatValue", []) => Value::Decimal(*value as f64),
            (Value::Decimal(_), "doubleValue" | "floatValue", []) => value.clone(),
            // `#set($Integer = 0)$Integer.parseInt("7")` is how templates call a static method.
            (_, "parseInt" | "parseLong" | "valueOf" | "parseDouble", [text]) => {
                let text = self.print(text)?;
                let parsed = match value {
                    Value::Integer(_) => text.parse().map(Value::Integer).ok(),
                    _ => text.parse().map(Value::Decimal).ok(),
                };
                parsed.ok_or_else(|| format!("{name} cannot read {:?}", text.chars().take(40).collect::<String>()))?
            }
            (_, "toString", [other]) => Value::text(self.print(other)?),
            (_, "compareTo", [other]) => {
                let less = self.equal(value, other)?;
                if less { Value::Integer(0) } else { compare(value, other) }
            }
            _ => Value::Null,
        })
    }
}

fn compare(left: &Value, right: &Value) -> Value {
    let number = |value: &Value| match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Decimal(value) => Some(*value),
        _ => None,
    };
    let order = number(left).zip(number(right)).and_then(|(left, right)| left.partial_cmp(&right));
    order.map_or(Value::Null, |order| Value::Integer(order as i128))
}
