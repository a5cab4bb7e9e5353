//! Deployments: immutable snapshots of a REST API, told apart by the revision in their description, and which of them
//! stages serve.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{MethodKey, PolicyDocument, StageName};

/// Start of the description of every deployment that is ours. A deployment has no tags.
const DESCRIPTION: &str = "stepgate revision ";

/// Content hash of what a deployment snapshots.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Revision(pub String);

impl Revision {
    /// Description of a deployment that holds this revision.
    pub fn description(&self) -> String {
        format!("{DESCRIPTION}{self}")
    }

    /// The revision that a description names, `None` for a deployment that is not ours.
    pub fn from_description(description: &str) -> Option<Self> {
        description.strip_prefix(DESCRIPTION).filter(|rest| !rest.is_empty()).map(|rest| Self(rest.to_owned()))
    }
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Id that AWS gives to a deployment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeploymentId(pub String);

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A deployment of ours.
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    /// Its id.
    pub id: DeploymentId,
    /// What it holds.
    pub revision: Revision,
    /// When it was made, in seconds since 1970.
    pub created: i64,
    /// What its calls need; `None` if that is not known.
    pub needs: Option<Needs>,
}

/// A deployment as API Gateway lists it: of its content that tells what its description does.
#[derive(Clone, Debug, PartialEq)]
pub struct DeploymentHead {
    /// Its id.
    pub id: DeploymentId,
    /// The revision that its description names, if it does.
    pub revision: Option<Revision>,
    /// When it was made, in seconds since 1970.
    pub created: i64,
}

/// All that a deployment tells of its content when it is asked for it, by method
/// (<https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployment.html>).
pub type ApiSummary = BTreeMap<MethodKey, MethodSnapshot>;

/// What it tells of a method (<https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSnapshot.html>).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodSnapshot {
    /// Who may call it, in AWS's words: `NONE`, `AWS_IAM`, `CUSTOM`, `COGNITO_USER_POOLS`.
    pub authorization: String,
    /// Whether callers must send an API key.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub api_key_required: bool,
}

/// What the calls of a revision need and a deployment does not hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Needs {
    /// Name of the created role that they assume.
    pub role: Option<String>,
    /// Hash of the limits that the object's class set when it was made; `None` without any.
    pub limits: Option<String>,
    /// What that role has to allow.
    pub policy: Option<PolicyDocument>,
}

/// What a stage serves.
#[derive(Clone, Debug, PartialEq)]
pub enum Serves {
    /// That revision, whatever the spec describes now.
    Pinned(Revision),
    /// What that stage serves, as soon as it does.
    After(StageName),
}
