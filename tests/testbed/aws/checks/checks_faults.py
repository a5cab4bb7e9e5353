"""Checks of the faults that a test can order."""

import time
from concurrent.futures import ThreadPoolExecutor

from botocore.exceptions import ConnectionClosedError, ReadTimeoutError

from check_bed import allow, call, check, expect

# --- faults ----------------------------------------------------------------------------------------------------------


def faults_bed(bed):
    return bed.account("900000000001"), bed.settings(quotas=False, writeSeconds=0.0)


def names(account):
    return [api["name"] for api in account.api.get_rest_apis(limit=500)["items"]]


@check
def fault_before_stops_the_call_and_after_loses_the_answer(bed):
    a, settings = faults_bed(bed)
    create = {"service": "apigateway", "operation": "CreateRestApi"}
    with settings:
        bed.faults({**create, "code": "ServiceUnavailableException", "status": 503, "message": "m"})
        expect(call(a.api.create_rest_api, name="before"), 503, "ServiceUnavailableException", "m")
        bed.faults({**create, "when": "after", "code": "TooManyRequestsException", "status": 429})
        expect(call(a.api.create_rest_api, name="after"), 429, "TooManyRequestsException", "injected")
        bed.faults({**create, "code": "TooManyRequestsException", "status": 429, "retry_after": 7})
        assert expect(call(a.api.create_rest_api, name="later"), 429).headers["retry-after"] == "7"
        bed.faults({**create, "when": "after", "status": 504})
        expect(call(a.api.create_rest_api, name="timeout"), 504)
        seen = names(a)
        assert not {"before", "later"} & set(seen) and "after" in seen and "timeout" in seen, seen
        expect(call(a.api.create_rest_api, name="healed"), 201)


@check
def fault_resets_the_connection_before_or_after_the_call(bed):
    a, settings = faults_bed(bed)
    create = {"service": "apigateway", "operation": "CreateRestApi", "action": "reset"}
    with settings:
        for when in ("before", "after"):
            bed.faults({**create, "when": when})
            try:
                answer = call(a.api.create_rest_api, name=f"reset-{when}")
            except ConnectionClosedError:
                continue
            raise AssertionError(f"an answer came: {answer}")
        assert [name for name in names(a) if name.startswith("reset")] == ["reset-after"], names(a)


@check
def fault_hangs_without_an_answer(bed):
    a, settings = faults_bed(bed)
    with settings:
        bed.faults({"operation": "CreateRestApi", "when": "after", "action": "hang", "seconds": 1})
        start = time.monotonic()
        try:
            raise AssertionError(f"an answer came: {call(a.api.create_rest_api, name='hung')}")
        except (ConnectionClosedError, ReadTimeoutError):
            assert 0.9 <= time.monotonic() - start <= 3
        assert "hung" in names(a)
        bed.faults({"operation": "GetRestApis", "delay_ms": 300})
        slow = expect(call(a.api.get_rest_apis), 200)
        assert slow.seconds >= 0.3


@check
def fault_strikes_the_chosen_call_only(bed):
    a, settings = faults_bed(bed)
    other = bed.account("900000000002")
    with settings:
        bed.faults(
            {"operation": "GetAccount", "account": "900000000001", "skip": 1, "count": 2, "code": "X", "status": 500}
        )
        assert [call(a.api.get_account).status for _ in range(5)] == [200, 500, 500, 200, 200]
        bed.faults({"operation": "GetAccount", "account": "900000000001", "count": -1, "code": "X", "status": 500})
        assert [call(x.api.get_account).status for x in (other, a, a, other)] == [200, 500, 500, 200]
        expect(bed.http("PUT", "/_test/faults", [{"operatoin": "GetAccount"}]), 400)
        bed.faults()
        expect(call(a.api.get_account), 200)


@check
def fault_after_does_not_strike_what_was_refused(bed):
    a = bed.account("900000000001")
    with bed.settings(scale=0.5, writeSeconds=0.0):
        expect(call(a.api.create_rest_api, name="x"), 201)
        bed.faults({"operation": "CreateRestApi", "when": "after", "code": "X", "status": 500})
        expect(call(a.api.create_rest_api, name="x"), 429)
        bed.reset()
        expect(call(a.api.create_rest_api, name="x"), 500, "X")
        bed.faults()


