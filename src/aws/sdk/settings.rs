//! Settings of an API: read, given to a new one, and patched.

use aws_sdk_apigateway::types::{
    ApiKeySourceType, ApiStatus as SdkApiStatus, EndpointConfiguration, EndpointType as SdkEndpointType, IpAddressType,
    Op, PatchOperation, RestApi as SdkRestApi,
};

use crate::aws::RestApiHead;
use crate::model::{ApiSettings, ApiStatus, EndpointType, PolicyDocument, RestApi, RestApiId};

/// Every answer about an API has the same fields, in a type of its own.
macro_rules! rest_api {
    ($answer:expr) => {{
        let answer = $answer;
        aws_sdk_apigateway::types::RestApi::builder()
            .set_id(answer.id)
            .set_name(answer.name)
            .set_tags(answer.tags)
            .set_description(answer.description)
            .set_policy(answer.policy)
            .set_binary_media_types(answer.binary_media_types)
            .set_minimum_compression_size(answer.minimum_compression_size)
            .set_api_key_source(answer.api_key_source)
            .set_endpoint_configuration(answer.endpoint_configuration)
            .disable_execute_api_endpoint(answer.disable_execute_api_endpoint)
            .set_security_policy(answer.security_policy)
            .set_endpoint_access_mode(answer.endpoint_access_mode)
            .set_api_status(answer.api_status)
            .set_api_status_message(answer.api_status_message)
            .build()
    }};
}
pub(super) use rest_api;

/// An API without its content, `None` for one without an id.
pub(super) fn head(api: SdkRestApi) -> Option<RestApiHead> {
    let id = RestApiId(api.id.clone()?);
    let (settings, status) = (settings(&api, &id), status(&api));
    let tags = api.tags.unwrap_or_default().into_iter().collect();
    Some(RestApiHead { id, name: api.name.unwrap_or_default(), tags, settings, status })
}

fn settings(api: &SdkRestApi, id: &RestApiId) -> ApiSettings {
    let endpoint = api.endpoint_configuration.clone();
    let endpoint_type = match endpoint.as_ref().and_then(|endpoint| endpoint.types().first()) {
        Some(SdkEndpointType::Regional) => EndpointType::Regional,
        Some(SdkEndpointType::Private) => EndpointType::Private,
        // What CreateRestApi makes when no type is given.
        _ => EndpointType::Edge,
    };
    let ip_address_type = endpoint.as_ref().and_then(|endpoint| endpoint.ip_address_type()).map(IpAddressType::as_str);
    let text = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let source = api.api_key_source.as_ref().filter(|source| **source != ApiKeySourceType::Header);
    let policy = text(&api.policy).map(|policy| PolicyDocument::parse_escaped(&policy).of_api(id));
    ApiSettings {
        description: text(&api.description),
        endpoint_type,
        vpc_endpoint_ids: endpoint.iter().flat_map(|endpoint| endpoint.vpc_endpoint_ids()).cloned().collect(),
        ip_address_type: ip_address_type.unwrap_or(endpoint_type.ip_address_type()).to_owned(),
        disable_execute_api_endpoint: api.disable_execute_api_endpoint,
        minimum_compression_size: api.minimum_compression_size,
        security_policy: api.security_policy.as_ref().map(|policy| policy.as_str().to_owned()),
        endpoint_access_mode: api.endpoint_access_mode.as_ref().map(|mode| mode.as_str().to_owned()),
        binary_media_types: api.binary_media_types().iter().cloned().collect(),
        policy,
        foreign: source.map(|source| ("apiKeySource".to_owned(), source.to_string())).into_iter().collect(),
    }
}

fn status(api: &SdkRestApi) -> ApiStatus {
    match &api.api_status {
        Some(SdkApiStatus::Updating | SdkApiStatus::Pending) => ApiStatus::Updating,
        Some(SdkApiStatus::Failed) => ApiStatus::Failed(api.api_status_message.clone().unwrap_or_default()),
        _ => ApiStatus::Available,
    }
}

/// Endpoint configuration of a new API. Without a type it is edge-optimised, which some regions do not have.
pub(super) fn endpoint_configuration(settings: &ApiSettings) -> EndpointConfiguration {
    let ids = settings.vpc_endpoint_ids.iter().cloned().collect::<Vec<_>>();
    EndpointConfiguration::builder()
        .types(settings.endpoint_type.as_str().into())
        .set_vpc_endpoint_ids((!ids.is_empty()).then_some(ids))
        .set_ip_address_type(own_ip_address_type(settings).map(IpAddressType::from))
        .build()
}

/// The IP address type where it is not the one that AWS gives by itself.
fn own_ip_address_type(settings: &ApiSettings) -> Option<&str> {
    let own = settings.ip_address_type.as_str();
    (own != settings.endpoint_type.ip_address_type()).then_some(own)
}

fn patch(op: Op, path: impl Into<String>, value: Option<String>) -> PatchOperation {
    PatchOperation::builder().op(op).path(path).set_value(value).build()
}

