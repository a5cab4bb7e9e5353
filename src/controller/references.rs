//! Reads what specs refer to, and wakes the objects whose referents change.
//!
//! Each kind is watched by its metadata, from when the first object refers to it; only the objects referred to are read.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::{StreamExt, TryStreamExt};
use kube::api::{ApiResource, DynamicObject};
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Guarded, parse_interval, with_causes};
use crate::api::{ReferenceStatus, StepFunctionsApi};
use crate::references::{Content, Kind, References, Secrets, Source, Values, content};

/// Between two tries to watch a kind: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(30);

/// Objects by uid, and what they refer to.
pub(super) struct Reader {
    client: Client,
    /// Namespace that is watched, `None` for all.
    namespace: Option<String>,
    /// Class of objects that name none.
    default_class: Option<String>,
    wake: UnboundedSender<ObjectRef<Guarded>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    objects: HashMap<String, Referring>,
    watched: BTreeSet<Kind>,
    /// What objects by uid had from Secrets as long as this process runs: a value that is replaced or taken away stands in
    /// the plan that does it.
    secrets: HashMap<String, Secrets>,
}

/// An object that refers to others.
struct Referring {
    object: ObjectRef<Guarded>,
    /// resourceVersions of the referents when they were read; `None` for what was not there, or was not read yet.
    read: BTreeMap<Source, Option<String>>,
    /// Whether no other version has been seen since.
    current: bool,
    /// Hash of the values that AWS was last made to match.
    applied: Option<Vec<u8>>,
    /// Of its class.
    check_interval: Option<Duration>,
}

/// What a spec refers to, as it is now.
#[derive(Default)]
pub(super) struct Read {
    pub references: References,
    pub values: Values,
    /// The versions, for the status.
    pub versions: Vec<ReferenceStatus>,
    /// What is not to be shown of the values, and of those of before.
    pub secrets: Secrets,
    digest: Vec<u8>,
}

impl Read {
    /// An object as it is after a write of ours.
    pub(super) fn replace(&mut self, source: Source, object: &Value, version: Option<String>) {
        let kind = source.kind.to_string();
        for read in self.versions.iter_mut().filter(|read| read.kind == kind && read.name == source.name) {
            read.resource_version.clone_from(&version);
        }
        self.values.insert(source.clone(), content(source.kind, object));
        self.secrets = std::mem::take(&mut self.secrets).and(self.references.secrets(&self.values));
        self.digest();
    }

    fn digest(&mut self) {
        self.digest = Sha256::digest(format!("{:?}", self.references.values(&self.values))).to_vec();
    }

    /// Version in which an object was read, `None` if it was not there.
    pub(super) fn version(&self, Source { kind, name }: &Source) -> Option<&str> {
        let kind = kind.to_string();
        let found = self.versions.iter().find(|read| read.kind == kind && read.name == *name);
        found.and_then(|read| read.resource_version.as_deref())
    }
}

impl Reader {
    /// A reader, and the objects that it wakes.
    pub(super) fn new(
        client: Client,
        namespace: Option<String>,
        default_class: Option<String>,
    ) -> (Arc<Self>, UnboundedReceiver<ObjectRef<Guarded>>) {
        let (wake, woken) = unbounded();
        (Arc::new(Self { client, namespace, default_class, wake, state: Mutex::default() }), woken)
    }

    /// Class of objects that name none.
    pub(super) fn default_class(&self) -> Option<&str> {
        self.default_class.as_deref()
    }

