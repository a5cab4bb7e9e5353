//! Whether an object can be left alone for now.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use kube::{Resource, ResourceExt};

use super::interval::{has_untold_interval, interval};
use super::{Shared, finalizer};
use crate::api::{CHECK_NOW, StepFunctionsApi};
use crate::status::is_settled;

/// How long an object can be left alone by all that is known without a look.
pub(super) fn rest(object: &StepFunctionsApi, shared: &Shared) -> Option<Duration> {
    let uid = object.uid().unwrap_or_default();
    let read = object.status.as_ref().is_some_and(|status| !status.references.is_empty());
    // It may not have been there when the object was looked at last.
    let refers = read || shared.references.default_class().is_some();
    let current = !refers || shared.references.is_current(&uid);
    until_due(object, shared).or_else(|| shared.schedule.held(&uid, version(object))).filter(|_| current)
}

/// What of an object people and other programs set; our own writes do not change it.
pub(super) fn version(object: &StepFunctionsApi) -> u64 {
    let mut hasher = DefaultHasher::new();
    (object.metadata.generation, object.annotations(), &object.metadata.deletion_timestamp.is_some()).hash(&mut hasher);
    hasher.finish()
}

/// Time to the next check of an object that is settled and that nobody asked to be checked.
pub(super) fn until_due(object: &StepFunctionsApi, shared: &Shared) -> Option<Duration> {
    let wait = (is_left_alone(object) && finalizer::is_on(object) && !has_untold_interval(object))
        .then(|| shared.schedule.until_due(&object.uid().unwrap_or_default(), interval(object, shared)));
    wait.filter(|wait| !wait.is_zero())
}

/// Whether an object is settled and nobody wants anything of it: a look at it is a check by the clock.
pub(super) fn is_left_alone(object: &StepFunctionsApi) -> bool {
    let handled = object.status.as_ref().and_then(|status| status.last_handled_check_now.as_ref());
    object.meta().deletion_timestamp.is_none() && is_settled(object) && handled == object.annotations().get(CHECK_NOW)
}
