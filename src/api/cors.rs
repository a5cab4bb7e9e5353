//! Cross-origin resource sharing.

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::fields::{cors_headers, cors_methods, origins};
use super::reference::ValueFrom;

/// Cross-origin resource sharing: preflight, answers and errors of API Gateway, on all paths.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("has(self.allowOrigins) != has(self.allowOriginsFrom)")
        .message("give exactly one of allowOrigins and allowOriginsFrom"),
    validation = Rule::new("!has(self.allowOrigins) || !('*' in self.allowOrigins) || self.allowOrigins.size() == 1")
        .message("'*' already allows every origin: give it alone").field_path(".allowOrigins"),
    validation = Rule::new("!has(self.allowMethods) || !('*' in self.allowMethods) || self.allowMethods.size() == 1")
        .message("'*' already allows every method: give it alone").field_path(".allowMethods"),
    validation = Rule::new(
        "!has(self.allowCredentials) || !self.allowCredentials || !has(self.allowOrigins) || !('*' in self.allowOrigins)")
        .message("browsers refuse '*' together with allowCredentials: name the origins").field_path(".allowOrigins"),
    validation = Rule::new(
        "!has(self.allowCredentials) || !self.allowCredentials || !has(self.allowMethods) || \
         !('*' in self.allowMethods)")
        .message("with allowCredentials browsers take '*' for a method's name: name the methods, or leave the field out")
        .field_path(".allowMethods"),
    validation = Rule::new(
        "!has(self.allowCredentials) || !self.allowCredentials || !has(self.allowHeaders) || \
         !('*' in self.allowHeaders)")
        .message("with allowCredentials browsers take '*' for a header's name: name the headers, or leave the field out")
        .field_path(".allowHeaders"),
    validation = Rule::new(
        "!has(self.allowCredentials) || !self.allowCredentials || !has(self.exposeHeaders) || \
         !('*' in self.exposeHeaders)")
        .message("with allowCredentials browsers take '*' for a header's name: name the headers").field_path(".exposeHeaders"),
)]
pub struct Cors {
    /// Origins whose pages may call, such as https://app.example.com; `*` for all. A page's own origin is echoed to it,
    /// with Vary: Origin; pages of other origins get no header. Errors that API Gateway answers itself, before it looks at
    /// the method, cannot tell origins apart: they name the one origin; with several, `*`, as they hold nothing but the
    /// error; with several and allowCredentials, the first of the list, and pages of the others see a failed call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "origins")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub allow_origins: Vec<String>,

    /// Where they are read from instead: one in a line, or a list in JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub allow_origins_from: Option<ValueFrom>,

    /// Methods that pages may use. Default: those of the path.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "cors_methods")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub allow_methods: Vec<String>,

    /// Request headers that pages may send; `*` for all but Authorization. Default: Content-Type, those of signed calls
    /// and API keys (X-Amz-Date, Authorization, X-Api-Key, X-Amz-Security-Token), and those that the methods of the path
    /// read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "cors_headers")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub allow_headers: Vec<String>,

    /// Response headers that scripts may read, beside those that browsers always show. Default: those that the method's
    /// own response sets: its headers, and Location, which is added to a list of yours, too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "cors_headers")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub expose_headers: Vec<String>,

    /// Whether pages may call with the browser's cookies and certificates. Not needed for an Authorization header that a
    /// script sets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub allow_credentials: bool,

    /// Seconds for which a browser may keep the answer to a preflight; 0 for none. Default: the browser's own, 5 seconds
    /// as a rule; Chromium takes 7200 at most, Firefox 86400.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 86_400))]
    pub max_age_seconds: Option<i32>,
}
