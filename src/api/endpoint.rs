//! Where and how the API is reached.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::fields::{binary_media_types, free_form, security_policies, vpc_endpoint_ids};
use super::reference::{DocumentFrom, ValueFrom};

/// Where and how the API is reached, and from where.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!(has(self.vpcEndpointIds) && has(self.vpcEndpointIdsFrom))")
        .message("give vpcEndpointIds or vpcEndpointIdsFrom, not both"),
    validation = Rule::new("!(has(self.policy) && has(self.policyFrom))").message("give policy or policyFrom, not both"),
    validation = Rule::new("!(has(self.vpcEndpointIds) || has(self.vpcEndpointIdsFrom)) || self.type == 'Private'")
        .message("only an API of type Private has VPC endpoints: set type, or remove vpcEndpointIds")
        .field_path(".vpcEndpointIds"),
    validation = Rule::new("self.type != 'Private' || has(self.policy) || has(self.policyFrom)")
        .message("a Private API needs a policy that says which VPCs or VPC endpoints may call: AWS deploys none without")
        .field_path(".policy"),
    validation = Rule::new("self.type != 'Private' || !has(self.ipAddressType) || self.ipAddressType == 'DualStack'")
        .message("a Private API is always DualStack").field_path(".ipAddressType"),
    validation = Rule::new("has(self.accessMode) == (has(self.securityPolicy) && self.securityPolicy.startsWith('SecurityPolicy_'))")
        .message("accessMode belongs to a securityPolicy that starts with SecurityPolicy_: give both or neither")
        .field_path(".accessMode"),
    validation = Rule::new("!has(self.securityPolicy) || !self.securityPolicy.startsWith('SecurityPolicy_') || \
                            self.securityPolicy.endsWith('_EDGE') == (self.type == 'Edge')")
        .message("policies that end in _EDGE are for type Edge, the other SecurityPolicy_ ones for Regional and Private")
        .field_path(".securityPolicy"),
)]
pub struct Endpoint {
    /// Regional (default): reached in its region. Edge: through CloudFront. Private: from VPCs only, through an interface
    /// VPC endpoint for execute-api. It can be changed, but not from Private to Edge; callers then may need a moment.
    #[serde(default, rename = "type")]
    pub kind: EndpointType,

    /// VPC endpoints for which AWS makes a DNS name of a Private API: https://APIID-VPCEID.execute-api.REGION.amazonaws.com.
    /// Who may call is up to policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "vpc_endpoint_ids")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub vpc_endpoint_ids: Vec<String>,

    /// Where they are read from instead: one in a line, or a list in JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub vpc_endpoint_ids_from: Option<ValueFrom>,

    /// IPv4 (default) or DualStack: IPv4 and IPv6. A Private API is always DualStack.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "IpAddressType")]
    pub ip_address_type: Option<IpAddressType>,

    /// Closes AWS's own host name (execute-api), so that the API is reached through its custom domains only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disable_execute_api: bool,

    /// Answers of that many bytes and more are compressed for callers that accept it. Default: none are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "i32", range(min = 0, max = 10_485_760))]
    pub minimum_compression_size: Option<i32>,

    /// TLS versions and ciphers that callers may use, such as TLS_1_2 or SecurityPolicy_TLS13_1_3_2025_09. Default: AWS's.
    /// A change takes AWS about 15 minutes, in which the object says Updating and nothing else is changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "security_policies")]
    pub security_policy: Option<String>,

    /// For a securityPolicy that starts with SecurityPolicy_: Strict takes calls for the API's own host name and endpoint
    /// type only, Basic all. AWS recommends Strict; go from Basic to it when no caller uses another name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "AccessMode")]
    pub access_mode: Option<AccessMode>,

    /// Content types whose bodies are bytes, such as image/png. Types that mapping templates read cannot be among them:
    /// the templates would get base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "binary_media_types")]
    #[x_kube(merge_strategy = ListMerge::Set)]
    pub binary_media_types: Vec<String>,

    /// Resource policy: who may call from where, beside what each method's authorization asks. An IAM policy document
    /// with Principal; execute-api:/STAGE/METHOD/PATH stands for the ARN of this API, execute-api:/* for all of it. At
    /// most 8192 characters. No stage is moved while the API in AWS has another policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "free_form")]
    pub policy: Option<Map<String, Value>>,

    /// Where the policy is read from instead, as JSON or YAML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DocumentFrom")]
    pub policy_from: Option<DocumentFrom>,
}

/// Kind of endpoint.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndpointType {
    #[default]
    Regional,
    Edge,
    Private,
}

/// IP versions that callers may use.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpAddressType {
    IPv4,
    DualStack,
}

/// Which calls an endpoint takes.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessMode {
    Basic,
    Strict,
}
