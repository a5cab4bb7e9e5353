//! `stepgate controller`.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;
use kube::Client;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::aws::AwsArguments;
use crate::controller::{self, Candidate, Leadership, Settings, connect, parse_interval, with_causes};
use crate::metrics::Metrics;
use crate::telemetry::{self, LogFormat};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Address of /metrics, /healthz and /readyz
    #[arg(long, env = "STEPGATE_LISTEN", value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,

    /// Watch this namespace only. Default: all
    #[arg(long, env = "STEPGATE_NAMESPACE", value_name = "NAMESPACE")]
    namespace: Option<String>,

    /// Marks this installation's resources in AWS, so that clusters can share an account. Default: the uid of namespace
    /// kube-system. Give the old cluster's id to take its resources over after a restore
    #[arg(long, env = "STEPGATE_OWNER_ID", value_name = "ID", value_parser = owner_id)]
    owner_id: Option<String>,

    /// Name of the StepFunctionsApiClass of objects that name none. Default: they have none
    #[arg(long, env = "STEPGATE_DEFAULT_CLASS", value_name = "NAME")]
    default_class: Option<String>,

    /// Time between checks of an object that is as it should be, such as 30m
    #[arg(long, env = "STEPGATE_CHECK_INTERVAL", value_name = "DURATION", default_value = "30m", value_parser = parse_interval)]
    check_interval: Duration,

    /// Objects worked on at the same time
    #[arg(long, env = "STEPGATE_CONCURRENCY", value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..))]
    concurrency: u16,

    #[command(flatten)]
    election: ElectionArguments,

    /// URL of a stage in status, with {restApiId}, {region} and {stage} filled in. Default: AWS's own
    #[arg(long, env = "STEPGATE_INVOKE_URL", value_name = "TEMPLATE")]
    invoke_url: Option<String>,

    /// Form of the log
    #[arg(long, env = "STEPGATE_LOG_FORMAT", value_enum, default_value_t = LogFormat::Json)]
    log_format: LogFormat,

    /// Log level, or levels by target such as info,stepgate=debug
    #[arg(long, env = "STEPGATE_LOG", value_name = "LEVEL", default_value = "info")]
    log_level: String,

    #[command(flatten)]
    aws: AwsArguments,
}

/// One of all replicas works, the others stand by.
#[derive(Debug, Args)]
struct ElectionArguments {
    /// Namespace of the Lease that says which of several replicas leads. Default: the Pod's own
    #[arg(long, env = "STEPGATE_LEADER_ELECTION_NAMESPACE", value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,

    /// Name of that Lease; replicas that do the same work have the same. Default: stepgate, or stepgate-NAMESPACE with
    /// --namespace
    #[arg(long, env = "STEPGATE_LEADER_ELECTION_ID", value_name = "NAME")]
    leader_election_id: Option<String>,

    /// Name of this process in the Lease, which no other process has at the same time. Default: the host's name and a random
    /// number. With the Pod's name, a container that is started again need not wait for its own Lease to run out
    #[arg(long, env = "STEPGATE_LEADER_ELECTION_IDENTITY", value_name = "NAME")]
    leader_election_identity: Option<String>,

    /// Work without a Lease. Never with more than one replica: two controllers that write at once undo each other's work
    #[arg(long, env = "STEPGATE_NO_LEADER_ELECTION", value_parser = BoolishValueParser::new())]
    no_leader_election: bool,
}

impl ElectionArguments {
    fn candidate(self, client: &Client, watched: Option<&str>) -> Option<Candidate> {
        if self.no_leader_election {
            return None;
        }
        let name = self.leader_election_id.unwrap_or_else(|| match watched {
            Some(namespace) => format!("stepgate-{namespace}"),
            None => "stepgate".to_owned(),
        });
        let identity = self.leader_election_identity.unwrap_or_else(|| {
            let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "stepgate".to_owned());
            // Its keys are the operating system's random numbers.
            format!("{host}_{:016x}", RandomState::new().build_hasher().finish())
        });
        Some(Candidate::new(client.clone(), self.leader_election_namespace, name, identity))
    }
}

/// What fits a tag of AWS together with namespace and name.
fn owner_id(text: &str) -> Result<String, String> {
    let valid = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if (1..=63).contains(&text.len()) && text.chars().all(valid) {
        return Ok(text.to_owned());
    }
    Err("has to be 1 to 63 letters, digits and . _ -".to_owned())
}

pub(super) async fn run(arguments: Arguments) -> Result<(), String> {
    telemetry::start(arguments.log_format, &arguments.log_level)?;
    let listener = TcpListener::bind(arguments.listen)
        .await
        .map_err(|error| format!("failed to listen on {}: {error}", arguments.listen))?;
    let metrics = Metrics::default();
    let counted = metrics.clone();
    let regions = arguments.aws.load(Arc::new(move |call| counted.call(call))).await;
    let stop = CancellationToken::new();
    let (ready, is_ready) = watch::channel(Err("the objects are not watched yet".to_owned()));
    let client = connect(Some(ready.clone())).await?;
    let candidate = arguments.election.candidate(&client, arguments.namespace.as_deref());
    let settings = Settings {
        namespace: arguments.namespace,
        owner_id: arguments.owner_id,
        default_class: arguments.default_class,
        check_interval: arguments.check_interval,
        concurrency: arguments.concurrency,
        invoke_url: arguments.invoke_url,
        candidate,
    };
    let leadership = Leadership::new(metrics.clone());
    let leads = leadership.clone();
    let readiness = move || is_ready.borrow().clone().and_then(|()| leads.readiness());
    let served = tokio::spawn(crate::http::serve(listener, metrics.clone(), readiness, stop.clone()));
    let signals = stop.clone();
    let (mut term, mut int) = (listen(SignalKind::terminate())?, listen(SignalKind::interrupt())?);
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        tracing::info!("stopping; passes under way are finished");
        signals.cancel();
    });
    let result = controller::run(client, regions, metrics, settings, leadership, ready, stop.clone()).await;
    stop.cancel();
    if let Ok(Err(error)) = served.await {
        tracing::warn!(%error, "http server failed");
    }
    result.map_err(|error| with_causes(&error))
}

fn listen(kind: SignalKind) -> Result<tokio::signal::unix::Signal, String> {
    signal(kind).map_err(|error| format!("failed to listen for signals: {error}"))
}
