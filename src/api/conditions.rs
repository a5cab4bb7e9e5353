//! Condition types and reasons: closed lists, each reason with an explanation.

use std::fmt;

/// Type of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionType {
    /// AWS matches the spec.
    Ready,
    /// Something is being done or waited for (kstatus).
    Reconciling,
    /// Only a change of the spec helps (kstatus).
    Stalled,
    /// The spec is valid.
    Accepted,
    /// Others have changed AWS, and it is not set right yet.
    Drifted,
    /// The role is as it should be.
    RoleReady,
    /// The draft of the REST API is as it should be.
    ApiReady,
    /// The stages serve the revision with their settings.
    StagesReady,
    /// Usage plans and API keys are as they should be; only for objects that have some.
    UsagePlansReady,
    /// Custom domain names lead where they should; only for objects that have some.
    DomainsReady,
}

impl fmt::Display for ConditionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Reason of a condition or an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// All as it should be.
    Applied,
    /// AWS was changed by someone else.
    Drifted,
    /// AWS had been changed by someone else and matches again.
    DriftHealed,
    /// The spec is valid.
    Valid,
    /// The spec is valid, and something in it is probably not meant.
    Warned,
    /// Writes are under way.
    Applying,
    /// Not looked at yet, or not any more.
    Unknown,
    /// No role is created because one is given.
    Given,
    /// Mode Plan.
    Planned,
    /// Mode Paused.
    Paused,
    /// The object is being deleted.
    Deleting,
    /// Deleted, AWS included.
    Deleted,
    /// Deleted, AWS left as it is.
    Retained,
    /// The spec is wrong.
    Invalid,
    /// Something that the spec refers to is missing.
    ReferenceMissing,
    /// A value that the spec refers to is wrong.
    ReferenceInvalid,
    /// The ConfigMap of spec.outputs cannot be written.
    OutputsNotWritten,
    /// AWS refuses the request as wrong.
    Refused,
    /// Something of that name exists and is not this object's.
    NotOwned,
    /// A Secret cannot be read or written.
    SecretFailed,
    /// A state machine is missing.
    StateMachineNotFound,
    /// A method's test was not answered as expected.
    PreflightFailed,
    /// Logs are asked for, and the account has no role for them.
    LoggingRoleMissing,
    /// Something that a request names does not exist.
    NotFound,
    /// The controller may not do this in AWS.
    Denied,
    /// AWS is busy with another change of the same thing.
    Conflict,
    /// AWS works on a change that takes minutes.
    Updating,
    /// Too many requests.
    Throttled,
    /// AWS cannot be reached or fails.
    AwsUnavailable,
}

impl Reason {
    /// All reasons, for documentation and tests.
    pub const ALL: [Self; 29] = [
        Self::Applied,
        Self::Drifted,
        Self::DriftHealed,
        Self::Valid,
        Self::Warned,
        Self::Applying,
        Self::Unknown,
        Self::Given,
        Self::Planned,
        Self::Paused,
        Self::Deleting,
        Self::Deleted,
        Self::Retained,
        Self::Invalid,
        Self::ReferenceMissing,
        Self::ReferenceInvalid,
        Self::OutputsNotWritten,
        Self::Refused,
        Self::NotOwned,
        Self::SecretFailed,
        Self::StateMachineNotFound,
        Self::PreflightFailed,
        Self::LoggingRoleMissing,
        Self::NotFound,
        Self::Denied,
        Self::Conflict,
        Self::Updating,
        Self::Throttled,
        Self::AwsUnavailable,
    ];

