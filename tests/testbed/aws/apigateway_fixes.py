"""Fidelity fixes for LocalStack 4.9.2's API Gateway: what imports drop, what puts reset, paging, tags.

They are always on. Each one says what it fixes; the strict layer, which can
be switched, is in strict_aws.py. Refers to internals of that LocalStack version: keep the pin.
"""

import io
import json
import re

from localstack.aws.api.apigateway import BadRequestException, ConflictException, NotFoundException
from localstack.services.apigateway.helpers import get_apigateway_store, get_moto_rest_api
from localstack.services.apigateway.legacy import provider as legacy
from localstack.services.apigateway.models import ApiGatewayStore
from localstack.services.apigateway.next_gen import provider as ng
from localstack.services.apigateway.next_gen.execute_api import handlers as dp
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    MissingAuthTokenError,
    build_gateway_response,
    get_gateway_response_or_default,
)
from localstack.services.apigateway.next_gen.execute_api.handlers import gateway_exception as ge
from localstack.services.apigateway.next_gen.execute_api.handlers import integration_request as ir
from localstack.services.apigateway.next_gen.execute_api.handlers import parse
from localstack.services.apigateway.next_gen.execute_api.integrations import aws as aws_integration
from localstack.utils.json import parse_json_or_yaml
from localstack.utils.strings import to_str
from moto.apigateway import models as m

from apigateway_merge import Before
from faults import CONNECTION
from openapi import VERBS
from patching import wrap

import template_fixes  # noqa: F401  it patches LocalStack when imported

# --- control plane --------------------------------------------------------------------------------------------------

P = ng.ApigatewayNextGenProvider


def check_document(doc):
    if not isinstance(doc, dict) or not isinstance(doc.get("info"), dict) or not doc["info"].get("title"):
        raise BadRequestException("Unable to build importer with provided input.")
    ver = str(doc.get("openapi") or doc.get("swagger") or "")
    if not (ver.startswith("3.0") or ver == "2.0"):
        raise BadRequestException(f"Unable to determine OAS version from '{ver}'")
    warnings = []
    for path, item in (doc.get("paths") or {}).items():
        if not path.startswith("/"):
            raise BadRequestException(f"Invalid path: {path}")
        for verb, op in item.items():
            if verb not in VERBS:
                continue
            where, integ = f"{path}/{verb}", op.get("x-amazon-apigateway-integration")
            declared = {
                str(c): {h.lower() for h in (r.get("headers") or {})} for c, r in (op.get("responses") or {}).items()
            }
            if not integ:
                continue
            kind = str(integ.get("type", "")).lower()
            if kind not in ("aws", "aws_proxy", "http", "http_proxy", "mock"):
                raise BadRequestException(f"Invalid integration type in {where}")
            if kind.startswith("aws") and not str(integ.get("uri", "")).startswith("arn:"):
                raise BadRequestException(f"Invalid ARN specified in the request: {where}")
            for r in (integ.get("responses") or {}).values():
                code = str(r.get("statusCode"))
                if code not in declared:
                    warnings.append(f"No method response exists for method {where} and status {code}")
                    continue
                for p in r.get("responseParameters") or {}:
                    if p.startswith("method.response.header.") and p.split(".", 3)[3].lower() not in declared[code]:
                        warnings.append(f"Invalid mapping expression parameter specified: {p}")
    return warnings


def place_endpoint_configuration(doc):
    """Swagger has the extension at its top, OpenAPI 3 in a server object, and nowhere else (field-measured)."""
    name = "x-amazon-apigateway-endpoint-configuration"
    if doc.get("openapi"):
        doc.pop(name, None)
        for server in doc.get("servers") or []:
            if name in server:
                doc[name] = server[name]


