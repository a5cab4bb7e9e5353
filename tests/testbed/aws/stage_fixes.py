"""Fidelity fixes for stages and client certificates of LocalStack 4.9.2. Always on; see apigateway_fixes.py.

What LocalStack does otherwise: `remove` of method settings ends an UpdateStage that has more operations, and for a single
method is refused; variables of a canary cannot be removed; a stage does not show its client certificate; certificates are
not paged, and TagResource does not reach them.
"""

import copy
import re

from localstack.aws.api.apigateway import BadRequestException, NotFoundException
from localstack.services.apigateway.helpers import get_apigateway_store, get_moto_rest_api
from localstack.services.apigateway.next_gen import provider as ng
from moto.apigateway import models as m

from patching import wrap

P = ng.ApigatewayNextGenProvider
OVERRIDES = "/canarySettings/stageVariableOverrides/"


def remove_method_setting(stage, path, certificates):
    # AWS: "UpdateStage" patch operations; the message is recorded from AWS, and only the whole of a method's settings can
    # be removed
    name = path.strip("/")
    if stage.method_settings.pop(name, None) is None:
        raise BadRequestException(
            f"Cannot remove method setting {name} because there is no method setting for this method "
        )


def remove_override(stage, path, certificates):
    # AWS: "Update a canary release"
    canary = getattr(stage, "canary_settings", None) or {}
    if (canary.get("stageVariableOverrides") or {}).pop(path.removeprefix(OVERRIDES), None) is None:
        raise BadRequestException(f"Invalid remove operation with path: {path}")


def set_certificate(stage, value, certificates):
    if value and value not in certificates:
        raise BadRequestException("Invalid client certificate identifier specified")  # [inf]
    stage.client_certificate_id = value or None


def own(operation):
    """What is done here in place of LocalStack, with its argument; None for all else."""
    op, path, value = operation["op"], operation["path"], operation.get("value")
    if path == "/clientCertificateId":
        return set_certificate, value if op == "replace" else None
    if op == "remove" and path.startswith(OVERRIDES):
        return remove_override, path
    if op == "remove" and re.fullmatch(r"/[^/]+/(\*|[A-Z]+)", path):
        return remove_method_setting, path
    if path.startswith("/accessLogSettings/") and not value:
        raise BadRequestException("Access Log value must not be empty")  # recorded from AWS
    return None


@wrap(P, "update_stage")
def _update(orig, self, context, rest_api_id, stage_name, patch_operations=None, **k):
    """All of the operations in their order, or none."""
    api = get_moto_rest_api(context, rest_api_id)
    if stage_name not in api.stages:
        raise NotFoundException("Invalid Stage identifier specified")
    before = copy.deepcopy(api.stages[stage_name])
    certificates, group = get_apigateway_store(context=context).client_certificates, []

    def pass_on():
        if group:
            orig(self, context, rest_api_id=rest_api_id, stage_name=stage_name, patch_operations=list(group), **k)
            group.clear()
            canary = getattr(api.stages[stage_name], "canary_settings", None)
            if canary:  # LocalStack keeps the text of the operation
                canary["useStageCache"] = str(canary.get("useStageCache")).lower() == "true"

    try:
        for operation in patch_operations or []:
            done_here = own(operation)
            if done_here is None:
                group.append(operation)
                continue
            pass_on()
            function, argument = done_here
            function(api.stages[stage_name], argument, certificates)
        pass_on()
    except Exception:
        api.stages[stage_name] = before
        raise
    response = api.stages[stage_name].to_json()
    self._patch_stage_response(response)
    return response


@wrap(ng, "apply_patches")
def _show_certificate(orig):
    orig()

    @wrap(m.Stage, "to_json")
    def _to_json(to_json, self):
        out = to_json(self)
        if certificate := getattr(self, "client_certificate_id", None):
            out["clientCertificateId"] = certificate
        return out


# --- client certificates ---------------------------------------------------------------------------------------------


@wrap(P, "get_client_certificates")
def _certificates(orig, self, context, position=None, limit=None, **k):
    items, start = orig(self, context)["items"], int(position or 0)
    end = start + (limit or 25)
    return {"items": items[start:end], "position": str(end) if end < len(items) else None}


@wrap(P, "delete_client_certificate")
def _delete(orig, self, context, client_certificate_id, **k):
    if client_certificate_id not in get_apigateway_store(context=context).client_certificates:
        raise NotFoundException("Invalid client certificate identifier specified")
    stages = [stage for api in m.apigateway_backends[context.account_id][context.region].apis.values()
              for stage in api.stages.values()]
    if any(getattr(stage, "client_certificate_id", None) == client_certificate_id for stage in stages):
        raise BadRequestException("Client certificate is in use by a stage")  # [?] nobody has measured it
    return orig(self, context, client_certificate_id=client_certificate_id, **k)


def certificate(context, arn):
    match = re.search(r"::/clientcertificates/([^/]+)$", arn)
    return match and get_apigateway_store(context=context).client_certificates.get(match[1])


@wrap(P, "tag_resource")
def _tag(orig, self, context, resource_arn, tags, **k):
    found = certificate(context, resource_arn)
    if found is None:
        return orig(self, context, resource_arn=resource_arn, tags=tags, **k)
    found["tags"] = {**(found.get("tags") or {}), **tags}


@wrap(P, "untag_resource")
def _untag(orig, self, context, resource_arn, tag_keys, **k):
    found = certificate(context, resource_arn)
    if found is None:
        return orig(self, context, resource_arn=resource_arn, tag_keys=tag_keys, **k)
    found["tags"] = {a: b for a, b in (found.get("tags") or {}).items() if a not in tag_keys}
