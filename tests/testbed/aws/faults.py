"""Faults that a test orders: errors, latency, lost answers, dead connections; and the list of calls made.

    PUT /_test/faults             the list of faults, replacing those there
    POST /_test/faults            one more fault
    GET /_test/faults             {"faults": [...], "calls": [[service, operation, account, region, caller, app, at], ...]}
    DELETE /_test/faults          forget the calls
    DELETE /_test/faults/orders   remove the faults

With ?account=ID, GET shows the calls of that account and the faults that can strike it, DELETE forgets the calls of
that account, and DELETE of orders removes the faults that name it: tests on accounts of their own do not meet.
The caller of a call is "client", "gateway" (an integration of API Gateway) or "localstack" (a service of its own).
"app" is the application id in the client's user agent (AWS_SDK_UA_APP_ID), "at" when the call came, in seconds of Unix.
All answer what GET shows then. A fault shows how often it struck ("struck") and what is left of "count" and "skip".

A fault is an object; it strikes calls that match "service", "operation", "account" and "region" (each optional),
"count" times (1; negative: always) after letting "skip" (0) of them pass: calls of any operation unless it names one.
  "when": "before"  the call is not made
          "after"   the call takes effect and its answer is lost
  "code", "status", "message": answer this error instead, in the form of the service; "status" alone: that status;
          "retry_after": with this Retry-After, in seconds
  "action": "reset"  close the connection without an answer (TCP reset)
            "hang"   keep silent for "seconds" (60), then reset
  "delay_ms": wait first; with nothing else the call is only slow
  "loses": "policy"  a put of an API takes effect without its resource policy, as some have on AWS
"""

import json
import re
import threading
import time

from localstack.aws.api import CommonServiceException
from localstack.aws.protocol.serializer import create_serializer
from localstack.http import Response
from localstack.services.edge import ROUTER
from rolo.serving import twisted as rolo_twisted
from twisted.internet import reactor

from patching import wrap
from strict_call import caller

MATCHED = {"service", "operation", "account", "region", "when", "count", "skip"}
DONE = {"code", "status", "message", "retry_after", "action", "seconds", "delay_ms", "loses"}
CONNECTION = "testbed.connection"
ACCOUNT = 2  # its place in a call

FAULTS, CALLS = [], []
_LOCK = threading.Lock()


@wrap(rolo_twisted, "update_wsgi_environment")
def _keep_connection(original, environ, request):
    """The connection is needed to reset it; WSGI hides it."""
    original(environ, request)
    environ[CONNECTION] = request


def _app(context):
    """What the client calls itself, "" for nothing; some SDKs say it in a header of their own."""
    agents = (context.request.headers.get(name, "") for name in ("X-Amz-User-Agent", "User-Agent"))
    return next((found[1] for agent in agents if (found := re.search(r"\bapp/(\S+)", agent))), "")


def _matches(fault, when, call):
    return fault.get("when", "before") == when and all(fault.get(key) in (None, value) for key, value in call.items())


def _take(context, when):
    """The fault that strikes this call, counted."""
    call = {
        "service": context.service.service_name,
        "operation": context.operation.name,
        "account": context.account_id,
        "region": context.region,
    }
    with _LOCK:
        for fault in FAULTS:
            if fault["count"] == 0 or not _matches(fault, when, call):
                continue
            if fault["skip"] > 0:
                fault["skip"] -= 1
                continue
            fault["count"] -= fault["count"] > 0
            fault["struck"] += 1
            return fault
    return None


def _reset(context):
    """Abort the connection from the server's side, in the thread that owns it."""
    request, done = context.request.environ[CONNECTION], threading.Event()

    def abort():
        if request.channel is not None:
            request.channel.transport.abortConnection()
        done.set()

    reactor.callFromThread(abort)
    done.wait(5)


def _disturb(fault, context):
    """The parts of a fault that need no answer. True when the connection is gone."""
    if fault.get("delay_ms"):
        time.sleep(fault["delay_ms"] / 1000)
    if fault.get("action") == "hang":
        time.sleep(fault.get("seconds", 60))
    if fault.get("action") in ("hang", "reset"):
        _reset(context)
        return True
    return False


def _answer(fault, context):
    """The error in the form of the service."""
    error = CommonServiceException(
        fault["code"], fault.get("message", "injected"), status_code=fault.get("status", 400)
    )
    serializer = create_serializer(context.service, context.protocol)
    answer = serializer.serialize_error_to_response(
        error, context.operation, context.request.headers, context.request_id
    )
    if "retry_after" in fault:
        answer.headers["Retry-After"] = str(fault["retry_after"])
    return answer


def before(chain, context, response):
    if context.operation is None:
        return
    service, operation = context.service.service_name, context.operation.name
    with _LOCK:
        CALLS.append(
            (service, operation, context.account_id, context.region, caller(context), _app(context), time.time())
        )
    fault = _take(context, "before")
    if fault is None:
        return
    context.loses = fault.get("loses")
    context.not_performed = bool(fault.get("code") or fault.get("action") or fault.get("status"))
    if _disturb(fault, context):
        chain.terminate()
    elif fault.get("code"):
        response.update_from(_answer(fault, context))
        chain.stop()
    elif fault.get("status"):
        chain.respond(fault["status"], {"message": fault.get("message", "injected")})


def after(chain, context, response):
    """The operation has run, whatever it answered; a call that was stopped before has no answer to lose."""
    if context.operation is None or context.get("not_performed"):
        return
    fault = _take(context, "after")
    if fault is None or _disturb(fault, context):
        return
    if fault.get("code"):
        response.update_from(_answer(fault, context))
    elif fault.get("status"):
        response.status_code = fault["status"]
        response.set_json({"message": fault.get("message", "injected after the call took effect")})


def _checked(faults):
    for fault in faults:
        if unknown := set(fault) - MATCHED - DONE:
            raise ValueError(f"unknown keys {sorted(unknown)} in a fault, known are {sorted(MATCHED | DONE)}")
    return [{"count": 1, "skip": 0, "struck": 0, **fault} for fault in faults]


def _report(account):
    """What there is, or what concerns that account."""
    return {
        "faults": [fault for fault in FAULTS if account is None or fault.get("account") in (None, account)],
        "calls": [call for call in CALLS if account in (None, call[ACCOUNT])],
    }


def control(request, **_):
    body, account = request.get_data(as_text=True), request.args.get("account")
    try:
        with _LOCK:
            if request.method == "PUT":
                FAULTS[:] = _checked(json.loads(body or "[]"))
            elif request.method == "POST":
                FAULTS.extend(_checked([json.loads(body)]))
            elif request.method == "DELETE":
                CALLS[:] = [call for call in CALLS if account not in (None, call[ACCOUNT])]
            return Response(json.dumps(_report(account)), mimetype="application/json")
    except (ValueError, TypeError) as error:
        return Response(json.dumps({"message": str(error)}), status=400, mimetype="application/json")


def remove_orders(request, **_):
    account = request.args.get("account")
    with _LOCK:
        FAULTS[:] = [fault for fault in FAULTS if account is not None and fault.get("account") != account]
        return Response(json.dumps(_report(account)), mimetype="application/json")


ROUTER.add("/_test/faults", control, methods=["GET", "PUT", "POST", "DELETE"])
ROUTER.add("/_test/faults/orders", remove_orders, methods=["DELETE"])
