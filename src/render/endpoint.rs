//! Settings of the API: its endpoint and how bodies travel.

use super::{Problems, resource_policy};
use crate::api::{self, AccessMode, IpAddressType, StepFunctionsApiSpec};
use crate::model::{ApiSettings, EndpointType};

pub(super) fn render(spec: &StepFunctionsApiSpec, problems: &mut Problems) -> ApiSettings {
    let description = spec.description.clone();
    let Some(endpoint) = &spec.endpoint else {
        return ApiSettings { description, ..ApiSettings::of_type(EndpointType::Regional) };
    };
    let defaults = ApiSettings::of_type(match endpoint.kind {
        api::EndpointType::Regional => EndpointType::Regional,
        api::EndpointType::Edge => EndpointType::Edge,
        api::EndpointType::Private => EndpointType::Private,
    });
    let ip_address_type = endpoint.ip_address_type.map(|kind| match kind {
        IpAddressType::IPv4 => "ipv4".to_owned(),
        IpAddressType::DualStack => "dualstack".to_owned(),
    });
    let access_mode = endpoint.access_mode.map(|mode| match mode {
        AccessMode::Basic => "BASIC".to_owned(),
        AccessMode::Strict => "STRICT".to_owned(),
    });
    ApiSettings {
        description,
        vpc_endpoint_ids: endpoint.vpc_endpoint_ids.iter().cloned().collect(),
        ip_address_type: ip_address_type.unwrap_or_else(|| defaults.ip_address_type.clone()),
        disable_execute_api_endpoint: endpoint.disable_execute_api,
        minimum_compression_size: endpoint.minimum_compression_size,
        security_policy: endpoint.security_policy.clone(),
        endpoint_access_mode: access_mode,
        binary_media_types: endpoint.binary_media_types.iter().cloned().collect(),
        policy: endpoint.policy.as_ref().map(|policy| resource_policy::render(spec, policy, problems)),
        ..defaults
    }
}
