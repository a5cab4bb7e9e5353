//! Filters of JSONPath: `[?(@.price < 10 && @.name)]`.

use std::cmp::Ordering;

use super::super::value::{Heap, Value};
use super::{Step, visit, walk};

#[derive(Debug)]
pub(super) enum Filter {
    Any(Vec<Self>),
    All(Vec<Self>),
    Not(Box<Self>),
    Exists(Operand),
    Compare(Comparison, Operand, Operand),
}

#[derive(Debug)]
pub(super) enum Operand {
    Path { from_root: bool, steps: Vec<Step> },
    Value(serde_json::Value),
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Filter {
    pub fn holds(&self, item: &Value, root: &Value, heap: &Heap, work: &mut usize) -> Result<bool, String> {
        visit(work, 1)?;
        match self {
            Self::Any(filters) => {
                for filter in filters {
                    if filter.holds(item, root, heap, work)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::All(filters) => {
                for filter in filters {
                    if !filter.holds(item, root, heap, work)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(filter) => Ok(!filter.holds(item, root, heap, work)?),
            Self::Exists(operand) => Ok(operand.value(item, root, heap, work)?.is_some()),
            Self::Compare(comparison, left, right) => {
                let left = left.value(item, root, heap, work)?;
                let right = right.value(item, root, heap, work)?;
                Ok(comparison.holds(left.as_ref(), right.as_ref()))
            }
        }
    }
}

impl Operand {
    /// The value as JSON; `None` for a path that leads nowhere.
    fn value(
        &self,
        item: &Value,
        root: &Value,
        heap: &Heap,
        work: &mut usize,
    ) -> Result<Option<serde_json::Value>, String> {
        let (from_root, steps) = match self {
            Self::Value(value) => return Ok(Some(value.clone())),
            Self::Path { from_root, steps } => (*from_root, steps),
        };
        let found = walk(steps, if from_root { root } else { item }, root, heap, work)?;
        let Some(first) = found.first() else { return Ok(None) };
        Ok(match first {
            // What is compared is a number, a text, a boolean or null; of the others it only matters that they are there.
            Value::List(_) | Value::Map(_) => Some(serde_json::Value::Array(Vec::new())),
            value => heap.json(value).ok().and_then(|text| serde_json::from_str(&text).ok()),
        })
    }
}

impl Comparison {
    fn holds(self, left: Option<&serde_json::Value>, right: Option<&serde_json::Value>) -> bool {
        let order = match (left, right) {
            (Some(left), Some(right)) => match (left.as_f64(), right.as_f64()) {
                (Some(left), Some(right)) => left.partial_cmp(&right),
                _ => match (left.as_str(), right.as_str()) {
                    (Some(left), Some(right)) => Some(left.cmp(right)),
                    _ => (left == right && !left.is_array()).then_some(Ordering::Equal),
                },
            },
            _ => None,
        };
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Unequal => order != Some(Ordering::Equal),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
        }
    }
}
