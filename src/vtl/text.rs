//! Methods of strings. Lengths and places count UTF-16 units, as in Java.

use regex_lite::{Captures, Regex, RegexBuilder};

use super::evaluate::{Machine, Outcome};
use super::value::{TEXT_MAX, Value};

/// What compiling an expression counts as work.
const EXPRESSION_WORK: usize = 500;

/// `text.name(arguments)`; `texts` are the arguments as text.
pub(super) fn call(
    machine: &mut Machine,
    text: &str,
    name: &str,
    arguments: &[Value],
    texts: &[String],
) -> Outcome<Value> {
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    // Java has no such methods for numbers, lists and so on.
    let numeric = ["charAt", "substring", "indexOf"].contains(&name);
    let fits = |value: &Value| matches!(value, Value::Text(_)) || (numeric && matches!(value, Value::Integer(_)));
    if !arguments.iter().all(fits) {
        return Ok(Value::Null);
    }
    let made = match (name, texts.as_slice(), arguments) {
        ("length", [], _) => return Ok(Value::count(text.encode_utf16().count())),
        ("isEmpty", [], _) => return Ok(Value::Boolean(text.is_empty())),
        ("isBlank", [], _) => return Ok(Value::Boolean(text.trim().is_empty())),
        ("contains", [part], _) => return Ok(Value::Boolean(text.contains(part))),
        ("startsWith", [part], _) => return Ok(Value::Boolean(text.starts_with(part))),
        ("endsWith", [part], _) => return Ok(Value::Boolean(text.ends_with(part))),
        ("equalsIgnoreCase", [other], _) => {
            return Ok(Value::Boolean(text.to_lowercase() == other.to_lowercase()));
        }
        ("compareTo", [other], _) => return Ok(compare(text, other)),
        ("hashCode", [], _) => {
            let hash = |hash: i32, unit: u16| hash.wrapping_mul(31).wrapping_add(unit.into());
            return Ok(Value::Integer(text.encode_utf16().fold(0, hash).into()));
        }
        ("indexOf", [part], _) => return Ok(index(text, text.find(part))),
        ("indexOf", [part, _], [_, Value::Integer(from)]) => {
            let from = usize::try_from(*from).unwrap_or(0);
            let start = text.char_indices().nth(from).map_or(text.len(), |(at, _)| at);
            return Ok(index(text, text[start..].find(part).map(|at| at + start)));
        }
        ("lastIndexOf", [part], _) => return Ok(index(text, text.rfind(part))),
        ("matches", [expression], _) => {
            let expression = compile(machine, &format!(r"\A(?:{expression})\z"))?;
            return Ok(Value::Boolean(expression.is_match(text)));
        }
        ("split", [expression], _) => {
            let parts = split(&compile(machine, expression)?, text);
            machine.spend(parts.len() + text.len() / 8)?;
            return Ok(machine.heap.list(parts));
        }
        ("charAt", [_], [Value::Integer(at)]) => part(text, *at, Some(at.saturating_add(1)))?,
        ("substring", [_], [Value::Integer(start)]) => part(text, *start, None)?,
        ("substring", [_, _], [Value::Integer(start), Value::Integer(end)]) => part(text, *start, Some(*end))?,
        ("trim", [], _) => text.trim_matches(|c| c <= ' ').to_owned(),
        ("toLowerCase", [], _) => text.to_lowercase(),
        ("toUpperCase", [], _) => text.to_uppercase(),
        ("concat", [other], _) => text.to_owned() + other,
        ("replace", [from, to], _) => {
            let times = text.matches(from).count();
            if times.saturating_mul(to.len()) > TEXT_MAX {
                return Err("the text that replace makes is longer than 10 MB".to_owned());
            }
            text.replace(from, to)
        }
        ("replaceAll", [expression, to], _) => replace(&compile(machine, expression)?, text, to, usize::MAX)?,
        ("replaceFirst", [expression, to], _) => replace(&compile(machine, expression)?, text, to, 1)?,
        _ => return Ok(Value::Null),
    };
    machine.spend(made.len() / 8)?;
    Ok(Value::text(made))
}

fn compile(machine: &mut Machine, expression: &str) -> Outcome<Regex> {
    machine.spend(EXPRESSION_WORK + expression.len())?;
    let built = RegexBuilder::new(expression).size_limit(1 << 20).nest_limit(50).build();
    built.map_err(|_| {
        let shown: String = expression.chars().take(40).collect();
        format!("the regular expression {shown:?} is wrong, or has what only Java knows, such as a look-ahead")
    })
}

/// Java's replacement text: `$1` is a group, a backslash takes the meaning from what follows.
fn replace(expression: &Regex, text: &str, to: &str, times: usize) -> Outcome<String> {
    let mut out = String::new();
    let mut copied = 0;
    for captures in expression.captures_iter(text).take(times) {
        let Some(whole) = captures.get(0) else { continue };
        out.push_str(&text[copied..whole.start()]);
        expand(to, &captures, &mut out)?;
        copied = whole.end();
        if out.len() > TEXT_MAX {
            return Err("the text that a replacement makes is longer than 10 MB".to_owned());
        }
    }
    out.push_str(&text[copied..]);
    Ok(out)
}

fn expand(to: &str, captures: &Captures, out: &mut String) -> Outcome<()> {
    let mut chars = to.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(chars.next().ok_or("a replacement cannot end with a backslash")?),
            '$' => {
                let digit = chars.next().and_then(|c| c.to_digit(10)).ok_or("$ of a replacement needs a group")?;
                let mut group = digit as usize;
                // More digits count as long as there is such a group.
                while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
                    let longer = group * 10 + digit as usize;
                    if longer >= captures.len() {
                        break;
                    }
                    group = longer;
                    chars.next();
                }
                if group >= captures.len() {
                    return Err(format!("the regular expression has no group {group}"));
                }
                out.push_str(captures.get(group).map_or("", |found| found.as_str()));
            }
            c => out.push(c),
        }
    }
    Ok(())
}

/// Java's split: empty parts at the end are left out, and so is an empty one that a match of nothing makes at the start.
fn split(expression: &Regex, text: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    let mut start = 0;
    for found in expression.find_iter(text) {
        if found.end() == 0 || (found.is_empty() && found.end() == text.len()) {
            continue;
        }
        parts.push(&text[start..found.start()]);
        start = found.end();
    }
    if parts.is_empty() {
        return vec![Value::text(text)];
    }
    parts.push(&text[start..]);
    while parts.last().is_some_and(|part| part.is_empty()) {
        parts.pop();
    }
    parts.into_iter().map(Value::text).collect()
}

/// A place in bytes as Java counts; -1 for none.
fn index(text: &str, at: Option<usize>) -> Value {
    at.map_or(Value::Integer(-1), |at| Value::count(text[..at].encode_utf16().count()))
}

fn part(text: &str, start: i128, end: Option<i128>) -> Outcome<String> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let end = end.unwrap_or(units.len() as i128);
    let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let found = range.and_then(|(start, end)| units.get(start..end));
    let found = found.ok_or_else(|| format!("the string has {} characters, and not {start} to {end}", units.len()))?;
    Ok(String::from_utf16_lossy(found))
}

fn compare(left: &str, right: &str) -> Value {
    let (left, right): (Vec<u16>, Vec<u16>) = (left.encode_utf16().collect(), right.encode_utf16().collect());
    let differ = left.iter().zip(&right).find(|(left, right)| left != right);
    Value::Integer(match differ {
        Some((left, right)) => i128::from(*left) - i128::from(*right),
        None => left.len() as i128 - right.len() as i128,
    })
}
