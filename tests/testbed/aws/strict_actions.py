"""Which IAM permissions an AWS call needs: actions, resource ARNs and condition keys.

From the service authorization reference (tables for API Gateway management, IAM, Step Functions and STS); deviations
from it and gaps in it are said where they are.
"""

from urllib.parse import quote

from moto.apigateway.models import apigateway_backends
from moto.iam.models import iam_backends

from openapi import authorizers, integrations
from strict_policy import Ask

GATEWAY = "apigateway.amazonaws.com"
PATCHED_ROLES = {"/credentials", "/authorizerCredentials", "/cloudwatchRoleArn"}

STATES_WITHOUT_RESOURCE = {
    "SendTaskSuccess",
    "SendTaskFailure",
    "SendTaskHeartbeat",
    "ListStateMachines",
    "ListActivities",
    "TestState",
    "ValidateStateMachineDefinition",
}
STATES_RESOURCES = (
    "mapRunArn",
    "stateMachineArn",
    "stateMachineAliasArn",
    "stateMachineVersionArn",
    "executionArn",
    "activityArn",
    "resourceArn",
)


def needs(call):
    """Everything the caller must be allowed; [] for calls that need no permission."""
    services = {"apigateway": _apigateway, "iam": _iam, "stepfunctions": _states, "sts": _sts}
    return services.get(call.service, _other)(call)


def _other(call):
    return [Ask(f"{call.service}:{call.operation}")]


def _tags(prefix, tags):
    return {f"{prefix}/{key}": value for key, value in tags.items()}


def _request_tags(tags):
    return {**_tags("aws:RequestTag", tags), "aws:TagKeys": list(tags)} if tags else {}


def _tag_list(tags):
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def pass_role(role_arn, service):
    return Ask("iam:PassRole", role_arn, {"iam:PassedToService": service})


# --- API Gateway: the action is the HTTP method, the resource the path (no account in the ARN) ---------


def passed_roles(call):
    """Roles that a call hands to API Gateway; needs iam:PassRole for each (AWS: "API Gateway permissions model")."""
    params = call.params
    roles = [params.get("credentials"), params.get("authorizerCredentials")]
    roles += [op.get("value") for op in params.get("patchOperations") or [] if op.get("path") in PATCHED_ROLES]
    roles += [integration.get("credentials") for _, _, integration in integrations(call.document)]
    roles += [authorizer.get("authorizerCredentials") for authorizer in authorizers(call.document)]
    # arn:aws:iam::*:user/* passes on the identity of the API's own caller, it is no role
    return sorted({role for role in roles if role and ":role/" in role})


def sets_policy(call):
    """Whether a call gives the API a resource policy, which is a permission of its own."""
    return bool(
        call.params.get("policy")
        or call.document.get("x-amazon-apigateway-policy")
        or any(op.get("path") == "/policy" for op in call.params.get("patchOperations") or [])
    )


def is_edge_domain(call):
    """Whether a call makes an edge-optimized domain name, or changes the certificate or policy of one."""
    types = (call.params.get("endpointConfiguration") or {}).get("types") or []
    paths = {operation.get("path") for operation in call.params.get("patchOperations") or []}
    return "EDGE" in types or "/certificateArn" in paths


def _tags_path(arn):
    return "/tags/" + quote(arn, safe="*")


def _api_tags(call, rest_api):
    api = apigateway_backends[call.account][call.region].apis.get(rest_api)
    return dict(api.tags or {}) if api else {}


def _apigateway(call):
    params, root = call.params, f"arn:{call.partition}:apigateway:{call.region}::"
    tagged = params.get("resourceArn")
    tagged_api = tagged.split("/restapis/")[-1].split("/")[0] if tagged else None
    context = _request_tags(params.get("tags") or {})
    if params.get("tagKeys"):
        context["aws:TagKeys"] = list(params["tagKeys"])
    # children inherit the tags of their API for authorization
    context |= _tags("aws:ResourceTag", _api_tags(call, call.rest_api or tagged_api))
    if params.get("name"):
        context["apigateway:Request/ApiName"] = params["name"]
    if types := (params.get("endpointConfiguration") or {}).get("types"):
        context["apigateway:Request/EndpointType"] = list(types)
    if params.get("stageName"):
        context["apigateway:Request/StageName"] = params["stageName"]

    path = _tags_path(tagged) if tagged else call.path
    asks = [Ask(f"apigateway:{call.method}", root + path, context)]
    if call.operation == "TagResource":
        # not in the reference; seen on AWS: github.com/iann0036/iam-dataset/pull/39
        asks.append(Ask("apigateway:PATCH", tagged, context))
    elif params.get("tags"):
        # tags at creation; the resource as AWS names it for APIs: github.com/mattclay/aws-terminator/pull/284, for all
        # else that has tags [inf]
        asks.append(Ask("apigateway:PUT", root + _tags_path(f"{root}{call.path}/*"), context))
    if call.operation in ("CreateDomainName", "UpdateDomainName") and is_edge_domain(call):
        # how-to-edge-optimized-custom-domain-name.html: AWS owns the distribution, so no resource is named
        asks.append(Ask("cloudfront:UpdateDistribution"))
    if sets_policy(call):
        owner = f"/restapis/{call.rest_api}" if call.rest_api else "/restapis"
        asks.append(Ask("apigateway:UpdateRestApiPolicy", root + owner, context))
    return asks + [pass_role(role, GATEWAY) for role in passed_roles(call)]


