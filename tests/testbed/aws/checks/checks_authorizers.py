"""Checks of strict_authorizers.py: who is let in by Cognito tokens and Lambda functions, and which requests are valid."""

import base64
import json

from check_bed import REGION, check, expect
from checks_plans import MOCK
from checks_stages import SWIFT

FAR = 4_102_444_800


def token(**claims):
    def part(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    every = {"iss": f"https://cognito-idp.{REGION}.amazonaws.com/us-east-1_Pool", "exp": FAR, "token_use": "id"}
    return ".".join([part({"alg": "RS256"}), part({**every, **claims}), "c2ln"])


def guarded(bed, number, authorizer, scopes=(), **method):
    """An API whose POST / is behind an authorizer and answers 200; a call to it."""
    a = bed.account(number)
    api = a.rest_api()
    scheme = {"type": "apiKey", "name": "Authorization", "in": "header", **authorizer(a.number)}
    document = {"openapi": "3.0.1", "info": {"title": "api", "version": "1"}, "paths": {"/": {"post": {
        "responses": {"200": {"description": "200"}}, "security": [{"guard": list(scopes)}],
        "x-amazon-apigateway-integration": {**MOCK, "responses": {"default": {"statusCode": "200"}}}, **method,
    }}}, "components": {"securitySchemes": {"guard": scheme}, "schemas": {"Order": {"type": "object", "required": ["id"]}}},
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True, "validateRequestParameters": True}},
    }  # fmt: skip
    a.put_document(api, document)
    a.deploy(api)

    def invoke(value=None, body=None, **headers):
        return a.invoke(api, body or {}, headers={**({"Authorization": value} if value else {}), **headers})

    return invoke


def cognito(number):
    pool = f"arn:aws:cognito-idp:{REGION}:{number}:userpool/us-east-1_Pool"
    return {
        "x-amazon-apigateway-authtype": "cognito_user_pools",
        "x-amazon-apigateway-authorizer": {"type": "cognito_user_pools", "providerARNs": [pool]},
    }


def function(number):
    return f"arn:aws:lambda:{REGION}:{number}:function:check"


def by_token(number):
    uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function(number)}/invocations"
    own = {"type": "token", "authorizerUri": uri, "identityValidationExpression": "Bearer .+"}
    return {
        "x-amazon-apigateway-authtype": "custom",
        "x-amazon-apigateway-authorizer": {**own, "authorizerResultTtlInSeconds": 300},
    }


@check
def cognito_looks_at_pool_expiry_use_and_scopes(bed):
    with bed.settings(**SWIFT):
        invoke = guarded(bed, "670000000001", cognito)
        expect(invoke(token()), 200)
        other = token(iss=f"https://cognito-idp.{REGION}.amazonaws.com/us-east-1_Other")
        for value in (None, "nonsense", token(exp=1), token(token_use="access"), other):
            expect(invoke(value), 401)
        scoped = guarded(bed, "670000000002", cognito, ["orders/write"])
        expect(scoped(token(token_use="access", scope="openid orders/write")), 200)
        expect(scoped(token(token_use="access", scope="orders/read")), 401)
        expect(scoped(token()), 401)


@check
def functions_answer_what_they_were_told(bed):
    with bed.settings(**SWIFT):
        invoke = guarded(bed, "670000000003", by_token)
        expect(invoke("Bearer a"), 500)  # nobody told about it

        def policy(effect):
            statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": "*"}
            return {"principalId": "p", "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}

        answers = {"Bearer a": policy("Allow"), "Bearer d": policy("Deny"), "Bearer x": {}}
        expect(bed.http("PUT", "/_test/authorizers", {function("670000000003"): answers}), 200)
        expect(invoke("Bearer a"), 200)
        expect(invoke("Bearer d"), 403)
        expect(invoke("Bearer x"), 500)
        for value in (None, "a", "Bearer unknown"):
            expect(invoke(value), 401)


@check
def bodies_and_parameters_are_held_against_what_the_method_asks_for(bed):
    with bed.settings(**SWIFT):
        asks = {
            "x-amazon-apigateway-request-validator": "all",
            "parameters": [{"in": "header", "name": "X-Tenant", "required": True, "schema": {"type": "string"}}],
            "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Order"}}}},
        }
        invoke = guarded(bed, "670000000004", cognito, **asks)
        expect(invoke(token(), {"id": 1}, **{"x-tenant": "a"}), 200)
        expect(invoke(token(), {"id": 1}), 400)
        expect(invoke(token(), {"id": 1}, **{"X-Tenant": " "}), 400)
        expect(invoke(token(), {"no": 1}, **{"X-Tenant": "a"}), 400)
        # a content type without a model is not looked at
        plain = {"X-Tenant": "a", "Content-Type": "text/plain"}
        assert invoke(token(), {"no": 1}, **plain).status != 400
