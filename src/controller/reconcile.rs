//! One pass over one object: render, observe, plan, apply, status.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube::runtime::controller::Action;
use kube::{Api, Resource, ResourceExt};

use super::approval::approval;
use super::interval::interval;
use super::outputs::{self, Outputs};
use super::references::Read;
use super::report::Report;
use super::rest::{is_left_alone, rest, until_due, version};
use super::scope::scope;
use super::untold::perhaps_made;
use super::wanted::wanted;
use super::{Guarded, Shared, finalizer, secrets};
use crate::api::{DeletionPolicy, DriftPolicy, Mode, Reason, StepFunctionsApi, StepFunctionsApiStatus};
use crate::apply::{Outcome, apply};
use crate::aws::sdk::SdkAws;
use crate::aws::{Caller, Urgency};
use crate::model::{Desired, Owner};
use crate::observe::{Scope, observe};
use crate::plan::{Plan, plan};
use crate::references::HIDDEN;
use crate::status::{self, EventDraft, Pass, Trouble};

/// Why a pass ended without a word in the object's status: Kubernetes did not take it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("the object cannot be read: {0}")]
    Unreadable(String),
    #[error("failed to read the object: {0}")]
    Read(#[source] kube::Error),
    #[error("failed to read what the object refers to: {0}")]
    References(#[source] kube::Error),
    #[error("failed to read or write the ConfigMap for outputs: {0}")]
    Outputs(#[source] kube::Error),
    #[error("failed to write the finalizer: {0}")]
    Finalizer(#[source] kube::Error),
    #[error("the pass took longer than {DEADLINE:?}")]
    TooLong,
    #[error("failed to write the status: {0}")]
    Status(#[source] kube::Error),
    #[error("leadership was lost; the next leader goes on")]
    NotLeading,
}

/// Longest time for a pass. Calls to AWS have deadlines of their own, those to Kubernetes have not.
const DEADLINE: Duration = Duration::from_secs(300);

/// When to try again after an [`Error`].
pub(super) fn after_error(object: Arc<Guarded>, error: &Error, shared: Arc<Shared>) -> Action {
    match error {
        // When leading begins again, all objects are looked at.
        Error::Unreadable(_) | Error::NotLeading => Action::await_change(),
        Error::Read(_)
        | Error::References(_)
        | Error::Outputs(_)
        | Error::Finalizer(_)
        | Error::Status(_)
        | Error::TooLong => {
            let failures = shared.schedule.failed(&object.uid().unwrap_or_default());
            Action::requeue(Duration::from_secs(1 << failures.min(6)))
        }
    }
}

/// A pass over an object, as long as this process leads.
pub(super) async fn reconcile(guarded: Arc<Guarded>, shared: Arc<Shared>) -> Result<Action, Error> {
    if !shared.leadership.leads() {
        return Ok(Action::await_change());
    }
    let leadership = shared.leadership.clone();
    leadership.hold(look_at(guarded, shared)).await.unwrap_or(Err(Error::NotLeading))
}

/// A pass over an object, unless it is settled and not due.
async fn look_at(guarded: Arc<Guarded>, shared: Arc<Shared>) -> Result<Action, Error> {
    let seen = guarded.0.as_ref().map_err(|invalid| Error::Unreadable(invalid.error.clone()))?;
    if let Some(wait) = rest(seen, &shared) {
        return Ok(Action::requeue(wait));
    }
    let start = Instant::now();
    let namespace = seen.namespace().unwrap_or_default();
    let api: Api<StepFunctionsApi> = Api::namespaced(shared.client.clone(), &namespace);
    // The watch may lag behind what the last pass wrote. Acting on an old status would look at AWS in vain, and write
    // parts of the old status over the new one.
    let Some(object) = api.get_opt(&seen.name_any()).await.map_err(Error::Read)? else {
        shared.references.forget(&seen.uid().unwrap_or_default());
        return Ok(Action::await_change());
    };
    let owner = Owner { installation: shared.installation.clone(), namespace, name: object.name_any() };
    let pass = PassOver { uid: object.uid().unwrap_or_default(), owner, api, object: &object, shared: &shared };
    let (reason, action) = match tokio::time::timeout(DEADLINE, pass.make()).await.map_err(|_| Error::TooLong)? {
        Err(Error::Finalizer(error) | Error::Status(error)) if is_gone(&error) => return Ok(Action::await_change()),
        done => done?,
    };
    if let Some(reason) = reason {
        let Owner { namespace, name, .. } = &pass.owner;
        tracing::info!(namespace, name, %reason, seconds = start.elapsed().as_secs_f64(), "pass");
        shared.metrics.pass(reason, start.elapsed());
    }
    Ok(action)
}

/// Whether a write failed because the object was deleted meanwhile. What it had in AWS, its finalizer kept for a pass
/// before that.
fn is_gone(error: &kube::Error) -> bool {
    matches!(error, kube::Error::Api(status) if status.is_not_found())
}

struct PassOver<'a> {
    uid: String,
    owner: Owner,
    api: Api<StepFunctionsApi>,
    object: &'a StepFunctionsApi,
    shared: &'a Shared,
}

/// Reason of the outcome, `None` if nothing was looked at, and when to come back.
type Done = (Option<Reason>, Action);

impl PassOver<'_> {
    async fn make(&self) -> Result<Done, Error> {
        let object = self.object;
        let mut report = Report::new(self.shared, self.api.clone(), object);
        if object.meta().deletion_timestamp.is_some() {
            if !finalizer::is_on(object) {
                self.forget();
                return Ok((None, Action::await_change()));
            }
            return self.delete(&mut report).await;
        }
        if object.spec.mode == Mode::Paused {
            report.write(&Pass::Paused { deleting: false }).await.map_err(Error::Status)?;
            return Ok((Some(Reason::Paused), Action::await_change()));
        }
        let mut read = self.shared.references.read(object).await.map_err(Error::References)?;
        report.refer(&read);
        if let Some(wait) = until_due(object, self.shared)
            && (report.has_references() || self.shared.references.is_applied(&self.uid, &read))
        {
            // Other versions of the same values.
            report.write_references().await.map_err(Error::Status)?;
            return Ok((None, Action::requeue(wait)));
        }
        self.make_match(&mut report, &mut read).await
    }

    async fn make_match(&self, report: &mut Report<'_>, read: &mut Read) -> Result<Done, Error> {
        let mut wanted = match wanted(&self.owner, self.object, read) {
            Ok(wanted) => wanted,
            Err(trouble) => return self.fail(report, &trouble, None).await,
        };
        report.warn(std::mem::take(&mut wanted.warnings));
        let (spec, desired) = (&wanted.spec, &wanted.desired);
        let outputs = Outputs::new(self.shared.client.clone(), self.object);
        let found = match outputs.look().await {
            Ok(found) => found,
            Err(error) => return self.no_outputs(report, error, None).await,
        };
        let aws = self.aws(&desired.region);
        let mut scope = scope(self.object, spec);
        scope.settled &= !self.shared.schedule.is_whole(&self.uid);
        let observed = match observe(&aws, desired, &scope).await {
            Ok(observed) => observed,
            Err(error) => return self.fail(report, &Trouble::aws(&error), None).await,
        };
        report.see(&observed);
        let mut plan = plan(desired, &observed);
        plan.hide(|value| report.secrets().are_in(value), HIDDEN);
        self.shared.untold.planned(&self.uid, &plan);
        let applied = self.status().is_some_and(|status| status.applied == Some(desired.hash()));
        let drifted = applied && !plan.is_empty();
        let approved = match approval(self.object, &plan, desired, drifted) {
            Ok(approved) => approved,
            Err(planned) => return self.show(report, &planned).await,
        };
        if !plan.blockers.is_empty() {
            let trouble = wanted.as_written(Trouble::blocked(&plan.blockers), &read.references);
            return self.fail(report, &trouble, None).await;
        }
        if drifted && self.object.spec.drift_policy == DriftPolicy::Report {
            return self.show(report, &Pass::Drifted(&plan)).await;
        }
        if !finalizer::is_on(self.object) {
            // Before the first write: what is made must be found by a deletion.
            finalizer::add(&self.api, self.object).await.map_err(Error::Finalizer)?;
        }
        if !plan.is_empty() {
            // Also so that a pass that is cut off here is not taken for settled.
            let applying = Pass::Applying { plan: &plan, desired, drifted, approved };
            report.write(&applying).await.map_err(Error::Status)?;
        }
        let outcome = apply(&aws, &observed, &plan, |action| report.tell(action)).await;
        // Also after a failure: a key that AWS made is of use at once.
        let kept = secrets::keep(self.shared.client.clone(), self.object, read, &outcome.ids).await;
        report.refer(read);
        if let Some(failure) = &outcome.failure {
            let trouble = wanted.as_written(Trouble::step(failure), &read.references);
            self.tell_begun(report, plan.begun(outcome.made, &outcome.idle), desired, drifted, &trouble).await;
            self.shared.untold.leave(&self.uid, perhaps_made(&plan, &outcome));
            let made = Some((&outcome, desired));
            let failed = Pass::Failed { trouble: &trouble, made };
            if failed.served().is_some() {
                // Others can use what callers have.
                let data = status::outputs(&desired.region, &report.next(&failed).status);
                if let Err(error) = outputs.write(found, &data).await {
                    return self.no_outputs(report, error, made).await;
                }
            }
            return self.fail(report, &trouble, made).await;
        }
        if let Err(trouble) = kept {
            return self.fail(report, &trouble, Some((&outcome, desired))).await;
        }
        if !plan.unmet.is_empty() {
            let unmet = plan.unmet_among(&outcome.ids.deployments);
            let trouble = wanted.as_written(Trouble::blocked(&unmet), &read.references);
            self.tell_begun(report, plan.begun(outcome.made, &outcome.idle), desired, drifted, &trouble).await;
            return self.fail(report, &trouble, Some((&outcome, desired))).await;
        }
        plan.leave_out(&outcome.idle);
        plan.steps.splice(0..0, self.shared.untold.take(&self.uid));
        let drifted = applied && !plan.is_empty();
        let settled = Pass::Settled { desired, ids: &outcome.ids, plan: &plan, drifted };
        let next = report.next(&settled);
        let data = status::outputs(&desired.region, &next.status);
        if let Err(error) = outputs.write(found, &data).await {
            return self.no_outputs(report, error, Some((&outcome, desired))).await;
        }
        report.write_next(next).await.map_err(Error::Status)?;
        self.shared.references.applied(&self.uid, read);
        Ok((Some(Reason::Applied), Action::requeue(self.checked())))
    }

    /// Tells what a pass has written that does not end well, now if it may be long until one does: the next one finds the
    /// rest only.
    async fn tell_begun(&self, report: &Report<'_>, begun: Plan, desired: &Desired, drifted: bool, trouble: &Trouble) {
        match status::healed(self.object, &begun, desired, drifted).filter(|_| drifted) {
            Some(healed) => report.publish(&healed).await,
            None if trouble.may_last() => {
                let untold = self.shared.untold.take(&self.uid);
                if let Some(event) = status::done_so_far(self.object, untold, begun) {
                    report.publish(&event).await;
                }
            }
            None => self.shared.untold.leave(&self.uid, begun.steps),
        }
    }

    /// AWS, for this object's calls: those of a check leave room for others.
    fn aws(&self, region: &str) -> SdkAws {
        let urgency = if is_left_alone(self.object) { Urgency::Check } else { Urgency::Change };
        self.shared.regions.get(region, Caller { name: self.uid.clone(), urgency })
    }

    fn status(&self) -> Option<&StepFunctionsApiStatus> {
        self.object.status.as_ref()
    }

    /// Ends a pass that writes nothing to AWS.
    async fn show(&self, report: &mut Report<'_>, pass: &Pass<'_>) -> Result<Done, Error> {
        report.write(pass).await.map_err(Error::Status)?;
        let reason = if matches!(pass, Pass::Drifted(_)) { Reason::Drifted } else { Reason::Planned };
        Ok((Some(reason), Action::requeue(self.checked())))
    }

    /// Notes a good check and says when the next one is due.
    fn checked(&self) -> Duration {
        self.shared.schedule.checked(&self.uid, self.interval())
    }

    /// Time between checks of this object.
    fn interval(&self) -> Duration {
        interval(self.object, self.shared)
    }

    /// Deletes what the owner has, unless the policy keeps it, and lets the object go.
    async fn delete(&self, report: &mut Report<'_>) -> Result<Done, Error> {
        if self.object.spec.deletion_policy == DeletionPolicy::Retain {
            let (api, role) = self.status().map(|status| (&status.rest_api_id, &status.role_arn)).unzip();
            let named = |what: &str, found: Option<&Option<String>>| {
                found.and_then(Option::as_ref).map(|found| format!(", {what} {found}")).unwrap_or_default()
            };
            let note = format!("AWS resources stay{}{}", named("API", api), named("role", role));
            return self.let_go(report, Reason::Retained, &note).await;
        }
        if self.object.spec.mode == Mode::Paused {
            report.write(&Pass::Paused { deleting: true }).await.map_err(Error::Status)?;
            return Ok((Some(Reason::Paused), Action::await_change()));
        }
        let desired = Desired::nothing(self.owner.clone(), &self.object.spec.region);
        let aws = self.aws(&desired.region);
        // What was created under names from elsewhere is in the status, too, unless that was lost.
        let read = self.shared.references.read(self.object).await.ok();
        read.iter().for_each(|read| report.refer(read));
        let filled = read.and_then(|read| read.references.fill(&self.object.spec, &read.values).ok());
        let scope = Scope { settled: false, ..scope(self.object, filled.as_ref().unwrap_or(&self.object.spec)) };
        let observed = match observe(&aws, &desired, &scope).await {
            Ok(observed) => observed,
            Err(error) => return self.fail(report, &Trouble::aws(&error), None).await,
        };
        let plan = plan(&desired, &observed);
        if !plan.blockers.is_empty() {
            return self.fail(report, &Trouble::blocked(&plan.blockers), None).await;
        }
        if plan.is_empty() {
            return self.let_go(report, Reason::Deleted, "AWS resources are gone").await;
        }
        let approved = match approval(self.object, &plan, &desired, false) {
            Ok(approved) => approved,
            Err(planned) => return self.show(report, &planned).await,
        };
        let deleting = Pass::Deleting { plan: &plan, desired: &desired, approved };
        report.write(&deleting).await.map_err(Error::Status)?;
        let outcome = apply(&aws, &observed, &plan, |action| report.tell(action)).await;
        match &outcome.failure {
            Some(failure) => {
                let trouble = Trouble::step(failure).with_kept(plan.kept());
                self.fail(report, &trouble, Some((&outcome, &desired))).await
            }
            None => self.let_go(report, Reason::Deleted, &plan.summary()).await,
        }
    }

    fn forget(&self) {
        self.shared.schedule.forget(&self.uid);
        self.shared.references.forget(&self.uid);
        self.shared.untold.take(&self.uid);
    }

    async fn let_go(&self, report: &Report<'_>, reason: Reason, note: &str) -> Result<Done, Error> {
        finalizer::remove(&self.api, self.object).await.map_err(Error::Finalizer)?;
        report.publish(&EventDraft::new(false, reason, note.to_owned())).await;
        self.forget();
        Ok((Some(reason), Action::await_change()))
    }

    async fn no_outputs(
        &self,
        report: &mut Report<'_>,
        error: outputs::Error,
        made: Option<(&Outcome, &Desired)>,
    ) -> Result<Done, Error> {
        match error {
            outputs::Error::Trouble(trouble) => self.fail(report, &trouble, made).await,
            outputs::Error::Kubernetes(error) => Err(Error::Outputs(error)),
        }
    }

    async fn fail(
        &self,
        report: &mut Report<'_>,
        trouble: &Trouble,
        made: Option<(&Outcome, &Desired)>,
    ) -> Result<Done, Error> {
        tracing::warn!(
            namespace = self.owner.namespace,
            name = self.owner.name,
            reason = %trouble.reason,
            problem = report.secrets().hide(&trouble.message),
            "trouble"
        );
        report.write(&Pass::Failed { trouble, made }).await.map_err(Error::Status)?;
        let failures = self.shared.schedule.failed(&self.uid);
        // What only another spec cures is looked at again all the same, rarely: a limit may have been raised meanwhile.
        let wait = trouble.retry.after(failures).unwrap_or_else(|| self.interval());
        if trouble.reason == Reason::PreflightFailed {
            // A test may start an execution: it is not made again because of our own writes to the object.
            self.shared.schedule.hold(&self.uid, version(self.object), wait);
        }
        Ok((Some(trouble.reason), Action::requeue(wait)))
    }
}
