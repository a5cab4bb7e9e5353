//! Writing status and events.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use kube::api::{Patch, PatchParams};
use kube::{Api, Resource, ResourceExt};
use serde_json::json;

use super::Shared;
use super::references::Read;
use crate::api::{CHECK_NOW, FIELD_MANAGER, ReferenceStatus, StepFunctionsApi, StepFunctionsApiStatus};
use crate::model::{Holder, Observed};
use crate::plan::Action;
use crate::references::Secrets;
use crate::render::Problem;
use crate::status::{self, Context, EventDraft, Pass};

/// What follows from a pass.
pub(super) struct Next {
    pub(super) status: StepFunctionsApiStatus,
    events: Vec<EventDraft>,
}

/// Reports on one object during one pass.
pub(super) struct Report<'a> {
    shared: &'a Shared,
    api: Api<StepFunctionsApi>,
    object: &'a StepFunctionsApi,
    written: StepFunctionsApiStatus,
    warnings: Vec<Problem>,
    references: Option<Vec<ReferenceStatus>>,
    observed: Option<Observed>,
    secrets: Secrets,
}

impl<'a> Report<'a> {
    pub(super) fn new(shared: &'a Shared, api: Api<StepFunctionsApi>, object: &'a StepFunctionsApi) -> Self {
        Self {
            shared,
            api,
            object,
            written: object.status.clone().unwrap_or_default(),
            warnings: Vec::new(),
            references: None,
            observed: None,
            secrets: Secrets::default(),
        }
    }

    /// What there is to say about the spec, for all that is written from now on.
    pub(super) fn warn(&mut self, warnings: Vec<Problem>) {
        self.warnings = warnings;
    }

    /// What the spec refers to, for all that is written from now on.
    pub(super) fn refer(&mut self, read: &Read) {
        self.references = Some(read.versions.clone());
        self.secrets = read.secrets.clone();
    }

    /// What the API has of deployments and stages, for all that is written from now on.
    pub(super) fn see(&mut self, observed: &Observed) {
        let others = observed.rest_api.as_ref().is_some_and(|api| matches!(api.holder, Holder::Other(_)));
        // An API of another object's is not looked into.
        self.observed = (!others).then(|| Observed {
            deployments: observed.deployments.clone(),
            stages: observed.stages.clone(),
            ..Observed::default()
        });
    }

    /// What is not to be shown of it.
    pub(super) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    /// Whether the status has what the spec refers to.
    pub(super) fn has_references(&self) -> bool {
        self.references.as_ref().is_none_or(|references| *references == self.written.references)
    }

    /// Writes that alone, if it is not there.
    pub(super) async fn write_references(&mut self) -> Result<(), kube::Error> {
        if self.has_references() {
            return Ok(());
        }
        let references = self.references.clone().unwrap_or_default();
        let status = StepFunctionsApiStatus { references, ..self.written.clone() };
        self.patch(&status).await?;
        self.written = status;
        Ok(())
    }

    /// What follows from a pass.
    pub(super) fn next(&self, pass: &Pass<'_>) -> Next {
        let now = Time(Timestamp::now());
        let context = Context {
            now: &now,
            invoke_url: self.shared.invoke_url.as_deref(),
            check_now: self.object.annotations().get(CHECK_NOW).map(String::as_str),
            warnings: &self.warnings,
            references: self.references.as_deref(),
            observed: self.observed.as_ref(),
            secrets: &self.secrets,
        };
        let (status, events) = status::next(self.object, &self.written, pass, context);
        Next { status, events }
    }

    /// Writes the status that follows from a pass, if it is another than before, and publishes what is new.
    pub(super) async fn write(&mut self, pass: &Pass<'_>) -> Result<(), kube::Error> {
        let next = self.next(pass);
        self.write_next(next).await
    }

    /// The same of what is known already.
    pub(super) async fn write_next(&mut self, Next { status, events }: Next) -> Result<(), kube::Error> {
        if status != self.written {
            self.patch(&status).await?;
            self.written = status;
        }
        for event in &events {
            self.publish(event).await;
        }
        Ok(())
    }

    /// Our whole status each time: what a server-side apply leaves out, it removes. The uid keeps it off an object of the
    /// same name that was made in the meantime, and from making one.
    async fn patch(&self, status: &StepFunctionsApiStatus) -> Result<(), kube::Error> {
        let body = json!({
            "apiVersion": StepFunctionsApi::api_version(&()),
            "kind": StepFunctionsApi::kind(&()),
            "metadata": {"uid": self.object.uid()},
            "status": status,
        });
        let params = PatchParams::apply(FIELD_MANAGER).force();
        self.api.patch_status(&self.object.name_any(), &params, &Patch::Apply(body)).await.map(drop)
    }

    /// Logs a write.
    pub(super) fn tell(&self, action: &Action) {
        tracing::info!(step = self.secrets.hide(&action.to_string()), "aws write");
    }

    /// An event that cannot be written is not a failure: a namespace that is going away takes none.
    pub(super) async fn publish(&self, draft: &EventDraft) {
        let draft = &EventDraft::new(draft.warning, draft.reason, self.secrets.hide(&draft.note));
        if let Err(error) = self.shared.recorder.publish(draft, &self.object.object_ref(&())).await {
            tracing::debug!(%error, "event not published");
        }
    }
}
