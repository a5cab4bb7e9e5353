//! JSON text into values, in the order of its keys.

use std::fmt;
use std::rc::Rc;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};

use super::value::{Heap, Map, Value};

/// The value that a JSON text says.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn parse(text: &str, heap: &mut Heap) -> Result<Value, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Into(heap).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Puts what it reads into the heap.
struct Into<'a>(&'a mut Heap);

impl<'de> DeserializeSeed<'de> for Into<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Into<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Decimal(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = sequence.next_element_seed(Into(self.0))? {
            items.push(item);
        }
        Ok(self.0.json_list(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut map = Map::default();
        while let Some(key) = members.next_key::<String>()? {
            let value = members.next_value_seed(Into(self.0))?;
            map.put(Rc::from(key), value);
        }
        Ok(self.0.map(map))
    }
}

/// A value that is JSON already.
pub(super) fn load(value: &serde_json::Value, heap: &mut Heap) -> Value {
    let text = value.to_string();
    // The text of a value is JSON; only one that lies too deep is not read back.
    parse(&text, heap).unwrap_or(Value::Null)
}
