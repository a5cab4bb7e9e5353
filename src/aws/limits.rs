//! AWS's request quotas of API Gateway's control plane, kept from our side.
//!
//! One bucket per operation and one for all together, per account and region; the numbers are AWS's and cannot be raised
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>). "1 per 3 s" is read as a bucket of one.
//!
//! Who would have to wait for long gets a place in the line and comes back when its turn is near, so that a hundred new APIs
//! neither hold up the others nor ask again and again. Where AWS refuses again and again all the same, because other tools
//! use the same quota, the rate is lowered and rises again with each call that passes.
//!
//! AWS counts a call when it arrives, which nobody tells us. One that was answered later than the quickest of its operation
//! is taken to have arrived that much later, and those after it are made that much later.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Burst and tokens per second.
#[derive(Clone, Copy)]
struct Quota {
    burst: f64,
    per_second: f64,
}

const fn quota(burst: f64, per_second: f64) -> Quota {
    Quota { burst, per_second }
}

/// Of all operations together, shared with every other tool in the account.
const TOTAL: Quota = quota(40.0, 10.0);
const TOTAL_NAME: &str = "total";

fn own(operation: &str) -> Option<Quota> {
    Some(match operation {
        "CreateRestApi" => quota(1.0, 1.0 / 3.0),
        "PutRestApi" => quota(1.0, 1.0),
        "DeleteRestApi" => quota(1.0, 1.0 / 30.0),
        "CreateDeployment" => quota(1.0, 1.0 / 5.0),
        "CreateApiKey" | "DeleteApiKey" => quota(5.0, 5.0),
        "CreateDomainName" | "DeleteDomainName" | "UpdateDomainName" => quota(1.0, 1.0 / 30.0),
        "UpdateUsagePlan" => quota(1.0, 1.0 / 20.0),
        "GetResources" => quota(5.0, 5.0 / 2.0),
        _ => return None,
    })
}

/// Longest wait for a token. Who would have to wait longer comes back later, and does not hold up others meanwhile.
const PATIENCE: Duration = Duration::from_secs(5);
/// How much sooner than its turn one has to come back: there is something to read before.
const LEAD: Duration = Duration::from_secs(3);
/// How late one may come back and still have its place in the line.
const LATE: Duration = Duration::from_secs(2);
/// When a place in the line is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// Share of the burst that checks leave to changes.
const RESERVE: f64 = 0.5;
/// Clocks differ a little.
const MARGIN: f64 = 0.995;
/// What a second refusal in a row leaves of a rate, how far down that goes, and what each call that passes gives back.
const LOWERED: f64 = 0.7;
const LOWEST: f64 = 0.1;
const RAISED: f64 = 0.02;
/// How long a refusal without a word about it holds.
const REFUSED: Duration = Duration::from_secs(1);

/// Who makes calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// For whom, told apart in lines.
    pub name: String,
    /// How much it matters.
    pub urgency: Urgency,
}

/// How much calls matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// Somebody waits for what comes of them.
    #[default]
    Change,
    /// They look whether all is as it was; they leave a part of the quotas to changes.
    Check,
}

/// Why a call is not to be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Later {
    /// When to come back.
    pub(super) come_back: Duration,
    /// When the call can be made, about.
    pub(super) turn: Duration,
}

/// A place in a line.
struct Place {
    caller: String,
    turn: Instant,
}

struct Bucket {
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
    /// By how much turns that were already given have moved, all in all.
    moved: Duration,
    line: Vec<Place>,
}

impl Bucket {
    fn new(quota: Quota, now: Instant) -> Self {
        let (quickest, moved) = (Duration::MAX, Duration::ZERO);
        Self { quota, factor: 1.0, refusals: 0, tokens: quota.burst, at: now, quickest, moved, line: Vec::new() }
    }

    fn rate(&self) -> f64 {
        self.quota.per_second * self.factor
    }

    /// Brings tokens and line up to date.
    fn refresh(&mut self, now: Instant) {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + since * self.rate()).min(self.quota.burst);
        self.at = self.at.max(now);
        self.line.retain(|place| now < place.turn + FORGOTTEN);
    }

    /// How long until the caller's turn, with all before it in the line having theirs. Who is late is not waited for.
    fn wait(&self, caller: &Caller, now: Instant) -> Duration {
        let before = self.line.iter().take_while(|place| place.caller != caller.name);
        let before = before.filter(|place| now < place.turn + LATE).count() as f64;
        let kept = match caller.urgency {
            Urgency::Change => 0.0,
            Urgency::Check => (self.quota.burst * RESERVE).floor(),
        };
        let tokens = Duration::from_secs_f64(((1.0 + before + kept - self.tokens) / self.rate()).max(0.0));
        self.at.saturating_duration_since(now) + tokens
    }

    /// Notes that a call was answered after that time: all turns after it move by as much as it arrived late.
    fn answered(&mut self, took: Duration) {
        self.quickest = self.quickest.min(took);
        let late = (took - self.quickest).min(Duration::from_secs_f64(1.0 / self.rate()));
        self.tokens -= late.as_secs_f64() * self.rate();
        self.moved += late;
    }

    fn stand_in_line(&mut self, caller: &Caller, turn: Instant) {
        match self.line.iter_mut().find(|place| place.caller == caller.name) {
            Some(place) => place.turn = turn,
            None => self.line.push(Place { caller: caller.name.clone(), turn }),
        }
    }
}

