//! API keys.

#![allow(dead_code, reason = "KubeSchema copies each type, and in the copy nothing reads what the schema leaves out")]

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::form;
use super::reference::{KeyRef, SecretValueFrom};
use super::secret::SecretText;

/// An API key and the Secret that has its value. The value is shown nowhere else.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.secret) != has(self.valueFrom)")
    .message("give exactly one of secret, for a value that AWS makes, and valueFrom, for one of yours"))]
pub struct ApiKey {
    /// Name within this object, used once in all of its plans.
    #[schemars(length(min = 1, max = 64))]
    #[x_kube(validation = form(r"[A-Za-z0-9_-]+", "may have letters, digits, _ and - only"))]
    pub name: String,

    /// Where AWS's generated value is written. The Secret is made, and deleted with this object, if there is none; in an
    /// existing one only this key is added. A value that is there already is never overwritten: it is taken, so that
    /// putting another one there changes the API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "KeyRef")]
    pub secret: Option<KeyRef>,

    /// Where the value comes from. It has 20 to 128 characters, and AWS takes each value once in an account and region. A
    /// changed value makes a new API key within seconds, and the old one is deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "SecretValueFrom")]
    pub value_from: Option<SecretValueFrom>,

    /// The value that `secret` or `valueFrom` leads to, filled in before the spec is rendered. Not a field of the custom
    /// resource.
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub value: Option<SecretText>,
}