    /// Reads everything that an object's spec refers to.
    ///
    /// # Errors
    /// If the API server cannot be asked. What it refuses to show is a value.
    pub(super) async fn read(self: &Arc<Self>, object: &StepFunctionsApi) -> Result<Read, kube::Error> {
        let references = References::of(&object.spec, self.default_class());
        let uid = object.uid().unwrap_or_default();
        if references.is_empty() {
            let mut state = self.lock();
            state.objects.remove(&uid);
            let secrets = state.secrets.get(&uid).cloned().unwrap_or_default();
            return Ok(Read { secrets, ..Read::default() });
        }
        // Before reading: what changes while it is read is told by the watch.
        let sources = references.sources();
        self.note(&uid, object, &sources);
        for kind in sources.iter().map(|source| source.kind).collect::<BTreeSet<_>>() {
            self.watch(kind);
        }
        let namespace = object.namespace().unwrap_or_default();
        let read = sources.into_iter().map(|source| self.get(source, &namespace));
        let found: Vec<_> = futures::stream::iter(read).buffered(4).try_collect().await?;
        let mut read = Read { references, ..Read::default() };
        let mut versions = BTreeMap::new();
        for (source, content, version) in found {
            let (kind, name) = (source.kind.to_string(), source.name.clone());
            read.versions.push(ReferenceStatus { kind, name, resource_version: version.clone() });
            versions.insert(source.clone(), version);
            read.values.insert(source, content);
        }
        read.digest();
        let mut state = self.lock();
        let secrets = state.secrets.entry(uid.clone()).or_default();
        *secrets = std::mem::take(secrets).and(read.references.secrets(&read.values));
        read.secrets = secrets.clone();
        if let Some(referring) = state.objects.get_mut(&uid) {
            referring.read = versions;
            let class = read.references.class(&read.values).ok().flatten();
            let interval = class.and_then(|class| class.spec.check_interval);
            referring.check_interval = interval.and_then(|text| parse_interval(&text).ok());
        }
        drop(state);
        Ok(read)
    }

    /// Whether what an object refers to was read by this process and has not changed since.
    pub(super) fn is_current(&self, uid: &str) -> bool {
        self.lock().objects.get(uid).is_some_and(|referring| referring.current)
    }

    /// Time between checks that an object's class sets, as it was read last.
    pub(super) fn check_interval(&self, uid: &str) -> Option<Duration> {
        self.lock().objects.get(uid)?.check_interval
    }

    /// Whether AWS was last made to match these very values, by this process.
    pub(super) fn is_applied(&self, uid: &str, read: &Read) -> bool {
        let state = self.lock();
        state.objects.get(uid).is_some_and(|referring| referring.applied.as_ref() == Some(&read.digest))
    }

    /// Notes that AWS matches these values, and in which versions we wrote some of them.
    pub(super) fn applied(&self, uid: &str, read: &Read) {
        if let Some(referring) = self.lock().objects.get_mut(uid) {
            referring.applied = Some(read.digest.clone());
            for (source, version) in referring.read.iter_mut().filter(|(source, _)| source.kind == Kind::Secret) {
                *version = read.version(source).map(str::to_owned);
            }
        }
    }

    /// Forgets what this process read and applied before: another may have applied other values since.
    pub(super) fn begin(&self) {
        self.lock().objects.clear();
    }

    /// Forgets an object that is gone.
    pub(super) fn forget(&self, uid: &str) {
        let mut state = self.lock();
        state.objects.remove(uid);
        state.secrets.remove(uid);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an object is about to read. Versions that are known stay, so that no event about them wakes it.
    fn note(&self, uid: &str, object: &StepFunctionsApi, sources: &BTreeSet<Source>) {
        let namespace = object.namespace().unwrap_or_default();
        let mut state = self.lock();
        let referring = state.objects.entry(uid.to_owned()).or_insert_with(|| Referring {
            object: ObjectRef::new(&object.name_any()).within(&namespace),
            read: BTreeMap::new(),
            current: true,
            applied: None,
            check_interval: None,
        });
        let mut known = std::mem::take(&mut referring.read);
        referring.read = sources.iter().map(|source| (source.clone(), known.remove(source).flatten())).collect();
        referring.current = true;
    }

    async fn get(&self, source: Source, namespace: &str) -> Result<(Source, Content, Option<String>), kube::Error> {
        match self.api::<DynamicObject>(source.kind, Some(namespace)).get_opt(&source.name).await {
            Ok(Some(object)) => {
                let version = object.resource_version();
                let value = serde_json::to_value(&object).map_err(kube::Error::SerdeError)?;
                let content = content(source.kind, &value);
                Ok((source, content, version))
            }
            Ok(None) => Ok((source, Content::Absent, None)),
            // Of a kind that is not installed; it has no reason that kube would know.
            Err(kube::Error::Api(status)) if status.code == 404 => Ok((source, Content::Absent, None)),
            Err(kube::Error::Api(status)) if status.is_forbidden() => {
                Ok((source, Content::Unreadable(status.message.clone()), None))
            }
            Err(error) => Err(error),
        }
    }

    fn api<K>(&self, kind: Kind, namespace: Option<&str>) -> Api<K>
    where
        K: kube::Resource<DynamicType = ApiResource, Scope = kube::core::DynamicResourceScope>,
    {
        let [group, version, kind_name, plural] = kind.resource();
        let resource = ApiResource {
            group: group.to_owned(),
            version: version.to_owned(),
            api_version: if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") },
            kind: kind_name.to_owned(),
            plural: plural.to_owned(),
        };
        match namespace.filter(|_| !kind.is_cluster_scoped()) {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &resource),
            None => Api::all_with(self.client.clone(), &resource),
        }
    }

