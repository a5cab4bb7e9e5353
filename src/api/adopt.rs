//! Taking over an API that was made elsewhere.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::form;

/// An API that was made elsewhere, such as in the console or by Terraform, and is this object's from now on.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Adopt {
    /// Id of the API, in spec.region: the first part of its URL. Nothing is written before its plan is approved: status.plan
    /// lists all writes and what is kept, and the annotation stepgate.dev/approve with the plan's hash has it done, in any
    /// mode. First the API gets the owner's tag; then it is as any other: drift is healed, and with deletionPolicy Delete it
    /// is deleted with this object, all that it has. Stages of it that spec.stages names are taken over too, others are left
    /// alone; a stage goes on to serve what it served until it moves to a deployment of this object. An API with the tag of
    /// another object is refused. Let the tool that made it forget it first (terraform state rm).
    #[schemars(length(max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "must be the id of an API, such as a1b2c3d4e5; its name is not unique"))]
    pub rest_api_id: String,

    /// Whether what the API has and this object does not describe is deleted: methods, gateway responses, authorizers,
    /// models, request validators. Default false: all of it is kept as it is, listed in status.plan and in the condition
    /// Ready, and deployed together with the rest; also methods that spec.methods had before and has not any more. Set it to true to have
    /// exactly what spec says. While there is something to keep, spec.adopt cannot be removed otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub prune: bool,
}