@check
def fault_in_step_functions_reaches_the_callers_of_the_api(bed):
    a, _ = faults_bed(bed)
    with bed.settings(quotas=False, writeSeconds=0.0, iamDelaySeconds=0.0, deployDelaySeconds=0.0):
        machine = a.machine()
        api = a.deployed(a.role("faulty", allow("states:*", "*")))
        start = {"service": "stepfunctions", "operation": "StartExecution"}
        bed.faults({**start, "code": "ThrottlingException", "message": "Rate exceeded"})
        throttled = expect(a.invoke(api, {"stateMachineArn": machine}), 400)
        assert throttled.body["__type"].endswith("ThrottlingException"), throttled
        bed.faults({**start, "action": "reset"})
        expect(a.invoke(api, {"stateMachineArn": machine}), 504, message="Network error communicating with endpoint")
        expect(a.invoke(api, {"stateMachineArn": machine}), 200)


@check
def faults_and_calls_are_kept_by_account(bed):
    a, settings = faults_bed(bed)
    other = bed.account("900000000002")
    with settings:
        bed.http("DELETE", "/_test/faults")
        strike = {"operation": "GetAccount", "code": "X", "status": 500, "count": 2}
        bed.faults({**strike, "account": a.number}, {**strike, "account": other.number})
        expect(call(a.api.get_account), 500)
        seen = bed.http("GET", f"/_test/faults?account={a.number}").body
        assert [(fault["struck"], fault["count"]) for fault in seen["faults"]] == [(1, 1)], seen
        [made] = seen["calls"]
        assert made[:6] == ["apigateway", "GetAccount", a.number, "us-east-1", "client", ""], seen
        assert abs(made[6] - time.time()) < 60, seen
        bed.http("DELETE", f"/_test/faults/orders?account={a.number}")
        assert [call(x.api.get_account).status for x in (a, other)] == [200, 500]
        bed.http("DELETE", f"/_test/faults?account={a.number}")
        kept = bed.http("GET", "/_test/faults").body
        assert [made[2] for made in kept["calls"]] == [other.number], kept
        assert [fault["account"] for fault in kept["faults"]] == [other.number], kept
        bed.http("DELETE", "/_test/faults/orders")
        assert bed.http("GET", "/_test/faults").body["faults"] == []


@check
def calls_tell_who_made_them(bed):
    a, _ = faults_bed(bed)
    with bed.settings(quotas=False, writeSeconds=0.0, iamDelaySeconds=0.0, deployDelaySeconds=0.0):
        machine = a.machine(name="told")
        api = a.deployed(a.role("told", allow("states:*", "*")))
        bed.http("DELETE", "/_test/faults")
        expect(a.invoke(api, {"stateMachineArn": machine}), 200)
        call(a.states.start_execution, stateMachineArn=machine)
        calls = bed.http("GET", f"/_test/faults?account={a.number}").body["calls"]
        starts = [made[4] for made in calls if made[1] == "StartExecution"]
        assert starts == ["gateway", "client"], calls
        assert [made[:5] for made in calls if made[4] == "client"] == [
            ["stepfunctions", "StartExecution", a.number, "us-east-1", "client"]
        ], calls


@check
def fault_that_hangs_does_not_hold_the_write_lock(bed):
    a, _ = faults_bed(bed)
    with bed.settings(quotas=False, writeSeconds=0.1, scale=1.0):
        api = a.rest_api()
        bed.faults({"operation": "UpdateRestApi", "when": "after", "action": "hang", "seconds": 2})
        change = {"restApiId": api, "patchOperations": [{"op": "replace", "path": "/name", "value": "n"}]}
        with ThreadPoolExecutor() as pool:
            lost = pool.submit(a.api.update_rest_api, **change)
            time.sleep(0.5)
            expect(call(a.api.update_rest_api, **change), 200)
            assert isinstance(lost.exception(), ConnectionClosedError), lost