    /// Begins to watch a kind unless that was done before.
    fn watch(self: &Arc<Self>, kind: Kind) {
        if !self.lock().watched.insert(kind) {
            return;
        }
        let api = self.api::<PartialObjectMeta<DynamicObject>>(kind, self.namespace.as_deref());
        let reader = self.clone();
        tokio::spawn(async move {
            let mut events = watcher(api, watcher::Config::default()).boxed();
            let mut listed = BTreeSet::new();
            let (mut trouble, mut pause) = (None, FIRST_PAUSE);
            while let Some(event) = events.next().await {
                match event {
                    Ok(watcher::Event::Apply(object)) => reader.seen(kind, &object, object.resource_version()),
                    Ok(watcher::Event::Delete(object)) => reader.seen(kind, &object, None),
                    Ok(watcher::Event::Init) => listed.clear(),
                    Ok(watcher::Event::InitApply(object)) => {
                        reader.seen(kind, &object, object.resource_version());
                        if reader.refers(kind, &object) {
                            listed.insert((object.namespace(), object.name_any()));
                        }
                    }
                    Ok(watcher::Event::InitDone) => {
                        (trouble, pause) = (None, FIRST_PAUSE);
                        reader.all_seen(kind, &std::mem::take(&mut listed));
                    }
                    // Of a kind that is not installed there is no list, as long as that may last.
                    Err(error) => {
                        let reason = with_causes(&error);
                        if trouble.as_ref() != Some(&reason) {
                            tracing::warn!(%kind, reason, "failed to watch what objects refer to");
                            trouble = Some(reason);
                        }
                        tokio::time::sleep(pause).await;
                        pause = LAST_PAUSE.min(pause * 2);
                    }
                }
            }
        });
    }

    /// Wakes the objects that read another version of this one.
    fn seen(&self, kind: Kind, object: &PartialObjectMeta<DynamicObject>, version: Option<String>) {
        let source = Source { kind, name: object.name_any() };
        let namespace = object.namespace();
        self.wake(|referring| {
            let same_place = kind.is_cluster_scoped() || referring.object.namespace == namespace;
            same_place && referring.read.get(&source).is_some_and(|read| *read != version)
        });
    }

    /// Wakes the objects that read what a list does not have any more.
    fn all_seen(&self, kind: Kind, listed: &BTreeSet<(Option<String>, String)>) {
        self.wake(|referring| {
            let namespace = referring.object.namespace.as_ref().filter(|_| !kind.is_cluster_scoped());
            let mut read = referring.read.iter().filter(|(source, version)| source.kind == kind && version.is_some());
            read.any(|(source, _)| !listed.contains(&(namespace.cloned(), source.name.clone())))
        });
    }

    fn refers(&self, kind: Kind, object: &PartialObjectMeta<DynamicObject>) -> bool {
        let source = Source { kind, name: object.name_any() };
        self.lock().objects.values().any(|referring| referring.read.contains_key(&source))
    }

    fn wake(&self, changed: impl Fn(&Referring) -> bool) {
        for referring in self.lock().objects.values_mut().filter(|referring| changed(referring)) {
            referring.current = false;
            // It fails when the controller stops.
            let _ = self.wake.unbounded_send(referring.object.clone());
        }
    }
}
