//! What went wrong, and what follows from it: reason, whether only another spec helps, when to try again. Decided here
//! and nowhere else.

use std::time::Duration;

use crate::api::Reason;
use crate::apply::{Cause, Failure};
use crate::aws::{Class, Error};
use crate::model::{Integration, Method, RestApi};
use crate::plan::{Action, Blocker};
use crate::references::Unfilled;
use crate::render::Problem;

/// A failed pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Trouble {
    /// Reason of the conditions.
    pub reason: Reason,
    /// What and where, for people.
    pub message: String,
    /// When to try again.
    pub retry: Retry,
}

/// When to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// When the spec changes.
    OnChange,
    /// After that time.
    After(Duration),
    /// Soon, later each time, between these bounds.
    Backoff { first: Duration, last: Duration },
}

const fn backoff(first: u64, last: u64) -> Retry {
    Retry::Backoff { first: Duration::from_secs(first), last: Duration::from_secs(last) }
}

/// Shortest wait after AWS refused a call for its rate.
const SOONEST: Duration = Duration::from_secs(1);

/// AWS needs about 15 minutes for a TLS policy.
const UPDATING: Retry = backoff(5, 60);

impl Trouble {
    /// Whether only a change of the spec helps.
    pub fn stalled(&self) -> bool {
        self.retry == Retry::OnChange
    }

    /// Whether it may be long until a pass ends well.
    pub fn may_last(&self) -> bool {
        let reasons = [Reason::PreflightFailed, Reason::LoggingRoleMissing, Reason::Denied, Reason::NotOwned];
        self.stalled() || reasons.contains(&self.reason)
    }

    /// From an invalid spec.
    pub fn invalid(problems: &[Problem]) -> Self {
        Self { reason: Reason::Invalid, message: joined(problems), retry: Retry::OnChange }
    }

    /// From values of other objects that are missing or do not fit. Not stalled: the spec may be right.
    pub fn unfilled(unfilled: &Unfilled) -> Self {
        match unfilled {
            Unfilled::Missing(problems) => {
                Self { reason: Reason::ReferenceMissing, message: joined(problems), retry: backoff(2, 30) }
            }
            Unfilled::Wrong(problems) => Self::referred(problems),
        }
    }

    /// From a spec that is invalid perhaps by values of other objects.
    pub fn referred(problems: &[Problem]) -> Self {
        Self { reason: Reason::ReferenceInvalid, message: joined(problems), retry: backoff(30, 300) }
    }

    /// From a ConfigMap for outputs that is somebody else's.
    pub fn foreign_outputs(name: &str) -> Self {
        let message = format!(
            "spec.outputs.configMap: ConfigMap {name} exists and is not this object's; delete it, or name another one"
        );
        Self { reason: Reason::NotOwned, message, retry: backoff(30, 300) }
    }

    /// From a ConfigMap for outputs that the API server does not let us write, with its words.
    pub fn outputs(words: &str) -> Self {
        let message = format!("spec.outputs.configMap: {words}");
        Self { reason: Reason::OutputsNotWritten, message, retry: backoff(15, 300) }
    }

    /// From a plan that may not be carried out.
    pub fn blocked(blockers: &[Blocker]) -> Self {
        let message = joined(blockers);
        let any = |wanted: fn(&Blocker) -> bool| blockers.iter().any(wanted);
        let (reason, retry) = if any(|blocker| {
            matches!(
                blocker,
                Blocker::MachineType { .. }
                    | Blocker::EndpointType
                    | Blocker::RolePath { .. }
                    | Blocker::DomainType { .. }
                    | Blocker::NoSuchRevision { .. }
                    | Blocker::RoleOfRevision { .. }
                    | Blocker::OtherLimits { .. }
                    | Blocker::PolicyTooLarge { .. }
                    | Blocker::AdoptsAnother { .. }
                    | Blocker::NotKept { .. }
            )
        }) {
            (Reason::Invalid, Retry::OnChange)
        } else if any(|blocker| {
            matches!(
                blocker,
                Blocker::NotOwned { .. }
                    | Blocker::MappingTaken { .. }
                    | Blocker::AdoptedTaken { .. }
                    | Blocker::Taken { .. }
            )
        }) {
            (Reason::NotOwned, backoff(30, 300))
        } else if any(|blocker| matches!(blocker, Blocker::ApiUpdating)) {
            (Reason::Updating, UPDATING)
        } else if any(|blocker| matches!(blocker, Blocker::ApiFailed { .. })) {
            (Reason::Refused, backoff(60, 600))
        } else if any(|blocker| matches!(blocker, Blocker::DomainInUse { .. })) {
            (Reason::Conflict, backoff(5, 300))
        } else if any(|blocker| matches!(blocker, Blocker::DomainMissing { .. } | Blocker::AdoptedMissing { .. })) {
            (Reason::NotFound, backoff(2, 120))
        } else {
            (Reason::StateMachineNotFound, backoff(2, 120))
        };
        Self { reason, message, retry }
    }

