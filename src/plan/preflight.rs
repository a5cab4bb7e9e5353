//! Tests of the draft, before a stage is made or moved, or has other variables. They write nothing themselves, but stand
//! between the writes.

use super::{Action, Step, Steps, waiting};
use crate::model::{Desired, Observed};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    if waiting::any_is_new(desired, observed) {
        steps.build.extend(desired.tests.iter().map(|test| Step::new(Action::TestMethod(test.clone()))));
    }
    steps
}
