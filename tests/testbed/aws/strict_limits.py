"""Sizes, counts and validations that AWS has and LocalStack lacks, checked before the operation runs.

Messages in quotes from AWS are marked [seen] where a report shows them; the others are worded alike.
"""

import json
import re

from localstack.aws.api import CommonServiceException
from localstack.aws.api.apigateway import BadRequestException, LimitExceededException
from localstack.services.apigateway.models import apigateway_stores
from moto.apigateway.models import apigateway_backends
from moto.iam.models import iam_backends

from openapi import integrations, resource_paths
from strict_actions import find_role
from strict_settings import SETTINGS

LIMITS = {
    # AWS: "Amazon API Gateway quotas", per region, API or stage
    "regionalApis": 600,
    "edgeApis": 120,
    "privateApis": 600,
    "resourcesPerApi": 300,
    "stagesPerApi": 10,
    "stageVariables": 100,
    "stageVariableName": 64,
    "stageVariableValue": 512,
    "resourcePolicyCharacters": 8192,
    "importBytes": 6 * 1024 * 1024,
    "integrationTimeoutMillis": 29000,
    "tags": 50,
    # clients that split their updates do so at 80 operations (serverless-api-gateway-throttling, -caching)
    "stagePatchOperations": 80,
    # AWS: "IAM and AWS STS quotas"
    "rolesPerAccount": 1000,
    "roleNameCharacters": 64,
    "roleDescriptionCharacters": 1000,
    "trustPolicyCharacters": 2048,
    "inlinePolicyCharacters": 10240,
    "managedPoliciesPerRole": 10,
}


def limit(name):
    return SETTINGS["limitOverrides"].get(name, LIMITS[name])


def check(call):
    """Raise what AWS answers to a call that LocalStack would let through."""
    for rule in RULES.get((call.service, call.operation), ()):
        rule(call)


# --- API Gateway ---------------------------------------------------------------------------------------------------


def reached(things):
    # [seen] for Resources, Authorizers and APIs: github.com/boto/boto3/issues/1296
    return LimitExceededException(
        f"Maximum number of {things} for this API has been reached.  "
        f"Please contact AWS if you need additional {things}."
    )


def backend(call):
    return apigateway_backends[call.account][call.region]


def rest_api(call):
    return backend(call).apis.get(call.rest_api)


def patches(call):
    return call.params.get("patchOperations") or []


def number_of_apis(call):
    asked = (call.params.get("endpointConfiguration") or {}).get("types") or ["EDGE"]
    if call.operation == "ImportRestApi":
        asked = [(call.params.get("parameters") or {}).get("endpointConfigurationTypes") or "EDGE"]
    name = {"REGIONAL": "regionalApis", "PRIVATE": "privateApis"}.get(asked[0], "edgeApis")
    have = [
        api
        for api in list(backend(call).apis.values())
        if (api.endpoint_configuration.get("types") or ["EDGE"])[0] == asked[0]
    ]
    if len(have) >= limit(name):
        raise LimitExceededException(
            "Maximum number of APIs has been reached.  Please contact AWS if you need additional APIs."
        )


def import_size(call):
    if len(call.body) > limit("importBytes"):
        raise BadRequestException("The specified body exceeds the maximum size of an API definition")


def number_of_resources(call):
    if call.operation == "CreateResource":
        api = rest_api(call)
        count = len(api.resources) + 1 if api else 0
    else:
        count = len(resource_paths(call.document))
    if count > limit("resourcesPerApi"):
        raise reached("Resources")


def integration_problem(integration, account):
    """What AWS finds wrong with an integration, as an exception, or None."""
    kind, uri = str(integration.get("type", "")).upper(), str(integration.get("uri") or "")
    role = integration.get("credentials")
    timeout = integration.get("timeoutInMillis")
    if kind == "AWS" and uri.startswith("arn:") and ":lambda:path/" not in uri and not role:
        # [seen] terraform-provider-aws/issues/7916
        return BadRequestException("Role ARN must be specified for AWS integrations")
    if role and ":role/" in str(role) and str(role).split(":")[4] != account:
        # field-measured
        return CommonServiceException(
            "AccessDeniedException", "Cross-account pass role is not allowed.", status_code=403
        )
    if timeout is not None and not 50 <= int(timeout) <= limit("integrationTimeoutMillis"):
        # [seen] with 29000
        return BadRequestException(f"Timeout should be between 50 ms and {limit('integrationTimeoutMillis')} ms")
    return None


def one_integration(call):
    if problem := integration_problem(call.params, call.account):
        raise problem