    /// From a step of a plan that failed. AWS's words are about its own things, so the field that led there is put first,
    /// and what to do last.
    pub fn step(failure: &Failure) -> Self {
        let Failure { action, cause } = failure;
        let error = match cause {
            Cause::Aws(error) => error,
            Cause::Test { difference, status } => {
                // A new role takes some seconds until API Gateway may assume it. What else is wrong is seldom cured by
                // itself, and a test may cost something.
                let retry = if *status >= 500 { backoff(1, 300) } else { backoff(60, 1800) };
                let message = format!("{action}: {difference}; no stage was given what it tests");
                return Self { reason: Reason::PreflightFailed, message, retry };
            }
        };
        let trouble = Self::aws(error);
        let message = match (action, error.class) {
            // Of the write lock there is nothing to say but to wait.
            (_, Class::Conflict) if error.is_locked() => return trouble,
            (Action::AttachRolePolicy { .. }, Class::NotFound) => {
                format!("spec.role.managedPolicyArns: {error}; create it or correct the ARN")
            }
            (Action::CreateRole(_) | Action::PutBoundary { .. }, Class::NotFound) => {
                format!("spec.role.permissionsBoundaryArn: {error}; create it or correct the ARN")
            }
            (Action::PutRestApi { .. }, Class::ForeignRole) => {
                format!("spec.role.arn: {error}; give a role of the account that the API is in")
            }
            (Action::PutRestApi { api, .. }, Class::TimeoutQuota) => format!(
                "{}: {error}. Give {} or less, or have API Gateway's quota \"Maximum integration timeout in milliseconds\" \
                 raised for account and region (Service Quotas); then it is applied by itself",
                long(api),
                Integration::TIMEOUT_MILLIS
            ),
            (Action::CreateApiKey { name, key }, Class::Conflict) => format!(
                "spec.usagePlans[{}].apiKeys[{name}]: {error}; an API key with the value in its Secret is in this account \
                 and region already, and AWS takes each value once: give another value, or delete that key",
                key.plan
            ),
            (Action::AttachApiKey { name, plan }, Class::Conflict) => format!(
                "spec.usagePlans[{plan}].apiKeys[{name}]: {error}; a usage plan made elsewhere has this key for one of these \
                 stages, and AWS takes a key in one plan a stage: take the key or the stage out of that plan"
            ),
            (Action::CreateDomainName { name, .. }, Class::Conflict) => {
                format!("spec.domains: {error}; {name} is in use in another region or account of AWS: remove it there")
            }
            (Action::CreateMapping { domain, path, .. }, Class::Conflict) => {
                format!("spec.domains[{domain}/{path}]: {error}")
            }
            (Action::UpdateStageLogs { name, .. }, Class::NoLoggingRole) => {
                format!(
                    "spec.stages[{name}]: {error}. Give API Gateway that role once for account and region (a role that \
                     apigateway.amazonaws.com may assume, with the policy AmazonAPIGatewayPushToCloudWatchLogs, under \
                     Settings, Logging); it is shared by all APIs, so it is not set from here. All else is applied; \
                     the stage serves without logs"
                )
            }
            // Ours were removed before; what is left is not for us to strip.
            (Action::DeleteRole { .. }, _) if error.code.as_deref() == Some("DeleteConflict") => {
                format!("{error} Others gave it policies or an instance profile: remove them in IAM")
            }
            _ => return trouble,
        };
        Self { message, ..trouble }
    }

