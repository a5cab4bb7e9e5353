"""Custom domain names as AWS has them, and the calls that go to them, told by their Host header.

LocalStack 4.9.2 stores names and mappings without tags, updates or checks, and routes no call by them. A new edge-optimised
name is AVAILABLE at once here; on AWS it is UPDATING for up to 40 minutes and cannot be modified meanwhile.
"""

import hashlib

from localstack.aws.api.apigateway import BadRequestException, ConflictException, NotFoundException
from localstack.aws.app import LocalstackAwsGateway
from localstack.services.apigateway.helpers import get_apigateway_store
from localstack.services.apigateway.models import apigateway_stores
from moto.apigateway.models import apigateway_backends

import apigateway_fixes
from apigateway_fixes import P, page
from patching import wrap

ROOT = "(none)"
# AWS: "Amazon API Gateway endpoints and quotas"; the one of us-east-1, and CloudFront's
ZONES = {"REGIONAL": "Z1UJRXOUMOOFQ8", "EDGE": "Z2FDTNDATAQYW2"}


def domain_of(context, name):
    domain = get_apigateway_store(context=context).domain_names.get(name)
    if domain is None:
        raise NotFoundException("Invalid domain name identifier specified")
    return domain


class Tagged:
    """The tags of a stored name, as an attribute."""

    def __init__(self, domain):
        self.__dict__["domain"] = domain

    @property
    def tags(self):
        return self.domain["tags"]

    def __setattr__(self, name, value):
        self.domain[name] = value


@wrap(apigateway_fixes, "tagged")
def _tagged(orig, self, context, arn):
    parts = arn.split("::/", 1)[-1].split("/")
    return Tagged(domain_of(context, parts[1])) if parts[0] == "domainnames" else orig(self, context, arn)


def place(context, domain):
    """The fields that follow from the endpoint's type."""
    kind = domain["endpointConfiguration"]["types"][0]
    label = hashlib.sha1(f"{context.account_id}/{domain['domainName']}/{kind}".encode()).hexdigest()[:10]
    for field in ("regionalDomainName", "regionalHostedZoneId", "distributionDomainName", "distributionHostedZoneId"):
        domain.pop(field, None)
    if kind == "REGIONAL":
        domain["regionalDomainName"] = f"d-{label}.execute-api.{context.region}.amazonaws.com"
        domain["regionalHostedZoneId"] = ZONES[kind]
    else:
        domain["distributionDomainName"] = f"d{label}.cloudfront.net"
        domain["distributionHostedZoneId"] = ZONES[kind]
    field = "regionalCertificateArn" if kind == "REGIONAL" else "certificateArn"
    certificate = domain.get(field)
    if not certificate:
        raise BadRequestException(f"{field} is required for a domain name of type {kind}")
    region = certificate.split(":")[3]
    if region != (context.region if kind == "REGIONAL" else "us-east-1"):
        raise BadRequestException(f"Invalid certificate ARN: {certificate}. Certificate must be in another region")


def create_domain_name(self, context, domain_name, endpoint_configuration=None, security_policy=None, tags=None, **k):
    for stores in apigateway_stores.values():  # a name is used once in all of AWS
        if any(domain_name in store.domain_names for store in stores.values()):
            raise ConflictException("The domain name you provided already exists.")
    kinds = (endpoint_configuration or {}).get("types") or ["EDGE"]
    domain = {
        "domainName": domain_name,
        "domainNameArn": f"arn:aws:apigateway:{context.region}::/domainnames/{domain_name}",
        "certificateArn": k.get("certificate_arn"),
        "regionalCertificateArn": k.get("regional_certificate_arn"),
        "endpointConfiguration": {"types": kinds, "ipAddressType": "ipv4"},
        "securityPolicy": security_policy or "TLS_1_2",
        "domainNameStatus": "AVAILABLE",
        "routingMode": "BASE_PATH_MAPPING_ONLY",
        "tags": dict(tags or {}),
    }
    place(context, domain)
    get_apigateway_store(context=context).domain_names[domain_name] = domain
    return domain


def update_domain_name(self, context, domain_name, patch_operations=None, **k):
    domain = domain_of(context, domain_name)
    changed = {**domain, "endpointConfiguration": {**domain["endpointConfiguration"]}}
    for operation in patch_operations or []:
        path, value = operation["path"], operation.get("value")
        if operation["op"] != "replace":
            raise BadRequestException(f"Invalid patch operation {operation['op']} {path}")
        if path in ("/certificateArn", "/regionalCertificateArn", "/securityPolicy"):
            changed[path[1:]] = value
        elif path.startswith("/endpointConfiguration/types/"):
            changed["endpointConfiguration"]["types"] = [value]
        else:
            raise BadRequestException(f"Invalid patch path {path}")
    place(context, changed)
    domain.clear()
    domain.update(changed)
    return domain


