//! JSONPath as API Gateway has it, which is Jayway's (<https://github.com/json-path/JsonPath>).
//!
//! Not RFC 9535, which the crates implement: names may have `-` without quotes, `$` may be left out, a path that can name
//! one value only gives that value and not a list, and there are functions such as `length()`.

mod filter;
mod parse;

use self::filter::Filter;
use self::parse::parse;
use super::value::{Heap, Value, WORK_MAX};

/// One step of a path.
#[derive(Debug)]
enum Step {
    /// Members by name.
    Names(Vec<String>),
    /// Items by index; from the end when negative.
    Indexes(Vec<i64>),
    /// Items from, and before.
    Slice(Option<i64>, Option<i64>),
    /// All members or items.
    All,
    /// All values below, the value itself first; the next step is taken from each.
    Below,
    /// The items, or the value itself, for which that holds.
    Where(Filter),
    /// What a function gives for the value.
    Call(Function),
}

#[derive(Clone, Copy, Debug)]
enum Function {
    Length,
    Keys,
    First,
    Last,
    Sum,
    Min,
    Max,
    Average,
}

/// What a path gives: the value, `Null` when there is none, or a list for a path that can name several.
///
/// # Errors
/// When the text is no path, or the work that it adds is too much.
pub(super) fn find(path: &str, root: &Value, heap: &mut Heap, work: &mut usize) -> Result<Value, String> {
    let steps = parse(path)?;
    visit(work, path.len())?;
    let definite = steps.iter().all(|step| match step {
        Step::Names(names) => names.len() == 1,
        Step::Indexes(indexes) => indexes.len() == 1,
        Step::Call(_) => true,
        Step::Slice(..) | Step::All | Step::Below | Step::Where(_) => false,
    });
    let (steps, call) = match steps.split_last() {
        Some((Step::Call(function), steps)) => (steps, Some(*function)),
        _ => (steps.as_slice(), None),
    };
    let mut found = walk(steps, root, root, heap, work)?;
    let value = if definite { found.pop().unwrap_or(Value::Null) } else { heap.json_list(found) };
    Ok(match call {
        Some(function) => function.of(&value, heap),
        None => value,
    })
}

/// The values at the end of those steps.
fn walk(steps: &[Step], from: &Value, root: &Value, heap: &Heap, work: &mut usize) -> Result<Vec<Value>, String> {
    let mut values = vec![from.clone()];
    let mut steps = steps.iter();
    while let Some(step) = steps.next() {
        let mut next = Vec::new();
        if matches!(step, Step::Below) {
            let mut all = Vec::new();
            for value in &values {
                below(value, heap, &mut all, work)?;
            }
            let Some(step) = steps.next() else { return Err("nothing follows the .. of the path".to_owned()) };
            for value in &all {
                take(step, value, root, heap, &mut next, work)?;
            }
        } else {
            for value in &values {
                take(step, value, root, heap, &mut next, work)?;
            }
        }
        values = next;
    }
    Ok(values)
}

fn visit(work: &mut usize, count: usize) -> Result<(), String> {
    *work += count;
    if *work > WORK_MAX { Err("the path leads to too many values".to_owned()) } else { Ok(()) }
}

fn below(value: &Value, heap: &Heap, all: &mut Vec<Value>, work: &mut usize) -> Result<(), String> {
    let mut pending = vec![value.clone()];
    while let Some(value) = pending.pop() {
        visit(work, 1)?;
        // Last in, first out: backwards, so that values come in the order of the text.
        pending.extend(children(&value, heap).into_iter().rev());
        all.push(value);
    }
    Ok(())
}

fn children(value: &Value, heap: &Heap) -> Vec<Value> {
    match value {
        Value::List(place) => heap.list_at(*place).items.clone(),
        Value::Map(place) => heap.map_at(*place).entries().iter().map(|(_, value)| value.clone()).collect(),
        _ => Vec::new(),
    }
}

/// Adds what a step leads to from a value.
fn take(
    step: &Step,
    value: &Value,
    root: &Value,
    heap: &Heap,
    next: &mut Vec<Value>,
    work: &mut usize,
) -> Result<(), String> {
    visit(work, step.size())?;
    match (step, value) {
        (Step::Names(names), Value::Map(place)) => {
            next.extend(names.iter().filter_map(|name| heap.map_at(*place).get(name)).cloned());
        }
        (Step::Indexes(indexes), Value::List(place)) => {
            let items = &heap.list_at(*place).items;
            next.extend(indexes.iter().filter_map(|index| items.get(from_end(*index, items.len())?)).cloned());
        }
        (Step::Slice(start, end), Value::List(place)) => {
            let items = &heap.list_at(*place).items;
            let bound = |at: i64| from_end(at, items.len()).unwrap_or(0).min(items.len());
            let (start, end) = (start.map_or(0, bound), end.map_or(items.len(), bound));
            visit(work, items.len())?;
            next.extend(items.get(start..end).unwrap_or_default().iter().cloned());
        }
        (Step::All, _) => {
            let children = children(value, heap);
            visit(work, children.len())?;
            next.extend(children);
        }
        (Step::Where(filter), Value::List(place)) => {
            for item in &heap.list_at(*place).items {
                if filter.holds(item, root, heap, work)? {
                    next.push(item.clone());
                }
            }
        }
        (Step::Where(filter), Value::Map(_)) if filter.holds(value, root, heap, work)? => next.push(value.clone()),
        (Step::Call(_), _) => return Err("a function can only end a path".to_owned()),
        _ => {}
    }
    Ok(())
}

fn from_end(index: i64, len: usize) -> Option<usize> {
    if index >= 0 { usize::try_from(index).ok() } else { len.checked_sub(usize::try_from(index.unsigned_abs()).ok()?) }
}

impl Step {
    /// What looking at it costs, beside what it finds.
    fn size(&self) -> usize {
        match self {
            Self::Names(names) => names.len(),
            Self::Indexes(indexes) => indexes.len(),
            _ => 1,
        }
    }
}

impl Function {
    fn of(self, value: &Value, heap: &mut Heap) -> Value {
        match (self, value) {
            (Self::Length, Value::Text(text)) => Value::count(text.encode_utf16().count()),
            (Self::Length, Value::Map(place)) => Value::count(heap.map_at(*place).entries().len()),
            (Self::Length, Value::List(place)) => Value::count(heap.list_at(*place).items.len()),
            (Self::Keys, Value::Map(place)) => {
                let keys = heap.map_at(*place).entries().iter().map(|(key, _)| Value::Text(key.clone())).collect();
                heap.json_list(keys)
            }
            (Self::First, Value::List(place)) => heap.list_at(*place).items.first().cloned().unwrap_or(Value::Null),
            (Self::Last, Value::List(place)) => heap.list_at(*place).items.last().cloned().unwrap_or(Value::Null),
            (Self::Sum | Self::Min | Self::Max | Self::Average, Value::List(place)) => {
                self.of_numbers(&heap.list_at(*place).items)
            }
            _ => Value::Null,
        }
    }

    fn of_numbers(self, items: &[Value]) -> Value {
        let number = |value: &Value| match value {
            Value::Integer(value) => Some(*value as f64),
            Value::Decimal(value) => Some(*value),
            _ => None,
        };
        let numbers: Vec<f64> = items.iter().filter_map(number).collect();
        if numbers.is_empty() {
            return Value::Null;
        }
        let sum: f64 = numbers.iter().sum();
        Value::Decimal(match self {
            Self::Min => numbers.iter().copied().fold(f64::INFINITY, f64::min),
            Self::Max => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Self::Average => sum / numbers.len() as f64,
            _ => sum,
        })
    }
}
