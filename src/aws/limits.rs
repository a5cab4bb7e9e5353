//! AWS's request quotas of API Gateway's control plane, kept from our side.
//!
//! One bucket per operation and one for all together, per account and region; the numbers are AWS's and cannot be raised
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html>). "1 per 3 s" is read as a bucket of one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
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
const PATIENCE: Duration = Duration::from_secs(10);

struct Bucket {
    quota: Quota,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// Brings the tokens up to date and says how long until there is one.
    fn wait(&mut self, now: Instant) -> Duration {
        let since = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + since * self.quota.per_second).min(self.quota.burst);
        self.at = now;
        Duration::from_secs_f64(((1.0 - self.tokens) / self.quota.per_second).max(0.0))
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

    /// Waits until the operation may be called; callers are served in the order in which they come. The error is how
    /// long it would take if that is too long.
    pub(super) async fn admit(&self, operation: &'static str) -> Result<(), Duration> {
        let wait = self.take(operation)?;
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// Takes a token of each bucket, in advance if need be.
    fn take(&self, operation: &'static str) -> Result<Duration, Duration> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let quotas = [Some(("total", TOTAL)), own(operation).map(|quota| (operation, quota))];
        let (mut names, mut longest) = (Vec::new(), Duration::ZERO);
        for (name, quota) in quotas.into_iter().flatten() {
            let quota = Quota { per_second: quota.per_second * self.share, ..quota };
            let bucket = buckets.entry(name).or_insert(Bucket { quota, tokens: quota.burst, at: now });
            longest = longest.max(bucket.wait(now));
            names.push(name);
        }
        if longest > PATIENCE {
            return Err(longest);
        }
        buckets.iter_mut().filter(|(name, _)| names.contains(name)).for_each(|(_, bucket)| bucket.tokens -= 1.0);
        Ok(longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn calls_keep_to_the_rate_after_the_burst() {
        let limits = Limits::new(1.0);
        let start = Instant::now();
        for _ in 0..3 {
            limits.admit("CreateDeployment").await.expect("within patience");
        }
        let took = start.elapsed().as_secs_f64();
        assert!((9.9..10.2).contains(&took), "three deployments take 10 s, took {took}");
        limits.admit("GetStages").await.expect("within patience");
        assert!(start.elapsed().as_secs_f64() - took < 0.1, "other operations do not wait for them");
    }

    #[tokio::test(start_paused = true)]
    async fn who_would_wait_long_is_told_how_long_and_takes_no_token() {
        let limits = Limits::new(1.0);
        limits.admit("DeleteRestApi").await.expect("the first is free");
        let start = Instant::now();
        for _ in 0..5 {
            assert_eq!(limits.admit("DeleteRestApi").await, Err(Duration::from_secs(30)));
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
