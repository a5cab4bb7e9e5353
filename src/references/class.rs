//! The class of an object.

use super::{Content, Kind, Source, Unfilled, Values};
use crate::api::{Class, Problem};

/// Who names it.
pub(super) const FIELD: &str = "spec.className";
/// Under which key of the object's content its spec is.
pub(super) const KEY: &str = "spec";

pub(super) fn source(name: &str) -> Source {
    Source { kind: Kind::Class, name: name.to_owned() }
}

pub(super) fn read(source: &Source, is_default: bool, values: &Values) -> Result<Class, Unfilled> {
    let told = |message: String| {
        let message = if is_default { format!("not given, and the default: {message}") } else { message };
        vec![Problem::new(FIELD, message)]
    };
    let text = match values.get(source) {
        Some(Content::Keys(keys)) => keys.get(KEY).and_then(Option::as_deref).unwrap_or_default(),
        Some(Content::Unreadable(why)) => {
            return Err(Unfilled::Missing(told(format!("{source} cannot be read: {why}"))));
        }
        Some(Content::Absent | Content::Withheld) | None => {
            return Err(Unfilled::Missing(told(format!("{source} does not exist"))));
        }
    };
    let spec =
        serde_json::from_str(text).map_err(|error| Unfilled::Wrong(told(format!("{source} cannot be read: {error}"))));
    Ok(Class { name: source.name.clone(), spec: spec? })
}