/// The quotas of one account and region.
pub(super) struct Limits {
    share: f64,
    buckets: Mutex<HashMap<&'static str, Bucket>>,
}

impl Limits {
    /// `share` of AWS's rates is used: 1 for all of them, less to leave room for other tools.
    pub(super) fn new(share: f64) -> Self {
        Self { share, buckets: Mutex::default() }
    }

    /// Waits until the operation may be called, and says how long it did. The error is when to come back, if it would have
    /// to wait too long.
    pub(super) async fn admit(&self, operation: &'static str, caller: &Caller) -> Result<Duration, Later> {
        let start = Instant::now();
        let mut moved = self.moved(operation);
        let mut wait = self.take(operation, caller)?;
        // A call before may turn out to be late, and AWS may ask for a pause, while this one sleeps.
        while !wait.is_zero() {
            tokio::time::sleep(wait).await;
            let now = self.moved(operation);
            (wait, moved) = (now - moved, now);
        }
        Ok(start.elapsed())
    }

    /// Notes that AWS took a call, and how long its answer did.
    pub(super) fn passed(&self, operation: &'static str, took: Duration) {
        let mut buckets = self.lock();
        for name in [TOTAL_NAME, operation] {
            if let Some(bucket) = buckets.get_mut(name) {
                bucket.factor = (bucket.factor + RAISED).min(1.0);
                bucket.refusals = 0;
            }
        }
        // The bucket of all is too large to be full just when a call comes late.
        if let Some(bucket) = buckets.get_mut(operation) {
            bucket.answered(took);
        }
    }

    /// Notes that AWS refused a call for its rate: of the operation, where that has a quota of its own, else of all.
    pub(super) fn refused(&self, operation: &'static str, retry_after: Option<Duration>) {
        let mut buckets = self.lock();
        let name = if own(operation).is_some() { operation } else { TOTAL_NAME };
        let now = Instant::now();
        if let Some(bucket) = buckets.get_mut(name) {
            bucket.refresh(now);
            bucket.tokens = bucket.tokens.min(1.0);
            bucket.refusals += 1;
            if bucket.refusals > 1 {
                bucket.factor = (bucket.factor * LOWERED).max(LOWEST);
            }
            let until = bucket.at.max(now + retry_after.unwrap_or(REFUSED));
            bucket.moved += until - bucket.at;
            bucket.at = until;
        }
    }

    /// By how much turns of the operation have moved.
    fn moved(&self, operation: &'static str) -> Duration {
        let buckets = self.lock();
        [TOTAL_NAME, operation].iter().filter_map(|name| Some(buckets.get(name)?.moved)).sum()
    }

    /// Takes a token of each bucket, in advance if need be.
    fn take(&self, operation: &'static str, caller: &Caller) -> Result<Duration, Later> {
        let mut buckets = self.lock();
        let now = Instant::now();
        let quotas = [Some((TOTAL_NAME, TOTAL)), own(operation).map(|quota| (operation, quota))];
        let (mut names, mut longest) = (Vec::new(), Duration::ZERO);
        for (name, quota) in quotas.into_iter().flatten() {
            let quota = Quota { per_second: quota.per_second * self.share * MARGIN, ..quota };
            let bucket = buckets.entry(name).or_insert_with(|| Bucket::new(quota, now));
            bucket.refresh(now);
            let wait = bucket.wait(caller, now);
            if wait > PATIENCE {
                bucket.stand_in_line(caller, now + wait);
                return Err(Later { come_back: wait.saturating_sub(LEAD), turn: wait });
            }
            longest = longest.max(wait);
            names.push(name);
        }
        for (_, bucket) in buckets.iter_mut().filter(|(name, _)| names.contains(name)) {
            bucket.tokens -= 1.0;
            bucket.line.retain(|place| place.caller != caller.name);
        }
        Ok(longest)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: impl ToString) -> Caller {
        Caller { name: name.to_string(), urgency: Urgency::Change }
    }

