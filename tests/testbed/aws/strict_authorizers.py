"""Cognito and Lambda authorizers at the front door, and request validation, as AWS documents them.

LocalStack's community edition runs no authorizer. Here a call without identity is 401, a token that does not match the
pattern is 401, and a Cognito token is looked into: issuer, expiry, use and scopes, but not its signature (there is no
user pool to ask). A Lambda function cannot run without docker; what one would answer is told beforehand:

    PUT /_test/authorizers   {"function ARN": {"token or first identity source": <answer of the function>, ...}}

An answer is {"principalId": ..., "policyDocument": {...}, "context": {...}}, or "Unauthorized". A function that nobody
told about fails: 500. Answers are not kept, whatever cacheSeconds says.
"""

import base64
import json
import re
import time

from localstack.http import Response
from localstack.services.apigateway.next_gen.execute_api import handlers
from localstack.services.apigateway.next_gen.execute_api.gateway_response import (
    AccessDeniedError,
    AuthorizerConfigurationError,
    AuthorizerFailureError,
    UnauthorizedError,
)
from localstack.services.apigateway.next_gen.execute_api.handlers import method_request
from localstack.services.edge import ROUTER

import strict_policy as policy
from patching import wrap
from strict_settings import SETTINGS

FUNCTIONS = {}


def _identity(context, source):
    """The value of one identity source of a call, None where it has none."""
    kind, _, name = source.partition(".")
    if source.startswith("method.request.header."):
        return context.request.headers.get(source.split(".", 3)[3])
    if source.startswith("method.request.querystring."):
        return context.request.args.get(source.split(".", 3)[3])
    if kind == "stageVariables":
        return (context.stage_variables or {}).get(name)
    value = context.context_variables
    for part in name.split("."):
        value = (value or {}).get(part)
    return value


def _sources(authorizer):
    return [source.strip() for source in (authorizer.get("identitySource") or "").split(",") if source.strip()]


def _claims(token):
    """The claims of a JWT; its signature is not verified here."""
    try:
        body = token.removeprefix("Bearer ").split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return None
    return claims if isinstance(claims, dict) else None


def _cognito(context, authorizer, scopes):
    """AWS: "Integrate a REST API with a user pool": without scopes an identity token, with them an access token."""
    claims = _claims(_identity(context, _sources(authorizer)[0]) or "")
    pools = {arn.split("/")[-1] for arn in authorizer.get("providerARNs") or []}
    if not claims or claims.get("iss", "").split("/")[-1] not in pools or claims.get("exp", 0) < time.time():
        raise UnauthorizedError("Unauthorized")
    use = "access" if scopes else "id"
    if claims.get("token_use") != use or (scopes and not set(scopes) & set(claims.get("scope", "").split())):
        raise UnauthorizedError("Unauthorized")
    context.context_variables["authorizer"] = {"claims": {name: str(value) for name, value in claims.items()}}


def _lambda(context, authorizer):
    """AWS: "Use API Gateway Lambda authorizers"."""
    values = [_identity(context, source) for source in _sources(authorizer)]
    keeps = authorizer.get("authorizerResultTtlInSeconds") not in (0, "0")
    if (authorizer["type"] == "TOKEN" or keeps) and not all(values):
        raise UnauthorizedError("Unauthorized")
    pattern = authorizer.get("identityValidationExpression")
    if pattern and not re.fullmatch(pattern, values[0]):
        raise UnauthorizedError("Unauthorized")
    function = authorizer["authorizerUri"].split("/functions/")[1].removesuffix("/invocations")
    if function not in FUNCTIONS:
        raise AuthorizerConfigurationError("Internal server error")
    answer = FUNCTIONS[function].get(values[0] if values else "", "Unauthorized")
    if answer == "Unauthorized":
        raise UnauthorizedError("Unauthorized")
    if not isinstance(answer, dict) or "policyDocument" not in answer:
        raise AuthorizerFailureError("Internal server error")
    path = context.invocation_request["path"]
    own = f"arn:aws:execute-api:{context.region}:{context.account_id}:{context.api_id}/"
    ask = policy.Ask("execute-api:Invoke", f"{own}{context.stage}/{context.request.method}{path}")
    verdict, _ = policy.judge([answer["policyDocument"]], ask)
    if verdict is not policy.Verdict.ALLOWED:
        raise AccessDeniedError("User is not authorized to access this resource")
    context.context_variables["authorizer"] = {"principalId": answer.get("principalId"), **(answer.get("context") or {})}


def _authorize(chain, context, response):
    method = context.resource_method
    kind = method.get("authorizationType")
    if not SETTINGS.on("dataPlane") or kind not in ("CUSTOM", "COGNITO_USER_POOLS"):
        return
    authorizer = context.deployment.rest_api.authorizers.get(method.get("authorizerId"))
    if authorizer is None:
        raise AuthorizerConfigurationError("Internal server error")
    if kind == "CUSTOM":
        _lambda(context, authorizer)
    else:
        _cognito(context, authorizer, method.get("authorizationScopes") or [])


handlers.preprocess_request.append(_authorize)


@wrap(method_request.MethodRequestHandler, "_get_missing_required_parameters")
def _missing(original, method, request):
    """Names of headers have no case, and a blank value counts as none (AWS: "Request validation for REST APIs")."""
    required = [name for name, flag in (method.get("requestParameters") or {}).items() if flag]
    found = {
        "header": {name.lower() for name, value in request["headers"].items() if value.strip()},
        "querystring": {name for name, value in (request.get("query_string_parameters") or {}).items() if value},
        "path": set(request.get("path_parameters") or {}),
    }
    missing = []
    for _, _, kind, name in sorted(full.split(".", 3) for full in required):
        if (name.lower() if kind == "header" else name) not in found[kind]:
            missing.append(name)
    return missing


method_request.MethodRequestHandler._get_missing_required_parameters = staticmethod(
    method_request.MethodRequestHandler._get_missing_required_parameters
)


@wrap(method_request.MethodRequestHandler, "_is_body_valid")
def _is_body_valid(original, method, rest_api, request):
    """Bodies of content types without a model are not looked at (AWS, the same page)."""
    kind = (request["headers"].get("Content-Type") or "application/json").split(";")[0].strip().lower()
    models = method.get("requestModels") or {}
    return (kind not in models and "$default" not in models) or original(method, rest_api, request)


method_request.MethodRequestHandler._is_body_valid = staticmethod(method_request.MethodRequestHandler._is_body_valid)


def control(request, **_):
    FUNCTIONS.update(json.loads(request.get_data(as_text=True) or "{}"))
    return Response(json.dumps(sorted(FUNCTIONS)), mimetype="application/json")


ROUTER.add("/_test/authorizers", control, methods=["PUT"])
