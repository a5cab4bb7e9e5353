//! One value of the request, by what the argument holds and where it comes from.

use serde::de::IgnoredAny;

use super::builder::{Builder, Part, at_level, fixed};
use super::object;
use super::source::{Read, read};
use crate::actions::{Argument, ArnKind, Kind, Length, not_in_a_name};
use crate::api::{ArgumentSource, ValueType};
use crate::model::Arn;

/// What a value is that is no object and no list.
#[derive(Clone, Copy)]
pub(super) enum Scalar {
    Text(Option<Length>),
    Arn(Length),
    Word(&'static [&'static str]),
    /// Of an action, which takes 32 bits.
    Integer {
        min: i32,
        max: Option<i32>,
    },
    /// Of JSON.
    Whole,
    Number,
    Boolean,
}

/// An argument of the action, or a member of one that is an object. `level` is how deep it stands in JSON texts.
pub(super) fn argument(
    builder: &mut Builder<'_>,
    argument: &Argument,
    source: &ArgumentSource,
    field: &str,
    level: usize,
) -> Option<Part> {
    if source.value_type.is_some() && !matches!(argument.kind, Kind::Json(_)) {
        let text = format!("{} has a type of its own; remove this", argument.name);
        builder.problems.add(format!("{field}.type"), text);
    }
    let scalar = match argument.kind {
        Kind::Json(length) => return json_text(builder, argument, length, source, field, level),
        Kind::Object(members) => return members_of(builder, argument, members, source, field, level),
        Kind::Text(length) => Scalar::Text(Some(length)),
        Kind::Name(length) => {
            if let Some(c) = source.value.as_deref().and_then(not_in_a_name) {
                let text = format!("has {c:?}, which no name has: take letters, digits, - and _");
                builder.problems.add(format!("{field}.value"), text);
            }
            Scalar::Text(Some(length))
        }
        Kind::Arn(of, length) => {
            // That of the method's machine is checked where it is written.
            let given = of == ArnKind::StateMachine && builder.method.state_machine.is_some();
            if let Some(text) = source.value.as_ref().filter(|_| !given) {
                let _ = builder.problems.check(&format!("{field}.value"), Arn::parse(text));
            }
            Scalar::Arn(length)
        }
        Kind::Enum(words) => Scalar::Word(words),
        Kind::Integer { min, max } => Scalar::Integer { min, max },
        Kind::Boolean => Scalar::Boolean,
    };
    scalar_of(builder, scalar, source, field, level)
}

/// A JSON text: what Step Functions calls a string of JSON data.
fn json_text(
    builder: &mut Builder<'_>,
    argument: &Argument,
    length: Length,
    source: &ArgumentSource,
    field: &str,
    level: usize,
) -> Option<Part> {
    if source.body.is_some() && source.value_type.is_none() {
        // Step Functions says whether it is JSON.
        let read = read(builder, source, field)?;
        return Some(Part { json: builder.string(&read, level), present: None, text: None });
    }
    let of_spec = source.value.as_ref().filter(|_| source.value_type.is_none());
    if let Some(text) = of_spec {
        if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
            let text = format!("{} has to be JSON text: {error}", argument.name);
            builder.problems.add(format!("{field}.value"), text);
        }
        check_length(builder, text.len(), "bytes", length, &format!("{field}.value"));
        return Some(of_the_spec(fixed(&serde_json::Value::from(text.as_str()).to_string(), level)));
    }
    let inner = value(builder, source, field, level + 1)?;
    let quote = at_level("\"", level);
    Some(Part { json: format!("{quote}{}{quote}", inner.json), ..inner })
}

