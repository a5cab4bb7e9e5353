//! Custom domain names.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fields::form;
use super::reference::ValueFrom;

/// A path of a custom domain name that leads to a stage. Several entries may share a name with different base paths.
#[derive(KubeSchema, Serialize, Deserialize, Clone, Debug, PartialEq)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new(
        "has(self.certificateArn) || has(self.certificateArnFrom) || (!has(self.endpointType) && !has(self.securityPolicy))")
        .message("endpointType and securityPolicy are those of a domain name that is created: give certificateArn, or \
                  remove them"),
    validation = Rule::new("(self.name != '') != has(self.nameFrom)").message("give exactly one of name and nameFrom"),
    validation = Rule::new("!(has(self.certificateArn) && has(self.certificateArnFrom))")
        .message("give certificateArn or certificateArnFrom, not both"),
)]
pub struct Domain {
    /// The domain name, such as api.example.com. Point it in DNS to what status.domains tells.
    #[serde(default)]
    #[schemars(length(max = 253))]
    #[x_kube(validation = form(
        r"(([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)+[a-z0-9]([a-z0-9-]*[a-z0-9])?)?",
        "must be a domain name in lower case, such as api.example.com"))]
    pub name: String,

    /// Where the domain name is read from instead. Entries with nameFrom need different base paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub name_from: Option<ValueFrom>,

    /// First part of the path below the domain name that leads to the stage, such as orders for
    /// https://api.example.com/orders/... Default: none, the whole domain name leads there.
    #[serde(default)]
    #[schemars(length(max = 300))]
    #[x_kube(validation = form(
        r"[A-Za-z0-9$_.+!*(),-]*",
        "is one part of a path, without /: letters, digits and $ _ . + ! * ( ) , - only"
    ))]
    pub base_path: String,

    /// Name of an entry of spec.stages.
    #[schemars(length(min = 1, max = 128))]
    pub stage: String,

    /// ARN of the certificate in AWS Certificate Manager for the domain name, which is then created and deleted with this
    /// object. It is in the API's region, or in us-east-1 for an Edge domain name. Without it the domain name is someone
    /// else's: it has to exist, and only the path is this object's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String", length(max = 2048))]
    #[x_kube(validation = form(
        r"arn:[a-z-]+:acm:[a-z0-9-]+:\d{12}:certificate/.+",
        "must be the ARN of a certificate, such as arn:aws:acm:us-east-1:123456789012:certificate/ID"))]
    pub certificate_arn: Option<String>,

    /// Where that ARN is read from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "ValueFrom")]
    pub certificate_arn_from: Option<ValueFrom>,

    /// Regional (default): the domain name leads to the API's region. Edge: to CloudFront, and from there to the region. AWS
    /// takes up to 40 minutes to set an Edge domain name up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DomainEndpointType")]
    pub endpoint_type: Option<DomainEndpointType>,

    /// Lowest version of TLS that callers may use. Default: TLS_1_2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "DomainSecurityPolicy")]
    pub security_policy: Option<DomainSecurityPolicy>,
}

/// Where a domain name leads.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DomainEndpointType {
    #[default]
    Regional,
    Edge,
}

/// Lowest version of TLS.
#[derive(JsonSchema, Serialize, Deserialize, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DomainSecurityPolicy {
    #[serde(rename = "TLS_1_0")]
    Tls10,
    #[default]
    #[serde(rename = "TLS_1_2")]
    Tls12,
}
