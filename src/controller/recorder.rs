//! Events; repeated ones are one event with a count.
//!
//! kube's own recorder leaves the text out of what makes two events the same: of two drifts within minutes, the second
//! would be told with the text of the first.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use tokio::time::Instant;

use super::Leadership;
use crate::status::EventDraft;

const CONTROLLER: &str = "stepgate.dev/controller";
/// A series ends when it was not added to for so long, as client-go's.
const SERIES_TTL: Duration = Duration::from_secs(360);

/// After how many seconds each an event is tried again.
const LATER: [u64; 6] = [1, 4, 15, 60, 120, 300];

/// Whether an error may pass by itself.
fn passes(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 429 || status.code >= 500,
        _ => true,
    }
}

/// What makes two events the same.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    uid: Option<String>,
    reason: String,
    note: String,
}

/// Publishes events.
pub(super) struct Recorder {
    client: Client,
    leadership: Leadership,
    instance: String,
    recent: Mutex<HashMap<Key, (Instant, Event)>>,
}

impl Recorder {
    pub(super) fn new(client: Client, leadership: Leadership) -> Self {
        let instance = std::env::var("HOSTNAME").unwrap_or_else(|_| CONTROLLER.to_owned());
        Self { client, leadership, instance, recent: Mutex::default() }
    }

    /// Publishes an event, or counts it if it is one of before. If the API server is not to be had, it is told when it is.
    pub(super) async fn publish(
        self: &Arc<Self>,
        draft: &EventDraft,
        about: &ObjectReference,
    ) -> Result<(), kube::Error> {
        let event = self.event(draft, about);
        let published = self.put(draft, about, &event).await;
        if published.as_ref().is_err_and(passes) {
            let (recorder, draft, about) = (self.clone(), draft.clone(), about.clone());
            tokio::spawn(async move {
                let tries = async {
                    for wait in LATER {
                        tokio::time::sleep(Duration::from_secs(wait)).await;
                        if !recorder.put(&draft, &about, &event).await.as_ref().is_err_and(passes) {
                            return;
                        }
                    }
                };
                // Who does not lead any more writes nothing.
                let _ = recorder.leadership.hold(tries).await;
            });
        }
        published
    }

    async fn put(&self, draft: &EventDraft, about: &ObjectReference, new: &Event) -> Result<(), kube::Error> {
        let key = Key { uid: about.uid.clone(), reason: draft.reason.to_string(), note: draft.note.clone() };
        let known = self.recall(&key);
        let api: Api<Event> = Api::namespaced(self.client.clone(), about.namespace.as_deref().unwrap_or("default"));
        let event = match known {
            Some(mut event) => {
                let count = event.series.map_or(1, |series| series.count) + 1;
                event.series = Some(EventSeries { count, last_observed_time: MicroTime(Timestamp::now()) });
                api.patch(&event.name_any(), &PatchParams::default(), &Patch::Merge(&event)).await?;
                event
            }
            None => {
                match api.create(&PostParams::default(), new).await {
                    // By a try before, whose answer was lost.
                    Err(kube::Error::Api(status)) if status.is_already_exists() => {}
                    created => drop(created?),
                }
                new.clone()
            }
        };
        self.lock().insert(key, (Instant::now(), event));
        Ok(())
    }

    fn recall(&self, key: &Key) -> Option<Event> {
        let mut recent = self.lock();
        recent.retain(|_, (at, _)| at.elapsed() < SERIES_TTL);
        recent.get(key).map(|(_, event)| event.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Key, (Instant, Event)>> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn event(&self, draft: &EventDraft, about: &ObjectReference) -> Event {
        let now = Timestamp::now();
        Event {
            action: Some("Reconcile".to_owned()),
            event_time: Some(MicroTime(now)),
            metadata: ObjectMeta {
                name: Some(format!("{}.{:x}", about.name.as_deref().unwrap_or_default(), now.as_nanosecond())),
                namespace: about.namespace.clone(),
                ..ObjectMeta::default()
            },
            note: Some(draft.note.clone()),
            reason: Some(draft.reason.to_string()),
            regarding: Some(about.clone()),
            reporting_controller: Some(CONTROLLER.to_owned()),
            reporting_instance: Some(self.instance.clone()),
            type_: Some(if draft.warning { "Warning" } else { "Normal" }.to_owned()),
            ..Event::default()
        }
    }
}
