//! Cross-origin resource sharing.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::origins;

/// Cross-origin resource sharing.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!('*' in self.allowOrigins) || self.allowOrigins.size() == 1")
    .message("'*' already allows every origin: give it alone").field_path(".allowOrigins"))]
pub struct Cors {
    /// Origins whose pages may call, such as https://app.example.com; `*` for all. One of several is echoed to its own
    /// pages with Vary: Origin, others get no header.
    #[schemars(schema_with = "origins")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub allow_origins: Vec<String>,
}
