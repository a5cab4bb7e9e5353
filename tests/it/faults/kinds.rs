//! What can become of a call.

use serde_json::{Value, json};
use stepgate::aws::permissions::OPERATIONS;

/// A fault of AWS's or of the way there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// 429 with Retry-After.
    Throttled,
    /// 500.
    Failure,
    /// 503.
    Unavailable,
    /// 409 by the write lock.
    Locked,
    /// A permission is missing.
    Denied,
    /// The credentials are too old.
    Expired,
    /// The call takes effect, the connection ends before its answer.
    Lost,
    /// The call takes effect, its answer does not come within the client's deadline.
    Hang,
    /// The connection ends before the call is made.
    Reset,
}

/// Longest time for a call of the controllers here.
pub const CALL_TIMEOUT: &str = "3s";

/// API Gateway's words.
pub const LOCK: &str = "Unable to complete operation due to concurrent modification. Please try again later.";

impl Fault {
    pub const ALL: [Self; 9] = [
        Self::Throttled,
        Self::Failure,
        Self::Unavailable,
        Self::Locked,
        Self::Denied,
        Self::Expired,
        Self::Lost,
        Self::Hang,
        Self::Reset,
    ];

    /// The order for tests/testbed/aws/faults.py to strike one call of that operation, such as `iam:GetRole`.
    pub fn order(self, operation: &str) -> Value {
        let (service, name) = operation.split_once(':').expect("a service");
        let iam = service == "iam";
        let code = |gateway: &str, of_iam: &str, status: u16, message: &str| {
            let code = if iam { of_iam } else { gateway };
            json!({"code": code, "status": status, "message": message})
        };
        let mut order = match self {
            Self::Throttled => code("TooManyRequestsException", "Throttling", 429, "Too Many Requests"),
            Self::Failure => code("InternalServerErrorException", "ServiceFailure", 500, "Internal server error"),
            Self::Unavailable => code("ServiceUnavailableException", "ServiceUnavailable", 503, "Service unavailable"),
            Self::Locked => code("ConflictException", "ConcurrentModification", 409, LOCK),
            Self::Denied => {
                let action = action(operation);
                let message = format!(
                    "User: arn:aws:iam::123456789012:user/u is not authorized to perform: {action} on resource: * \
                     because no identity-based policy allows the {action} action"
                );
                code("AccessDeniedException", "AccessDenied", 403, &message)
            }
            Self::Expired => code(
                "ExpiredTokenException",
                "ExpiredToken",
                403,
                "The security token included in the request is expired",
            ),
            Self::Lost => json!({"when": "after", "action": "reset"}),
            Self::Hang => json!({"when": "after", "action": "hang", "seconds": 5}),
            Self::Reset => json!({"action": "reset"}),
        };
        if self == Self::Throttled {
            order["retry_after"] = json!(1);
        }
        order["service"] = json!(if service == "states" { "stepfunctions" } else { service });
        order["operation"] = json!(name);
        order
    }

    /// Reason of the Ready condition after it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Throttled => "Throttled",
            Self::Locked => "Conflict",
            Self::Denied | Self::Expired => "Denied",
            Self::Failure | Self::Unavailable | Self::Lost | Self::Hang | Self::Reset => "AwsUnavailable",
        }
    }

    /// What else a message about it has to say, so that people know what to do.
    pub fn words(self, operation: &str) -> String {
        match self {
            Self::Denied => format!("\"{}\"", action(operation)),
            Self::Locked => LOCK.to_owned(),
            Self::Expired => "The security token included in the request is expired".to_owned(),
            _ => String::new(),
        }
    }
}

/// The IAM action that an operation needs.
fn action(operation: &str) -> &'static str {
    let (_, needs) = OPERATIONS.iter().find(|(known, _)| *known == operation).expect("a known operation");
    needs[0].action
}
