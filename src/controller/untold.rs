//! Steps of failed passes that no event has told yet. In memory only: what a process leaves when it ends is in the status.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::apply::{Cause, Outcome};
use crate::aws::Class;
use crate::plan::{Plan, Step};

/// By uid of the object.
#[derive(Default)]
pub(super) struct Untold(Mutex<HashMap<String, Vec<Step>>>);

impl Untold {
    /// Notes steps.
    pub(super) fn leave(&self, uid: &str, steps: impl IntoIterator<Item = Step>) {
        self.lock().entry(uid.to_owned()).or_default().extend(steps);
    }

    /// Forgets those that turn out not to have been made, or to be needed again: a plan has them.
    pub(super) fn planned(&self, uid: &str, plan: &Plan) {
        if let Some(steps) = self.lock().get_mut(uid) {
            steps.retain(|left| plan.steps.iter().all(|step| step.action.to_string() != left.action.to_string()));
        }
    }

    /// All of them, which are told now.
    pub(super) fn take(&self, uid: &str) -> Vec<Step> {
        self.lock().remove(uid).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Step>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The step that failed, if AWS may have made it nevertheless: its answer was lost, or was an error of AWS's own.
pub(super) fn perhaps_made(plan: &Plan, outcome: &Outcome) -> Option<Step> {
    let failure = outcome.failure.as_ref()?;
    let lost = matches!(&failure.cause, Cause::Aws(error) if error.class == Class::Transient);
    plan.steps.get(outcome.made).filter(|_| lost).cloned()
}
