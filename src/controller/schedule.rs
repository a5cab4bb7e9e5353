//! When an object is looked at again. Kept in memory only: a status that says when it was checked would be written at
//! every check.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// What is remembered of an object, by its uid.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    checked: Option<Instant>,
    /// How many good checks there were.
    checks: u64,
    failures: u32,
    /// Until when a pass over this version of the object would only repeat what failed.
    held: Option<(u64, Instant)>,
}

/// A check reads what the object names. Each of so many reads everything: what others made beside that, deployments that
/// they deleted, state machines that are gone.
const WHOLE: u64 = 10;

/// Checks and failures of all objects.
pub(super) struct Schedule {
    interval: Duration,
    known: Mutex<Known>,
}

struct Known {
    since: Instant,
    memory: HashMap<String, Memory>,
}

impl Schedule {
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, known: Mutex::new(Known { since: Instant::now(), memory: HashMap::new() }) }
    }

    /// Forgets everything: from now on this process works, and did not see what another did before.
    pub(super) fn begin(&self) {
        *self.lock() = Known { since: Instant::now(), memory: HashMap::new() };
    }

    /// Time between checks.
    pub(super) fn interval(&self) -> Duration {
        self.interval
    }

    /// How long until a settled object is due, zero if it is. One that this process has not seen yet is due at a moment
    /// of its own within an interval, so that a restart and a new leader call AWS for nobody and checks stay spread.
    pub(super) fn until_due(&self, uid: &str, interval: Duration) -> Duration {
        let checked = self.with(uid, |memory| memory.checked);
        let due = match checked {
            Some(at) => at + spread(uid, interval),
            None => self.lock().since + interval.mul_f64(share(uid)),
        };
        due.saturating_duration_since(Instant::now())
    }

    /// Notes a good check and says when the next one is due.
    pub(super) fn checked(&self, uid: &str, interval: Duration) -> Duration {
        self.with(uid, |memory| {
            *memory = Memory { checked: Some(Instant::now()), checks: memory.checks + 1, ..Memory::default() };
        });
        spread(uid, interval)
    }

    /// Whether the next check is one of those that read everything: none of the first ones, and not for all objects at
    /// once.
    pub(super) fn is_whole(&self, uid: &str) -> bool {
        let checks = self.with(uid, |memory| memory.checks);
        let ahead = (share(uid) * (WHOLE / 2) as f64) as u64;
        (checks + ahead) % WHOLE == WHOLE - 1
    }

    /// Notes a failure and says how many there were in a row.
    pub(super) fn failed(&self, uid: &str) -> u32 {
        self.with(uid, |memory| {
            memory.failures += 1;
            memory.failures
        })
    }

    /// Notes that nothing is to be repeated for that version of an object before that time is over.
    pub(super) fn hold(&self, uid: &str, version: u64, wait: Duration) {
        self.with(uid, |memory| memory.held = Some((version, Instant::now() + wait)));
    }

    /// How long nothing is to be repeated for that version of an object.
    pub(super) fn held(&self, uid: &str, version: u64) -> Option<Duration> {
        let held = self.with(uid, |memory| memory.held).filter(|(held, _)| *held == version);
        held.map(|(_, until)| until.saturating_duration_since(Instant::now())).filter(|wait| !wait.is_zero())
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&self, uid: &str) {
        self.lock().memory.remove(uid);
    }

    fn with<T>(&self, uid: &str, act: impl FnOnce(&mut Memory) -> T) -> T {
        act(self.lock().memory.entry(uid.to_owned()).or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The interval, up to a tenth shorter or longer.
fn spread(uid: &str, interval: Duration) -> Duration {
    interval.mul_f64(0.9 + 0.2 * share(uid))
}

/// A number from 0 to 1 that is an object's own.
fn share(uid: &str) -> f64 {
    let digest = Sha256::digest(uid.as_bytes());
    f64::from(u16::from_be_bytes([digest[0], digest[1]])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HALF_AN_HOUR: Duration = Duration::from_secs(1800);

    #[tokio::test(start_paused = true)]
    async fn objects_of_before_a_restart_are_spread_over_the_interval() {
        let schedule = Schedule::new(Duration::from_secs(1800));
        let mut waits: Vec<u64> =
            (0..1000).map(|n| schedule.until_due(&format!("uid-{n}"), HALF_AN_HOUR).as_secs()).collect();
        waits.sort_unstable();
        assert!(waits[0] < 20 && waits[999] > 1780, "{} {}", waits[0], waits[999]);
        assert!(waits.windows(2).all(|pair| pair[1] - pair[0] < 30), "no gap");
    }

    #[tokio::test(start_paused = true)]
    async fn objects_are_spread_again_when_a_standby_of_long_becomes_leader() {
        let schedule = Schedule::new(Duration::from_secs(1800));
        schedule.checked("uid-1", HALF_AN_HOUR);
        tokio::time::advance(Duration::from_secs(86400)).await;
        schedule.begin();
        let due = (0..1000).filter(|n| schedule.until_due(&format!("uid-{n}"), HALF_AN_HOUR).is_zero()).count();
        assert!(due < 5, "{due} of 1000 are due at once");
    }

    #[tokio::test(start_paused = true)]
    async fn each_of_ten_checks_of_an_object_reads_everything_and_not_those_of_all_at_once() {
        let schedule = Schedule::new(HALF_AN_HOUR);
        let whole_checks = |uid: &str| -> Vec<bool> {
            let check = |_| (schedule.is_whole(uid), schedule.checked(uid, HALF_AN_HOUR)).0;
            (0..30).map(check).collect()
        };
        let all: Vec<Vec<bool>> = (0..1000).map(|n| whole_checks(&format!("uid-{n}"))).collect();
        assert!(all.iter().all(|checks| checks.iter().filter(|whole| **whole).count() == 3));
        let at_once = (0..30).map(|at| all.iter().filter(|checks| checks[at]).count()).max();
        assert!(at_once < Some(250), "{at_once:?} of 1000");
        assert!(all.iter().all(|checks| !checks[..4].contains(&true)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_checked_object_is_due_after_about_the_interval() {
        let schedule = Schedule::new(Duration::from_secs(100));
        schedule.checked("a", schedule.interval());
        assert!(schedule.until_due("a", schedule.interval()) >= Duration::from_secs(90));
        tokio::time::advance(Duration::from_secs(111)).await;
        assert_eq!(schedule.until_due("a", schedule.interval()), Duration::ZERO);
    }
}
