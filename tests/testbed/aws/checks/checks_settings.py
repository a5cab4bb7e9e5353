"""Checks of apigateway_settings.py: endpoint types, VPC endpoints, TLS policies, and what a put resets."""

import json

from check_bed import call, check, eventually, expect, openapi
from checks_stages import SWIFT, replace


def endpoint(a, api):
    return a.api.get_rest_api(restApiId=api)["endpointConfiguration"]


def update(a, api, *operations):
    return call(a.api.update_rest_api, restApiId=api, patchOperations=list(operations))


@check
def endpoints_change_as_aws_lets_them(bed):
    with bed.settings(**SWIFT):
        a = bed.account("660000000001")
        vpc = {"op": "add", "path": "/endpointConfiguration/vpcEndpointIds", "value": "vpce-1"}
        api = a.rest_api()
        expect(update(a, api, vpc), 400, message="VPCEndpoints can only be specified with PRIVATE apis.")
        expect(update(a, api, replace("/endpointConfiguration/types/REGIONAL", "PRIVATE")), 200)
        assert endpoint(a, api) == {"types": ["PRIVATE"], "ipAddressType": "dualstack"}, endpoint(a, api)
        expect(update(a, api, replace("/endpointConfiguration/ipAddressType", "ipv4")), 400)
        expect(update(a, api, vpc), 200)
        assert endpoint(a, api)["vpcEndpointIds"] == ["vpce-1"], endpoint(a, api)
        expect(update(a, api, replace("/endpointConfiguration/types/PRIVATE", "REGIONAL")), 400)
        expect(update(a, api, {**vpc, "op": "remove"}), 200)
        expect(update(a, api, replace("/endpointConfiguration/types/PRIVATE", "EDGE")), 400, message="PRIVATE to EDGE")
        expect(update(a, api, replace("/endpointConfiguration/types/PRIVATE", "REGIONAL")), 200)
        assert endpoint(a, api) == {"types": ["REGIONAL"], "ipAddressType": "ipv4"}, endpoint(a, api)
        expect(update(a, api, replace("/disableExecuteApiEndpoint", "true")), 200)
        assert a.api.get_rest_api(restApiId=api)["disableExecuteApiEndpoint"] is True
        wrong = {"types": ["REGIONAL"], "vpcEndpointIds": ["vpce-1"]}
        expect(call(a.api.create_rest_api, name="wrong", endpointConfiguration=wrong), 400)


@check
def put_resets_the_ip_address_type_and_a_tls_policy_takes_its_time(bed):
    # In seconds of AWS; the bed's clock may be faster.
    with bed.settings(**SWIFT, apiUpdateSeconds=3.0):
        a = bed.account("660000000002")
        api = a.rest_api()
        expect(update(a, api, replace("/endpointConfiguration/ipAddressType", "dualstack")), 200)
        expect(a.put(api, None, integration={"type": "mock"}), 200)
        assert endpoint(a, api)["ipAddressType"] == "ipv4", endpoint(a, api)
        policy = {"x-amazon-apigateway-security-policy": "SecurityPolicy_TLS13_1_3_2025_09"}
        mode = {"x-amazon-apigateway-endpoint-access-mode": "BASIC"}
        mock = {"integration": {"type": "mock"}}
        expect(a.put(api, None, **mock, **policy), 400, message="EndpointAccessMode must be set")
        edge = {**policy, "x-amazon-apigateway-security-policy": "SecurityPolicy_TLS13_2025_EDGE", **mode}
        expect(a.put(api, None, **mock, **edge), 400, message="is not supported for REGIONAL APIs")
        expect(a.put(api, None, **mock, **policy, **mode), 200)
        expect(a.put(api, None, **mock, **policy, **mode), 409, message="while the API is being updated")
        expect(update(a, api, replace("/description", "d")), 409)
        eventually(lambda: a.put(api, None, **mock, **policy, **mode).status == 200)
        # the same policy again changes nothing
        expect(update(a, api, replace("/description", "d")), 200)


@check
def merge_leaves_alone_what_the_document_does_not_have(bed):
    with bed.settings(**SWIFT):
        a = bed.account("660000000003")
        mock = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
        api = a.rest_api(description="of before")
        both = openapi(None, path="/a/b", integration=mock)
        both["paths"]["/a/b"]["get"] = both["paths"]["/a/b"]["post"]
        expect(a.put_document(api, both), 200)
        found = lambda: {r["path"]: r for r in a.api.get_resources(restApiId=api, embed=["methods"])["items"]}
        before = found()
        new = openapi(None, path="/a/b", integration={**mock, "timeoutInMillis": 1000})
        new["paths"]["/a/c"] = new["paths"]["/a/b"]
        expect(call(a.api.put_rest_api, restApiId=api, mode="merge", body=json.dumps(new)), 200)
        after = found()
        assert sorted(after) == ["/", "/a", "/a/b", "/a/c"], after
        assert all(after[path]["id"] == r["id"] for path, r in before.items()), after
        assert after["/a/c"]["parentId"] == after["/a"]["id"], after
        methods = after["/a/b"]["resourceMethods"]
        assert methods["GET"] == before["/a/b"]["resourceMethods"]["GET"], methods
        assert methods["POST"]["methodIntegration"]["timeoutInMillis"] == 1000, methods
        a.deploy(api)
        for method, path in (("GET", "a/b"), ("POST", "a/b"), ("POST", "a/c")):
            eventually(lambda: a.invoke(api, b"{}", path=path, method=method).status == 200)
        expect(call(a.api.put_rest_api, restApiId=api, mode="overwrite", body=json.dumps(new)), 200)
        assert sorted(found()["/a/b"]["resourceMethods"]) == ["POST"], found()