@wrap(legacy, "import_api_from_openapi_spec")
def _import(orig, rest_api, context, request):
    try:
        doc = parse_json_or_yaml(to_str(request["body"].read()))
    except Exception as unreadable:
        raise BadRequestException("Invalid OpenAPI input.") from unreadable
    warnings = check_document(doc)
    place_endpoint_configuration(doc)
    if warnings and request.get("failOnWarnings"):
        raise BadRequestException("Warnings found during import:\n" + "\n".join(warnings))
    c = get_apigateway_store(context=context).rest_apis[rest_api.id]
    if request.get("mode") == "overwrite":
        for d in (c.validators, c.authorizers, c.models, c.resolved_models, c.gateway_responses, c.resource_children):
            d.clear()
        rest_api.policy, rest_api.minimum_compression_size, rest_api.api_key_source = None, None, "HEADER"
        rest_api.disableExecuteApiEndpoint = False
        rest_api.endpoint_configuration.pop("vpcEndpointIds", None)
    request["body"] = io.BytesIO(json.dumps(doc, default=str).encode())
    root_id, endpoint = rest_api.root_resource_id, dict(rest_api.endpoint_configuration or {})
    before = Before(rest_api, c) if request.get("mode") != "overwrite" else None
    rest_api, more = orig(rest_api, context=context, request=request)
    if before:
        before.merge_into(rest_api, c, doc)
    rest_api.endpoint_configuration = {**endpoint, **(rest_api.endpoint_configuration or {})}
    rest_api.endpoint_configuration.pop("disableExecuteApiEndpoint", None)
    root = next(x for x in rest_api.resources.values() if not x.parent_id)
    if root.id != root_id:  # AWS keeps the root's id
        children = [x for x in rest_api.resources.values() if x.parent_id == root.id]
        del rest_api.resources[root.id]
        rest_api.resources = {root_id: root, **rest_api.resources}
        c.resource_children[root_id] = c.resource_children.pop(root.id, [])
        root.id = root_id
        for x in children:
            x.parent_id = root_id
    rest_api.name = doc["info"]["title"]
    ec = doc.get("x-amazon-apigateway-endpoint-configuration") or {}
    if "disableExecuteApiEndpoint" in ec:
        rest_api.disableExecuteApiEndpoint = bool(ec["disableExecuteApiEndpoint"])
    for kind, r in (doc.get("x-amazon-apigateway-gateway-responses") or {}).items():
        c.gateway_responses[kind] = build_gateway_response(
            kind,
            str(r["statusCode"]) if r.get("statusCode") else None,
            r.get("responseParameters"),
            r.get("responseTemplates"),
            False,
        )
    schemes = doc.get("securityDefinitions") or (doc.get("components") or {}).get("securitySchemes") or {}
    for res in rest_api.resources.values():
        for verb, op in ((doc.get("paths") or {}).get(res.get_path()) or {}).items():
            method = res.resource_methods.get("ANY" if verb == "x-amazon-apigateway-any-method" else verb.upper())
            if verb not in VERBS or method is None:
                continue
            used = [schemes.get(n) or {} for s in op.get("security", []) for n in s]
            auth = (op.get("x-amazon-apigateway-auth") or {}).get("type", "")
            if auth.upper() == "AWS_IAM" or any(
                str(s.get("x-amazon-apigateway-authtype")).lower() == "awssigv4" for s in used
            ):
                method.authorization_type = "AWS_IAM"
            src, integ = op.get("x-amazon-apigateway-integration"), method.method_integration
            if not src:
                method.method_integration = None
                continue
            integ.credentials = src.get("credentials")
            integ.cache_key_parameters = src.get("cacheKeyParameters") or []
            integ.cache_namespace = src.get("cacheNamespace") or res.id
            for r in (src.get("responses") or {}).values():
                integ.integration_responses[str(r.get("statusCode", 200))].content_handling = r.get("contentHandling")
    return rest_api, more + warnings


def new_account(self):
    """A new account has no role for CloudWatch logs (LocalStack's has) and these throttles."""
    if not self._account:
        throttle = {"burstLimit": 5000, "rateLimit": 10000.0}
        self._account.update({"throttleSettings": throttle, "features": ["UsagePlans"], "apiKeyVersion": "4"})
    return self._account


ApiGatewayStore.account = property(new_account)


def page(items, position, limit, default=25):
    start = int(position or 0)
    end = start + (limit or default)
    return items[start:end], (str(end) if end < len(items) else None)


@wrap(P, "get_rest_apis")
def _list(orig, self, context, position=None, limit=None, **k):
    items, pos = page(orig(self, context)["items"], position, limit)
    return {"items": items, "position": pos}


P.get_resources = lambda self, context, **k: legacy.call_moto(context)  # not defined by the provider itself


