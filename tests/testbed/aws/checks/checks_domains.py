"""Checks of apigateway_domains.py: custom domain names, their mappings, and calls that come by them."""

from check_bed import call, check, expect
from checks_stages import SWIFT, replace, staged


def certificate(number, region="us-east-1"):
    return f"arn:aws:acm:{region}:{number}:certificate/1"


def create(a, name, kind="REGIONAL", region="us-east-1", **more):
    field = "regionalCertificateArn" if kind == "REGIONAL" else "certificateArn"
    arguments = {field: certificate(a.number, region), "endpointConfiguration": {"types": [kind]}, **more}
    return call(a.api.create_domain_name, domainName=name, **arguments)


@check
def domain_names_are_once_in_all_of_aws_and_have_a_target_by_type(bed):
    with bed.settings(**SWIFT):
        a, other = bed.account("650000000001"), bed.account("650000000002")
        made = expect(create(a, "one.check.example", tags={"n": "1"}), 201).body
        assert made["regionalDomainName"].endswith(".execute-api.us-east-1.amazonaws.com"), made
        assert made["regionalHostedZoneId"] == "Z1UJRXOUMOOFQ8" and made["tags"] == {"n": "1"}, made
        expect(create(other, "one.check.example"), 409)
        expect(create(a, "west.check.example", region="us-west-2"), 400, message="Certificate must be in another region")
        edge = expect(create(a, "edge.check.example", "EDGE"), 201).body
        assert edge["distributionDomainName"].endswith(".cloudfront.net"), edge
        moved = [replace("/endpointConfiguration/types/REGIONAL", "EDGE"), replace("/certificateArn", certificate(a.number))]
        changed = a.api.update_domain_name(domainName="one.check.example", patchOperations=moved)
        assert "regionalDomainName" not in changed and "distributionDomainName" in changed, changed
        first = a.api.get_domain_names(limit=1)
        second = a.api.get_domain_names(limit=1, position=first["position"])
        names = [item["domainName"] for item in first["items"] + second["items"]]
        assert sorted(names) == ["edge.check.example", "one.check.example"] and "position" not in second, names
        expect(call(a.api.delete_domain_name, domainName="one.check.example"), 202)
        expect(call(a.api.delete_domain_name, domainName="one.check.example"), 404)


@check
def calls_by_a_domain_name_go_where_their_first_segment_is_mapped(bed):
    with bed.settings(**SWIFT):
        a, api, _, _ = staged(bed, "650000000003")
        name = "calls.check.example"
        create(a, name)

        def mapped(**more):
            return call(a.api.create_base_path_mapping, domainName=name, restApiId=api, **more)

        def invoke(path):
            return bed.http("POST", path, {}, {"Host": name})

        expect(invoke("/"), 403, "ForbiddenException")
        expect(mapped(basePath="a/b", stage="s"), 400, message="slash character")
        expect(mapped(basePath="orders", stage="none"), 400, message="Invalid stage identifier")
        expect(mapped(basePath="orders", stage="s"), 201)
        expect(mapped(basePath="orders", stage="s"), 409)
        expect(invoke("/orders"), 200)
        expect(invoke("/"), 403)
        expect(mapped(stage="s"), 201)
        expect(invoke("/"), 200)
        expect(call(a.api.delete_rest_api, restApiId=api), 400, message="remove all base path mappings")
        a.api.delete_domain_name(domainName=name)
        expect(call(a.api.delete_rest_api, restApiId=api), 202)
