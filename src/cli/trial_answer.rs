//! What Step Functions is taken to answer to a sample.

use std::collections::BTreeMap;

use serde_json::json;

use super::sample::Answer;
use super::success::success;
use crate::actions;

/// The error for what is no request of an action.
pub(super) const SERIALIZATION: &str = "SerializationException";

/// An answer of the backend.
pub(super) struct StepFunctions {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl StepFunctions {
    /// An error, as Step Functions answers all of them: with 400 and the type in the body.
    pub fn error(kind: &str, message: &str) -> Self {
        let body = if kind == SERIALIZATION {
            json!({ "__type": format!("com.amazon.coral.service#{kind}") })
        } else {
            json!({ "__type": format!("com.amazonaws.swf.service.v2.model#{kind}"), "message": message })
        };
        Self { status: 400, headers: BTreeMap::new(), body: body.to_string() }
    }

    /// What the sample says, or a success of the action.
    ///
    /// # Errors
    /// With the field of the sample, for an error that the action does not have.
    pub fn answer(action: &str, request: &str, answer: &Answer) -> Result<Self, String> {
        if let Some(kind) = &answer.error {
            let known: Vec<&str> =
                actions::find(action).into_iter().flat_map(actions::answers).map(|answer| answer.error).collect();
            if !known.contains(&kind.as_str()) {
                return Err(format!("answer.error: {action} does not answer {kind:?}, but {}", known.join(", ")));
            }
            return Ok(Self::error(kind, answer.message.as_deref().unwrap_or("message of the sample")));
        }
        let success = || success(action, &serde_json::from_str(request).unwrap_or_default()).to_string();
        Ok(Self {
            status: answer.status.unwrap_or(200),
            headers: answer.headers.clone(),
            body: answer.body.clone().unwrap_or_else(success),
        })
    }
}
