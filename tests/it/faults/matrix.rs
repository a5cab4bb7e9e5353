//! Every operation in every phase of a life that calls it, with every fault: what comes of it is the undisturbed state, and
//! each fault is told once, with its operation.
//!
//! A cell is (phase, operation, fault). In one life each operation is struck once in each phase, so nine lives are all cells:
//! the faults of a life are shifted by one in the next. Of these lives a seed chooses a part of the cells;
//! `STEPGATE_FULL=1` leads them all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use futures::future::join_all;
use stepgate::aws::permissions::OPERATIONS;

use super::kinds::Fault;
use super::life::{Cell, PHASES, Phase, Subject, used};
use super::state::differences;

/// Lives that are led at the same time, each in an account of its own.
const WORKERS: usize = 3;
/// Of each life one cell of so many is tried, unless all are.
const SAMPLE: u64 = 4;

/// What came of the cells of one kind of fault.
#[derive(Default)]
struct Tally {
    struck: usize,
    missed: usize,
    wrong: usize,
}

#[tokio::test]
async fn every_operation_with_every_fault_ends_in_the_undisturbed_state_and_says_why() {
    let start = Instant::now();
    let full = std::env::var_os("STEPGATE_FULL").is_some();
    let seed = seed();
    let mut subject = Subject::new("faults").await;
    let undisturbed = live(&mut subject, |_| Vec::new()).await;
    let wrong: Vec<_> =
        undisturbed.iter().flat_map(|(phase, life)| life.wrong.iter().map(move |w| (phase, w))).collect();
    assert!(wrong.is_empty() && undisturbed["delete"].state == serde_json::json!([]), "{wrong:#?}");
    let calls = used(&undisturbed);
    let known: BTreeSet<String> = OPERATIONS.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    let called: BTreeSet<String> = calls.values().flatten().cloned().collect();
    assert_eq!(known, called, "operations of the table and operations of a life");
    let lives = Fault::ALL.len();
    let size: usize = calls.values().map(|operations| operations.len() * lives).sum();
    println!(
        "undisturbed life: {:.0} s; {} operations, {size} cells; seed {seed}",
        start.elapsed().as_secs_f64(),
        known.len()
    );

    let (next, calls, undisturbed) = (AtomicUsize::new(0), &calls, &undisturbed);
    let number = if full { lives } else { WORKERS };
    let worker = |subject: Option<Subject>| {
        let next = &next;
        async move {
            let mut subject = match subject {
                Some(subject) => subject,
                None => Subject::new("faults").await,
            };
            let mut done = Vec::new();
            loop {
                let life = next.fetch_add(1, Ordering::Relaxed);
                if life >= number {
                    return done;
                }
                let shift = (life + seed as usize) % lives;
                let cells = |phase: &str| cells(&calls[phase], phase, shift, if full { None } else { Some(seed) });
                let life = live(&mut subject, cells).await;
                let struck: usize = life.values().map(|phase| phase.struck.len()).sum();
                println!("life {shift}: {struck} faults, after {:.0} s", start.elapsed().as_secs_f64());
                done.push((shift, life));
            }
        }
    };
    let mut subjects = vec![Some(subject)];
    subjects.resize_with(WORKERS.min(number), || None);
    let done = join_all(subjects.into_iter().map(worker)).await;
    let mut tallies: BTreeMap<Fault, Tally> = BTreeMap::new();
    let mut wrong = Vec::new();
    let (mut total, mut passes) = (0, 0);
    for (shift, life) in done.into_iter().flatten() {
        for (name, phase) in life {
            for (_, fault) in &phase.struck {
                tallies.entry(*fault).or_default().struck += 1;
            }
            for (_, fault) in &phase.missed {
                tallies.entry(*fault).or_default().missed += 1;
            }
            let mut found = phase.wrong.clone();
            found.extend(differences("", &undisturbed[name].state, &phase.state));
            // A pass that failed made no more calls than a whole one; after it nothing is known to be settled, so that all
            // has to be looked for.
            let (made, bound) = (sum(&phase), (phase.struck.len() + 2) * (sum(&undisturbed[name]) + 40));
            if made > bound {
                found.push(format!("{made} calls for {} faults", phase.struck.len()));
            }
            total += made;
            passes += phase.struck.len();
            for (_, fault) in &phase.struck {
                tallies.entry(*fault).or_default().wrong += usize::from(!found.is_empty());
            }
            println!(
                "life {shift} {name}: {} faults, {made} calls, {:.0} s",
                phase.struck.len(),
                phase.took.as_secs_f64()
            );
            if !found.is_empty() {
                let found: Vec<String> = found.iter().map(|text| text.chars().take(1000).collect()).collect();
                wrong.push(format!("life {shift} {name} with {:?}:\n    {}", phase.struck, found.join("\n    ")));
            }
        }
    }
    for (fault, Tally { struck, missed, wrong }) in &tallies {
        println!("{fault:?}: {struck} cells struck, {missed} not reached, {wrong} in phases with something wrong");
    }
    println!("{passes} of {size} cells, {total} calls, {:.0} s", start.elapsed().as_secs_f64());
    assert!(wrong.is_empty(), "{} things wrong:\n{}", wrong.len(), wrong.join("\n"));
    let all_kinds = Fault::ALL.iter().all(|fault| tallies.get(fault).is_some_and(|tally| tally.struck > 0));
    assert!(all_kinds && passes >= if full { size * 9 / 10 } else { 20 }, "too few cells");
}

async fn live(subject: &mut Subject, cells: impl Fn(&str) -> Vec<Cell>) -> BTreeMap<&'static str, Phase> {
    let mut life = BTreeMap::new();
    for phase in PHASES {
        life.insert(phase, subject.lead(phase, &cells(phase)).await);
    }
    life
}

/// What goes wrong in a phase of that life: every operation that it calls, or a part of them.
fn cells(called: &BTreeSet<String>, phase: &str, shift: usize, seed: Option<u64>) -> Vec<Cell> {
    let operation = |name: &String| OPERATIONS.iter().find(|(known, _)| known == name).map(|(known, _)| *known);
    let fault = |index: usize| Fault::ALL[(index + shift) % Fault::ALL.len()];
    let all = called.iter().enumerate().filter_map(|(index, name)| Some((operation(name)?, fault(index))));
    all.filter(|cell| seed.is_none_or(|seed| hash(&format!("{seed} {phase} {cell:?}")).is_multiple_of(SAMPLE)))
        .collect()
}

fn sum(phase: &Phase) -> usize {
    phase.calls.values().sum()
}

/// A seed that is printed, or the one that is to be tried again.
fn seed() -> u64 {
    let given =
        std::env::var("STEPGATE_TEST_SEED").ok().map(|text| text.parse().expect("STEPGATE_TEST_SEED is a number"));
    given.unwrap_or_else(|| std::time::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_secs()))
}

fn hash(text: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