    /// What it means and what to do; `stepgate explain` prints it.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Applied => "AWS matches the spec. Nothing to do.",
            Self::Drifted => {
                "Something that this object describes was changed in AWS by someone else, or was lost; the message lists \
                 what would set it right. With spec.driftPolicy Report nothing is written: undo it in AWS, or apply a \
                 change of the spec, or set driftPolicy to Heal. In mode Plan it waits for an approval. Policies that \
                 others gave the created role are named and left: take them away in IAM, where they let calls do more than the spec says."
            }
            Self::DriftHealed => {
                "Something that this object describes had been changed in AWS by someone else, or was lost; the event \
                 lists what, and AWS matches the spec again."
            }
            Self::Valid => "The spec is valid. Nothing to do.",
            Self::Warned => {
                "The spec is valid and is applied, but something in it probably does not do what it should; the message \
                 names each field. Correct it, or leave it as it is if it is meant."
            }
            Self::Applying => {
                "The controller is writing to AWS; the message lists what. It takes seconds, longer when AWS's request \
                 quotas are used up."
            }
            Self::Unknown => "This part has not been looked at yet, because an earlier one is not finished. See Ready.",
            Self::Given => "The role is given by spec.role.arn (or by every method having none); it is not changed.",
            Self::Planned => {
                "spec.mode is Plan: nothing is written to AWS. status.plan lists what would be, and its hash. Set the \
                 annotation stepgate.dev/approve to that hash to have exactly that done, or spec.mode to Apply. An \
                 approval holds for the plan with that hash only, whenever it comes up, and until it is carried out; a plan \
                 that was interrupted goes on by itself, unless others changed meanwhile what it does not write. With \
                 spec.adopt the plan that takes over an API waits for its approval in any mode."
            }
            Self::Paused => "spec.mode is Paused: AWS is left alone, a deletion included. Set spec.mode to go on.",
            Self::Deleting => {
                "The object is deleted; its API and role are being deleted in AWS first. If AWS cannot be reached for \
                 good, set spec.deletionPolicy to Retain: the object then goes at once."
            }
            Self::Deleted => "The object and all of its AWS resources are gone.",
            Self::Retained => "The object is gone; its AWS resources stay, as spec.deletionPolicy Retain asks.",
            Self::Invalid => {
                "The spec is wrong; the message names each field and what to do. AWS is left as it was, and what was \
                 served before is still served. A change of the spec is looked at at once."
            }
            Self::ReferenceMissing => {
                "The spec takes a value from a ConfigMap, Secret or StateMachine object that is missing, cannot be read, or \
                 lacks the key or the ARN, or there is no StepFunctionsApiClass of that name; the message names it. AWS is \
                 left as it was. It goes on within seconds of the value, or the class, being there."
            }
            Self::ReferenceInvalid => {
                "A value that the spec takes from another object does not fit the field, or the object's class does not allow \
                 what the spec says; the message names the field and the other object. AWS is left as it was, and what \
                 was served before is still served. Correct the value there, or the spec: it is looked at again within \
                 seconds."
            }
            Self::OutputsNotWritten => {
                "AWS matches the spec, and the ConfigMap of spec.outputs cannot be written; the message has the API server's \
                 words. It is tried again every few minutes."
            }
            Self::Refused => {
                "AWS refuses a request as wrong; the message has AWS's words. Correct the spec, or have the quota \
                 raised that the message names. What was served before is still served."
            }
            Self::NotOwned => {
                "A role, stage, domain name or path of one that this object needs exists and is not this object's, or the API \
                 of spec.adopt belongs to another object, or the ConfigMap of spec.outputs exists and does not belong to this object. It is not touched. Delete or \
                 rename it."
            }
            Self::SecretFailed => {
                "The Secret for the value of an API key that AWS made cannot be written; the message names it and says \
                 why. It is tried again with growing intervals; correct what the message says."
            }
            Self::StateMachineNotFound => {
                "A state machine that the spec names does not exist, or not yet. It is looked for again with growing \
                 intervals; create it, or correct the ARN."
            }
            Self::PreflightFailed => {
                "A test of a method, spec.methods[].tests, was not answered as expected; the message says how. The \
                 stages serve on what they served before. A 5xx is tried again soon, since a new role takes some \
                 seconds to work; another answer after a minute, then after twice as long each time, up to half an hour, \
                 and whenever the spec or the annotation stepgate.dev/check-now changes. A test that starts \
                 executions starts one each time."
            }
            Self::LoggingRoleMissing => {
                "A stage is to write logs, and API Gateway has no role for CloudWatch Logs in this account and region. \
                 All else is applied and serves. Give it one under API Gateway's settings (a role that \
                 apigateway.amazonaws.com may assume, with the policy AmazonAPIGatewayPushToCloudWatchLogs), or remove \
                 logging and accessLog. It is tried again within minutes, and at once when the annotation \
                 stepgate.dev/check-now changes."
            }
            Self::NotFound => {
                "A request names something that does not exist in AWS, or not yet: a managed policy of the spec, or \
                 something that was deleted at this moment. It is tried again with growing intervals; create it, or \
                 correct the spec."
            }
            Self::Denied => {
                "The controller's own AWS credentials are missing, wrong or expired, or do not allow a call. The message \
                 names the IAM action and the resource and gives the statement to add; `stepgate iam-policy` prints \
                 the whole policy. It is tried again every few minutes."
            }
            Self::Conflict => {
                "Something else is changing the same thing in AWS, or holds on to what is to be deleted; the message says \
                 what to remove then. It is tried again in seconds."
            }
            Self::Updating => {
                "API Gateway works on a change of the API that takes it about 15 minutes, such as another TLS policy, and \
                 takes no other meanwhile. It is looked at again every minute, and the rest is done then."
            }
            Self::Throttled => {
                "The object waits for its turn in AWS's request quotas, which belong to account and region and are small (a \
                 new API every 3 s, a deployment every 5 s); the message names the operation, and about when its turn \
                 is. It goes on by itself. The metric stepgate_aws_calls_postponed_total counts such waits."
            }
            Self::AwsUnavailable => {
                "AWS cannot be reached or answered with a fault of its own; the message says which call. It is tried \
                 again with growing intervals. If the region does not exist, correct spec.region in a new object."
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}
