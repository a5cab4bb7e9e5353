"""Checks of what stages keep and give back: method settings, canaries, client certificates."""

from check_bed import call, check, expect


def replace(path, value):
    return {"op": "replace", "path": path, "value": value}


def remove(path):
    return {"op": "remove", "path": path}


def staged(bed, number):
    a = bed.account(number)
    api = a.rest_api()
    a.put(api, None, integration={"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}})
    a.deploy(api)

    def update(*operations):
        return call(a.api.update_stage, restApiId=api, stageName="s", patchOperations=list(operations))

    return a, api, update, lambda: a.api.get_stage(restApiId=api, stageName="s")


SWIFT = {"quotas": False, "writeSeconds": 0.0, "deployDelaySeconds": 0.0, "iamDelaySeconds": 0.0}


@check
def method_settings_are_copied_once_and_removed_whole(bed):
    with bed.settings(**SWIFT):
        _, _, update, stage = staged(bed, "620000000001")
        expect(update(replace("/*/*/throttling/rateLimit", "7"), replace("/*/*/metrics/enabled", "true")), 200)
        expect(update(replace("/~1orders~1{id}/GET/throttling/burstLimit", "3")), 200)
        settings = stage()["methodSettings"]
        assert settings["*/*"]["throttlingBurstLimit"] == 5000, settings
        own = settings["~1orders~1{id}/GET"]
        assert (own["throttlingRateLimit"], own["throttlingBurstLimit"], own["metricsEnabled"]) == (7.0, 3, True), own
        assert own["unauthorizedCacheControlHeaderStrategy"] == "SUCCEED_WITH_RESPONSE_HEADER", own
        # in one call with others, and not re-based
        expect(update(replace("/description", "d"), remove("/*/*"), replace("/tracingEnabled", "true")), 200)
        after = stage()
        assert list(after["methodSettings"]) == ["~1orders~1{id}/GET"], after
        assert (after["description"], after["tracingEnabled"]) == ("d", True), after
        text = "Cannot remove method setting */* because there is no method setting for this method"
        expect(update(replace("/description", "lost"), remove("/*/*")), 400, "BadRequestException", text)
        assert stage()["description"] == "d", "all operations or none"
        expect(update(remove("/~1orders~1{id}/GET")), 200)
        assert stage()["methodSettings"] == {}, stage()


@check
def limits_of_minus_one_are_none(bed):
    with bed.settings(**SWIFT):
        a, api, update, _ = staged(bed, "620000000002")
        expect(update(replace("/*/*/throttling/rateLimit", "0"), replace("/*/*/throttling/burstLimit", "0")), 200)
        expect(a.invoke(api, {}), 429)
        expect(update(replace("/*/*/throttling/rateLimit", "-1"), replace("/*/*/throttling/burstLimit", "-1")), 200)
        expect(a.invoke(api, {}), 200)


@check
def canary_gets_its_variables_and_loses_them_one_by_one(bed):
    with bed.settings(**SWIFT):
        _, _, update, stage = staged(bed, "620000000003")
        override = "/canarySettings/stageVariableOverrides/"
        expect(
            update(
                replace("/canarySettings/percentTraffic", "10.5"),
                replace("/canarySettings/useStageCache", "true"),
                replace(override + "a", "1"),
                replace(override + "b", "2"),
            ),
            200,
        )
        canary = stage()["canarySettings"]
        assert canary["percentTraffic"] == 10.5 and canary["stageVariableOverrides"] == {"a": "1", "b": "2"}, canary
        assert canary["useStageCache"] is True, canary
        assert canary["deploymentId"] == stage()["deploymentId"], canary
        expect(update(remove(override + "a")), 200)
        assert stage()["canarySettings"]["stageVariableOverrides"] == {"b": "2"}
        expect(update(remove("/canarySettings")), 200)
        assert "canarySettings" not in stage(), stage()


@check
def access_logs_are_set_in_halves_and_removed_whole(bed):
    with bed.settings(**SWIFT):
        a, _, update, stage = staged(bed, "620000000004")
        role = "arn:aws:iam::620000000004:role/logs"
        a.api.update_account(patchOperations=[replace("/cloudwatchRoleArn", role)])
        group = "arn:aws:logs:us-east-1:620000000004:log-group:calls"
        both = replace("/accessLogSettings/destinationArn", group), replace("/accessLogSettings/format", "$context.requestId")
        expect(update(*both), 200)
        assert stage()["accessLogSettings"] == {"destinationArn": group, "format": "$context.requestId"}, stage()
        expect(update(replace("/accessLogSettings/format", "")), 400, message="Access Log value must not be empty")
        expect(update(remove("/accessLogSettings")), 200)
        assert "accessLogSettings" not in stage(), stage()


@check
def client_certificates_are_tagged_paged_and_held_by_stages(bed):
    with bed.settings(**SWIFT):
        a, _, update, stage = staged(bed, "620000000005")
        made = [a.api.generate_client_certificate(tags={"n": str(n)})["clientCertificateId"] for n in range(3)]
        first = a.api.get_client_certificates(limit=2)
        second = a.api.get_client_certificates(limit=2, position=first["position"])
        assert [item["clientCertificateId"] for item in first["items"] + second["items"]] == made
        assert "position" not in second and first["items"][1]["tags"] == {"n": "1"}, first
        arn = f"arn:aws:apigateway:us-east-1::/clientcertificates/{made[0]}"
        a.api.tag_resource(resourceArn=arn, tags={"x": "y"})
        a.api.untag_resource(resourceArn=arn, tagKeys=["n"])
        assert a.api.get_client_certificates()["items"][0]["tags"] == {"x": "y"}
        expect(update(replace("/clientCertificateId", "nosuch")), 400)
        expect(update(replace("/clientCertificateId", made[0])), 200)
        assert stage()["clientCertificateId"] == made[0], stage()
        expect(call(a.api.delete_client_certificate, clientCertificateId=made[0]), 400)
        expect(update(replace("/clientCertificateId", "")), 200)
        assert "clientCertificateId" not in stage(), stage()
        expect(call(a.api.delete_client_certificate, clientCertificateId=made[0]), 202)
        expect(call(a.api.delete_client_certificate, clientCertificateId=made[0]), 404)
