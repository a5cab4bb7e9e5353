//! Errors of AWS calls: one class each, decided here.

use std::fmt;
use std::time::Duration;

/// What kind of trouble an error is. Requeue, condition and metric follow from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// AWS refuses the request as wrong; only another spec helps.
    Invalid,
    /// A role of another account was to be handed to AWS; only another spec helps.
    ForeignRole,
    /// Logs were asked for, and the account has no role for them in this region.
    NoLoggingRole,
    /// Calls of a method may take longer than the account's quota for it; a higher quota helps, too.
    TimeoutQuota,
    /// Credentials are missing, wrong, expired or do not allow it.
    Denied,
    /// Someone else is changing the same thing, or it is in use.
    Conflict,
    /// Too many requests.
    Throttled,
    /// Unreachable, too late, or a fault of AWS's own.
    Transient,
    /// AWS took a change that it makes in its own time, and takes no other meanwhile.
    Updating,
    /// Something that the request names does not exist (any more): the next pass makes it again, if it is ours.
    NotFound,
}

impl Class {
    /// Value of metric labels.
    pub fn label(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::ForeignRole => "foreign_role",
            Self::NoLoggingRole => "no_logging_role",
            Self::TimeoutQuota => "timeout_quota",
            Self::Denied => "denied",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::Transient => "transient",
            Self::Updating => "updating",
            Self::NotFound => "not_found",
        }
    }

    /// The class of a service's error. `code` is its exception's name.
    ///
    /// Codes: the services' models; texts: API Gateway answers 409 both for a name that is taken and for its write lock,
    /// and `LimitExceededException` has status 429 but means "no room", which waiting does not cure.
    pub(super) fn of_service_error(code: &str, status: u16, message: &str) -> Self {
        match code {
            _ if message.contains("Cross-account pass role") => Self::ForeignRole,
            // Also of what the caller lacks for a part of the request, whatever the code: a role in an imported document.
            _ if message.contains(super::refusal::UNAUTHORIZED) => Self::Denied,
            _ if message.contains("CloudWatch Logs role ARN must be set") => Self::NoLoggingRole,
            _ if message.contains("Timeout should be between") => Self::TimeoutQuota,
            // AWS's words for a deployment that a stage or its canary uses.
            _ if message.contains("pointing to this deployment") => Self::Conflict,
            "NotFoundException" | "NoSuchEntity" | "StateMachineDoesNotExist" => Self::NotFound,
            "TooManyRequestsException" | "Throttling" | "ThrottlingException" | "RequestLimitExceeded" => {
                Self::Throttled
            }
            "ConflictException"
            | "ConcurrentModification"
            | "EntityAlreadyExists"
            | "DeleteConflict"
            | "EntityTemporarilyUnmodifiable" => Self::Conflict,
            "BadRequestException"
            | "ValidationException"
            | "ValidationError"
            | "InvalidInput"
            | "InvalidArn"
            | "MalformedPolicyDocument"
            | "LimitExceededException"
            | "LimitExceeded"
            | "StateMachineDeleting" => Self::Invalid,
            "AccessDeniedException"
            | "AccessDenied"
            | "UnauthorizedException"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId"
            | "InvalidSignatureException"
            | "SignatureDoesNotMatch"
            | "MissingAuthenticationTokenException"
            | "ExpiredToken"
            | "ExpiredTokenException"
            | "RequestExpired"
            | "OptInRequired"
            | "IncompleteSignature" => Self::Denied,
            _ => match status {
                401 | 403 => Self::Denied,
                404 => Self::NotFound,
                409 => Self::Conflict,
                429 => Self::Throttled,
                400..500 => Self::Invalid,
                _ => Self::Transient,
            },
        }
    }
}

/// A failed call.
#[derive(Clone, Debug)]
pub struct Error {
    /// What was tried, as a phrase: `create API "x"`.
    pub tried: String,
    /// Service and operation, such as `apigateway:CreateRestApi`.
    pub operation: &'static str,
    /// What kind of trouble it is.
    pub class: Class,
    /// Exception name, if the service answered one.
    pub code: Option<String>,
    /// The service's words, or what became of the connection.
    pub message: String,
    /// When the service asks to come back.
    pub retry_after: Option<Duration>,
}

/// Result of a call.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Who waits for a turn has not asked, and nothing has failed.
        let failed = if self.class == Class::Throttled && self.code.is_none() { "waiting to" } else { "failed to" };
        write!(f, "{failed} {} ({}): ", self.tried, self.operation)?;
        if let Some(code) = &self.code {
            write!(f, "{code}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl Error {
    /// Whether somebody else is changing the same thing just now. API Gateway has one code for that and for a name that is
    /// taken; only its words tell them apart.
    pub fn is_locked(&self) -> bool {
        self.class == Class::Conflict && self.message.contains("concurrent modification")
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_account_is_not_a_busy_one() {
        let class = |code, status| Class::of_service_error(code, status, "");
        assert_eq!(class("LimitExceededException", 429), Class::Invalid);
        assert_eq!(class("TooManyRequestsException", 429), Class::Throttled);
        assert_eq!(class("SomethingNew", 503), Class::Transient);
        assert_eq!(class("SomethingNew", 403), Class::Denied);
    }

    #[test]
    fn a_missing_permission_is_known_by_its_words_too() {
        let text = "Errors found during import: User: x is not authorized to perform: iam:PassRole on resource: y";
        assert_eq!(Class::of_service_error("BadRequestException", 400, text), Class::Denied);
    }

    #[test]
    fn a_role_of_another_account_is_a_fault_of_the_spec() {
        let text = "Cross-account pass role is not allowed.";
        assert_eq!(Class::of_service_error("AccessDeniedException", 403, text), Class::ForeignRole);
        assert_eq!(Class::of_service_error("AccessDeniedException", 403, "User: x"), Class::Denied);
    }
}
