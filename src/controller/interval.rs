//! Time between checks: as an object's annotation says, or its class, or as everybody's is set.

use std::time::Duration;

use kube::ResourceExt;

use super::Shared;
use crate::api::{CHECK_INTERVAL, ConditionType, StepFunctionsApi};
use crate::render::Problem;

/// Time between checks of an object: its own, its class's, or everybody's.
pub(super) fn interval(object: &StepFunctionsApi, shared: &Shared) -> Duration {
    let own = object.annotations().get(CHECK_INTERVAL).and_then(|text| parse_interval(text).ok());
    let of_class = || shared.references.check_interval(&object.uid().unwrap_or_default());
    own.or_else(of_class).unwrap_or_else(|| shared.schedule.interval())
}

/// Whether the annotation for the interval is wrong, and the status does not say so yet, or says so still.
pub(super) fn has_untold_interval(object: &StepFunctionsApi) -> bool {
    let accepted = object.status.as_ref().and_then(|status| status.condition(ConditionType::Accepted));
    let told = accepted.is_some_and(|accepted| accepted.message.contains(CHECK_INTERVAL));
    unread_interval(object).is_some() != told
}

/// What is wrong with the annotation for the interval.
pub(super) fn unread_interval(object: &StepFunctionsApi) -> Option<Problem> {
    let message = parse_interval(object.annotations().get(CHECK_INTERVAL)?).err()?;
    let message = format!("{message}; a duration such as 5m is meant. Until then it is checked like all others");
    Some(Problem::new(format!("metadata.annotations[{CHECK_INTERVAL}]"), message))
}

/// A time between checks, such as `30m`.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn parse_interval(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| format!("{text:?} is no duration: {error}"))?;
    if duration < Duration::from_secs(1) { Err("has to be 1s at least".to_owned()) } else { Ok(duration) }
}