def get_domain_names(self, context, position=None, limit=None, **k):
    items, position = page(list(get_apigateway_store(context=context).domain_names.values()), position, limit)
    return {"items": items, "position": position}


def delete_domain_name(self, context, domain_name, **k):
    domain_of(context, domain_name)
    get_apigateway_store(context=context).domain_names.pop(domain_name)
    get_apigateway_store(context=context).base_path_mappings.pop(domain_name, None)


P.create_domain_name, P.update_domain_name = create_domain_name, update_domain_name
P.get_domain_names, P.delete_domain_name = get_domain_names, delete_domain_name


# --- base path mappings ---------------------------------------------------------------------------------------------


def mappings_of(context, domain_name):
    domain_of(context, domain_name)
    return get_apigateway_store(context=context).base_path_mappings.setdefault(domain_name, [])


def check_target(context, api_id, stage):
    api = apigateway_backends[context.account_id][context.region].apis.get(api_id)
    if api is None:
        raise BadRequestException("Invalid REST API identifier specified")
    if stage and stage not in api.stages:
        raise BadRequestException("Invalid stage identifier specified")


@wrap(P, "create_base_path_mapping")
def _create_mapping(orig, self, context, domain_name, rest_api_id, base_path=None, stage=None, **k):
    if "/" in (base_path or ""):
        raise BadRequestException("API Gateway V1 doesn't support the slash character (/) in base path mappings.")
    if any(mapping["basePath"] == (base_path or ROOT) for mapping in mappings_of(context, domain_name)):
        raise ConflictException("Base path already exists for this domain name")
    check_target(context, rest_api_id, stage)
    return orig(self, context, domain_name, rest_api_id, base_path=base_path, stage=stage, **k)


@wrap(P, "get_base_path_mappings")
def _mappings(orig, self, context, domain_name, position=None, limit=None, **k):
    domain_of(context, domain_name)
    items, position = page(orig(self, context, domain_name)["items"], position, limit)
    return {"items": items, "position": position}


@wrap(P, "update_base_path_mapping")
def _update_mapping(orig, self, context, domain_name, base_path, patch_operations=None, **k):
    target = next((m for m in mappings_of(context, domain_name) if m["basePath"] == base_path), {})
    new = {"/restapiId": target.get("restApiId"), "/stage": target.get("stage")}
    new.update({operation["path"]: operation.get("value") for operation in patch_operations or []})
    check_target(context, new["/restapiId"], new["/stage"])
    return orig(self, context, domain_name, base_path, patch_operations=patch_operations, **k)


@wrap(P, "delete_rest_api")
def _delete_api(orig, self, context, rest_api_id, **k):
    mapped = [
        f"{name}/{mapping['basePath']}"
        for name, mappings in get_apigateway_store(context=context).base_path_mappings.items()
        for mapping in mappings
        if mapping["restApiId"] == rest_api_id
    ]
    if mapped:
        raise BadRequestException(
            f"Deleting RestApi {rest_api_id} failed. Please remove all base path mappings related to the RestApi "
            f"in your domains: {', '.join(mapped)}"
        )
    return orig(self, context, rest_api_id, **k)


# --- calls ----------------------------------------------------------------------------------------------------------


def mapped_to(host, path):
    """API, stage and the rest of the path; None for a host that is no custom domain name, () for no mapping."""
    for stores in apigateway_stores.values():
        for store in stores.values():
            if host in store.domain_names:
                mappings = {mapping["basePath"]: mapping for mapping in store.base_path_mappings.get(host, [])}
                first, _, rest = path.lstrip("/").partition("/")
                if first in mappings:
                    return mappings[first]["restApiId"], mappings[first]["stage"], rest
                if ROOT in mappings:
                    return mappings[ROOT]["restApiId"], mappings[ROOT]["stage"], path.lstrip("/")
                return ()
    return None


def route(chain, context, response):
    """Lead a call to a custom domain name to the stage that its first path segment is mapped to."""
    host = (context.request.headers.get("Host") or "").split(":")[0].lower()
    environ = context.request.environ
    raw, _, query = (environ.get("RAW_URI") or context.request.path).partition("?")
    target = mapped_to(host, raw) if host else None
    if target is None:
        return
    if not target:
        chain.respond(403, {"message": "Forbidden"}, headers={"x-amzn-ErrorType": "ForbiddenException"})
        return
    api, stage, rest = target
    path = f"/_aws/execute-api/{api}/{stage}/{rest}"
    environ["RAW_URI"] = environ["REQUEST_URI"] = f"{path}?{query}" if query else path
    environ["PATH_INFO"] = context.request.path = path


@wrap(LocalstackAwsGateway, "__init__")
def _gateway(orig, self, *args, **k):
    orig(self, *args, **k)
    self.request_handlers.insert(0, route)