def imported_integrations(call):
    """Import collects what is wrong with integrations; one line each [seen], AccessDenied alone [inf]."""
    lines = []
    for path, verb, integration in integrations(call.document):
        problem = integration_problem(integration, call.account)
        if isinstance(problem, BadRequestException):
            method = "ANY" if verb == "x-amazon-apigateway-any-method" else verb.upper()
            lines.append(f"Unable to put integration on '{method}' for resource at path '{path}': {problem.message}")
        elif problem:
            raise problem
    if lines:
        raise BadRequestException("Errors found during import:\n\t" + "\n\t".join(lines))


def resource_policy(call):
    policies = [call.params.get("policy"), call.document.get("x-amazon-apigateway-policy")]
    policies += [op.get("value") for op in patches(call) if op.get("path") == "/policy"]
    for policy in filter(None, policies):
        text = policy if isinstance(policy, str) else json.dumps(policy, separators=(",", ":"))
        try:
            valid = isinstance(json.loads(text), dict)
        except ValueError:
            valid = False
        if not valid:  # [seen]
            raise BadRequestException(
                "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
            )
        if len(text) > limit("resourcePolicyCharacters"):
            raise BadRequestException(
                f"Policy exceeds the maximum length of {limit('resourcePolicyCharacters')} characters"
            )


def tags(call):
    given = call.params.get("tags") or {}
    if len(given) > limit("tags"):
        raise BadRequestException(f"A resource can have at most {limit('tags')} tags")
    if any(key.lower().startswith("aws:") for key in given):
        raise BadRequestException("Tag keys that start with aws: are reserved")


def stage_name(call):
    name = call.params.get("stageName")
    if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_-")  # [seen], then without the hyphen


