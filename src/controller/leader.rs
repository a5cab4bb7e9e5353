//! Who may write: one process of all replicas, the holder of a Lease (coordination.k8s.io/v1).
//!
//! The holder renews the Lease every [`RETRY`] and leads until [`RENEW_DEADLINE`] after the beginning of its last good
//! renewal, by its own clock and whether or not it reaches the API server. Another takes the Lease when it saw it
//! unchanged for [`LEASE_DURATION`], by its own clock too: clocks are never compared. The times are client-go's; what is
//! left between the two is for a request to AWS that is on its way when leading ends.
//!
//! [`Leadership::hold`] is the one gate: a pass is polled by it only while the term lasts in which it began, so no step of
//! a plan and no write to Kubernetes begins outside of it, and what is under way is dropped when it ends. AWS knows no
//! fencing token: a process that is frozen between the gate and the socket can still send that one request afterwards.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, SystemTime};

use futures::{Stream, stream};
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lease::{Attempt, Candidate};
use super::with_causes;
use crate::metrics::Metrics;

/// How long a Lease that is not renewed keeps others away.
pub(super) const LEASE_DURATION: Duration = Duration::from_secs(15);
/// How long a renewal is good for its holder.
const RENEW_DEADLINE: Duration = Duration::from_secs(10);
/// Time between attempts to renew or to take the Lease.
const RETRY: Duration = Duration::from_secs(2);
/// Longest time for an attempt: a second one has to fit before the deadline.
const ATTEMPT: Duration = Duration::from_secs(5);

/// An uninterrupted time of leading.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Term {
    number: u64,
    until: Instant,
    /// The same by the clock on the wall: a machine that is suspended stops the other one.
    until_wall: SystemTime,
}

impl Term {
    fn lasts(&self) -> bool {
        Instant::now() < self.until && SystemTime::now() < self.until_wall
    }
}

#[derive(Clone, Debug, PartialEq)]
enum State {
    /// Nobody was asked yet.
    New,
    /// It is not known who leads: why.
    Unknown(String),
    /// Another leads.
    Standby(String),
    Leading(Term),
    /// Without election.
    Always,
}

/// Whether this process leads. Clones are of the same.
#[derive(Clone)]
pub struct Leadership {
    state: Arc<watch::Sender<State>>,
    metrics: Metrics,
}

/// Leading ended, or did not begin.
#[derive(Debug)]
pub(super) struct Lost;

impl Leadership {
    /// Does not lead yet. `metrics` is told of every change.
    pub fn new(metrics: Metrics) -> Self {
        Self { state: Arc::new(watch::Sender::new(State::New)), metrics }
    }

    /// What `/readyz` says: a standby is ready too, one that cannot become leader is not.
    ///
    /// # Errors
    /// Why it is not known who leads.
    pub fn readiness(&self) -> Result<String, String> {
        match &*self.state.borrow() {
            State::Leading(_) => Ok("leader".to_owned()),
            State::Always => Ok("without leader election".to_owned()),
            State::Standby(leader) => Ok(format!("standby, {leader} leads")),
            State::New => Err("the leader is not known yet".to_owned()),
            State::Unknown(reason) => Err(reason.clone()),
        }
    }

    /// Whether this process leads at this moment.
    pub(super) fn leads(&self) -> bool {
        self.term().is_some()
    }

    /// Leads for good, asking nobody.
    pub(super) fn lead_always(&self) {
        self.publish(State::Always);
    }