    /// A call that comes back as often as it is told to; answers when it was made, in seconds.
    async fn call(limits: &Limits, operation: &'static str, caller: &Caller, start: Instant) -> (f64, u32) {
        let mut asked = 1;
        while let Err(later) = limits.admit(operation, caller).await {
            tokio::time::sleep(later.come_back).await;
            asked += 1;
        }
        (start.elapsed().as_secs_f64(), asked)
    }

    #[tokio::test(start_paused = true)]
    async fn calls_keep_to_the_rate_after_the_burst() {
        let limits = Limits::new(1.0);
        let start = Instant::now();
        for _ in 0..3 {
            call(&limits, "CreateDeployment", &caller("a"), start).await;
        }
        let took = start.elapsed().as_secs_f64();
        assert!((10.0..10.5).contains(&took), "three deployments take 10 s, took {took}");
        limits.admit("GetStages", &caller("a")).await.expect("within patience");
        assert!(start.elapsed().as_secs_f64() - took < 0.1, "other operations do not wait for them");
    }

    #[tokio::test(start_paused = true)]
    async fn a_hundred_are_served_in_a_row_and_ask_twice_each() {
        let limits = Limits::new(1.0);
        let start = Instant::now();
        let callers: Vec<Caller> = (0..100).map(caller).collect();
        let calls = callers.iter().map(|caller| call(&limits, "CreateDeployment", caller, start));
        let mut calls = futures::future::join_all(calls).await;
        calls.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(calls.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 5.0), "never faster than AWS allows: {calls:?}");
        let (last, asked) = (calls[99].0, calls.iter().map(|call| call.1).sum::<u32>());
        assert!(last <= 99.0 * 5.0 * 1.05, "99 intervals of 5 s took {last}");
        assert!(asked <= 200, "{asked} questions");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_come_back_is_not_waited_for() {
        let limits = Limits::new(1.0);
        limits.admit("DeleteRestApi", &caller("first")).await.expect("the first is free");
        for name in ["gone", "next"] {
            limits.admit("DeleteRestApi", &caller(name)).await.expect_err("a place in the line");
        }
        let start = Instant::now();
        let (at, _) = call(&limits, "DeleteRestApi", &caller("next"), start).await;
        assert!((30.0..64.0).contains(&at), "{at}");
    }

    #[tokio::test(start_paused = true)]
    async fn checks_leave_room_for_changes() {
        let limits = Limits::new(1.0);
        let check = Caller { name: "check".to_owned(), urgency: Urgency::Check };
        for _ in 0..20 {
            assert_eq!(limits.admit("GetStages", &check).await, Ok(Duration::ZERO));
        }
        assert!(limits.take("GetStages", &check).expect("within patience") > Duration::ZERO);
        for name in 0..19 {
            assert_eq!(limits.admit("GetStages", &caller(name)).await, Ok(Duration::ZERO), "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_in_a_row_lower_the_rate_and_it_rises_again() {
        let limits = Limits::new(1.0);
        limits.admit("PutRestApi", &caller("a")).await.expect("the first is free");
        for expected in [1.0..1.1, 1.4..1.5] {
            limits.refused("PutRestApi", Some(Duration::from_secs(4)));
            let start = Instant::now();
            call(&limits, "PutRestApi", &caller("a"), start).await;
            assert!(start.elapsed() >= Duration::from_secs(4), "as AWS asked");
            let slow = Instant::now();
            call(&limits, "PutRestApi", &caller("a"), slow).await;
            assert!(expected.contains(&slow.elapsed().as_secs_f64()), "{:?}", slow.elapsed());
        }
        (0..15).for_each(|_| limits.passed("PutRestApi", Duration::ZERO));
        tokio::time::sleep(Duration::from_secs(9)).await;
        let again = Instant::now();
        for _ in 0..2 {
            call(&limits, "PutRestApi", &caller("a"), again).await;
        }
        assert!((1.0..1.1).contains(&again.elapsed().as_secs_f64()), "{:?}", again.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_sleeps_waits_as_long_as_a_call_before_came_late() {
        let (limits, b) = (Limits::new(1.0), caller("b"));
        let quick = Duration::from_millis(100);
        for late in [Duration::ZERO, Duration::from_millis(700)] {
            limits.admit("CreateDeployment", &caller("a")).await.expect("within patience");
            let sent = Instant::now();
            let arrives = async {
                tokio::time::sleep(quick + late).await;
                limits.passed("CreateDeployment", quick + late);
            };
            let (next, ()) = tokio::join!(call(&limits, "CreateDeployment", &b, sent), arrives);
            let expected = 5.0 + late.as_secs_f64();
            assert!((expected..expected + 0.1).contains(&next.0), "{} after {late:?}", next.0);
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
    }
}
