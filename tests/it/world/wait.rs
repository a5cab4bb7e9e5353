//! Waiting for what comes in its own time.

use std::future::Future;
use std::time::{Duration, Instant};

/// The first value that a probe gives. Panics with `what` when it does not come within 30 seconds.
pub async fn eventually<T, F>(what: &str, probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    within(Duration::from_secs(30), what, probe).await
}

/// The same within another time.
pub async fn within<T, F>(time: Duration, what: &str, mut probe: impl FnMut() -> F) -> T
where
    F: Future<Output = Result<T, String>>,
{
    let end = Instant::now() + time;
    // Probes that ask ever more rarely leave the machine to what they wait for.
    let mut pause = Duration::from_millis(20);
    loop {
        match probe().await {
            Ok(value) => return value,
            Err(last) if Instant::now() > end => panic!("{what} did not come; last seen: {last}"),
            Err(_) => tokio::time::sleep(pause).await,
        }
        pause = (pause * 5 / 4).min(Duration::from_millis(200));
    }
}

/// Waits until AWS's slowest quotas that a test's own calls have used up (1 in 30 s) are there again for the controller.
pub async fn quotas_to_refill() {
    let scale: f64 = super::env("STRICT_SCALE").parse().expect("a number");
    tokio::time::sleep(Duration::from_secs_f64(30.0 / scale)).await;
}
