//! The Lease as an object of the API server: who may take it, and what is written when it is taken or given up.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::PostParams;
use kube::{Api, Client};
use tokio::time::Instant;

use super::leader::LEASE_DURATION;

/// One who seeks to hold a Lease.
#[derive(Clone, Debug)]
pub struct Candidate {
    api: Api<Lease>,
    place: String,
    name: String,
    identity: String,
    /// The Lease as it was when it was last seen to change, and when that was seen.
    seen: Option<(LeaseSpec, Instant)>,
}

/// What an attempt to hold it came to.
#[derive(Debug, PartialEq)]
pub(super) enum Attempt {
    Held,
    /// Another holds it, who keeps it at least that long.
    HeldBy {
        holder: String,
        free_in: Duration,
    },
}

/// What may be done about a Lease.
#[derive(Debug, PartialEq)]
enum Decision {
    Take,
    Wait { holder: String, free_in: Duration },
}

impl fmt::Display for Candidate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.place, self.name)
    }
}

impl Candidate {
    /// For the Lease of that name; `namespace` defaults to the client's own, which in a Pod is the Pod's. No two processes
    /// that run at the same time may have the same `identity`.
    pub fn new(client: Client, namespace: Option<String>, name: String, identity: String) -> Self {
        let place = namespace.unwrap_or_else(|| client.default_namespace().to_owned());
        Self { api: Api::namespaced(client, &place), place, name, identity, seen: None }
    }

    /// Renews the Lease or takes it, if it is free.
    pub(super) async fn attempt(&mut self) -> Result<Attempt, kube::Error> {
        loop {
            let found = self.api.get_opt(&self.name).await?;
            self.see(found.as_ref());
            // One that was deleted counts as it was seen last: its holder does not know yet.
            let (spec, unchanged) = match &self.seen {
                Some((spec, at)) => (spec.clone(), at.elapsed()),
                None => (LeaseSpec::default(), Duration::ZERO),
            };
            if let Decision::Wait { holder, free_in } = decide(&self.identity, &spec, unchanged) {
                return Ok(Attempt::HeldBy { holder, free_in });
            }
            let mine = held(&self.identity, &spec, Timestamp::now());
            let written = match found {
                Some(lease) => self.replace(lease, mine).await,
                None => {
                    let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
                    self.api.create(&PostParams::default(), &Lease { metadata, spec: Some(mine) }).await
                }
            };
            match written {
                Ok(lease) => {
                    self.see(Some(&lease));
                    return Ok(Attempt::Held);
                }
                // Somebody wrote in between: read again what.
                Err(kube::Error::Api(status)) if status.is_conflict() || status.is_already_exists() => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn see(&mut self, lease: Option<&Lease>) {
        let Some(lease) = lease else { return };
        let spec = lease.spec.clone().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != spec) {
            self.seen = Some((spec, Instant::now()));
        }
    }

    /// Gives the Lease up, if it is held.
    pub(super) async fn release(&self) -> Result<(), kube::Error> {
        let Some(lease) = self.api.get_opt(&self.name).await? else { return Ok(()) };
        let Some(spec) = lease.spec.clone().filter(|spec| spec.holder_identity.as_deref() == Some(&self.identity))
        else {
            return Ok(());
        };
        // As client-go leaves it: no holder, for one second.
        let free = LeaseSpec {
            holder_identity: Some(String::new()),
            lease_duration_seconds: Some(1),
            renew_time: Some(MicroTime(Timestamp::now())),
            ..spec
        };
        self.replace(lease, free).await.map(drop)
    }

    /// Writes it over what was read, which the API server refuses if it is not the newest any more.
    async fn replace(&self, lease: Lease, spec: LeaseSpec) -> Result<Lease, kube::Error> {
        let lease = Lease { spec: Some(spec), ..lease };
        self.api.replace(&self.name, &PostParams::default(), &lease).await
    }
}

/// A Lease is free if nobody holds it, if it is one's own (a container that is started again has its Pod's identity), or
/// if its holder left it unchanged for the time that the holder itself named.
fn decide(identity: &str, spec: &LeaseSpec, unchanged: Duration) -> Decision {
    let holder = spec.holder_identity.as_deref().unwrap_or_default();
    let named = spec.lease_duration_seconds.and_then(|seconds| u64::try_from(seconds).ok());
    let free_in = named.map_or(LEASE_DURATION, Duration::from_secs).saturating_sub(unchanged);
    if holder.is_empty() || holder == identity || free_in.is_zero() {
        return Decision::Take;
    }
    Decision::Wait { holder: holder.to_owned(), free_in }
}

/// The Lease as its holder writes it after what was there before.
fn held(identity: &str, before: &LeaseSpec, now: Timestamp) -> LeaseSpec {
    let renewed = before.holder_identity.as_deref() == Some(identity);
    let transitions = before.lease_transitions.map(|number| if renewed { number } else { number.saturating_add(1) });
    LeaseSpec {
        holder_identity: Some(identity.to_owned()),
        lease_duration_seconds: i32::try_from(LEASE_DURATION.as_secs()).ok(),
        renew_time: Some(MicroTime(now)),
        acquire_time: before.acquire_time.clone().filter(|_| renewed).or(Some(MicroTime(now))),
        lease_transitions: Some(transitions.unwrap_or_default()),
        ..before.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(holder: Option<&str>, seconds: Option<i32>) -> LeaseSpec {
        LeaseSpec {
            holder_identity: holder.map(str::to_owned),
            lease_duration_seconds: seconds,
            ..LeaseSpec::default()
        }
    }

    #[test]
    fn lease_is_taken_when_it_is_free_ones_own_or_left_alone_for_its_own_duration() {
        let wait = |seconds| Decision::Wait { holder: "b".to_owned(), free_in: Duration::from_secs(seconds) };
        let rows = [
            (spec(None, None), 0, Decision::Take),
            (spec(Some(""), Some(1)), 0, Decision::Take),
            (spec(Some("a"), Some(15)), 0, Decision::Take),
            (spec(Some("b"), Some(15)), 14, wait(1)),
            (spec(Some("b"), Some(15)), 15, Decision::Take),
            (spec(Some("b"), Some(60)), 15, wait(45)),
            (spec(Some("b"), None), 5, wait(10)),
            (spec(Some("b"), Some(-1)), 5, wait(10)),
        ];
        for (spec, seconds, expected) in rows {
            assert_eq!(decide("a", &spec, Duration::from_secs(seconds)), expected, "{spec:?} after {seconds} s");
        }
    }

    #[test]
    fn renewing_keeps_what_taking_writes() {
        let [first, second, third]: [Timestamp; 3] =
            ["2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z", "2026-01-01T00:01:00Z"]
                .map(|at| at.parse().expect("a time"));
        let taken = held("a", &LeaseSpec::default(), first);
        let renewed = held("a", &taken, second);
        assert_eq!(renewed, LeaseSpec { renew_time: Some(MicroTime(second)), ..taken.clone() });
        let over = held("b", &renewed, third);
        assert_eq!((taken.lease_transitions, over.lease_transitions), (Some(0), Some(1)));
        assert_eq!((over.acquire_time, over.lease_duration_seconds), (Some(MicroTime(third)), Some(15)));
    }
}