@wrap(P, "get_resources")
def _resources(orig, self, context, rest_api_id, position=None, limit=None, embed=None, **k):
    if context.is_internal_call:  # the exporter reads through this call, without embed
        return orig(self, context)
    moto_api = get_moto_rest_api(context, rest_api_id)
    items, pos = page([r.to_dict() for r in moto_api.resources.values()], position, limit)
    if "methods" not in (embed or []):
        items = [
            {**i, "resourceMethods": {v: {} for v in i["resourceMethods"]}} if i.get("resourceMethods") else i
            for i in items
        ]
    return {"items": items, "position": pos}


def tagged(self, context, arn):
    parts = arn.split("::/", 1)[-1].split("/")
    if parts[0] != "restapis":
        return None
    api = get_moto_rest_api(context, parts[1])
    if len(parts) == 2:
        return api
    if len(parts) != 4 or parts[3] not in api.stages:
        raise NotFoundException("Invalid stage identifier specified")
    return api.stages[parts[3]]


@wrap(P, "get_tags")
def _get_tags(orig, self, context, resource_arn, **k):
    o = tagged(self, context, resource_arn)
    return orig(self, context, resource_arn=resource_arn, **k) if o is None else {"tags": dict(o.tags or {})}


@wrap(P, "tag_resource")
def _tag(orig, self, context, resource_arn, tags, **k):
    o = tagged(self, context, resource_arn)
    if o is None:
        return orig(self, context, resource_arn=resource_arn, tags=tags, **k)
    o.tags = {**(o.tags or {}), **tags}


@wrap(P, "untag_resource")
def _untag(orig, self, context, resource_arn, tag_keys, **k):
    o = tagged(self, context, resource_arn)
    if o is None:
        return orig(self, context, resource_arn=resource_arn, tag_keys=tag_keys, **k)
    o.tags = {a: b for a, b in (o.tags or {}).items() if a not in tag_keys}


@wrap(m.RestAPI, "create_deployment")
def _deploy(orig, self, name, description, stage_variables=None):
    old = self.stages.get(name)
    d = orig(self, name, description, stage_variables)
    if old is not None:  # AWS moves the stage and keeps its settings
        old.deployment_id, old.variables = d.id, {**old.variables, **(stage_variables or {})}
        self.stages[name] = old
    return d


@wrap(P, "create_deployment")
def _deploy2(orig, self, context, rest_api_id, stage_name=None, variables=None, **k):
    out = orig(self, context, rest_api_id=rest_api_id, stage_name=stage_name, variables=None, **k)
    api = get_moto_rest_api(context, rest_api_id)
    if stage_name and variables:
        api.stages[stage_name].variables.update(variables)
    api.deployments[out["id"]].api_summary = _summary(api)
    return out


def _summary(api):
    """Methods of the draft, by path and verb, as a deployment tells them when it is asked with embed=apisummary."""
    methods = {resource.get_path(): resource.resource_methods for resource in api.resources.values()}
    told = lambda method: {
        "authorizationType": method.authorization_type or "NONE",
        "apiKeyRequired": bool(method.api_key_required),
    }
    return {path: {verb: told(method) for verb, method in of.items()} for path, of in methods.items() if of}


@wrap(P, "delete_deployment")
def _undeploy(orig, self, context, rest_api_id, deployment_id, **k):
    api = get_moto_rest_api(context, rest_api_id)
    if deployment_id not in api.deployments:
        raise NotFoundException("Invalid Deployment identifier specified")
    if any(s.deployment_id == deployment_id for s in api.stages.values()):
        raise BadRequestException("Active stages pointing to this deployment must be moved or deleted")
    api.deployments[deployment_id].stage_name = None
    return orig(self, context, rest_api_id=rest_api_id, deployment_id=deployment_id, **k)


P.get_deployment = lambda self, context, **k: legacy.call_moto(context)  # not defined by the provider itself
P.get_deployments = lambda self, context, **k: legacy.call_moto(context)


@wrap(P, "get_deployment")
def _deployment(orig, self, context, rest_api_id, deployment_id, embed=None, **k):
    deployments = get_moto_rest_api(context, rest_api_id).deployments
    if deployment_id not in deployments:
        raise NotFoundException("Invalid Deployment identifier specified")
    out = orig(self, context)
    return {**out, "apiSummary": deployments[deployment_id].api_summary} if "apisummary" in (embed or []) else out


@wrap(P, "get_deployments")
def _deployments(orig, self, context, rest_api_id, position=None, limit=None, **k):
    items, pos = page(orig(self, context).get("items") or [], position, limit)
    return {"items": items, "position": pos}


