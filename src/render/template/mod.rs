//! Mapping templates: the request to Step Functions, and the answer to the caller.
//!
//! A caller's text only ever appears inside a JSON string that the template opens and closes, escaped; so no input can
//! add, replace or drop a key. Literals from the spec have `$` and `#` as JSON escapes, so that Velocity sees neither.

mod answer;
mod arguments;
mod builder;
mod object;
mod request;
mod source;
mod value;

pub(super) use answer::{failed, refused, success};
pub(super) use object::leaves;
pub(super) use request::request;

/// The escape function turns an apostrophe into `\'`, which is not JSON
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html>).
const UNESCAPE_APOSTROPHE: &str = r#".replaceAll("\\'","'")"#;

fn escaped(expression: &str) -> String {
    format!("$util.escapeJavaScript({expression}){UNESCAPE_APOSTROPHE}")
}

fn quoted(expression: &str) -> String {
    format!("\"{}\"", escaped(expression))
}