/// What makes the wanted settings of those that were found, in an order that AWS takes: a public API has no VPC
/// endpoints. Paths: <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateRestApi-Patch>.
pub(super) fn patches(found: &RestApiHead, wanted: &RestApi) -> Vec<PatchOperation> {
    let (from, to) = (&found.settings, wanted.settings.in_terms_of(&found.id, &found.settings));
    let mut patches = Vec::new();
    let mut replace = |path: &str, from: Option<String>, to: Option<String>| {
        if from != to {
            // An empty text is "none"; the API has no `remove` for these.
            patches.push(patch(Op::Replace, path, Some(to.unwrap_or_default())));
        }
    };
    replace("/name", Some(found.name.clone()), Some(wanted.name.clone()));
    replace("/description", from.description.clone(), to.description.clone());
    let text = |flag: bool| Some(flag.to_string());
    let (closed, close) = (from.disable_execute_api_endpoint, to.disable_execute_api_endpoint);
    replace("/disableExecuteApiEndpoint", text(closed), text(close));
    let policy = |settings: &ApiSettings| settings.policy.as_ref().map(PolicyDocument::text);
    replace("/policy", policy(from), policy(&to));
    let retyped = from.endpoint_type != to.endpoint_type;
    // A change of type needs a policy that was chosen again
    // (<https://github.com/aws/serverless-application-model/issues/3866>).
    let again = retyped && wanted.settings.security_policy.is_some();
    let known = from.security_policy.clone().filter(|_| !again);
    replace("/securityPolicy", known, to.security_policy.clone());
    replace("/endpointAccessMode", from.endpoint_access_mode.clone(), to.endpoint_access_mode.clone());
    for name in from.foreign.keys().filter(|name| !to.foreign.contains_key(*name)) {
        // All that there is; its default.
        replace(&format!("/{name}"), None, Some("HEADER".to_owned()));
    }
    if from.minimum_compression_size != to.minimum_compression_size {
        let size = to.minimum_compression_size.map(|size| size.to_string());
        patches.push(patch(Op::Replace, "/minimumCompressionSize", size));
    }
    let escaped = |kind: &String| format!("/binaryMediaTypes/{}", kind.replace('~', "~0").replace('/', "~1"));
    let gone = from.binary_media_types.difference(&to.binary_media_types);
    patches.extend(gone.map(|kind| patch(Op::Remove, escaped(kind), None)));
    let new = to.binary_media_types.difference(&from.binary_media_types);
    patches.extend(new.map(|kind| patch(Op::Add, escaped(kind), None)));
    let vpc = |op: Op, id: &String| patch(op, "/endpointConfiguration/vpcEndpointIds", Some(id.clone()));
    patches.extend(from.vpc_endpoint_ids.difference(&to.vpc_endpoint_ids).map(|id| vpc(Op::Remove, id)));
    if retyped {
        let path = format!("/endpointConfiguration/types/{}", from.endpoint_type.as_str());
        patches.push(patch(Op::Replace, path, Some(to.endpoint_type.as_str().to_owned())));
    }
    patches.extend(to.vpc_endpoint_ids.difference(&from.vpc_endpoint_ids).map(|id| vpc(Op::Add, id)));
    // With its type an API gets the IP address type that belongs to it.
    let ip = if retyped { to.endpoint_type.ip_address_type() } else { &from.ip_address_type };
    if ip != to.ip_address_type {
        patches.push(patch(Op::Replace, "/endpointConfiguration/ipAddressType", Some(to.ip_address_type)));
    }
    patches
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::{Definition, Tags};

    #[test]
    fn settings_are_patched_in_an_order_that_aws_takes() {
        let named = |name: &str, settings: ApiSettings| RestApi {
            name: name.to_owned(),
            tags: Tags::new(),
            settings,
            definition: Definition::default(),
        };
        let one = |text: &str| BTreeSet::from([text.to_owned()]);
        let found = ApiSettings {
            vpc_endpoint_ids: one("vpce-1"),
            minimum_compression_size: Some(0),
            binary_media_types: one("image/png"),
            ..ApiSettings::of_type(EndpointType::Private)
        };
        let wanted = ApiSettings {
            security_policy: Some("TLS_1_2".to_owned()),
            ip_address_type: "dualstack".to_owned(),
            binary_media_types: one("audio/*"),
            ..ApiSettings::of_type(EndpointType::Regional)
        };
        let head = |settings| RestApiHead {
            id: RestApiId("a1".to_owned()),
            name: "x".to_owned(),
            tags: Tags::new(),
            settings,
            status: ApiStatus::Available,
        };
        let lines = |found: ApiSettings, wanted: RestApi| -> Vec<String> {
            let patches = patches(&head(found), &wanted);
            let line = |one: &PatchOperation| {
                format!(
                    "{} {} {}",
                    one.op().map_or("", Op::as_str),
                    one.path().unwrap_or_default(),
                    one.value().unwrap_or("-")
                )
            };
            patches.iter().map(line).collect()
        };
        assert_eq!(
            lines(found.clone(), named("y", wanted.clone())),
            [
                "replace /name y",
                "replace /securityPolicy TLS_1_2",
                "replace /minimumCompressionSize -",
                "remove /binaryMediaTypes/image~1png -",
                "add /binaryMediaTypes/audio~1* -",
                "remove /endpointConfiguration/vpcEndpointIds vpce-1",
                "replace /endpointConfiguration/types/PRIVATE REGIONAL",
                "replace /endpointConfiguration/ipAddressType dualstack",
            ]
        );
        let back = lines(wanted, named("x", found.clone()));
        let end = [
            "replace /endpointConfiguration/types/REGIONAL PRIVATE",
            "add /endpointConfiguration/vpcEndpointIds vpce-1",
        ];
        assert_eq!(&back[back.len() - 2..], end, "the type first; both IP versions come with it");
        assert_eq!(lines(found.clone(), named("x", found)), Vec::<String>::new());
    }
}
