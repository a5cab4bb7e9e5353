"""Usage plans and API keys as AWS has them: tags, paging, patches, what deletions refuse and take along, 429.

LocalStack 4.9.2 ignores patches of methods' throttles, deletes a plan that has API stages, keeps associations with what
is gone, and enforces neither throttle nor quota. Patch paths: AWS's "Patch operations" and Terraform's provider.
Assumption: a deleted stage or API leaves the plans that it was in (removing a stale association is a 404 on AWS).
"""

import time

from localstack.aws.api.apigateway import BadRequestException, ConflictException, NotFoundException
from localstack.services.apigateway.next_gen.execute_api.gateway_response import QuotaExceededError, ThrottledError
from localstack.services.apigateway.next_gen.execute_api.handlers import api_key_validation
from moto.apigateway.models import apigateway_backends

import apigateway_fixes
from apigateway_fixes import P, page
from patching import wrap


def backend(context):
    return apigateway_backends[context.account_id][context.region]


def plan_of(context, plan_id):
    plan = backend(context).usage_plans.get(plan_id)
    if plan is None:
        raise NotFoundException("Invalid Usage Plan ID specified")
    return plan


def key_of(context, key_id):
    key = backend(context).keys.get(key_id)
    if key is None:
        raise NotFoundException("Invalid API Key identifier specified")
    return key


@wrap(apigateway_fixes, "tagged")
def _tagged(orig, self, context, arn):
    parts = arn.split("::/", 1)[-1].split("/")
    if parts[0] == "usageplans":
        return plan_of(context, parts[1])
    if parts[0] == "apikeys":
        return key_of(context, parts[1])
    return orig(self, context, arn)


def check_stage(context, plan_id, stage):
    """`stage` is `apiId:stageName`."""
    api_id, _, name = (stage or "").partition(":")
    api = backend(context).apis.get(api_id)
    if api is None or name not in api.stages:
        raise NotFoundException(
            f"Invalid API Stage {{api: {api_id}, stage: {name}}} specified for usageplan {plan_id}"
        )
    return {"apiId": api_id, "stage": name}


@wrap(P, "create_usage_plan")
def _create_plan(orig, self, context, **k):
    for stage in k.get("api_stages") or []:
        check_stage(context, "new", f"{stage.get('apiId')}:{stage.get('stage')}")
    return orig(self, context, **k)


@wrap(P, "get_usage_plans")
def _plans(orig, self, context, position=None, key_id=None, limit=None, **k):
    items, position = page(orig(self, context, key_id=key_id)["items"], position, limit)
    return {"items": items, "position": position}


def patch_throttle(holder, field, value):
    holder[field] = float(value) if field == "rateLimit" else int(value)


def patch_stage_throttle(plan, operation, rest):
    """`rest` is `apiId:stage/throttle/{path}/{METHOD}/{rateLimit|burstLimit}`, the path with its own slash."""
    stage_id, _, key = rest.partition("/throttle/")
    stage = next((s for s in plan.api_stages if f"{s['apiId']}:{s['stage']}" == stage_id), None)
    if stage is None:
        raise BadRequestException("Invalid API Stage specified")
    throttle = stage.setdefault("throttle", {})
    if operation["op"] == "remove":
        if throttle.pop(key, None) is None:
            raise NotFoundException("Invalid throttle specified")
        return
    key, _, field = key.rpartition("/")
    patch_throttle(throttle.setdefault(key, {"rateLimit": 0.0, "burstLimit": 0}), field, operation["value"])


def patch_plan(context, plan, operation):
    op, path, value = operation["op"], operation["path"], operation.get("value")
    if path == "/apiStages":
        stage = check_stage(context, plan.id, value)
        same = [s for s in plan.api_stages if s["apiId"] == stage["apiId"] and s["stage"] == stage["stage"]]
        if op == "remove":
            plan.api_stages = [s for s in plan.api_stages if s not in same]
        elif same:
            raise ConflictException("Usage plan already has this API stage")
        else:
            plan.api_stages = [*plan.api_stages, stage]
    elif path.startswith("/apiStages/"):
        patch_stage_throttle(plan, operation, path.removeprefix("/apiStages/"))
    elif path in ("/throttle", "/quota") and op == "remove":
        setattr(plan, path[1:], {})
    elif path in ("/throttle/rateLimit", "/throttle/burstLimit"):
        patch_throttle(plan.throttle, path.rpartition("/")[2], value)
    elif path in ("/quota/limit", "/quota/offset"):
        plan.quota[path.rpartition("/")[2]] = int(value)
    elif path == "/quota/period":
        plan.quota["period"] = value
    elif path in ("/name", "/description") and op == "replace":
        setattr(plan, path[1:], value)
    else:
        raise BadRequestException(f"Invalid patch path {path}")


