//! Values that are not written in the object but read from others in its namespace, and what is written for others.
//!
//! **To let a field `x` differ per environment**, give it a sibling in its struct, and count that where a CEL rule counts
//! `x`. Nothing else is to be done: `references` finds it by the schema, checks the value by the schema of `x`, and fills
//! it in before `render` sees the spec.
//!
//! ```ignore
//! #[serde(default, skip_serializing_if = "Option::is_none")]
//! #[schemars(with = "ValueFrom")]
//! pub x_from: Option<ValueFrom>,
//! ```
//!
//! A map of strings has `x_from: BTreeMap<String, ValueFrom>` in the same way. A list of texts takes the lines of the
//! value, or a list in JSON or YAML; what is neither text nor a list of them (a number, a free object) takes it as JSON or
//! YAML.
//!
//! A text, or a list of texts, may come from a Secret, too. Then it is shown in no plan, event, condition or log, but in AWS
//! it stands in a field that its readers see. What has a shape or is a language has a [`DocumentFrom`]: parts of it stand in
//! messages, and could not be told from other words.
//!
//! **A value that must not be shown anywhere** has a [`SecretValueFrom`], and `x` is then a [`SecretText`](super::SecretText) which
//! is left out of the schema: nobody can write it, and it is filled in after all else was checked.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::{form, name_of};

/// A value that is read from a ConfigMap or Secret in this object's namespace: exactly one of both. It takes effect within
/// seconds of a change there.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.configMapKeyRef) != has(self.secretKeyRef)")
    .message("give exactly one of configMapKeyRef and secretKeyRef"))]
pub struct ValueFrom {
    /// A key of a ConfigMap in this object's namespace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeyRef")]
    pub config_map_key_ref: Option<KeyRef>,

    /// A key of a Secret in this object's namespace. Where the value stands in plans, events, conditions and logs,
    /// (secret) is shown. It is no secret in AWS, where whoever may read the API, its stages or its role sees it, nor in
    /// the fields of status that name what there is: URLs, domain names, ARNs and what the role's policy has to allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeyRef")]
    pub secret_key_ref: Option<KeyRef>,
}

/// A document that is read from a ConfigMap in this object's namespace. It takes effect within seconds of a change there.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct DocumentFrom {
    /// A key of a ConfigMap in this object's namespace.
    pub config_map_key_ref: KeyRef,
}

/// A value that is read from a Secret in this object's namespace. It takes effect within seconds of a change there, and is
/// never shown.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct SecretValueFrom {
    /// A key of a Secret in this object's namespace.
    pub secret_key_ref: KeyRef,
}

/// A key of an object of the same namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct KeyRef {
    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = name_of("an object"))]
    pub name: String,

    /// Key in its data.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = form(r"[A-Za-z0-9._-]+", "a key has letters, digits and . _ - only"))]
    pub key: String,
}

/// An object of kind StateMachine that another controller keeps. Its ARN is read from its status as soon as it is there.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct StateMachineRef {
    /// API group of the object, the part before the / of its apiVersion. sfn.services.k8s.aws: ACK, in this object's
    /// namespace. sfn.aws.m.upbound.io: Crossplane, in this object's namespace. sfn.aws.upbound.io: Crossplane, for the
    /// whole cluster.
    pub api_group: StateMachineGroup,

    /// Name of the object.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = form(r"[a-z0-9.-]+", "the name of an object has lower-case letters, digits, . and - only"))]
    pub name: String,
}

/// API groups that have a kind StateMachine.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StateMachineGroup {
    #[serde(rename = "sfn.services.k8s.aws")]
    Ack,
    #[serde(rename = "sfn.aws.m.upbound.io")]
    CrossplaneNamespaced,
    #[serde(rename = "sfn.aws.upbound.io")]
    CrossplaneCluster,
}

/// What is written for other workloads.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct Outputs {
    /// Name of a ConfigMap in this object's namespace, which is made and kept with the keys region, restApiId, roleArn,
    /// revision; for each stage STAGE.url, and STAGE.domain.url for the first of spec.domains that leads to it; and for
    /// each method STAGE.METHOD.PATH.url, where / of the path is a dot, braces and + are left out, and other characters
    /// than letters, digits and . _ - are _: prod.POST.orders.id.url. Methods whose keys would be the same have none,
    /// and neither have those beyond 500 of all stages, nor those of a stage that is pinned to an older revision; the
    /// condition Accepted names the first two. It goes with this object. One that is there already is not touched.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = name_of("a ConfigMap"))]
    pub config_map: String,
}
