//! What keeps a plan from being carried out.

use std::fmt;

use crate::model::{Arn, INLINE_POLICY_MAX, OWNER_TAG, RestApiId, Revision};

/// Why a plan may not be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Blocker {
    /// The API to take over does not exist.
    AdoptedMissing { id: RestApiId },
    /// The API to take over is another object's.
    AdoptedTaken { id: RestApiId, owner: String },
    /// The API that this object made is another object's now.
    Taken { id: RestApiId, owner: String, own: String },
    /// There is an API already, and another one is to be taken over.
    AdoptsAnother { id: RestApiId, has: RestApiId },
    /// The API was taken over with more than the spec describes, and nothing says any more that it is to be kept.
    NotKept { kept: Vec<String> },
    /// Something of the wanted name is not ours.
    NotOwned { what: String },
    /// A state machine does not exist.
    MachineMissing { fields: Vec<String>, arn: Arn },
    /// An action does not work on the machine's type.
    MachineType { field: String, message: String },
    /// AWS still works on the last change of the API.
    ApiUpdating,
    /// AWS could not make the last change of the API.
    ApiFailed { message: String },
    /// A stage is to serve a revision that no deployment holds.
    NoSuchRevision { field: String, revision: Revision, existing: Vec<Revision> },
    /// A stage is to serve a revision whose calls assume another role than the spec's.
    RoleOfRevision { field: String, revision: Revision, role: String },
    /// The older revision to serve was made when the object's class had other limits, or none was known.
    OtherLimits { field: String, revision: Revision },
    /// With what older revisions need the role's policy would be larger than IAM allows.
    PolicyTooLarge { held: Vec<Revision>, size: usize },
    /// IAM cannot move a role to another path.
    RolePath { role: String, has: String },
    /// AWS does not make an edge-optimised API of a private one.
    EndpointType,
    /// A domain name of someone else's does not exist.
    DomainMissing { field: String, name: String },
    /// A domain name leads to another kind of endpoint.
    DomainType { field: String, name: String, has: String },
    /// A base path leads to another API.
    MappingTaken { field: String, what: String },
    /// A domain name that is to be deleted leads to other APIs, too.
    DomainInUse { name: String, others: Vec<String> },
}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdoptedMissing { id } => write!(
                f,
                "spec.adopt.restApiId: API {id} does not exist in this account and region; correct it, or remove spec.adopt \
                 to have a new API made"
            ),
            Self::AdoptedTaken { id, owner } => write!(
                f,
                "spec.adopt.restApiId: API {id} belongs to the object {owner} (INSTALLATION/NAMESPACE/NAME), as its tag \
                 {OWNER_TAG} says, so nothing is done; to hand the API over, delete that object with deletionPolicy \
                 Retain, and remove the tag from the API and from its stages"
            ),
            Self::Taken { id, owner, own } => write!(
                f,
                "API {id} was made for this object, and its tag {OWNER_TAG} names {owner} (INSTALLATION/NAMESPACE/NAME) \
                 now, so nothing is done; set the tag to {own} again, or delete this object with deletionPolicy Retain if \
                 the API was handed over"
            ),
            Self::AdoptsAnother { id, has } => write!(
                f,
                "spec.adopt.restApiId: names {id}, and this object has API {has} already; remove spec.adopt, or make a \
                 new object for the other API"
            ),
            Self::NotKept { kept } => write!(
                f,
                "spec.adopt: the API was adopted and has what the spec does not describe: {}. Without spec.adopt that \
                 would be deleted: set it again, or set spec.adopt.prune to true first if that is meant",
                some(kept)
            ),
            Self::NotOwned { what } => {
                write!(
                    f,
                    "{what} exists and does not carry this object's owner tag: delete or rename it, or give it the tag if it is this object's"
                )
            }
            Self::MachineMissing { fields, arn } => {
                write!(f, "{}: state machine {arn} does not exist; create it or correct the ARN", fields.join(", "))
            }
            Self::MachineType { field, message } => write!(f, "{field}: {message}"),
            Self::ApiUpdating => f.write_str(
                "API Gateway is still changing the API's TLS policy, which takes about 15 minutes; what is served before is still served",
            ),
            Self::ApiFailed { message } => {
                write!(f, "spec.endpoint.securityPolicy: API Gateway could not change the API: {message}")
            }
            Self::NoSuchRevision { field, revision, existing } => {
                write!(f, "{field}: no deployment holds revision {revision}; ")?;
                match &existing[..] {
                    [] => f.write_str("there is none yet"),
                    existing => write!(f, "there are {}", listed(existing)),
                }
            }
            Self::RoleOfRevision { field, revision, role } => write!(
                f,
                "{field}: calls of revision {revision} assume role {role}, which is not the one of spec.role; set spec.role \
                 back, or serve another revision"
            ),
            Self::OtherLimits { field, revision } => write!(
                f,
                "{field}: revision {revision} was not made under the limits that the object's class has now, and may go \
                 beyond them; serve what the spec describes"
            ),
            Self::PolicyTooLarge { held, size } => write!(
                f,
                "spec.role: with what the revisions need that stages hold on to ({}), the created role's policy would \
                 have {size} characters, and IAM allows {INLINE_POLICY_MAX}; pin fewer stages to older revisions, or name fewer state machines",
                listed(held)
            ),
            Self::RolePath { role, has } => write!(
                f,
                "spec.role.path: role {role} has path {has}, which IAM cannot change; give spec.role.name another value, too, and a new role takes its place"
            ),
            Self::EndpointType => f.write_str(
                "spec.endpoint.type: AWS makes no edge-optimised API of a private one; make it Regional first, or make a new object",
            ),
            Self::DomainMissing { field, name } => write!(
                f,
                "{field}: domain name {name} does not exist in API Gateway in this region; create it there, or give \
                 certificateArn to have it created"
            ),
            Self::DomainType { field, name, has } => write!(
                f,
                "{field}.endpointType: domain name {name} is {has}, and AWS moves it to another type in several steps \
                 only; set it back, or remove the domain and add it again"
            ),
            Self::MappingTaken { field, what } => write!(
                f,
                "{field}: there is {what}, which is not this object's; take another basePath, or remove that mapping"
            ),
            Self::DomainInUse { name, others } => write!(
                f,
                "domain name {name} is this object's and cannot be deleted while others use it: remove the mappings {}",
                others.join(", ")
            ),
        }
    }
}

/// Most things that a message names.
const NAMED: usize = 10;

/// Things by name, the first ones if there are many.
pub(super) fn some(names: &[String]) -> String {
    match names.len().saturating_sub(NAMED) {
        0 => names.join(", "),
        more => format!("{} and {more} more", names[..NAMED].join(", ")),
    }
}

fn listed(revisions: &[Revision]) -> String {
    revisions.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
