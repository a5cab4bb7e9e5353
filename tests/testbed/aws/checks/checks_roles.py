"""Checks of the integration's role: assumed, evaluated, late."""

import json
import time

from check_bed import GATEWAY_TRUST, allow, check, deny, document, eventually, expect

# --- the integration's role ------------------------------------------------------------------------------------------


def role_bed(bed):
    """An account with a machine, and settings under which only roles decide."""
    return bed.account("300000000001"), bed.settings(
        quotas=False, writeSeconds=0.0, iamDelaySeconds=0.0, deployDelaySeconds=0.0
    )


@check
def role_that_allows_the_action_serves(bed):
    a, settings = role_bed(bed)
    with settings:
        machine = a.machine()
        exact = a.deployed(a.role("exact", allow("states:StartExecution", machine)))
        answer = expect(a.invoke(exact, {"stateMachineArn": machine}), 200)
        assert ":execution:machine:" in answer.body["executionArn"], answer
        wild = a.deployed(
            a.role("wild", allow(["states:Start*"], "arn:aws:states:*:*:stateMachine:mach?ne"), Path="/team/")
        )
        expect(a.invoke(wild, {"stateMachineArn": machine}), 200)


@check
def role_of_the_tutorial_with_the_managed_policy_serves(bed):
    a, settings = role_bed(bed)
    with settings:
        machine = a.machine()
        role = a.role("tutorial")
        a.iam.attach_role_policy(RoleName="tutorial", PolicyArn="arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess")
        api = a.deployed(role)
        expect(a.invoke(api, {"stateMachineArn": machine}), 200)
        a.iam.detach_role_policy(RoleName="tutorial", PolicyArn="arn:aws:iam::aws:policy/AWSStepFunctionsFullAccess")
        expect(a.invoke(api, {"stateMachineArn": machine}), 400)


@check
def role_that_cannot_be_assumed_gives_500(bed):
    a, settings = role_bed(bed)
    with settings:
        machine = a.machine()
        missing = a.deployed("arn:aws:iam::300000000001:role/missing")
        answer = expect(a.invoke(missing, {"stateMachineArn": machine}), 500)
        assert answer.body == {"message": "Internal server error"}, answer
        other = dict(GATEWAY_TRUST, Principal={"Service": "lambda.amazonaws.com"})
        untrusting = a.deployed(a.role("untrusting", allow("states:*", "*"), trust=other))
        expect(a.invoke(untrusting, {"stateMachineArn": machine}), 500, message="Internal server error")
        a.iam.update_assume_role_policy(RoleName="untrusting", PolicyDocument=json.dumps(document(GATEWAY_TRUST)))
        expect(a.invoke(untrusting, {"stateMachineArn": machine}), 200)


@check
def role_error_is_in_the_log_of_test_invoke(bed):
    a, settings = role_bed(bed)
    with settings:
        role = "arn:aws:iam::300000000001:role/missing"
        api = a.rest_api()
        a.put(api, role)
        root = a.api.get_resources(restApiId=api)["items"][0]["id"]
        answer = a.api.test_invoke_method(restApiId=api, resourceId=root, httpMethod="POST", body="{}")
        line = (
            "Execution failed due to configuration error: API Gateway does not have permission to assume the provided"
        )
        assert answer["status"] == 500 and f"{line} role {role}" in answer["log"], answer
        a.put(api, a.role("present", allow("states:*", "*")))
        root = a.api.get_resources(restApiId=api)["items"][0]["id"]
        body = json.dumps({"stateMachineArn": a.machine()})
        assert a.api.test_invoke_method(restApiId=api, resourceId=root, httpMethod="POST", body=body)["status"] == 200


@check
def role_trust_conditions_are_honoured(bed):
    a, settings = role_bed(bed)

    def api_with(name, operator, key, value):
        trust = dict(GATEWAY_TRUST, Condition={operator: {key: value}})
        return a.deployed(a.role(name, allow("states:*", "*"), trust=trust))

    with settings:
        body = {"stateMachineArn": a.machine()}
        mine = api_with("mine", "StringEquals", "aws:SourceAccount", "300000000001")
        others = api_with("others", "StringEquals", "aws:SourceAccount", "999999999999")
        lenient = api_with("lenient", "StringEqualsIfExists", "aws:SourceAccount", "300000000001")
        arn = api_with("arn", "ArnLike", "aws:SourceArn", "arn:aws:execute-api:us-east-1:300000000001:*/s/POST/*")
        # API Gateway sends neither key: a field report
        assert [a.invoke(x, body).status for x in (mine, others, lenient, arn)] == [500, 500, 200, 500]
        with bed.settings(trustContext=["aws:SourceAccount", "aws:SourceArn"]):
            assert [a.invoke(x, body).status for x in (mine, others, lenient, arn)] == [200, 500, 200, 200]


@check
def role_without_the_action_or_resource_is_denied_by_step_functions(bed):
    a, settings = role_bed(bed)
    with settings:
        machine, other = a.machine(), a.machine("other")
        api = a.deployed(a.role("narrow", allow("states:StartExecution", machine)))
        answer = expect(a.invoke(api, {"stateMachineArn": other}), 400)
        assert answer.body == {
            "__type": "com.amazon.coral.service#AccessDeniedException",
            "Message": "User: arn:aws:sts::300000000001:assumed-role/narrow/BackplaneAssumeRoleSession is not "
            f"authorized to perform: states:StartExecution on resource: {other} because no identity-based policy "
            "allows the states:StartExecution action",
        }, answer
        describe = a.deployed("arn:aws:iam::300000000001:role/narrow", "DescribeStateMachine")
        expect(a.invoke(describe, {"stateMachineArn": machine}), 400)
        a.put_policy("narrow", allow("states:*", "*"), deny("states:StartExecution", other))
        expect(a.invoke(describe, {"stateMachineArn": machine}), 200)
        expect(a.invoke(api, {"stateMachineArn": machine}), 200)
        assert "explicit deny" in a.invoke(api, {"stateMachineArn": other}).body["Message"]


