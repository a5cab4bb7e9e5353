//! Mapping templates: the request to Step Functions, and the answer to the caller.
//!
//! A caller's text only ever appears inside a JSON string that the template opens and closes, escaped; so no input can
//! add, replace or drop a key. Literals from the spec have `$` and `#` as JSON escapes, so that Velocity sees neither.

mod answer;
mod arguments;
mod builder;
mod location;
mod object;
mod outcome;
mod request;
mod source;
mod users;
mod value;
mod wanted;

pub use builder::Condition;
pub use request::conditions;

pub(super) use answer::{failed, refused};
pub(super) use arguments::needed;
pub(super) use location::location;
pub(super) use object::leaves;
pub(super) use outcome::success;
pub(super) use request::request;
pub(super) use users::{check, users};

/// The escape function turns an apostrophe into `\'`, which is not JSON
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).
const UNESCAPE_APOSTROPHE: &str = r#".replaceAll("\\'","'")"#;

fn escaped(expression: &str) -> String {
    format!("$util.escapeJavaScript({expression}){UNESCAPE_APOSTROPHE}")
}

fn quoted(expression: &str) -> String {
    format!("\"{}\"", escaped(expression))
}

/// A text of the spec as a JSON string that Velocity leaves as it is.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string().replace('$', "\\u0024").replace('#', "\\u0023")
}