def stage_variables(call):
    given = dict(call.params.get("variables") or {})
    for op in patches(call):
        if op.get("path", "").startswith("/variables/") and op.get("op") != "remove":
            given[op["path"].removeprefix("/variables/")] = op.get("value") or ""
    for name, value in given.items():
        if not re.fullmatch(r"\w+", name, re.ASCII) or len(name) > limit("stageVariableName"):  # [seen]
            raise BadRequestException(
                f"Invalid stage variable name: {name}.  Please use names with only word characters."
            )
        if not re.fullmatch(r"[A-Za-z0-9\-._~:/?#&=,]+", value) or len(value) > limit("stageVariableValue"):  # [seen]
            raise BadRequestException(
                f"Invalid stage variable value: {value}.  Please use values with alphanumeric characters and the "
                "symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
    stage = api.stages.get(call.params.get("stageName")) if (api := rest_api(call)) else None
    if given and len({*given, *(stage.variables if stage else {})}) > limit("stageVariables"):
        raise reached("stage variables")


def number_of_stages(call):
    name, api = call.params.get("stageName"), rest_api(call)
    if api and name and name not in api.stages and len(api.stages) >= limit("stagesPerApi"):
        raise reached("stages")


def stage_patch_size(call):
    if len(patches(call)) > limit("stagePatchOperations"):
        # [seen] serverless-api-gateway-caching/issues/46
        raise BadRequestException("Update size too large. Try updating stage in multiple UpdateStage operations")


def logging_role(call):
    """Logs need the account's role, which a new account does not have; LocalStack's pretends to."""

    def logs(op):
        path, value = op.get("path", ""), str(op.get("value") or "")
        return (path.endswith("/logging/loglevel") and value.upper() in ("ERROR", "INFO")) or (
            path.startswith("/accessLogSettings") and value
        )

    account = apigateway_stores[call.account][call.region]._account
    if any(map(logs, patches(call))) and not account.get("cloudwatchRoleArn"):
        raise BadRequestException("CloudWatch Logs role ARN must be set in account settings to enable logging")


def deployable(call):
    """A method without integration, a private API without policy."""
    api = rest_api(call)
    if api is None:
        return
    methods = [method for resource in api.resources.values() for method in resource.resource_methods.values()]
    if methods and any(method.method_integration is None for method in methods):
        raise BadRequestException("No integration defined for method")
    if (api.endpoint_configuration.get("types") or [None])[0] == "PRIVATE" and not api.policy:
        raise BadRequestException("Private REST API doesn't have a resource policy attached to it")


def canary_holds_deployment(call):
    api = rest_api(call)
    canaries = [getattr(stage, "canary_settings", None) or {} for stage in api.stages.values()] if api else []
    if any(canary.get("deploymentId") == call.params.get("deploymentId") for canary in canaries):
        # field-measured
        raise BadRequestException(
            "Active stages with canary settings pointing to this deployment must be moved or deleted"
        )


# --- IAM -----------------------------------------------------------------------------------------------------------


def exceeds(text):
    return CommonServiceException("LimitExceeded", text, status_code=409, sender_fault=True)


def constraint(value, member, rule):
    text = f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    return CommonServiceException("ValidationError", text, sender_fault=True)


def policy_length(text):
    """IAM does not count white space."""
    return len(re.sub(r"\s", "", text or ""))


def role_fields(call):
    params = call.params
    name, description = params.get("RoleName", ""), params.get("Description") or ""
    for member, value, longest in (
        ("roleName", name, limit("roleNameCharacters")),
        ("description", description, limit("roleDescriptionCharacters")),
    ):
        if len(value) > longest:
            raise constraint(value, member, f"Member must have length less than or equal to {longest}")
    if not re.fullmatch(r"[\w+=,.@-]+", name, re.ASCII):
        raise CommonServiceException(
            "ValidationError",
            "The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-",
            sender_fault=True,
        )
    seconds = int(params.get("MaxSessionDuration") or 3600)
    if not 3600 <= seconds <= 43200:
        bound = "greater than or equal to 3600" if seconds < 3600 else "less than or equal to 43200"
        raise constraint(seconds, "maxSessionDuration", f"Member must have value {bound}")


def trust_policy_size(call):
    text = call.params.get("AssumeRolePolicyDocument") or call.params.get("PolicyDocument")
    if policy_length(text) > limit("trustPolicyCharacters"):  # [seen]
        raise exceeds(f"Cannot exceed quota for ACLSizePerRole: {limit('trustPolicyCharacters')}")


def number_of_roles(call):
    if len(iam_backends[call.account][call.partition].roles) >= limit("rolesPerAccount"):
        raise exceeds(f"Cannot exceed quota for RolesPerAccount: {limit('rolesPerAccount')}")


def inline_policy_size(call):
    role = find_role(call.account, call.partition, call.params.get("RoleName"))
    policies = {**role.policies, call.params.get("PolicyName"): call.params.get("PolicyDocument")} if role else {}
    if sum(map(policy_length, policies.values())) > limit("inlinePolicyCharacters"):  # [seen]
        name = call.params.get("RoleName")
        raise exceeds(f"Maximum policy size of {limit('inlinePolicyCharacters')} bytes exceeded for role {name}")


def number_of_attached(call):
    role = find_role(call.account, call.partition, call.params.get("RoleName"))
    attached = {*role.managed_policies, call.params.get("PolicyArn")} if role else ()
    if len(attached) > limit("managedPoliciesPerRole"):
        raise exceeds(f"Cannot exceed quota for PoliciesPerRole: {limit('managedPoliciesPerRole')}")


def boundary_exists(call):
    arn = call.params.get("PermissionsBoundary")
    if arn and arn not in iam_backends[call.account][call.partition].managed_policies:
        text = f"Scope ARN: {arn} does not exist or is not attachable."
        raise CommonServiceException("NoSuchEntity", text, status_code=404, sender_fault=True)


RULES = {
    ("apigateway", "CreateRestApi"): [number_of_apis, resource_policy, tags],
    ("apigateway", "ImportRestApi"): [
        number_of_apis,
        import_size,
        number_of_resources,
        imported_integrations,
        resource_policy,
    ],
    ("apigateway", "PutRestApi"): [import_size, number_of_resources, imported_integrations, resource_policy],
    ("apigateway", "UpdateRestApi"): [resource_policy],
    ("apigateway", "CreateResource"): [number_of_resources],
    ("apigateway", "PutIntegration"): [one_integration],
    ("apigateway", "CreateStage"): [stage_name, stage_variables, number_of_stages, tags],
    ("apigateway", "CreateDeployment"): [stage_name, stage_variables, number_of_stages, deployable],
    ("apigateway", "DeleteDeployment"): [canary_holds_deployment],
    ("apigateway", "UpdateStage"): [stage_patch_size, stage_variables, logging_role],
    ("apigateway", "TagResource"): [tags],
    ("iam", "CreateRole"): [role_fields, trust_policy_size, number_of_roles, boundary_exists],
    ("iam", "PutRolePermissionsBoundary"): [boundary_exists],
    ("iam", "UpdateAssumeRolePolicy"): [trust_policy_size],
    ("iam", "PutRolePolicy"): [inline_policy_size],
    ("iam", "AttachRolePolicy"): [number_of_attached],
}