@check
def role_scopes_executions_task_tokens_and_aliases(bed):
    a, settings = role_bed(bed)
    with settings:
        machine = a.machine("scoped")
        run = a.states.start_execution(stateMachineArn=machine, name="run")["executionArn"]
        role = a.role(
            "scoped", allow("states:DescribeExecution", "arn:aws:states:us-east-1:300000000001:execution:scoped:*")
        )
        describe, tokens = a.deployed(role, "DescribeExecution"), a.deployed(role, "SendTaskSuccess")
        expect(a.invoke(describe, {"executionArn": run}), 200)
        expect(a.invoke(describe, {"executionArn": run.replace(":scoped:", ":foreign:")}), 400)
        token = {"taskToken": "t", "output": "{}"}
        a.put_policy("scoped", allow("states:SendTaskSuccess", machine))
        assert "AccessDenied" in a.invoke(tokens, token).body["__type"]
        a.put_policy("scoped", allow("states:SendTaskSuccess", "*"))
        assert "AccessDenied" not in a.invoke(tokens, token).body["__type"]
        version = a.states.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
        start = a.deployed(role)
        a.put_policy("scoped", allow("states:StartExecution", version))
        expect(a.invoke(start, {"stateMachineArn": version}), 400)
        a.put_policy(
            "scoped",
            allow("states:StartExecution", machine, Condition={"StringEquals": {"states:StateMachineQualifier": "1"}}),
        )
        expect(a.invoke(start, {"stateMachineArn": version}), 200)
        expect(a.invoke(start, {"stateMachineArn": machine}), 400)


@check
def role_boundary_bounds(bed):
    a, settings = role_bed(bed)
    with settings:
        machine = a.machine()
        made = a.iam.create_policy(
            PolicyName="bound", PolicyDocument=json.dumps(document(allow("states:Describe*", "*")))
        )
        bound = made["Policy"]["Arn"]
        api = a.deployed(a.role("bounded", allow("states:*", "*"), PermissionsBoundary=bound))
        assert "permissions boundary" in expect(a.invoke(api, {"stateMachineArn": machine}), 400).body["Message"]
        a.iam.create_policy_version(
            PolicyArn=bound, PolicyDocument=json.dumps(document(allow("states:*", "*"))), SetAsDefault=True
        )
        expect(a.invoke(api, {"stateMachineArn": machine}), 200)


@check
def role_enforcement_can_be_switched_off(bed):
    a, settings = role_bed(bed)
    with settings:
        machine = a.machine()
        api = a.deployed("arn:aws:iam::300000000001:role/missing")
        with bed.settings(roles=False):
            expect(a.invoke(api, {"stateMachineArn": machine}), 200)
        expect(a.invoke(api, {"stateMachineArn": machine}), 500)


# --- propagation of IAM ----------------------------------------------------------------------------------------------


@check
def new_role_is_in_force_after_the_delay(bed):
    a = bed.account("400000000001")
    with bed.settings(scale=1.0, quotas=False, writeSeconds=0.0, deployDelaySeconds=0.0, iamDelaySeconds=1.0):
        machine = a.machine()
        api = a.deployed("arn:aws:iam::400000000001:role/fresh")
        a.role("fresh", allow("states:*", "*"))
        start = time.monotonic()
        assert a.iam.get_role(RoleName="fresh")["Role"]["RoleName"] == "fresh"
        expect(a.invoke(api, {"stateMachineArn": machine}), 500)
        eventually(lambda: a.invoke(api, {"stateMachineArn": machine}).status == 200)
        assert 0.9 <= time.monotonic() - start <= 1.6, time.monotonic() - start


@check
def changed_policy_is_in_force_after_the_delay(bed):
    a = bed.account("400000000001")
    with bed.settings(scale=1.0, quotas=False, writeSeconds=0.0, deployDelaySeconds=0.0, iamDelaySeconds=0.0):
        machine = a.machine()
        api = a.deployed(a.role("changing", allow("states:*", "*")))
        body = {"stateMachineArn": machine}
        expect(a.invoke(api, body), 200)
    with bed.settings(scale=1.0, quotas=False, iamDelaySeconds=0.6):
        a.iam.delete_role_policy(RoleName="changing", PolicyName="inline")
        expect(a.invoke(api, body), 200)
        time.sleep(0.65)
        expect(a.invoke(api, body), 400)
        a.iam.delete_role(RoleName="changing")
        expect(a.invoke(api, body), 400)
        time.sleep(0.65)
        expect(a.invoke(api, body), 500)


@check
def propagation_delay_scales(bed):
    a = bed.account("400000000001")
    with bed.settings(scale=20.0, quotas=False, writeSeconds=0.0, deployDelaySeconds=0.0, iamDelaySeconds=10.0):
        machine = a.machine()
        api = a.deployed(a.role("scaled", allow("states:*", "*")))
        start = time.monotonic()
        expect(a.invoke(api, {"stateMachineArn": machine}), 500)
        eventually(lambda: a.invoke(api, {"stateMachineArn": machine}).status == 200)
        assert time.monotonic() - start < 1.0
