"""What callers of a deployed API meet on AWS: late deployments, the integration's role, policies, limits.

Patches LocalStack's invocation of REST APIs. Not done here as on AWS: credentials of a role are not cached, signatures
of AWS_IAM callers are not verified, authorizers do not run.
"""

import json
import threading
import time
from contextvars import ContextVar

import requests
from localstack.http import Response
from localstack.services.apigateway.models import apigateway_stores
from localstack.services.apigateway.next_gen import provider
from localstack.services.apigateway.next_gen.execute_api import handlers, router, test_invoke
from localstack.services.apigateway.next_gen.execute_api.context import EndpointResponse
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    ApiConfigurationError,
    IntegrationTimeoutError,
    ThrottledError,
)
from localstack.services.apigateway.next_gen.execute_api.helpers import render_uri_with_stage_variables
from localstack.services.apigateway.next_gen.execute_api.integrations import aws
from werkzeug.datastructures import Headers

import strict_policy as policy
import strict_states
from patching import wrap
from strict_actions import GATEWAY, needs
from strict_call import Call
from strict_quotas import Bucket, Quota
from strict_roles import Roles
from strict_settings import CLOCK, SETTINGS
from strict_time import Timeline

ROLES = Roles()
STAGES = Timeline()

# --- deployments take effect late ----------------------------------------------------------------------------------

STAGE_WRITES = {"CreateStage", "UpdateStage", "CreateDeployment"}


def _stores():
    return apigateway_stores["000000000000"]["us-east-1"]  # LocalStack keeps all accounts' deployments together


def _active(api, stage):
    return _stores().active_deployments.get(api, {}).get(stage)


def _stage_key(call):
    return call.rest_api.lower(), call.params["stageName"]


def before_stage_write(call):
    if call.operation in STAGE_WRITES and call.params.get("stageName"):
        STAGES.start(_stage_key(call), _active(*_stage_key(call)))


def after_stage_write(call):
    """Remember since when a stage has its deployment. Removal is not delayed: there is nothing left to serve."""
    if call.operation in STAGE_WRITES and call.params.get("stageName"):
        STAGES.record(_stage_key(call), CLOCK.now(), _active(*_stage_key(call)))
    elif call.operation == "DeleteStage":
        STAGES.forget(_stage_key(call))


def visible_deployment(api, stage):
    """The deployment that callers reach: control-plane success is not yet live."""
    active = _active(api, stage)
    if active is None:
        return None
    visible = STAGES.at((api, stage), CLOCK.now() - SETTINGS["deployDelaySeconds"], lambda: active)
    deleted = visible is not None and visible not in _stores().internal_deployments.get(api, {})
    return active if deleted else visible


@wrap(router.ApiGatewayEndpoint, "populate_rest_api_invocation_context")
def _late_deployment(original, self, context, api, stage):
    original(self, context, api, stage)
    if not SETTINGS.on("dataPlane") or context.is_canary:
        return
    visible = visible_deployment(api, stage)
    if visible is not None and visible != context.deployment_id:
        context.deployment, context.deployment_id = _stores().internal_deployments[api][visible], visible


# --- the front door ------------------------------------------------------------------------------------------------


def forbidden():
    """An unknown stage or a disabled endpoint: gateway responses cannot change this answer."""
    headers = {"x-amzn-ErrorType": "ForbiddenException", "Content-Type": "application/json"}
    return Response(json.dumps({"message": "Forbidden"}), status=403, headers=headers)


@wrap(provider, "freeze_rest_api")
def _freeze(original, account_id, region, moto_rest_api, localstack_rest_api):
    """Policy and endpoint switch need a redeploy (AWS: "Create a deployment"), so they belong to the snapshot."""
    frozen = original(account_id, region, moto_rest_api, localstack_rest_api)
    frozen.policy, frozen.endpoint_disabled = moto_rest_api.policy, moto_rest_api.disableExecuteApiEndpoint
    return frozen


@wrap(router.ApiGatewayEndpoint, "__call__")
def _front_door(original, self, request, **route):
    api, stage = (route.get("api_id") or "").lower(), route.get("stage")
    if SETTINGS.on("dataPlane"):
        deployment = _stores().internal_deployments.get(api, {}).get(visible_deployment(api, stage))
        if deployment is None or deployment.endpoint_disabled in (True, "true"):
            return forbidden()
    return original(self, request, **route)


def _check_policy(chain, context, response):
    """The resource policy, for callers without identity; signatures are not verified, so others pass."""
    text = context.deployment.policy
    signed = context.request.headers.get("Authorization", "").startswith("AWS4-")
    if not SETTINGS.on("dataPlane") or not text or signed:
        return
    own = f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}/"
    where = f"{own}{context.stage}/{context.request.method}{context.invocation_request['path']}"
    ask = policy.Ask("execute-api:Invoke", where, {"aws:SourceIp": context.request.remote_addr or "127.0.0.1"})
    document = policy.parse(text.replace('"execute-api:/', f'"{own}'))  # the short form, execute-api:/stage/method/path
    verdict, _ = policy.judge([document], ask, policy.ANONYMOUS)
    if verdict is not policy.Verdict.ALLOWED:
        masked = where.replace(context.account_id, "********" + context.account_id[-4:])
        deny = " with an explicit deny" if verdict is policy.Verdict.DENIED else ""
        sentence = "User: anonymous is not authorized to perform: execute-api:Invoke on resource: "
        raise AccessDeniedError(sentence + masked + deny)


