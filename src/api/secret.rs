//! Values that must not be shown.

use std::fmt;

use serde::Deserialize;

/// A text that is never shown: neither by `{:?}` nor by anything that is written of a spec.
#[derive(Deserialize, Clone, PartialEq, Eq)]
#[serde(transparent)]
pub struct SecretText(pub String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}
