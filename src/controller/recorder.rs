//! Events; repeated ones are one event with a count.
//!
//! kube's own recorder leaves the text out of what makes two events the same: of two drifts within minutes, the second
//! would be told with the text of the first.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::{Event, EventSeries};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use tokio::time::Instant;

use crate::status::EventDraft;

const CONTROLLER: &str = "stepgate.dev/controller";
/// A series ends when it was not added to for so long, as client-go's.
const SERIES_TTL: Duration = Duration::from_secs(360);

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
    instance: String,
    recent: Mutex<HashMap<Key, (Instant, Event)>>,
}

impl Recorder {
    pub(super) fn new(client: Client) -> Self {
        let instance = std::env::var("HOSTNAME").unwrap_or_else(|_| CONTROLLER.to_owned());
        Self { client, instance, recent: Mutex::default() }
    }

    /// Publishes an event, or counts it if it is one of before.
    pub(super) async fn publish(&self, draft: &EventDraft, about: &ObjectReference) -> Result<(), kube::Error> {
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
                let event = self.event(draft, about);
                api.create(&PostParams::default(), &event).await?;
                event
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
