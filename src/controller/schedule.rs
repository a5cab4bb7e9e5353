//! When an object is looked at again. Kept in memory only: a status that says when it was checked would be written at
//! every check.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

/// What is remembered of an object, by its uid.
#[derive(Clone, Copy, Debug)]
struct Memory {
    checked: Option<Instant>,
    failures: u32,
    /// Until when a pass over this version of the object would only repeat what failed.
    held: Option<(u64, Instant)>,
}

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
        self.with(uid, |memory| *memory = Memory { checked: Some(Instant::now()), failures: 0, held: None });
        spread(uid, interval)
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
        act(self.lock().memory.entry(uid.to_owned()).or_insert(Memory { checked: None, failures: 0, held: None }))
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
    async fn a_checked_object_is_due_after_about_the_interval() {
        let schedule = Schedule::new(Duration::from_secs(100));
        schedule.checked("a", schedule.interval());
        assert!(schedule.until_due("a", schedule.interval()) >= Duration::from_secs(90));
        tokio::time::advance(Duration::from_secs(111)).await;
        assert_eq!(schedule.until_due("a", schedule.interval()), Duration::ZERO);
    }
}