    /// Does the work as long as the present term lasts; the work is dropped where it is when the term ends.
    pub(super) async fn hold<T>(&self, work: impl Future<Output = T>) -> Result<T, Lost> {
        let number = self.term().ok_or(Lost)?;
        let mut ended = pin!(self.end_of(number));
        let mut work = pin!(work);
        poll_fn(|context| {
            // Not only when `ended` is woken: a process that was frozen finds the answer of its last call first.
            if self.term() != Some(number) || ended.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(Lost));
            }
            work.as_mut().poll(context).map(Ok)
        })
        .await
    }

    /// One item each time that leading begins.
    pub(super) fn beginnings(&self) -> impl Stream<Item = ()> + Send + 'static {
        let start = (self.state.subscribe(), None);
        stream::unfold(start, async |(mut states, last)| {
            let begun = |state: &State| number(state).filter(|number| Some(*number) != last);
            let begun = states.wait_for(|state| begun(state).is_some()).await.ok().and_then(|state| begun(&state));
            begun.map(|number| ((), (states, Some(number))))
        })
    }

    /// Number of the present term.
    fn term(&self) -> Option<u64> {
        let state = self.state.borrow();
        match &*state {
            State::Leading(term) if !term.lasts() => None,
            state => number(state),
        }
    }

    async fn end_of(&self, term: u64) {
        let mut states = self.state.subscribe();
        loop {
            let until = match &*states.borrow_and_update() {
                State::Leading(now) if now.number == term && now.lasts() => Some(now.until),
                State::Always => None,
                _ => return,
            };
            let until = async {
                match until {
                    Some(until) => tokio::time::sleep_until(until).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = until => {}
                changed = states.changed() => if changed.is_err() { return },
            }
        }
    }

    /// Answers what was before.
    fn publish(&self, state: State) -> State {
        self.metrics.leader(number(&state).is_some());
        self.state.send_replace(state)
    }
}

/// Number of a term, over or not.
fn number(state: &State) -> Option<u64> {
    match state {
        State::Leading(term) => Some(term.number),
        State::Always => Some(0),
        State::New | State::Standby(_) | State::Unknown(_) => None,
    }
}

/// Seeks to lead, and leads, until stopped; then gives the Lease up, so that the next one need not wait.
pub(super) async fn seek(leadership: Leadership, mut candidate: Candidate, stop: CancellationToken) {
    let mut terms = 0;
    loop {
        let wait = tokio::select! {
            wait = attempt(&leadership, &mut candidate, &mut terms) => wait,
            () = stop.cancelled() => break,
        };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => break,
        }
    }
    // Not leading comes before anybody else can lead.
    leadership.publish(State::Standby("nobody".to_owned()));
    match tokio::time::timeout(ATTEMPT, candidate.release()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(error = with_causes(&error), "Lease not given up"),
        Err(_) => tracing::warn!(error = "no answer", "Lease not given up"),
    }
}

