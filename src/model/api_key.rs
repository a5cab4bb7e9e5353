//! API keys.

use std::fmt;

use super::Tags;

/// Id that AWS gives to an API key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ApiKeyId(pub String);

impl fmt::Display for ApiKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of an API key. It is compared and sent, and never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyValue(pub String);

impl fmt::Debug for ApiKeyValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// An API key.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// Name in AWS; not unique there.
    pub name: String,
    /// Name of its usage plan in the spec.
    pub plan: String,
    /// Its value; `None` takes any, and lets AWS make one.
    pub value: Option<ApiKeyValue>,
    /// Tags.
    pub tags: Tags,
}

/// An API key as API Gateway has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its name.
    pub name: String,
    /// Whether callers can use it.
    pub enabled: bool,
    /// Its value.
    pub value: ApiKeyValue,
    /// Its tags.
    pub tags: Tags,
}
