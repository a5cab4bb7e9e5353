//! Which deployment each stage serves, where that is not what the spec describes now.

use std::collections::BTreeMap;

use super::Problems;
use crate::api::{StageDeployment, StepFunctionsApiSpec};
use crate::model::{Revision, Serves, StageName};

/// How many deployments are kept unless the spec says.
pub(super) const HISTORY: u32 = 5;

pub(super) fn render(spec: &StepFunctionsApiSpec, problems: &mut Problems) -> BTreeMap<StageName, Serves> {
    let mut serves = BTreeMap::new();
    for stage in &spec.stages {
        let Some(StageDeployment { pin, after }) = &stage.deployment else { continue };
        let field = format!("spec.stages[{}].deployment", stage.name);
        match (pin, after) {
            (Some(pin), None) => drop(serves.insert(stage.name.clone(), Serves::Pinned(Revision(pin.clone())))),
            (None, Some(after)) if !spec.stages.iter().any(|other| other.name == *after) => {
                problems.add(format!("{field}.after"), format!("there is no stage {after} in spec.stages"));
            }
            (None, Some(after)) => drop(serves.insert(stage.name.clone(), Serves::After(after.clone()))),
            _ => problems.add(field, "give exactly one of pin and after"),
        }
    }
    for name in serves.keys() {
        if comes_after_itself(&serves, name) {
            problems.add(
                format!("spec.stages[{name}].deployment.after"),
                "the stage would come after itself; one stage has to serve what the spec describes, or be pinned",
            );
        }
    }
    serves
}

fn comes_after_itself(serves: &BTreeMap<StageName, Serves>, name: &StageName) -> bool {
    let mut stage = name;
    for _ in 0..serves.len() {
        match serves.get(stage) {
            Some(Serves::After(before)) if before == name => return true,
            Some(Serves::After(before)) => stage = before,
            _ => return false,
        }
    }
    false
}