/// Renews or takes the Lease, or finds it another's; answers when to try again.
async fn attempt(leadership: &Leadership, candidate: &mut Candidate, terms: &mut u64) -> Duration {
    let (begun, begun_wall) = (Instant::now(), SystemTime::now());
    let term = match &*leadership.state.borrow() {
        State::Leading(term) if term.lasts() => Some(*term),
        _ => None,
    };
    let left = |term: Term| term.until.saturating_duration_since(Instant::now());
    let longest = term.map_or(ATTEMPT, |term| ATTEMPT.min(left(term)));
    let failure = match tokio::time::timeout(longest, candidate.attempt()).await {
        Ok(Ok(Attempt::Held)) => {
            *terms += u64::from(term.is_none());
            let (until, until_wall) = (begun + RENEW_DEADLINE, begun_wall + RENEW_DEADLINE);
            if term.is_none() {
                tracing::info!(term = *terms, "leading");
            }
            leadership.publish(State::Leading(Term { number: *terms, until, until_wall }));
            return RETRY;
        }
        Ok(Ok(Attempt::HeldBy { holder, free_in })) => {
            match leadership.publish(State::Standby(holder.clone())) {
                State::Leading(_) => tracing::warn!(leader = holder, "leadership lost, standing by"),
                State::Standby(before) if before == holder => {}
                _ => tracing::info!(leader = holder, "standing by"),
            }
            return RETRY.min(free_in);
        }
        Ok(Err(error)) => with_causes(&error),
        Err(_) => format!("no answer within {longest:?}"),
    };
    let reason =
        format!("failed to {} the Lease {candidate}: {failure}", if term.is_some() { "renew" } else { "take" });
    match term {
        Some(term) if term.lasts() => {
            tracing::warn!(reason, "Lease not renewed");
            RETRY.min(left(term))
        }
        _ => {
            // Once, although the reason may be another each time; /readyz tells it.
            match leadership.publish(State::Unknown(reason.clone())) {
                State::Leading(_) => tracing::warn!(reason, "leadership lost"),
                State::Unknown(_) => {}
                _ => tracing::warn!(reason, "not leading"),
            }
            RETRY
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use futures::StreamExt;

    use super::*;

    fn term(number: u64) -> State {
        let (until, until_wall) = (Instant::now() + RENEW_DEADLINE, SystemTime::now() + RENEW_DEADLINE);
        State::Leading(Term { number, until, until_wall })
    }

    fn leader() -> Leadership {
        let leadership = Leadership::new(Metrics::default());
        leadership.publish(term(1));
        leadership
    }

    /// Work that takes some seconds and says at its end that it was done.
    async fn work(seconds: u64, done: &AtomicBool) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        done.store(true, Ordering::Relaxed);
    }

    #[tokio::test(start_paused = true)]
    async fn work_is_done_in_a_term_and_dropped_at_its_end() {
        let leadership = leader();
        let (short, long) = (AtomicBool::default(), AtomicBool::default());
        assert!(leadership.hold(work(9, &short)).await.is_ok() && short.into_inner());
        let start = Instant::now();
        assert!(leadership.hold(work(9, &long)).await.is_err() && !long.into_inner());
        assert_eq!(start.elapsed().as_secs(), 1);
        assert!(!leadership.leads() && leadership.hold(async {}).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn renewals_carry_work_on_and_losing_the_lease_drops_it() {
        let (leadership, done) = (leader(), AtomicBool::default());
        let renewals = async {
            for _ in 0..9 {
                tokio::time::sleep(RETRY).await;
                leadership.publish(term(1));
            }
            leadership.publish(State::Standby("another".to_owned()));
            std::future::pending::<()>().await;
        };
        let start = Instant::now();
        tokio::select! {
            held = leadership.hold(work(17, &done)) => assert!(held.is_ok()),
            () = renewals => {}
        }
        assert_eq!(start.elapsed().as_secs(), 17);

        let leadership = leader();
        let (held, ()) = tokio::join!(leadership.hold(std::future::pending::<()>()), async {
            tokio::time::sleep(RETRY).await;
            leadership.publish(State::Standby("another".to_owned()));
        });
        assert!(held.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn work_of_one_term_does_not_go_on_in_the_next() {
        let (leadership, done) = (leader(), AtomicBool::default());
        let (held, ()) = tokio::join!(leadership.hold(work(3, &done)), async {
            tokio::time::sleep(RETRY).await;
            // Nobody is polled in between, as after a freeze.
            leadership.publish(State::Standby("another".to_owned()));
            leadership.publish(term(2));
        });
        assert!(held.is_err() && !done.into_inner() && leadership.leads());
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_is_ready_after_a_freeze_is_not_polled() {
        let leadership = leader();
        let (polled, answer) = (AtomicBool::default(), AtomicBool::default());
        let mut held = pin!(leadership.hold(poll_fn(|_| {
            polled.store(answer.load(Ordering::Relaxed), Ordering::Relaxed);
            Poll::<()>::Pending
        })));
        assert!(futures::poll!(held.as_mut()).is_pending());
        tokio::time::advance(LEASE_DURATION).await;
        answer.store(true, Ordering::Relaxed);
        assert!(matches!(futures::poll!(held.as_mut()), Poll::Ready(Err(Lost))));
        assert!(!polled.load(Ordering::Relaxed));
    }

    #[tokio::test(start_paused = true)]
    async fn term_ends_by_the_clock_on_the_wall_too() {
        let leadership = Leadership::new(Metrics::default());
        let until_wall = SystemTime::now() - Duration::from_secs(1);
        leadership.publish(State::Leading(Term { number: 1, until: Instant::now() + RENEW_DEADLINE, until_wall }));
        assert!(!leadership.leads());
    }

    #[tokio::test(start_paused = true)]
    async fn each_term_begins_once() {
        let leadership = Leadership::new(Metrics::default());
        let mut beginnings = pin!(leadership.beginnings());
        for number in [1, 1, 2] {
            let state = term(number);
            let new = leadership.readiness().is_err() || number == 2;
            leadership.publish(state);
            assert_eq!(futures::poll!(beginnings.next()), if new { Poll::Ready(Some(())) } else { Poll::Pending });
        }
        leadership.publish(State::Unknown("the API server is gone".to_owned()));
        assert!(futures::poll!(beginnings.next()).is_pending());
    }
}
