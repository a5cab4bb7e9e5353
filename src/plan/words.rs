//! Plans in words: the steps, each with as much of what it changes as there is room for.

use std::iter::successors;

use super::changes::LEAVES;
use super::{Plan, Step};

/// How much is told of a step's changes.
#[derive(Clone, Copy)]
struct Detail {
    /// Most leaves of one thing that is new or gone.
    leaves: usize,
    /// Most changes of a step.
    changes: usize,
}

impl Detail {
    const FULL: Self = Self { leaves: LEAVES, changes: usize::MAX };

    /// From all to the mere steps.
    fn levels(plan: &Plan) -> impl Iterator<Item = Self> {
        let most = plan.steps.iter().map(|step| step.changes.len()).max().unwrap_or_default();
        let fewer = |changes: &usize| (*changes > 0).then_some(changes * 3 / 4);
        let fewer = successors(Some(most), fewer).map(|changes| Self { leaves: 1, changes });
        (2..=LEAVES).rev().map(|leaves| Self { leaves, ..Self::FULL }).chain(fewer)
    }
}

impl Plan {
    /// The steps in one line, each with what it changes.
    pub fn summary(&self) -> String {
        self.summed_up(Detail::FULL)
    }

    /// The same in so many bytes, if that can be: rather less of what a step changes than a step less.
    pub fn summary_within(&self, bytes: usize) -> String {
        fitting(Detail::levels(self).map(|detail| self.summed_up(detail)), |text| text.len() <= bytes)
    }

    /// One line a step, and one a change below it; what is kept last.
    pub fn lines(&self) -> Vec<String> {
        self.listed(Detail::FULL)
    }

    /// So many of them, if that can be.
    pub fn lines_within(&self, lines: usize) -> Vec<String> {
        fitting(Detail::levels(self).map(|detail| self.listed(detail)), |all| all.len() <= lines)
    }

    fn summed_up(&self, detail: Detail) -> String {
        let steps = self.steps.iter().map(|step| {
            let changes = step.changes(detail);
            let changes = if changes.is_empty() { String::new() } else { format!(" ({})", changes.join(", ")) };
            format!("{}{changes}", step.action)
        });
        steps.collect::<Vec<_>>().join("; ")
    }

    fn listed(&self, detail: Detail) -> Vec<String> {
        let lines = self.steps.iter().flat_map(|step| {
            let changes = step.changes(detail).into_iter().map(|change| format!("  {change}"));
            std::iter::once(step.action.to_string()).chain(changes)
        });
        lines.chain(self.all_kept().map(|kept| format!("keep {kept}"))).collect()
    }
}

impl Step {
    fn changes(&self, detail: Detail) -> Vec<String> {
        let told = self.changes.iter().take(detail.changes);
        let told = told.flat_map(|change| change.leaves(detail.leaves)).map(|change| change.to_string());
        let more = self.changes.len().saturating_sub(detail.changes);
        let more = (more > 0).then(|| format!("{more} more change{}", if more == 1 { "" } else { "s" }));
        told.chain(more).collect()
    }
}

/// The first that fits, else the last.
fn fitting<T>(all: impl Iterator<Item = T>, fits: impl Fn(&T) -> bool) -> T {
    let mut all = all.peekable();
    loop {
        let one = all.next().expect("there is one");
        if fits(&one) || all.peek().is_none() {
            return one;
        }
    }
}
