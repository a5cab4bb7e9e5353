//! The bucket of a quota: its tokens, who waits for them, and calls that may have come late.

use std::time::Duration;

use tokio::time::Instant;

use super::{Caller, Urgency};

/// Burst and tokens per second.
#[derive(Clone, Copy)]
pub(super) struct Quota {
    pub(super) burst: f64,
    pub(super) per_second: f64,
}

pub(super) const fn quota(burst: f64, per_second: f64) -> Quota {
    Quota { burst, per_second }
}

/// How late one may come back and still have its place in the line.
const LATE: Duration = Duration::from_secs(2);
/// When a place in the line is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Share of the burst that checks leave to changes.
const RESERVE: f64 = 0.5;
/// What a second refusal in a row leaves of a rate, how far down that goes, and what each call that passes gives back.
const LOWERED: f64 = 0.7;
const LOWEST: f64 = 0.1;
const RAISED: f64 = 0.02;
/// How long a refusal without a word about it holds.
const REFUSED: Duration = Duration::from_secs(1);

/// A place in a line.
struct Place {
    caller: String,
    turn: Instant,
}

pub(super) struct Bucket {
    quota: Quota,
    /// What AWS's refusals left of the rate, from 0 to 1.
    factor: f64,
    /// Refusals in a row: the first may be a call that overtook another.
    refusals: u32,
    /// As many as there were at that moment, which is still to come where AWS asked not to be called before.
    tokens: f64,
    at: Instant,
    /// The quickest answer so far.
    quickest: Duration,
    /// By how much turns that were already given have moved, all in all, but for calls without an answer.
    moved: Duration,
    /// When calls are due that have no answer yet, and may be late.
    open: Vec<Instant>,
    line: Vec<Place>,
}

impl Bucket {
    pub(super) fn new(quota: Quota, now: Instant) -> Self {
        let (quickest, moved) = (Duration::MAX, Duration::ZERO);
        let (open, line) = (Vec::new(), Vec::new());
        Self { quota, factor: 1.0, refusals: 0, tokens: quota.burst, at: now, quickest, moved, open, line }
    }

    fn rate(&self) -> f64 {
        self.quota.per_second * self.factor
    }

    /// Brings tokens and line up to date. While a call is late no token comes: AWS's bucket is as full as before it.
    pub(super) fn refresh(&mut self, now: Instant) {
        if now > self.at {
            let late = self.pending(now).as_secs_f64() - self.pending(self.at).as_secs_f64();
            let since = (now - self.at).as_secs_f64() - late;
            self.tokens = (self.tokens + since * self.rate()).min(self.quota.burst);
            self.at = now;
        }
        let most = self.most();
        while let Some(index) = self.open.iter().position(|due| self.late(now, *due) == most) {
            self.close(index, now);
        }
        self.line.retain(|place| now < place.turn + FORGOTTEN);
    }

    /// How long until the caller's turn, with all before it in the line having theirs. Who is late is not waited for.
    pub(super) fn wait(&self, caller: &Caller, now: Instant) -> Duration {
        let before = self.line.iter().take_while(|place| place.caller != caller.name);
        let before = before.filter(|place| now < place.turn + LATE).count() as f64;
        let kept = match caller.urgency {
            Urgency::Change => 0.0,
            Urgency::Check => (self.quota.burst * RESERVE).floor(),
        };
        let tokens = Duration::from_secs_f64(((1.0 + before + kept - self.tokens) / self.rate()).max(0.0));
        self.at.saturating_duration_since(now) + tokens
    }

    /// By how much a call is late that was due then and has no answer before now.
    fn late(&self, now: Instant, due: Instant) -> Duration {
        now.saturating_duration_since(due).saturating_sub(self.quickest).min(self.most())
    }

    /// By how much a call can be late.
    fn most(&self) -> Duration {
        Duration::from_secs_f64(1.0 / self.rate())
    }

    /// By how much the calls without an answer are late so far.
    fn pending(&self, now: Instant) -> Duration {
        self.open.iter().map(|due| self.late(now, *due)).sum()
    }

    /// A call is as late as it is by now: all turns after it move by that.
    fn close(&mut self, index: usize, now: Instant) {
        let due = self.open.remove(index);
        self.moved += self.late(now, due);
    }

    /// By how much the turn of a call has moved since the beginning that is due then.
    pub(super) fn moved(&self, due: Instant, now: Instant) -> Duration {
        let before = self.open.iter().filter(|open| **open < due);
        self.moved + before.map(|open| self.late(now, *open)).sum::<Duration>()
    }

    /// A call is made when it is due, and its answer tells whether it was late.
    pub(super) fn expect(&mut self, due: Instant) {
        self.open.push(due);
    }

    /// The caller takes a token, in advance if need be.
    pub(super) fn take(&mut self, caller: &Caller) {
        self.tokens -= 1.0;
        self.line.retain(|place| place.caller != caller.name);
    }

    /// Has the call that is due at one moment be made at another.
    pub(super) fn put_off(&mut self, due: Instant, until: Instant) {
        self.open.iter_mut().filter(|open| **open == due).take(1).for_each(|open| *open = until);
    }

    /// A call that was due then has an answer; `passed` if it was taken.
    pub(super) fn answered(&mut self, due: Instant, passed: bool, now: Instant) {
        if passed {
            self.quickest = self.quickest.min(now.saturating_duration_since(due));
        }
        self.refresh(now);
        if let Some(index) = self.open.iter().position(|open| *open == due) {
            self.close(index, now);
        }
    }

    /// AWS took a call.
    pub(super) fn passed(&mut self) {
        self.factor = (self.factor + RAISED).min(1.0);
        self.refusals = 0;
    }

    /// AWS refused a call for its rate.
    pub(super) fn refused(&mut self, now: Instant, retry_after: Option<Duration>) {
        self.refresh(now);
        self.tokens = self.tokens.min(1.0);
        self.refusals += 1;
        if self.refusals > 1 {
            self.factor = (self.factor * LOWERED).max(LOWEST);
        }
        let until = self.at.max(now + retry_after.unwrap_or(REFUSED));
        self.moved += until - self.at;
        self.at = until;
    }

    pub(super) fn stand_in_line(&mut self, caller: &Caller, turn: Instant) {
        match self.line.iter_mut().find(|place| place.caller == caller.name) {
            Some(place) => place.turn = turn,
            None => self.line.push(Place { caller: caller.name.clone(), turn }),
        }
    }
}
