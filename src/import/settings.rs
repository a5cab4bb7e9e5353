//! Settings of the API.

use crate::api::{AccessMode, Endpoint, EndpointType, IpAddressType};
use crate::model::{self, ApiSettings};

/// The endpoint, `None` if it is as the spec has it by itself.
pub(super) fn endpoint(settings: &ApiSettings) -> Option<Endpoint> {
    let own_ip = settings.ip_address_type != settings.endpoint_type.ip_address_type();
    // The two old policies are AWS's own choice.
    let policy = settings.security_policy.clone().filter(|policy| !policy.starts_with("TLS_"));
    let endpoint = Endpoint {
        kind: match settings.endpoint_type {
            model::EndpointType::Regional => EndpointType::Regional,
            model::EndpointType::Edge => EndpointType::Edge,
            model::EndpointType::Private => EndpointType::Private,
        },
        vpc_endpoint_ids: settings.vpc_endpoint_ids.iter().cloned().collect(),
        ip_address_type: own_ip.then_some(match settings.ip_address_type.as_str() {
            "dualstack" => IpAddressType::DualStack,
            _ => IpAddressType::IPv4,
        }),
        disable_execute_api: settings.disable_execute_api_endpoint,
        minimum_compression_size: settings.minimum_compression_size,
        access_mode: policy.as_ref().and(settings.endpoint_access_mode.as_deref()).map(|mode| match mode {
            "STRICT" => AccessMode::Strict,
            _ => AccessMode::Basic,
        }),
        security_policy: policy,
        binary_media_types: settings.binary_media_types.iter().cloned().collect(),
        policy: settings.policy.as_ref().and_then(|policy| policy.value().as_object().cloned()),
        ..Endpoint::default()
    };
    (endpoint != Endpoint::default()).then_some(endpoint)
}
