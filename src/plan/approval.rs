//! What the approval of a plan covers: its writes, also when several passes make them, and no others.
//!
//! What is left of a begun plan is another plan: some steps are made, and a thing that is there is updated where it was to be
//! created. But as long as the same is wanted, a write that has the same place brings the same about. So it is the places
//! that are compared, and a step without any in particular writes all that it names.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::{Action, Plan, Step, blocker};
use crate::model::short;

/// Most writes of a plan that are known again later; the record has to stay small.
const RECORDED_MAX: usize = 1000;

impl Plan {
    /// What the approval of this plan covers, as hashes.
    pub fn writes(&self) -> BTreeSet<String> {
        self.steps.iter().flat_map(Step::places).map(|place| hash(&place)).take(RECORDED_MAX).collect()
    }

    /// The steps that an approval of these writes does not cover, the first if there are many; `None` for none.
    pub fn beyond(&self, approved: &BTreeSet<String>) -> Option<String> {
        let has = |place: &str| approved.contains(&hash(place));
        let covered = |step: &&Step| has(&step.named()) || step.places().iter().all(|place| has(place));
        let beyond: Vec<String> = self.steps.iter().filter(|step| !covered(step)).map(Step::named).collect();
        (!beyond.is_empty()).then(|| blocker::some(&beyond))
    }
}

impl Step {
    /// The step in words, the same before and after others of its plan were made.
    fn named(&self) -> String {
        match &self.action {
            Action::UpdateRestApi { api, .. } => format!("update settings of API {:?}", api.name),
            action => action.to_string(),
        }
    }

    /// All that it writes; nothing for a test.
    fn places(&self) -> Vec<String> {
        let named = self.named();
        match (&self.action, &self.changes[..]) {
            (Action::TestMethod(_), _) => Vec::new(),
            (_, []) => vec![named],
            (_, changes) => changes.iter().map(|change| format!("{named}: {}", change.path)).collect(),
        }
    }
}

fn hash(place: &str) -> String {
    short(&Sha256::digest(place))
}