/// An object whose members the catalogue knows.
fn members_of(
    builder: &mut Builder<'_>,
    argument: &Argument,
    members: &'static [Argument],
    source: &ArgumentSource,
    field: &str,
    level: usize,
) -> Option<Part> {
    if let Some(nodes) = &source.object {
        return object::of(builder, nodes, Some(members), field, level);
    }
    if let Some(text) = &source.value {
        let known = |name: &String| members.iter().any(|member| member.name == name);
        let wrong = match serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) {
            Err(error) => Some(format!("{} has to be a JSON object: {error}", argument.name)),
            Ok(object) => object.keys().find(|name| !known(name)).map(|name| object::unknown_member(name, members)),
        };
        if let Some(text) = wrong {
            builder.problems.add(format!("{field}.value"), text);
        }
        return Some(of_the_spec(fixed(text, level)));
    }
    let path = whole_or_field(source);
    let Some(path) = path else {
        builder.problems.add(field, format!("{} is an object: give object, value, body or bodyField", argument.name));
        return None;
    };
    let part = json_of_body(builder, source, &path, field, level);
    let object = format!("$input.json('{path}').startsWith(\"{{\")");
    builder.need_if(part.present.as_deref(), field, "the call's value is no JSON object", object);
    Some(part)
}

/// A JSON value inside an argument that is JSON.
pub(super) fn value(builder: &mut Builder<'_>, source: &ArgumentSource, field: &str, level: usize) -> Option<Part> {
    if let Some(nodes) = &source.object {
        if source.value_type.is_some() {
            builder.problems.add(format!("{field}.type"), "an object has no other type; remove this");
        }
        return object::of(builder, nodes, None, field, level);
    }
    let path = whole_or_field(source);
    let scalar = match (source.value_type, path) {
        (None | Some(ValueType::Json), Some(path)) => return Some(json_of_body(builder, source, &path, field, level)),
        (Some(ValueType::Json), None) => return json_of_the_spec(builder, source, field, level),
        (None | Some(ValueType::String), _) => Scalar::Text(None),
        (Some(ValueType::Integer), _) => Scalar::Whole,
        (Some(ValueType::Number), _) => Scalar::Number,
        (Some(ValueType::Boolean), _) => Scalar::Boolean,
    };
    scalar_of(builder, scalar, source, field, level)
}

/// The JSONPath of a source that is the body or a field of it.
fn whole_or_field(source: &ArgumentSource) -> Option<String> {
    source.body.as_ref().map(|_| "$".to_owned()).or_else(|| source.body_field.clone())
}

/// The body or a field of it as it is. `$input.json` writes what was parsed, so nothing can get out of it. Null is as good
/// as no field: both read the same.
fn json_of_body(builder: &mut Builder<'_>, source: &ArgumentSource, path: &str, field: &str, level: usize) -> Part {
    if source.body.is_some() {
        builder.need_json(field);
    } else {
        builder.need_fields(field);
    }
    let variable = builder.variable();
    builder.set(&format!("#set({variable} = \"$!input.path('{path}')\")"));
    // An empty string is a value.
    let present = format!("{variable} != \"\" || {}", is_empty_text(path));
    let json = builder.escaped(&format!("$input.json('{path}')"), level - 1);
    Part { json, present: Some(present), text: Some(variable) }
}

/// Condition under which that field of the body is an empty text, which prints as one that is not there.
pub(super) fn is_empty_text(path: &str) -> String {
    format!("\"$!input.path('{path}').length()\" == \"0\"")
}

fn json_of_the_spec(builder: &mut Builder<'_>, source: &ArgumentSource, field: &str, level: usize) -> Option<Part> {
    let Some(text) = &source.value else {
        let text = "a mapping template cannot check that such a value is JSON; leave type out, and let the workflow parse \
                    the string (States.StringToJson, or $parse in JSONata)";
        builder.problems.add(format!("{field}.type"), text);
        return None;
    };
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        builder.problems.add(format!("{field}.value"), format!("has to be JSON text: {error}"));
    }
    Some(of_the_spec(fixed(text, level)))
}

fn of_the_spec(json: String) -> Part {
    Part { json, present: None, text: None }
}

