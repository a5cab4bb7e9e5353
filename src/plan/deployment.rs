//! Deployments: a snapshot exactly when no existing one holds what a stage should serve.

use super::{Action, Step, Steps};
use crate::model::{Desired, Observed};

pub(super) fn plan(desired: &Desired, observed: &Observed) -> Steps {
    let mut steps = Steps::default();
    if let Some(revision) = desired.revision()
        && !desired.stages.is_empty()
        && !observed.deployments.iter().any(|deployment| deployment.revision == revision)
    {
        steps.build.push(Step::new(Action::CreateDeployment(revision)));
    }
    steps
}
