//! Secrets of the same namespace, and values that must not be shown.

use std::fmt;

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::form;

/// A key of a Secret in the same namespace.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "camelCase")]
pub struct SecretKey {
    /// Name of the Secret.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = form(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?", "must be the name of a Secret: lower-case letters, digits, - and ."))]
    pub name: String,

    /// Key in its data.
    #[schemars(length(min = 1, max = 253))]
    #[x_kube(validation = form(r"[A-Za-z0-9._-]+", "a key of a Secret has letters, digits and - _ . only"))]
    pub key: String,
}

/// A text that is never shown: neither by `{:?}` nor by anything that is written of a spec.
#[derive(Deserialize, Clone, PartialEq, Eq)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