# --- IAM -----------------------------------------------------------------------------------------------------------


def find_role(account, partition, name):
    roles = iam_backends[account][partition].roles.values()
    return next((role for role in list(roles) if role.name == name), None)


def _iam(call):
    params, arn = call.params, f"arn:{call.partition}:iam::{call.account}"
    resource, context = "*", {}
    if name := params.get("RoleName"):
        role = find_role(call.account, call.partition, name)
        resource = role.arn if role else f"{arn}:role{params.get('Path') or '/'}{name}"
        tags = _tag_list(role.tags) if role else {}
        context |= _tags("aws:ResourceTag", tags) | _tags("iam:ResourceTag", tags)
        boundary = params.get("PermissionsBoundary") or (role and role.permissions_boundary_arn)
        context |= {"iam:PermissionsBoundary": boundary} if boundary else {}
        context |= {"iam:PolicyARN": params["PolicyArn"]} if params.get("PolicyArn") else {}
    elif params.get("PolicyArn"):
        resource = params["PolicyArn"]
    elif call.operation == "CreatePolicy":
        resource = f"{arn}:policy{params.get('Path') or '/'}{params['PolicyName']}"
    context |= _request_tags(_tag_list(params.get("Tags")))
    if params.get("TagKeys"):
        context["aws:TagKeys"] = list(params["TagKeys"])
    asks = [Ask(f"iam:{call.operation}", resource, context)]
    if params.get("Tags") and call.operation in ("CreateRole", "CreatePolicy"):
        asks.append(Ask("iam:" + call.operation.replace("Create", "Tag"), resource, context))
    return asks


# --- Step Functions ------------------------------------------------------------------------------------------------


def unqualified(arn):
    """State machine ARN and qualifier of a version or alias: AWS authorizes on the unqualified ARN (step-functions
    dg/auth-version-alias.html), the qualifier is the condition key states:StateMachineQualifier."""
    parts = arn.split(":")
    if len(parts) == 8 and parts[5] == "stateMachine":
        return ":".join(parts[:7]), parts[7]
    return arn, None


def _states(call):
    params = call.params
    prefix = f"arn:{call.partition}:states:{call.region}:{call.account}"
    resource, qualifier = "*", None
    if call.operation not in STATES_WITHOUT_RESOURCE:
        given = next((params[key] for key in STATES_RESOURCES if params.get(key)), None)
        if call.operation in ("CreateStateMachine", "CreateActivity"):
            kind = "activity" if call.operation == "CreateActivity" else "stateMachine"
            given = f"{prefix}:{kind}:{params.get('name')}"
        resource, qualifier = unqualified(given) if given else ("*", None)
    context = {"states:StateMachineQualifier": qualifier} if qualifier else {}
    context |= _request_tags({tag["key"]: tag["value"] for tag in params.get("tags") or []})
    asks = [Ask(f"states:{call.operation}", resource, context)]
    if params.get("publish"):
        asks.append(Ask("states:PublishStateMachineVersion", resource, context))
    if params.get("roleArn"):
        asks.append(pass_role(params["roleArn"], "states.amazonaws.com"))
    return asks


# --- STS -----------------------------------------------------------------------------------------------------------


def _sts(call):
    params = call.params
    if call.operation != "AssumeRole":
        return []  # GetCallerIdentity needs no permission
    context = {"sts:RoleSessionName": params.get("RoleSessionName", "")}
    context |= {"sts:ExternalId": params["ExternalId"]} if params.get("ExternalId") else {}
    context |= _request_tags(_tag_list(params.get("Tags")))
    asks = [Ask("sts:AssumeRole", params.get("RoleArn", "*"), context)]
    return asks + ([Ask("sts:TagSession", params["RoleArn"], context)] if params.get("Tags") else [])
