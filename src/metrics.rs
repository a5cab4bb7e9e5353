//! Metrics. Every label value comes from a closed list.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::api::Reason;
use crate::aws::sdk::{Call, Seen};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct CallLabels {
    operation: &'static str,
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OperationLabel {
    operation: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct PassLabels {
    reason: String,
}

/// The program's metrics.
#[derive(Clone)]
pub struct Metrics {
    registry: Arc<Registry>,
    calls: Family<CallLabels, Counter>,
    call_seconds: Histogram,
    quota_seconds: Histogram,
    postponed: Family<OperationLabel, Counter>,
    passes: Family<PassLabels, Counter>,
    pass_seconds: Histogram,
    ready: Gauge<i64, std::sync::atomic::AtomicI64>,
    stalled: Gauge<i64, std::sync::atomic::AtomicI64>,
    objects: Gauge<i64, std::sync::atomic::AtomicI64>,
    leader: Gauge<i64, std::sync::atomic::AtomicI64>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("stepgate");
        let metrics = Self {
            registry: Arc::default(),
            calls: Family::default(),
            call_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 12)),
            quota_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 11)),
            postponed: Family::default(),
            passes: Family::default(),
            pass_seconds: Histogram::new(exponential_buckets(0.01, 2.0, 14)),
            ready: Gauge::default(),
            stalled: Gauge::default(),
            objects: Gauge::default(),
            leader: Gauge::default(),
        };
        registry.register("aws_calls", "Calls to AWS by operation and outcome", metrics.calls.clone());
        let text = "Duration of calls to AWS";
        registry.register_with_unit("aws_call", text, Unit::Seconds, metrics.call_seconds.clone());
        let text = "Waiting of calls for AWS's request quotas";
        registry.register_with_unit("aws_quota_wait", text, Unit::Seconds, metrics.quota_seconds.clone());
        let text = "Calls put off because their quota is used up for long, by operation";
        registry.register("aws_calls_postponed", text, metrics.postponed.clone());
        registry.register(
            "passes",
            "Passes over an object by the reason of its Ready condition",
            metrics.passes.clone(),
        );
        registry.register_with_unit("pass", "Duration of passes", Unit::Seconds, metrics.pass_seconds.clone());
        registry.register("objects", "StepFunctionsApi objects, told by the leader", metrics.objects.clone());
        registry.register("objects_ready", "Objects whose Ready condition is True", metrics.ready.clone());
        registry.register("objects_stalled", "Objects whose Stalled condition is True", metrics.stalled.clone());
        registry.register("leader", "1 if this process leads its replicas, 0 if it stands by", metrics.leader.clone());
        let info: Family<Vec<(&str, &str)>, Gauge<u64, AtomicU64>> = Family::default();
        info.get_or_create(&vec![("version", env!("CARGO_PKG_VERSION"))]).set(1);
        registry.register("build_info", "Version of the program", info);
        Self { registry: Arc::new(registry), ..metrics }
    }
}

impl Metrics {
    /// Counts a call to AWS.
    pub fn call(&self, seen: Seen) {
        match seen {
            Seen::Call(Call { operation, failed, waited, took }) => {
                let outcome = failed.map_or("ok", crate::aws::Class::label);
                self.calls.get_or_create(&CallLabels { operation, outcome }).inc();
                self.call_seconds.observe(took.as_secs_f64());
                self.quota_seconds.observe(waited.as_secs_f64());
            }
            Seen::Postponed { operation } => drop(self.postponed.get_or_create(&OperationLabel { operation }).inc()),
        }
    }

    /// Counts a pass.
    pub fn pass(&self, reason: Reason, took: std::time::Duration) {
        self.passes.get_or_create(&PassLabels { reason: reason.to_string() }).inc();
        self.pass_seconds.observe(took.as_secs_f64());
    }

    /// Sets how many objects there are, and how many of them are ready and stalled.
    pub fn objects(&self, all: usize, ready: usize, stalled: usize) {
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        self.objects.set(count(all));
        self.ready.set(count(ready));
        self.stalled.set(count(stalled));
    }

    /// Sets whether this process leads. One that does not has no objects, so that a sum over replicas is right.
    pub fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
        if !leads {
            self.objects(0, 0, 0);
        }
    }

    /// All metrics in OpenMetrics text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String does not fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
