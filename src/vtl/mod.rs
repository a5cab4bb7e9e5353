//! API Gateway's mapping templates: Velocity 1.7 with `$input`, `$util`, `$context` and `$stageVariables`.
//!
//! In: a template's text, and for [`evaluate`] what it can see of a call. Out: its output with overrides, or what is wrong
//! with its place. Nothing here knows Stepgate. Work is bounded: no template, and no request, takes for ever. What is not
//! as on API Gateway, and where its own recordings and its documentation differ from the emulators, is in `docs/vtl.md`.

mod ast;
mod context;
mod cursor;
mod directives;
mod evaluate;
mod expression;
mod json;
mod jsonpath;
mod lint;
mod members;
mod operators;
mod parser;
mod text;
mod util;
mod value;

pub use ast::{Error, Position, Template};
pub use context::{Context, Output, Overrides};
pub use evaluate::evaluate;
pub use lint::{Finding, Makes, Severity, Stages, lint, outputs};
pub use parser::parse;