fn scalar_of(
    builder: &mut Builder<'_>,
    scalar: Scalar,
    source: &ArgumentSource,
    field: &str,
    level: usize,
) -> Option<Part> {
    if let Some(text) = &source.value {
        let json = literal(builder, scalar, text, &format!("{field}.value"));
        return Some(of_the_spec(fixed(&json, level)));
    }
    if source.object.is_some() {
        builder.problems.add(format!("{field}.object"), "is for arguments that are JSON, such as input");
        return None;
    }
    let Read { text, present } = read(builder, source, field)?;
    if let Some((pattern, wrong)) = scalar.form() {
        let message = format!("the call's value is {wrong}");
        builder.need_if(present.as_deref(), field, &message, format!("{text}.matches('{pattern}')"));
    }
    let json = match scalar {
        Scalar::Text(_) | Scalar::Arn(_) | Scalar::Word(_) => {
            builder.string(&Read { text: text.clone(), present: None }, level)
        }
        Scalar::Integer { .. } | Scalar::Whole | Scalar::Number | Scalar::Boolean => text.clone(),
    };
    Some(Part { json, present, text: Some(text) })
}

impl Scalar {
    /// What all of a caller's text has to match, and what it is if it does not; `None` for any text. No text that matches
    /// the pattern of a number or a boolean is anything else in JSON, so these need no escapes.
    fn form(self) -> Option<(String, String)> {
        let form = |pattern: &str, wrong: &str| Some((pattern.to_owned(), wrong.to_owned()));
        match self {
            Self::Text(_) | Self::Arn(_) => None,
            Self::Word(words) => Some((words.join("|"), format!("none of {}", words.join(", ")))),
            // Nine digits fit into the 32 bits of every integer of Step Functions.
            Self::Integer { min, .. } if min >= 0 => form("0|[1-9][0-9]{0,8}", "no whole number of up to nine digits"),
            Self::Integer { .. } => {
                form("0|-?[1-9][0-9]{0,8}", "no whole number of up to nine digits, with or without -")
            }
            // All of 64 bits. The template writes the text and reckons with nothing, so no type of Java narrows it.
            Self::Whole => form("0|-?[1-9][0-9]{0,18}", "no whole number of 64 bits"),
            // As programs write the numbers of 64 bits; with more digits before the point, 1e307 would be beyond them.
            Self::Number => form(
                "-?(0|[1-9][0-9]{0,20})([.][0-9]{1,25})?([eE][+-]?[0-9]{1,2})?|\
                 -?[0-9]([.][0-9]{1,25})?[eE]([+]?([12][0-9]{2}|30[0-7])|-[1-3][0-9]{2})",
                "no number of JSON of up to 64 bits",
            ),
            Self::Boolean => form("true|false", "neither true nor false"),
        }
    }
}

/// The JSON of a text of the spec.
fn literal(builder: &mut Builder<'_>, scalar: Scalar, text: &str, field: &str) -> String {
    let wrong = match scalar {
        Scalar::Text(_) | Scalar::Arn(_) => {
            if let Scalar::Text(Some(length)) | Scalar::Arn(length) = scalar {
                check_length(builder, text.chars().count(), "characters", length, field);
            }
            return serde_json::Value::from(text).to_string();
        }
        Scalar::Word(words) => {
            if !words.contains(&text) {
                builder.problems.add(field, format!("{text:?} is not one of {}", words.join(", ")));
            }
            return serde_json::Value::from(text).to_string();
        }
        Scalar::Integer { min, max } => {
            let max = max.unwrap_or(i32::MAX);
            let good =
                text.parse::<i32>().is_ok_and(|number| (min..=max).contains(&number) && number.to_string() == text);
            (!good).then(|| format!("{text:?} is not a whole number from {min} to {max}"))
        }
        Scalar::Whole => {
            let good = text.parse::<i64>().is_ok_and(|number| number.to_string() == text);
            (!good).then(|| format!("{text:?} is not a whole number of 64 bits"))
        }
        Scalar::Number => {
            let good = serde_json::from_str::<serde_json::Number>(text).is_ok();
            (!good).then(|| format!("{text:?} is not a number of JSON"))
        }
        Scalar::Boolean => (!matches!(text, "true" | "false")).then(|| format!("{text:?} is neither true nor false")),
    };
    if let Some(wrong) = wrong {
        builder.problems.add(field, wrong);
    }
    text.to_owned()
}

fn check_length(builder: &mut Builder<'_>, has: usize, unit: &str, length: Length, field: &str) {
    let Length { min, max } = length;
    if has < min || has > max {
        builder.problems.add(field, format!("has {has} {unit}, and Step Functions takes {min} to {max}"));
    }
}