# --- throttling by stage and method --------------------------------------------------------------------------------

_BUCKETS, _BUCKETS_LOCK = {}, threading.Lock()


def _check_throttling(chain, context, response):
    """The stage's rate and burst per method, in wall time: they are the user's setting, not a quota."""
    settings = context.stage_configuration.get("methodSettings") or {}
    method = context.resource["path"].replace("/", "~1") + "/" + context.request.method
    key = next((name for name in (method, "*/*") if name in settings), None)
    if not SETTINGS.on("dataPlane") or key is None:
        return
    quota = Quota(settings[key]["throttlingBurstLimit"], settings[key]["throttlingRateLimit"])
    if quota.burst < 0:  # lifted: only the account's quota holds
        return
    now = time.monotonic()
    with _BUCKETS_LOCK:
        bucket = _BUCKETS.setdefault((context.api_id, context.stage, method), Bucket(quota, now))
        bucket.refill(quota, now)
        if bucket.tokens < 1:
            raise ThrottledError("Too Many Requests")
        bucket.tokens -= 1


handlers.preprocess_request.append(_check_policy)
handlers.preprocess_request.append(_check_throttling)

# --- the integration -----------------------------------------------------------------------------------------------

_TIMEOUT = ContextVar("integration timeout in seconds", default=None)


class _TimedRequests:
    """Stands for the requests module in LocalStack's AWS integration, which waits for ever."""

    @staticmethod
    def request(**arguments):
        return requests.request(**arguments, timeout=_TIMEOUT.get())


aws.requests = _TimedRequests


def _trust_context(context):
    """The condition keys that API Gateway sends: none, by a field report; settable."""
    path = context.resource["path"]
    known = {
        "aws:SourceAccount": context.account_id,
        "aws:SourceArn": f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}/"
        f"{context.stage or 'test-invoke-stage'}/{context.resource_method['httpMethod']}{path}",
    }
    return {key: known[key] for key in SETTINGS["trustContext"] if key in known}


def _integration_call(context, integration, role_arn):
    """The Step Functions call that an integration makes, None where that is another service or no valid request."""
    uri = integration.parse_aws_integration_uri(context.integration_request["uri"])
    if uri["service_name"] != "stepfunctions" or uri["path"] not in strict_states.service().operation_names:
        return None
    try:
        params = json.loads(context.integration_request["body"] or b"{}")
    except ValueError:
        return None
    if not isinstance(params, dict):
        return None
    return Call("stepfunctions", uri["path"], role_arn.split(":")[4], uri["region_name"], params, by_gateway=True)


def _refusal(context, integration, role_arn):
    """Why the role's session may not make the call, or None."""
    call = _integration_call(context, integration, role_arn)
    subject = ROLES.subject(role_arn, "BackplaneAssumeRoleSession")
    for ask in needs(call) if call else ():
        message, _ = policy.refusal(subject, ask)
        if message:
            return message
    return None


@wrap(aws.RestApiAwsIntegration, "invoke")
def _invoke(original, self, context):
    role_arn = render_uri_with_stage_variables(context.integration.get("credentials"), context.stage_variables)
    if SETTINGS.on("roles") and role_arn and ":role/" in role_arn:
        if not ROLES.may_be_assumed(role_arn, policy.service(GATEWAY), _trust_context(context)):
            # the caller learns nothing, the execution log has the sentence
            context.configuration_error = f"API Gateway does not have permission to assume the provided role {role_arn}"
            raise ApiConfigurationError("Internal server error")
        if message := _refusal(context, self, role_arn):
            headers = Headers({"Content-Type": "application/x-amz-json-1.0"})
            body = json.dumps(strict_states.access_denied(message)).encode()
            return EndpointResponse(body=body, status_code=400, headers=headers)
    milliseconds = context.integration.get("timeoutInMillis")
    token = _TIMEOUT.set(int(milliseconds) / 1000 if SETTINGS.on("dataPlane") and milliseconds else None)
    try:
        return original(self, context)
    except requests.Timeout as late:
        raise IntegrationTimeoutError("Endpoint request timed out") from late
    except requests.ConnectionError as broken:
        raise IntegrationTimeoutError("Network error communicating with endpoint") from broken
    finally:
        _TIMEOUT.reset(token)


@wrap(test_invoke, "log_failed_template")
def _log_failure(original, invocation_context, response_status_code):
    """TestInvokeMethod's log names the configuration error."""
    log = original(invocation_context, response_status_code)
    if reason := invocation_context.get("configuration_error"):
        log = log.replace("Execution failed due to : ", f"Execution failed due to configuration error: {reason}")
    return log
