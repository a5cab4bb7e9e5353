//! Logs: structured, to standard error. Payloads and secrets are in none of them.
//!
//! At level trace, libraries log whole requests and answers. They are kept to debug, whatever is asked for.

use std::io::IsTerminal;

use clap::ValueEnum;
use tracing::{Level, Metadata};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, fmt};

/// Form of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For programs.
    Json,
    /// For people.
    Text,
}

/// Starts logging. `filter` is a level, or levels by target such as `info,stepgate=debug`.
///
/// # Errors
/// If the filter cannot be read.
pub fn start(format: LogFormat, filter: &str) -> Result<(), String> {
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("log level {filter:?}: {error}"))?;
    let lines = fmt::layer().with_writer(std::io::stderr);
    let lines = match format {
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    tracing_subscriber::registry().with(filter).with(lines.with_filter(filter_fn(is_discreet))).init();
    Ok(())
}

fn is_discreet(metadata: &Metadata<'_>) -> bool {
    // kube says of every request that failed that one did; who made it says which, and why.
    if *metadata.level() == Level::ERROR && metadata.target() == "kube_client::client::builder" {
        return false;
    }
    *metadata.level() <= Level::DEBUG || metadata.target().starts_with(env!("CARGO_CRATE_NAME"))
}
