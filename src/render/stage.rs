//! Stages.

use std::collections::BTreeMap;

use super::Problems;
use crate::api::StepFunctionsApiSpec;
use crate::model::{Owner, Stage, StageName};

pub(super) fn render(
    owner: &Owner,
    spec: &StepFunctionsApiSpec,
    problems: &mut Problems,
) -> BTreeMap<StageName, Stage> {
    let mut stages = BTreeMap::new();
    for stage in &spec.stages {
        let rendered = Stage {
            description: stage.description.clone(),
            variables: stage.variables.clone(),
            tags: owner.tags(&spec.tags),
        };
        if stages.insert(stage.name.clone(), rendered).is_some() {
            problems.add(format!("spec.stages[{}]", stage.name), "stands twice");
        }
    }
    stages
}
