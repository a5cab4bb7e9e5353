"""Settings of a REST API as AWS has them and LocalStack 4.9.2 does not: endpoint changes, TLS policies, resets by a put.

Always on, like apigateway_fixes.py. TLS policies came after this LocalStack, so its service model gets their fields.
"""

import io

from localstack.aws import spec
from localstack.aws.api.apigateway import BadRequestException, ConflictException
from localstack.services.apigateway.helpers import get_moto_rest_api
from localstack.services.apigateway.legacy import provider as legacy
from localstack.services.apigateway.next_gen import provider as ng
from moto.apigateway import models as m

from patching import wrap
from strict_settings import CLOCK, SETTINGS

P = ng.ApigatewayNextGenProvider

_shapes = spec.loader.load_service_model("apigateway", "service-2")["shapes"]
for _name in ("securityPolicy", "endpointAccessMode", "apiStatus", "apiStatusMessage"):
    _shapes["RestApi"]["members"][_name] = {"shape": "String", "locationName": _name}
for _name in ("securityPolicy", "endpointAccessMode"):
    _shapes["CreateRestApiRequest"]["members"][_name] = {"shape": "String", "locationName": _name}


def kind(api):
    return (api.endpoint_configuration.get("types") or ["EDGE"])[0]


def own_ip(api):
    """The IP address type that an API gets with its endpoint type (AWS: "IP address types for REST APIs")."""
    return "dualstack" if kind(api) == "PRIVATE" else "ipv4"


def set_tls(api, policy, mode):
    """AWS: "How to change a security policy": it takes about 15 minutes; the enhanced ones need an access mode."""
    if (policy or "").startswith("SecurityPolicy_") != bool(mode):
        raise BadRequestException("EndpointAccessMode must be set for enhanced security policies, and only for them")
    if policy and policy.startswith("SecurityPolicy_") and policy.endswith("_EDGE") != (kind(api) == "EDGE"):
        raise BadRequestException(f"Security policy {policy} is not supported for {kind(api)} APIs")
    if (policy, mode) != (getattr(api, "tls_policy", None), getattr(api, "access_mode", None)):
        api.tls_policy, api.access_mode = policy, mode
        api.busy_until = CLOCK.now() + SETTINGS["apiUpdateSeconds"]


def busy(api):
    return CLOCK.now() < getattr(api, "busy_until", 0.0)


def refuse_while_busy(api):
    if busy(api):  # [inf] that it is this error; AWS says that an update has to end before the next
        raise ConflictException("Unable to complete operation while the API is being updated.")


@wrap(ng, "apply_patches")
def _shown(orig):
    orig()

    @wrap(m.RestAPI, "to_dict")
    def _to_dict(to_dict, self):
        out = to_dict(self)
        # an API that asks for none has an old policy, which one depends on its type [inf]
        default = "TLS_1_2" if kind(self) == "PRIVATE" else "TLS_1_0"
        out["securityPolicy"] = getattr(self, "tls_policy", None) or default
        if getattr(self, "access_mode", None):
            out["endpointAccessMode"] = self.access_mode
        out["apiStatus"] = "UPDATING" if busy(self) else "AVAILABLE"
        return out


@wrap(P, "create_rest_api")
def _create(orig, self, context, request):
    endpoint = request.get("endpointConfiguration") or {}
    if endpoint.get("vpcEndpointIds") and endpoint.get("types") != ["PRIVATE"]:
        raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")
    policy, mode = request.pop("securityPolicy", None), request.pop("endpointAccessMode", None)
    out = orig(self, context, request)
    if policy or mode:
        api = get_moto_rest_api(context, out["id"])
        set_tls(api, policy, mode)
        out.update({name: api.to_dict()[name] for name in ("securityPolicy", "apiStatus")})
    return out


@wrap(legacy, "import_api_from_openapi_spec")
def _import(orig, rest_api, context, request):
    """Overwrite: "Any API configuration not explicitly included in the import body is reset to its default"."""
    refuse_while_busy(rest_api)
    text = request["body"].read()
    request["body"] = io.BytesIO(text)  # the stream of a request cannot be rewound
    document = legacy.parse_json_or_yaml(text.decode()) if text else {}
    out = orig(rest_api, context=context, request=request)
    if request.get("mode") == "overwrite" and isinstance(document, dict):
        if kind(rest_api) != "PRIVATE" and rest_api.endpoint_configuration.get("vpcEndpointIds"):
            raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")
        rest_api.endpoint_configuration["ipAddressType"] = own_ip(rest_api)
        name = "x-amazon-apigateway-{}".format
        set_tls(rest_api, document.get(name("security-policy")), document.get(name("endpoint-access-mode")))
    if context.get("loses") == "policy":  # on order, see faults.py (github.com/hashicorp/terraform-provider-aws/issues/49672)
        rest_api.policy = None
    return out


def change_endpoint(api, op, path, value):
    """One patch operation below /endpointConfiguration (AWS: "Change a public or private API endpoint type")."""
    endpoint, part = api.endpoint_configuration, path.split("/")[2:]
    if part[:1] == ["types"]:
        if op != "replace" or part[1:] not in ([kind(api)], ["0"]) or value not in ("EDGE", "REGIONAL", "PRIVATE"):
            raise BadRequestException(f"Invalid patch path {path}")
        if (kind(api), value) == ("PRIVATE", "EDGE"):
            raise BadRequestException("Unable to update from PRIVATE to EDGE endpoint type.")
        if endpoint.get("vpcEndpointIds") and value != "PRIVATE":
            raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")
        endpoint["types"] = [value]
        endpoint["ipAddressType"] = own_ip(api)
    elif part == ["ipAddressType"]:
        if op != "replace" or value not in ("ipv4", "dualstack"):
            raise BadRequestException("ipAddressType must be either ipv4 or dualstack.")
        if kind(api) == "PRIVATE" and value == "ipv4":
            raise BadRequestException("Only dualstack ipAddressType is supported for Private APIs.")
        endpoint["ipAddressType"] = value
    elif part == ["vpcEndpointIds"]:
        ids = [known for known in endpoint.get("vpcEndpointIds") or [] if known != value]
        if op == "add" and kind(api) != "PRIVATE":
            raise BadRequestException("VPCEndpoints can only be specified with PRIVATE apis.")
        endpoint["vpcEndpointIds"] = [*ids, value] if op == "add" else ids
        if not endpoint["vpcEndpointIds"]:
            del endpoint["vpcEndpointIds"]
    else:
        raise BadRequestException(f"Invalid patch path {path}")


@wrap(P, "update_rest_api")
def _update(orig, self, context, rest_api_id, patch_operations=None, **k):
    api = get_moto_rest_api(context, rest_api_id)
    refuse_while_busy(api)
    rest, tls = [], {}
    for operation in patch_operations or []:
        op, path, value = operation["op"], operation.get("path", ""), operation.get("value")
        if path.startswith("/endpointConfiguration/"):
            change_endpoint(api, op, path, value)
        elif path in ("/securityPolicy", "/endpointAccessMode"):
            tls[path] = value or None
        elif path == "/disableExecuteApiEndpoint":
            api.disableExecuteApiEndpoint = value == "true"
        elif path == "/policy" and not value:
            api.policy = None
        else:
            rest.append(operation)
    if tls:
        now = {"/securityPolicy": getattr(api, "tls_policy", None), "/endpointAccessMode": getattr(api, "access_mode", None)}
        set_tls(api, *{**now, **tls}.values())
    return orig(self, context, rest_api_id=rest_api_id, patch_operations=rest, **k)
