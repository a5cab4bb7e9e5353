//! What Step Functions is taken to answer to a sample.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::request;
use super::sample::Answer;
use super::success::success;
use crate::actions;
use crate::spelling::instead;

/// The error for what is no request of an action.
pub(super) const SERIALIZATION: &str = "SerializationException";
/// The error for what the role may not do.
pub(super) const DENIED: &str = "AccessDeniedException";

/// An answer of the backend.
pub(super) struct StepFunctions {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl StepFunctions {
    /// An error, as Step Functions answers all of them: with 400 and the type in the body.
    pub fn error(kind: &str, message: &str) -> Self {
        let space = match kind {
            SERIALIZATION | DENIED => "com.amazon.coral.service",
            "ValidationException" => "com.amazon.coral.validate",
            _ => "com.amazonaws.swf.service.v2.model",
        };
        let kind = format!("{space}#{kind}");
        let body =
            if message.is_empty() { json!({ "__type": kind }) } else { json!({ "__type": kind, "message": message }) };
        Self { status: 400, headers: BTreeMap::new(), body: body.to_string() }
    }

    /// What the sample says; else what is wrong with the request, told beside the answer, or a success of the action. `may`
    /// is whether the role may make it, if that is known.
    ///
    /// # Errors
    /// With the field of the sample, for an error that the action does not have.
    pub fn answer(
        action: &str,
        request: &Value,
        may: Option<bool>,
        answer: &Answer,
    ) -> Result<(Self, Option<String>), String> {
        if let Some(kind) = &answer.error {
            let known: Vec<&str> =
                actions::find(action).into_iter().flat_map(actions::answers).map(|answer| answer.error).collect();
            if !known.contains(&kind.as_str()) {
                return Err(format!("answer.error: {action} does not answer {kind:?}{}", instead(kind, known)));
            }
            let message = answer.message.as_deref().unwrap_or("message of the sample");
            return Ok((Self::error(kind, message), None));
        }
        let is_told = answer.status.is_some() || answer.body.is_some();
        if let Some((kind, message)) = request::refused(action, request, may).filter(|_| !is_told) {
            let problem = format!("Step Functions refuses the request: {kind}: {message}");
            // What it says of a request that it cannot read is not known.
            let message = if kind == SERIALIZATION { "" } else { &message };
            return Ok((Self::error(kind, message), Some(problem)));
        }
        let success = || success(action, request).to_string();
        let answer = Self {
            status: answer.status.unwrap_or(200),
            headers: answer.headers.clone(),
            body: answer.body.clone().unwrap_or_else(success),
        };
        Ok((answer, None))
    }
}
