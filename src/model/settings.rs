//! Settings of a REST API around its methods: where it is reached, by whom, and how its bodies travel.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{PolicyDocument, RestApiId};

/// Settings of a REST API. `None` and empty stand for AWS's default.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiSettings {
    /// Text for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where callers reach it.
    pub endpoint_type: EndpointType,
    /// VPC endpoints of a private API for which AWS makes a DNS name.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub vpc_endpoint_ids: BTreeSet<String>,
    /// `ipv4` or `dualstack`.
    pub ip_address_type: String,
    /// Whether AWS's own host name is closed, so that only custom domains are left.
    pub disable_execute_api_endpoint: bool,
    /// Bodies of that many bytes and more are compressed for callers that accept it; `None` for never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_compression_size: Option<i32>,
    /// TLS versions and ciphers, by AWS's name for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<String>,
    /// `BASIC` or `STRICT`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<String>,
    /// Content types whose bodies are bytes and not text.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub binary_media_types: BTreeSet<String>,
    /// Resource policy, with `execute-api:/` in place of the API's own ARN.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyDocument>,
    /// Settings that others made and nobody here wants, such as `apiKeySource`; a put resets them.
    #[serde(flatten)]
    pub foreign: BTreeMap<String, String>,
}

/// Kind of a REST API's endpoint.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndpointType {
    /// In its region.
    #[default]
    Regional,
    /// Through CloudFront.
    Edge,
    /// From VPCs only.
    Private,
}

impl EndpointType {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regional => "REGIONAL",
            Self::Edge => "EDGE",
            Self::Private => "PRIVATE",
        }
    }

    /// The IP address type that AWS gives it by itself: a private API has both, whatever one asks for
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-ip-address-type.html>).
    pub fn ip_address_type(self) -> &'static str {
        if self == Self::Private { "dualstack" } else { "ipv4" }
    }
}

impl ApiSettings {
    /// Settings as AWS has them when nobody sets any but the type.
    pub fn of_type(endpoint_type: EndpointType) -> Self {
        let ip_address_type = endpoint_type.ip_address_type().to_owned();
        Self { endpoint_type, ip_address_type, ..Self::default() }
    }

    /// These wanted settings in terms of what was read of the API: where nothing is wanted, AWS's own choice is taken
    /// over, and a policy that names the API by its ARN names it shortly. Equal then means equal.
    #[must_use]
    pub fn in_terms_of(&self, id: &RestApiId, read: &Self) -> Self {
        let mut wanted = self.clone();
        wanted.policy = self.policy.as_ref().map(|policy| policy.of_api(id));
        // Which of the two old TLS policies an API gets by itself depends on its type and age.
        let legacy = |policy: &Option<String>| policy.as_deref().is_none_or(|name| name.starts_with("TLS_"));
        if wanted.security_policy.is_none() && legacy(&read.security_policy) {
            wanted.security_policy.clone_from(&read.security_policy);
            wanted.endpoint_access_mode.clone_from(&read.endpoint_access_mode);
        }
        wanted
    }

    /// Whether there is anything that a put may reset, which AWS's own words do not exclude
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api-update.html>).
    pub fn may_be_reset(&self) -> bool {
        *self != Self { description: self.description.clone(), ..Self::of_type(self.endpoint_type) }
    }

    /// What callers see only after a deployment, `None` if all of that is as AWS has it by itself. Everything but the
    /// description is taken for such: a deployment too many is harmless, one too few leaves the old setting in force
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/updating-api.html>).
    pub(super) fn deployed(&self) -> Option<Self> {
        let deployed = Self { description: None, ..self.clone() };
        (deployed != Self::of_type(EndpointType::Regional)).then_some(deployed)
    }
}

/// What AWS is doing with an API.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ApiStatus {
    /// Nothing.
    #[default]
    Available,
    /// It changes the TLS policy, which takes about 15 minutes; nothing else can be changed meanwhile
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-security-policies-update.html>).
    Updating,
    /// It could not, for this reason.
    Failed(String),
}