@wrap(ng, "apply_patches")
def _policy_as_returned(orig):
    """A policy comes back with the short form of ARNs expanded, quotes and slashes escaped (field-measured)."""
    orig()

    @wrap(m.RestAPI, "to_dict")
    def _to_dict(to_dict, self):
        out = to_dict(self)
        if out.get("policy"):
            own = f"execute-api:{self.region_name}:{self.account_id}:{self.id}/"
            out["policy"] = out["policy"].replace('"execute-api:/', f'"arn:aws:{own}').replace("/", "\\/")
        return out


@wrap(P, "create_stage")
def _stage(orig, self, context, request):
    if request["deploymentId"] not in get_moto_rest_api(context, request["restApiId"]).deployments:
        raise BadRequestException("Deployment id does not exist")
    return orig(self, context, request)


@wrap(P, "put_method")
def _put_method(orig, self, context, rest_api_id, resource_id, http_method, *a, **k):
    api = m.apigateway_backends[context.account_id][context.region].apis.get(rest_api_id)
    res = api and api.resources.get(resource_id)
    if res and http_method in res.resource_methods:
        raise ConflictException("Method already exists for this resource")
    return orig(self, context, rest_api_id, resource_id, http_method, *a, **k)


@wrap(P, "create_resource")
def _put_res(orig, self, context, rest_api_id, parent_id, path_part, **k):
    api = get_moto_rest_api(context, rest_api_id)
    if any(r.parent_id == parent_id and r.path_part == path_part for r in api.resources.values()):
        raise ConflictException(f"Another resource with the same parent already has this name: {path_part}")
    return orig(self, context, rest_api_id=rest_api_id, parent_id=parent_id, path_part=path_part, **k)


# --- data plane -----------------------------------------------------------------------------------------------------

@wrap(ir.IntegrationRequestHandler, "get_request_template")
def _tmpl(orig, integration, request):
    h = request["headers"].copy()
    if ct := h.get("Content-Type"):
        h.set("Content-Type", ct.split(";")[0].strip())
    return orig(integration, {**request, "headers": h})


ir.IntegrationRequestHandler.get_request_template = staticmethod(ir.IntegrationRequestHandler.get_request_template)


@wrap(parse, "restore_payload")
def _raw_body(orig, request):
    """The body as it was sent. The original re-encodes a form, so that `curl -d '{"a":1}'` arrives as `{"a":1}=`."""
    connection = request.environ.get(CONNECTION)
    if connection is None:  # a test invocation: not sent over the network
        return orig(request)
    connection.content.seek(0)
    return connection.content.read()


@wrap(aws_integration.RestApiAwsIntegration, "invoke")
def _json_protocol(orig, self, context):
    """Step Functions gets its own protocol, whatever the caller's content type: AWS's tutorial calls with `curl -d`."""
    if ":states:action/" in context.integration_request["uri"]:
        context.integration_request["headers"].set("Content-Type", "application/x-amz-json-1.0")
    return orig(self, context)


@wrap(ge.GatewayExceptionHandler, "create_exception_response")
def _gwresp(orig, self, exception, context):
    out = orig(self, exception, context)
    r = get_gateway_response_or_default(exception.type, context.deployment.rest_api.gateway_responses)
    tmpl = (r.get("responseTemplates") or {}).get("application/json")
    if tmpl and not (isinstance(exception, AccessDeniedError) and r.get("defaultResponse")):
        error = {
            "messageString": json.dumps(exception.message),
            "message": exception.message,
            "responseType": str(exception.type),
        }
        known = {f"error.{k}": v for k, v in error.items()} | (context.context_variables or {})
        # Variables and nothing else: AWS has no template language here.
        tmpl = re.sub(r"\$context\.([A-Za-z]+(?:\.[A-Za-z]+)*)", lambda m: str(known.get(m[1]) or ""), tmpl)
        out.set_data(tmpl)
    for k, v in (r.get("responseParameters") or {}).items():
        if k.startswith("gatewayresponse.header.") and v.startswith("'"):
            out.headers[k.split(".", 2)[2]] = v.strip("'")
    return out


def _auth(chain, context, response):
    if context.resource_method.get("authorizationType") == "AWS_IAM" and not context.request.headers.get(
        "Authorization", ""
    ).startswith("AWS4-"):
        raise MissingAuthTokenError("Missing Authentication Token")


dp.preprocess_request.append(_auth)
