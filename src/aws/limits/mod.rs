//! AWS's request quotas of API Gateway's control plane, kept from our side.
//!
//! One bucket per operation and one for all together, per account and region; the numbers are AWS's and cannot be raised
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>). "1 per 3 s" is read as a bucket of one.
//!
//! Who would have to wait for long gets a place in the line and comes back when its turn is near, so that a hundred new APIs
//! neither hold up the others nor ask again and again. Where AWS refuses again and again all the same, because other tools
//! use the same quota, the rate is lowered and rises again with each call that passes.
//!
//! AWS counts a call when it arrives, which nobody tells us. One whose answer takes longer than the quickest of its operation
//! is taken to have arrived that much later, and those after it are made that much later; but not by more than it takes for
//! one token to come, since AWS may just be slow.

mod bucket;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use self::bucket::{Bucket, Quota, quota};

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
/// Clocks differ a little.
const MARGIN: f64 = 0.995;

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

/// A call that may be made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admitted {
    operation: &'static str,
    due: Instant,
    /// How long it waited.
    pub(super) waited: Duration,
}

/// What AWS says of a call, as far as its rate goes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// It was taken.
    Passed,
    /// Too many were made; with how long to wait, if that is said.
    Refused(Option<Duration>),
    /// It failed for another reason.
    Failed,
}

/// Why a call is not to be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Later {
    /// When to come back.
    pub(super) come_back: Duration,
    /// When the call can be made, about.
    pub(super) turn: Duration,
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

    /// Waits until the operation may be called. The error is when to come back, if it would have to wait too long.
    pub(super) async fn admit(&self, operation: &'static str, caller: &Caller) -> Result<Admitted, Later> {
        let start = Instant::now();
        let (mut due, mut moved) = self.take(operation, caller)?;
        // A call before may turn out to be late, and AWS may ask for a pause, while this one sleeps.
        loop {
            tokio::time::sleep_until(due).await;
            let mut buckets = self.lock();
            let now = Instant::now();
            let by_now = moved_by(&buckets, operation, due, now);
            let more = by_now.saturating_sub(moved);
            if more.is_zero() {
                return Ok(Admitted { operation, due, waited: now - start });
            }
            buckets.entry(operation).and_modify(|bucket| bucket.put_off(due, due + more));
            (due, moved) = (due + more, by_now);
        }
    }

    /// Notes what AWS says of a call.
    pub(super) fn answered(&self, call: Admitted, answer: Answer) {
        let mut buckets = self.lock();
        let now = Instant::now();
        let passed = matches!(answer, Answer::Passed);
        buckets.entry(call.operation).and_modify(|bucket| bucket.answered(call.due, passed, now));
        match answer {
            Answer::Passed => {
                for name in [TOTAL_NAME, call.operation] {
                    buckets.entry(name).and_modify(Bucket::passed);
                }
            }
            Answer::Refused(retry_after) => {
                // Of the operation, where that has a quota of its own, else of all.
                let name = if own(call.operation).is_some() { call.operation } else { TOTAL_NAME };
                buckets.entry(name).and_modify(|bucket| bucket.refused(now, retry_after));
            }
            Answer::Failed => {}
        }
    }

    /// Takes a token of each bucket, in advance if need be: when the call is due, and by how much its turn had moved then.
    fn take(&self, operation: &'static str, caller: &Caller) -> Result<(Instant, Duration), Later> {
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
            bucket.take(caller);
        }
        let due = now + longest;
        let moved = moved_by(&buckets, operation, due, now);
        buckets.entry(operation).and_modify(|bucket| bucket.expect(due));
        Ok((due, moved))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<&'static str, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By how much the turn of a call has moved that is due then.
fn moved_by(buckets: &HashMap<&'static str, Bucket>, operation: &'static str, due: Instant, now: Instant) -> Duration {
    [TOTAL_NAME, operation].iter().filter_map(|name| buckets.get(name)).map(|bucket| bucket.moved(due, now)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(name: impl ToString) -> Caller {
        Caller { name: name.to_string(), urgency: Urgency::Change }
    }

    /// A call that comes back as often as it is told to, and how often it asked.
    async fn admitted(limits: &Limits, operation: &'static str, caller: &Caller) -> (Admitted, u32) {
        let mut asked = 1;
        loop {
            match limits.admit(operation, caller).await {
                Ok(call) => return (call, asked),
                Err(later) => tokio::time::sleep(later.come_back).await,
            }
            asked += 1;
        }
    }

    /// One that is answered at once; answers when it was made, in seconds.
    async fn call(limits: &Limits, operation: &'static str, caller: &Caller, start: Instant) -> (f64, u32) {
        let (call, asked) = admitted(limits, operation, caller).await;
        limits.answered(call, Answer::Passed);
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
            assert_eq!(admitted(&limits, "GetStages", &check).await.0.waited, Duration::ZERO);
        }
        assert!(limits.take("GetStages", &check).expect("within patience").0 > Instant::now());
        for name in 0..19 {
            assert_eq!(admitted(&limits, "GetStages", &caller(name)).await.0.waited, Duration::ZERO, "{name}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn refusals_in_a_row_lower_the_rate_and_it_rises_again() {
        let limits = Limits::new(1.0);
        for (times, expected) in [(1, 1.0..1.1), (2, 1.3..1.4)] {
            for _ in 0..times {
                let (refused, _) = admitted(&limits, "PutRestApi", &caller("a")).await;
                limits.answered(refused, Answer::Refused(Some(Duration::from_secs(4))));
            }
            let start = Instant::now();
            call(&limits, "PutRestApi", &caller("a"), start).await;
            assert!(start.elapsed() >= Duration::from_secs(4), "as AWS asked");
            let slow = Instant::now();
            call(&limits, "PutRestApi", &caller("a"), slow).await;
            assert!(expected.contains(&slow.elapsed().as_secs_f64()), "{:?}", slow.elapsed());
        }
        for _ in 0..15 {
            call(&limits, "PutRestApi", &caller("a"), Instant::now()).await;
        }
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
        for late in [Duration::ZERO, Duration::from_millis(700), Duration::from_millis(4950)] {
            let (first, _) = admitted(&limits, "CreateDeployment", &caller("a")).await;
            let sent = Instant::now();
            let arrives = async {
                tokio::time::sleep(late).await;
                limits.answered(first, Answer::Passed);
            };
            let (next, ()) = tokio::join!(call(&limits, "CreateDeployment", &b, sent), arrives);
            let expected = 5.0 + late.as_secs_f64();
            assert!((expected..expected + 0.1).contains(&next.0), "{} after {late:?}", next.0);
            tokio::time::sleep(Duration::from_secs(20)).await;
        }
        // One that is never answered holds the next up once.
        let (lost, _) = admitted(&limits, "CreateDeployment", &caller("a")).await;
        let next = call(&limits, "CreateDeployment", &b, lost.due).await;
        assert!((10.0..10.2).contains(&next.0), "{}", next.0);
        let next = call(&limits, "CreateDeployment", &b, Instant::now()).await;
        assert!((5.0..5.2).contains(&next.0), "{}", next.0);
    }
}