def update_usage_plan(self, context, usage_plan_id, patch_operations=None, **k):
    plan = plan_of(context, usage_plan_id)
    for operation in patch_operations or []:
        patch_plan(context, plan, operation)
    return {name: value for name, value in plan.to_json().items() if value is not None}


P.update_usage_plan = update_usage_plan


def delete_usage_plan(self, context, usage_plan_id, **k):
    if plan_of(context, usage_plan_id).api_stages:
        raise BadRequestException(
            f"Cannot delete Usage Plan {usage_plan_id} because there are API Stages associated with it"
        )
    backend(context).usage_plans.pop(usage_plan_id)
    backend(context).usage_plan_keys.pop(usage_plan_id, None)


P.delete_usage_plan = delete_usage_plan


def forget_stages(context, gone):
    for plan in backend(context).usage_plans.values():
        plan.api_stages = [stage for stage in plan.api_stages if not gone(stage)]


@wrap(P, "delete_stage")
def _delete_stage(orig, self, context, rest_api_id, stage_name, **k):
    result = orig(self, context, rest_api_id, stage_name, **k)
    forget_stages(context, lambda stage: stage["apiId"] == rest_api_id and stage["stage"] == stage_name)
    return result


@wrap(P, "delete_rest_api")
def _delete_api(orig, self, context, rest_api_id, **k):
    result = orig(self, context, rest_api_id, **k)
    forget_stages(context, lambda stage: stage["apiId"] == rest_api_id)
    return result


# --- keys -----------------------------------------------------------------------------------------------------------


P.delete_api_key = lambda self, context, api_key, **k: _delete_key(context, api_key)
P.create_usage_plan_key = lambda self, context, **k: _attach(context, **k)
P.delete_usage_plan_key = lambda self, context, **k: _detach(context, **k)


def _delete_key(context, api_key):
    """A deleted key leaves its plans."""
    backend(context).delete_api_key(key_of(context, api_key).id)
    for keys in backend(context).usage_plan_keys.values():
        keys.pop(api_key, None)


def _attach(context, usage_plan_id, key_id, key_type):
    """ "A given API key can only be associated with one usage plan for each stage of your API." """
    plan, attached = plan_of(context, usage_plan_id), backend(context).usage_plan_keys
    key_of(context, key_id)
    stages = {(stage["apiId"], stage["stage"]) for stage in plan.api_stages}
    for other in backend(context).usage_plans.values():
        shared = other.id == plan.id or stages & {(stage["apiId"], stage["stage"]) for stage in other.api_stages}
        if shared and key_id in attached.get(other.id, {}):
            raise ConflictException("Usage plan key already exists for these API stages")
    return backend(context).create_usage_plan_key(usage_plan_id, {"keyId": key_id, "keyType": key_type}).to_json()


def _detach(context, usage_plan_id, key_id):
    plan_of(context, usage_plan_id)
    if backend(context).usage_plan_keys.get(usage_plan_id, {}).pop(key_id, None) is None:
        raise NotFoundException("Invalid API Key identifier specified")


# --- what callers get -----------------------------------------------------------------------------------------------

# by (plan, key, method or None): tokens, time of the last refill; by (plan, key): calls of the period
_TOKENS, _CALLS = {}, {}


def take(key, throttle):
    rate, burst = throttle.get("rateLimit") or 0, throttle.get("burstLimit") or 0
    tokens, at = _TOKENS.get(key, (burst, time.monotonic()))
    now = time.monotonic()
    tokens = min(burst, tokens + (now - at) * rate)
    _TOKENS[key] = (max(0, tokens - 1), now)
    if tokens < 1:
        raise ThrottledError("Too Many Requests")


@wrap(api_key_validation.ApiKeyValidationHandler, "validate_api_key")
def _metered(orig, self, value, context):
    key = orig(self, value, context)
    if key is None:
        return None
    store = apigateway_backends[context.account_id][context.region]
    for plan in store.usage_plans.values():
        stage = next((s for s in plan.api_stages if (s["apiId"], s["stage"]) == (context.api_id, context.stage)), None)
        if stage is None or key["id"] not in store.usage_plan_keys.get(plan.id, {}):
            continue
        method = f"{context.resource['path']}/{context.resource_method['httpMethod']}"
        for name, throttle in ((method, (stage.get("throttle") or {}).get(method)), (None, plan.throttle)):
            if throttle:
                take((plan.id, key["id"], name), throttle)
        calls = _CALLS[plan.id, key["id"]] = _CALLS.get((plan.id, key["id"]), int(plan.quota.get("offset") or 0)) + 1
        if plan.quota and calls > int(plan.quota["limit"]):
            raise QuotaExceededError("Limit Exceeded")
    return key