    /// With what others gave the things that are to be deleted.
    #[must_use]
    pub fn with_kept(self, kept: Option<String>) -> Self {
        let message = kept.iter().fold(self.message, |message, kept| format!("{message}; there is {kept}"));
        Self { message, ..self }
    }

    /// From a Secret that cannot be written.
    pub fn secret(field: &str, message: &str) -> Self {
        Self { reason: Reason::SecretFailed, message: format!("{field}: {message}"), retry: backoff(2, 60) }
    }

    /// From a failed call.
    pub fn aws(error: &Error) -> Self {
        let (reason, retry) = match error.class {
            Class::Invalid | Class::ForeignRole => (Reason::Refused, Retry::OnChange),
            // Cured outside the spec, and by hand: no hurry.
            Class::TimeoutQuota => (Reason::Refused, backoff(60, 1800)),
            Class::NoLoggingRole => (Reason::LoggingRoleMissing, backoff(30, 600)),
            Class::Denied => (Reason::Denied, backoff(15, 300)),
            Class::Conflict => (Reason::Conflict, backoff(2, 60)),
            Class::Throttled => (Reason::Throttled, backoff(2, 60)),
            Class::Transient => (Reason::AwsUnavailable, backoff(1, 120)),
            Class::Updating => (Reason::Updating, UPDATING),
            Class::NotFound => (Reason::NotFound, backoff(1, 120)),
        };
        let retry = match (retry, error.retry_after) {
            // A place in a line, or AWS's own word: asking later gains nothing, and asking sooner neither.
            // "At once" is no answer to a call that came too soon.
            (_, Some(asked)) if error.class == Class::Throttled => Retry::After(asked.max(SOONEST)),
            (Retry::Backoff { first, last }, Some(asked)) => {
                Retry::Backoff { first: first.max(asked), last: last.max(asked) }
            }
            (retry, _) => retry,
        };
        let message = match error.cure() {
            Some(cure) => format!("{error}. {cure}"),
            None => error.to_string(),
        };
        Self { reason, message, retry }
    }
}

impl Retry {
    /// How long to wait after so many failures in a row, `None` for a change.
    pub fn after(self, failures: u32) -> Option<Duration> {
        match self {
            Self::OnChange => None,
            Self::After(time) => Some(time),
            Self::Backoff { first, last } => {
                let doubled = first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(16)));
                Some(doubled.min(last))
            }
        }
    }
}

/// Fields of the methods whose calls may take longer than AWS allows everybody.
fn long(api: &RestApi) -> String {
    let takes = |method: &Method| method.integration.as_ref().map_or(0, |integration| integration.timeout_millis);
    let methods = api.definition.methods.iter();
    let long = methods.filter(|(_, method)| takes(method) > Integration::TIMEOUT_MILLIS);
    let fields: Vec<String> = long.map(|(key, _)| format!("spec.methods[{key}].timeoutMillis")).collect();
    fields.join(", ")
}

/// Most problems that a message lists: it is a log line, too, and a column of `kubectl get`.
const LISTED: usize = 10;

pub(super) fn joined<T: ToString>(items: &[T]) -> String {
    let mut texts: Vec<String> = items.iter().take(LISTED).map(ToString::to_string).collect();
    if items.len() > LISTED {
        texts.push(format!("and {} more; `stepgate render` lists them all", items.len() - LISTED));
    }
    texts.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_slow_down_to_a_bound() {
        let retry = backoff(1, 120);
        let waits: Vec<u64> = [1, 2, 3, 8, 1000].map(|n| retry.after(n).unwrap().as_secs()).to_vec();
        assert_eq!(waits, [1, 2, 4, 120, 120]);
        assert_eq!(Retry::OnChange.after(1), None);
    }
}
