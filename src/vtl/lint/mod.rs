//! Finding what is wrong with a template before a caller does.

mod known;
mod samples;
mod walk;

use std::collections::BTreeSet;
use std::fmt;

use self::samples::Samples;
use super::ast::{Error, Position, Template};
use super::context::Context;
use super::evaluate::evaluate_within;
use super::parser::parse;

/// Most work that a sample may take: linting is done often.
const SAMPLE_WORK: usize = 50_000;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Every call fails.
    Error,
    /// It works for some calls, but probably not as it is meant.
    Warning,
}

/// Something about a template, with its place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where in the template.
    pub at: Position,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// What a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makes {
    /// The JSON request to the backend.
    Request,
    /// The answer to the caller, of any kind.
    Response,
}

/// What is known of the stages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages {
    /// Variables that every stage gives.
    pub variables: BTreeSet<String>,
}

/// Everything that is wrong with a template, in the order of its text. An error is what API Gateway cannot parse; there
/// is one at most.
pub fn lint(text: &str, makes: Makes, stages: &Stages) -> Vec<Finding> {
    let template = match parse(text) {
        Ok(template) => template,
        Err(Error { at, message }) => return vec![Finding { at, severity: Severity::Error, message }],
    };
    let mut findings = walk::findings(&template, stages);
    let trapped = findings.iter().any(|finding| finding.message.contains(walk::APOSTROPHE));
    if makes == Makes::Request {
        findings.extend(not_json(&template, trapped));
    }
    findings.sort();
    findings.dedup();
    findings
}

/// What a template makes of requests that have all that it reads, and a member of that name at the top of their bodies:
/// its outputs for those samples that can be evaluated here.
pub fn outputs(text: &str, member: &str) -> Vec<String> {
    let Ok(template) = parse(text) else { return Vec::new() };
    let Samples { numbers, texts, nasty } = samples::samples(&template, false);
    let with_member = |mut context: Context| {
        let body = serde_json::from_str(&context.body).unwrap_or_default();
        if !matches!(body, serde_json::Value::Array(_)) {
            let mut body = if let serde_json::Value::Object(body) = body { body } else { serde_json::Map::new() };
            body.insert(member.to_owned(), serde_json::Value::from("text"));
            context.body = serde_json::Value::Object(body).to_string();
        }
        evaluate_within(SAMPLE_WORK, &template, &context).ok()
    };
    [numbers, texts, nasty].into_iter().filter_map(with_member).map(|output| output.text).collect()
}

/// What is not JSON: for a plain request, with numbers as well as with texts, or for texts that have to be escaped. What an
/// apostrophe does is known when that trap is named already.
fn not_json(template: &Template, trapped: bool) -> Option<Finding> {
    let Samples { numbers, texts, nasty } = samples::samples(template, trapped);
    if let (Some(finding), Some(_)) = (tried(template, "any request", &numbers), tried(template, "", &texts)) {
        return Some(finding);
    }
    tried(template, "values that are texts with quotes", &nasty)
}

/// What is wrong with the output for a sample, at the place that makes it. What cannot be evaluated here cannot be judged,
/// and not every backend asks for a body.
fn tried(template: &Template, sample: &str, context: &Context) -> Option<Finding> {
    let output = evaluate_within(SAMPLE_WORK, template, context).ok()?;
    if output.text.trim().is_empty() {
        return None;
    }
    let error = serde_json::from_str::<serde::de::IgnoredAny>(&output.text).err()?;
    let message = format!("for {sample} the output is not JSON: {error}");
    Some(Finding { at: output.origin_of(error.line(), error.column()), severity: Severity::Warning, message })
}
