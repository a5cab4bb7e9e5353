//! Operators on values, as Velocity 1.7 has them.

use std::cmp::Ordering;

use super::ast::{Error, Expression, Operator};
use super::evaluate::{Machine, Outcome};
use super::value::Value;

/// Longest range.
const RANGE_MAX: i128 = 100_000;

impl<'a> Machine<'a> {
    pub(super) fn binary(
        &mut self,
        operator: Operator,
        left: &'a Expression,
        right: &'a Expression,
    ) -> Result<Value, Error> {
        match operator {
            Operator::And => return Ok(Value::Boolean(self.holds(left)? && self.holds(right)?)),
            Operator::Or => return Ok(Value::Boolean(self.holds(left)? || self.holds(right)?)),
            _ => {}
        }
        let at = left.at;
        let (left, right) = (self.expression(left)?, self.expression(right)?);
        let failed = |message: String| Error { at, message };
        Ok(match operator {
            Operator::Equal => Value::Boolean(self.equal(&left, &right).map_err(failed)?),
            Operator::Unequal => Value::Boolean(!self.equal(&left, &right).map_err(failed)?),
            Operator::Less => compared(&left, &right, Ordering::is_lt),
            Operator::LessOrEqual => compared(&left, &right, Ordering::is_le),
            Operator::Greater => compared(&left, &right, Ordering::is_gt),
            Operator::GreaterOrEqual => compared(&left, &right, Ordering::is_ge),
            Operator::Add if matches!(left, Value::Text(_)) || matches!(right, Value::Text(_)) => {
                let text = self.print(&left).map_err(failed)? + &self.print(&right).map_err(failed)?;
                Value::text(text)
            }
            _ => arithmetic(operator, &left, &right),
        })
    }

    /// Numbers are equal by value, everything else by its text.
    pub(super) fn equal(&mut self, left: &Value, right: &Value) -> Outcome<bool> {
        if let Some(order) = order(left, right) {
            return Ok(order.is_eq());
        }
        match (left, right) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Null, _) | (_, Value::Null) => Ok(false),
            (Value::Boolean(left), Value::Boolean(right)) => Ok(left == right),
            _ => Ok(self.print(left)? == self.print(right)?),
        }
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        _ => number(left)?.partial_cmp(&number(right)?),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Decimal(value) => Some(*value),
        _ => None,
    }
}

fn compared(left: &Value, right: &Value, holds: impl Fn(Ordering) -> bool) -> Value {
    Value::Boolean(order(left, right).is_some_and(holds))
}

/// Null for what is no number, for a division by zero and for what is too large.
fn arithmetic(operator: Operator, left: &Value, right: &Value) -> Value {
    if let (Value::Integer(left), Value::Integer(right)) = (left, right) {
        let result = match operator {
            Operator::Add => left.checked_add(*right),
            Operator::Subtract => left.checked_sub(*right),
            Operator::Multiply => left.checked_mul(*right),
            Operator::Divide => left.checked_div(*right),
            Operator::Remainder => left.checked_rem(*right),
            _ => None,
        };
        return result.map_or(Value::Null, Value::Integer);
    }
    let (Some(left), Some(right)) = (number(left), number(right)) else { return Value::Null };
    match operator {
        Operator::Add => Value::Decimal(left + right),
        Operator::Subtract => Value::Decimal(left - right),
        Operator::Multiply => Value::Decimal(left * right),
        Operator::Divide if right != 0.0 => Value::Decimal(left / right),
        Operator::Remainder if right != 0.0 => Value::Decimal(left % right),
        _ => Value::Null,
    }
}

/// The items of `[first..last]`, which may go down.
pub(super) fn range(first: &Value, last: &Value) -> Outcome<Vec<Value>> {
    let (Value::Integer(first), Value::Integer(last)) = (first, last) else {
        return Err("a range is between two integers".to_owned());
    };
    if first.abs_diff(*last) > RANGE_MAX.unsigned_abs() {
        return Err(format!("a range has at most {RANGE_MAX} numbers here"));
    }
    let items = |from: i128, to: i128| (from..=to).map(Value::Integer);
    Ok(if first <= last { items(*first, *last).collect() } else { items(*last, *first).rev().collect() })
}

/// The place that an index means in a list of that length.
pub(super) fn place(index: &Value, len: usize) -> Outcome<usize> {
    let Value::Integer(index) = index else { return Err(format!("{} is no index of a list", index.kind())) };
    let at = if *index < 0 { index.saturating_add(len as i128) } else { *index };
    let at = usize::try_from(at).ok().filter(|at| *at < len);
    at.ok_or_else(|| format!("the list has {len} items, and none at {index}"))
}
