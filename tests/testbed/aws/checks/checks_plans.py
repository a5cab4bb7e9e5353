"""Checks of apigateway_plans.py: usage plans and API keys, and what callers with keys get."""

from check_bed import call, check, expect
from checks_stages import SWIFT, replace

MOCK = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


def keyed(bed, number):
    """An API whose POST / takes a key, on the stages s and t; its account and id."""
    a = bed.account(number)
    api = a.rest_api()
    document = {"openapi": "3.0.1", "info": {"title": "api", "version": "1"}, "paths": {"/": {"post": {
        "responses": {"200": {"description": "200"}}, "security": [{"api_key": []}],
        "x-amazon-apigateway-integration": {**MOCK, "responses": {"default": {"statusCode": "200"}}},
    }}}, "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}}  # fmt: skip
    a.put_document(api, document)
    a.deploy(api)
    a.deploy(api, "t")
    return a, api


def plan(a, name, api, stage="s", **more):
    return a.api.create_usage_plan(name=name, apiStages=[{"apiId": api, "stage": stage}], **more)["id"]


def attach(a, plan_id, key_id):
    return call(a.api.create_usage_plan_key, usagePlanId=plan_id, keyId=key_id, keyType="API_KEY")


@check
def keys_open_the_stages_of_their_plans_within_throttle_and_quota(bed):
    with bed.settings(**SWIFT):
        a, api = keyed(bed, "640000000001")
        slow = plan(a, "slow", api, throttle={"rateLimit": 0.001, "burstLimit": 2})
        counted = plan(a, "counted", api, "t", quota={"limit": 3, "offset": 1, "period": "MONTH"})
        keys = [a.api.create_api_key(name=name, enabled=True) for name in ("slow", "counted")]
        for plan_id, key in zip((slow, counted), keys):
            expect(attach(a, plan_id, key["id"]), 201)

        def invoke(stage, key):
            return a.invoke(api, {}, stage, headers={"x-api-key": key["value"]})

        expect(a.invoke(api, {}), 403)
        expect(invoke("t", keys[0]), 403)
        assert [invoke("s", keys[0]).status for _ in range(3)] == [200, 200, 429]
        # the offset counts as a call
        assert [invoke("t", keys[1]).status for _ in range(3)] == [200, 200, 429]


@check
def plans_are_patched_by_method_and_not_deleted_with_their_stages(bed):
    with bed.settings(**SWIFT):
        a, api = keyed(bed, "640000000002")
        expect(call(a.api.create_usage_plan, name="x", apiStages=[{"apiId": api, "stage": "none"}]), 404)
        one = plan(a, "one", api, tags={"n": "1"})

        def update(*operations):
            return call(a.api.update_usage_plan, usagePlanId=one, patchOperations=list(operations))

        path = f"/apiStages/{api}:s/throttle//orders/POST/"
        expect(update(replace(path + "rateLimit", "2"), replace(path + "burstLimit", "5")), 200)
        stage = a.api.get_usage_plan(usagePlanId=one)["apiStages"][0]
        assert stage["throttle"] == {"/orders/POST": {"rateLimit": 2.0, "burstLimit": 5}}, stage
        expect(update({"op": "add", "path": "/apiStages", "value": f"{api}:s"}), 409)
        expect(update(replace("/nothing", "1")), 400)
        expect(call(a.api.delete_usage_plan, usagePlanId=one), 400, message="API Stages associated")
        a.api.delete_stage(restApiId=api, stageName="s")
        assert a.api.get_usage_plan(usagePlanId=one).get("apiStages", []) == []
        expect(call(a.api.delete_usage_plan, usagePlanId=one), 202)
        for name in ("p", "q", "r"):
            plan(a, name, api, "t")
        first = a.api.get_usage_plans(limit=2)
        second = a.api.get_usage_plans(limit=2, position=first["position"])
        assert [item["name"] for item in first["items"] + second["items"]] == ["p", "q", "r"], second


@check
def key_is_once_in_the_plans_of_a_stage_and_leaves_them_when_deleted(bed):
    with bed.settings(**SWIFT):
        a, api = keyed(bed, "640000000003")
        one, two, other = plan(a, "one", api), plan(a, "two", api), plan(a, "other", api, "t")
        key = a.api.create_api_key(name="k", enabled=True)["id"]
        expect(attach(a, one, key), 201)
        expect(attach(a, two, key), 409)
        expect(attach(a, other, key), 201)
        expect(attach(a, one, "none"), 404)
        expect(call(a.api.delete_usage_plan_key, usagePlanId=two, keyId=key), 404)
        expect(call(a.api.delete_api_key, apiKey=key), 202)
        assert a.api.get_usage_plan_keys(usagePlanId=one)["items"] == []
        expect(call(a.api.delete_api_key, apiKey=key), 404)
