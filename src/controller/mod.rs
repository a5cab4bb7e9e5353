//! Kubernetes wiring: watch, one pass per object at a time, finalizer, status, events.

mod approval;
mod connection;
mod finalizer;
mod interval;
mod leader;
mod lease;
mod outputs;
mod reconcile;
mod recorder;
mod references;
mod report;
mod rest;
mod schedule;
mod scope;
mod secrets;
mod untold;
mod wanted;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Namespace;
use kube::core::DeserializeGuard;
use kube::runtime::controller::{Config as ControllerConfig, Controller, Error as ControllerError};
use kube::runtime::reflector::Store;

use kube::runtime::{Predicate, PredicateConfig, WatchStreamExt, predicates, reflector, watcher};
use kube::{Api, Client, ResourceExt};
use tokio_util::sync::CancellationToken;

use crate::api::{ConditionType, StepFunctionsApi};
use crate::aws::sdk::Regions;
use crate::metrics::Metrics;
use recorder::Recorder;
use references::Reader;
use schedule::Schedule;
use untold::Untold;

pub use connection::{Watching, connect};
pub use interval::parse_interval;
pub use leader::Leadership;
pub use lease::Candidate;
pub use scope::scope;

/// What a controller is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Namespace to watch; `None` for all.
    pub namespace: Option<String>,
    /// Distinguishes this installation's AWS resources; `None` for the uid of `kube-system`.
    pub owner_id: Option<String>,
    /// Class of objects that name none.
    pub default_class: Option<String>,
    /// Time between checks of a settled object.
    pub check_interval: Duration,
    /// Objects worked on at the same time.
    pub concurrency: u16,
    /// URL template of stages in place of AWS's own.
    pub invoke_url: Option<String>,
    /// Seeks the Lease that this process needs to work; `None` to work without.
    pub candidate: Option<Candidate>,
}

/// What every pass uses.
struct Shared {
    client: Client,
    regions: Regions,
    installation: String,
    schedule: Schedule,
    recorder: Arc<Recorder>,
    leadership: Leadership,
    references: Arc<Reader>,
    metrics: Metrics,
    untold: Untold,
    invoke_url: Option<String>,
}

/// An object of the watch; one that cannot be read does not stop the others.
type Guarded = DeserializeGuard<StepFunctionsApi>;

/// Why the controller cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The default owner id cannot be had.
    #[error(
        "failed to read the uid of namespace kube-system, which tells clusters apart in AWS; give --owner-id instead"
    )]
    OwnerId(#[source] kube::Error),
    /// Kubernetes answered a namespace without uid.
    #[error("namespace kube-system has no uid; give --owner-id")]
    NoUid,
}

/// The id that distinguishes this cluster's AWS resources from those of others.
///
/// # Errors
/// If it is not given and cannot be read.
pub async fn owner_id(client: &Client, given: Option<&str>) -> Result<String, Error> {
    if let Some(id) = given {
        return Ok(id.to_owned());
    }
    let namespace = Api::<Namespace>::all(client.clone()).get("kube-system").await.map_err(Error::OwnerId)?;
    namespace.uid().ok_or(Error::NoUid)
}

/// Runs until stopped; passes that are under way are finished. It works while it leads; otherwise it
/// keeps its watch warm, so that the next leader begins at once.
///
/// # Errors
/// If it cannot start.
pub async fn run(
    client: Client,
    regions: Regions,
    metrics: Metrics,
    settings: Settings,
    leadership: Leadership,
    ready: Watching,
    stop: CancellationToken,
) -> Result<(), Error> {
    let installation = owner_id(&client, settings.owner_id.as_deref()).await?;
    tracing::info!(owner_id = installation, namespace = settings.namespace, "controller starts");
    let (references, woken) = Reader::new(client.clone(), settings.namespace.clone(), settings.default_class);
    let shared = Arc::new(Shared {
        client: client.clone(),
        regions,
        installation,
        schedule: Schedule::new(settings.check_interval),
        recorder: Arc::new(Recorder::new(client.clone(), leadership.clone())),
        leadership: leadership.clone(),
        references,
        metrics: metrics.clone(),
        untold: Untold::default(),
        invoke_url: settings.invoke_url,
    });
    let api: Api<Guarded> = match &settings.namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let (reader, writer) = reflector::store::<Guarded>();
    // Not by status: our own writes must not wake us, and an error text that changes would make a busy loop.
    let stream = watcher(api, watcher::Config::default().any_semantic())
        .default_backoff()
        .inspect(watch_errors(&ready))
        .modify(|object| object.managed_fields_mut().clear())
        .reflect(writer)
        .touched_objects()
        .predicate_filter(
            predicates::generation.combine(predicates::finalizers).combine(predicates::annotations),
            PredicateConfig::default(),
        );
    let done_leading = CancellationToken::new();
    let seeking = match settings.candidate {
        Some(candidate) => Some(tokio::spawn(leader::seek(leadership.clone(), candidate, done_leading.clone()))),
        None => {
            leadership.lead_always();
            None
        }
    };
    let begins = shared.clone();
    let config = ControllerConfig::default().concurrency(settings.concurrency).debounce(Duration::from_millis(100));
    let counted = reader.clone();
    let done = stop.clone();
    Controller::for_stream(stream, reader)
        .with_config(config)
        .reconcile_on(woken)
        .reconcile_all_on(leadership.beginnings().inspect(move |()| {
            begins.schedule.begin();
            begins.references.begin();
        }))
        .graceful_shutdown_on(async move { done.cancelled().await })
        .run(reconcile::reconcile, reconcile::after_error, shared)
        .for_each(|result| {
            // An error of the queue is one of the watch, which tells it itself.
            if let Err(error) = result
                && !matches!(error, ControllerError::ObjectNotFound(_) | ControllerError::QueueError(_))
            {
                tracing::warn!(error = with_causes(&error), "pass failed");
            }
            if leadership.leads() {
                count(&counted, &metrics);
            }
            std::future::ready(())
        })
        .await;
    // Not before the last pass has ended.
    done_leading.cancel();
    if let Some(seeking) = seeking {
        let _ = seeking.await;
    }
    tracing::info!("controller stopped");
    Ok(())
}

/// An error with its causes, in one line.
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Tells `/readyz` and the log why the objects are not watched. That they are is told by the connection.
fn watch_errors(ready: &Watching) -> impl FnMut(&Result<watcher::Event<Guarded>, watcher::Error>) + use<> {
    let ready = ready.clone();
    move |event| {
        let Err(error) = event else { return };
        let reason = format!("failed to watch StepFunctionsApi objects: {}", with_causes(error));
        ready.send_if_modified(|state| {
            let changed = state.as_ref() != Err(&reason);
            if changed {
                tracing::warn!(reason, "watch interrupted");
                *state = Err(reason);
            }
            changed
        });
    }
}

fn count(store: &Store<Guarded>, metrics: &Metrics) {
    let objects = store.state();
    let with = |kind: ConditionType| {
        let holds = |object: &&Arc<Guarded>| {
            let status = object.0.as_ref().ok().and_then(|object| object.status.as_ref());
            let found = status.and_then(|status| status.condition(kind));
            found.is_some_and(|condition| condition.status == "True")
        };
        objects.iter().filter(holds).count()
    };
    metrics.objects(objects.len(), with(ConditionType::Ready), with(ConditionType::Stalled));
}
