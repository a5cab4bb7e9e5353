"""What the callers of the control plane may do: registered policies by access key, roles of assumed sessions.

LocalStack knows no users, so a test registers the policy that it documents for its controller under the access key the
controller uses. The log then shows both directions: a denied call means that the policy lacks something, an unused
grant that it has too much.
"""

import threading
from collections import Counter

from localstack.aws.api import CommonServiceException

import strict_policy as policy
from strict_actions import needs
from strict_settings import SETTINGS

# How each service says no: IAM and STS without the "Exception", Step Functions with 400 (field-measured).
DENIED = {
    "apigateway": ("AccessDeniedException", 403),
    "iam": ("AccessDenied", 403),
    "sts": ("AccessDenied", 403),
    "stepfunctions": ("AccessDeniedException", 400),
}


def denied(service, message):
    code, status = DENIED.get(service, ("AccessDeniedException", 403))
    return CommonServiceException(code, message, status_code=status, sender_fault=True)


class Log:
    """Uses and refusals of one caller's permissions."""

    def __init__(self):
        self.allowed, self.denied, self.grants, self.needed = Counter(), Counter(), set(), set()

    def report(self, document):
        unused = [
            {"statement": statement, "action": action, "resource": resource}
            for statement, action, resource in policy.grants_of(document)
            if not any((g.statement, g.action, g.resource) == (statement, action, resource) for g in self.grants)
        ]
        return {
            "allowed": dict(self.allowed),
            "denied": dict(self.denied),
            "unused": unused,
            # without one of these statements, a call that was allowed would have been denied
            "needed": sorted(self.needed),
        }


class Callers:
    def __init__(self, roles):
        self._roles, self._lock = roles, threading.Lock()
        self.reset()

    def reset(self):
        with self._lock:
            self._logs = {}

    def _subject(self, call):
        """Whose permissions bind the call; None for callers that may do everything."""
        document = SETTINGS["callerPolicies"].get(call.access_key)
        if document is not None:
            return policy.Subject(f"arn:{call.partition}:iam::{call.account}:user/{call.access_key}", (document,))
        return self._roles.session(call.access_key)

    def authorize(self, call):
        """Raise the service's refusal unless the caller has every permission that the call needs."""
        subject = self._subject(call) if SETTINGS.on("callers") else None
        if subject is not None:
            for ask in needs(call):
                self._authorize(call, subject, ask)
        if call.name == "sts:AssumeRole" and SETTINGS.on("roles"):
            self._check_trust(call, subject)

    def _authorize(self, call, subject, ask):
        message, grants = policy.refusal(subject, ask)
        with self._lock:
            log = self._logs.setdefault(call.access_key, Log())
            log.grants.update(grants)
            alone = {(grant.document, grant.statement) for grant in grants}
            log.needed.update(statement for _, statement in alone if len(alone) == 1)
            (log.denied if message else log.allowed)[f"{ask.action} {ask.resource}"] += 1
        if message:
            raise denied(call.service, message)

    def _check_trust(self, call, subject):
        """AssumeRole by a caller: the role must exist and trust it."""
        params = call.params
        arn = subject.arn if subject else f"arn:{call.partition}:iam::{call.account}:root"
        context = {"sts:RoleSessionName": params.get("RoleSessionName", ""), "aws:PrincipalArn": arn}
        if params.get("ExternalId"):
            context["sts:ExternalId"] = params["ExternalId"]
        if not self._roles.may_be_assumed(params["RoleArn"], policy.identity(arn, call.account), context):
            text = f"User: {arn} is not authorized to perform: sts:AssumeRole on resource: {params['RoleArn']}"
            raise denied("sts", text)

    def report(self):
        return {key: self.report_of(key) for key in SETTINGS["callerPolicies"]}

    def report_of(self, key):
        with self._lock:
            return self._logs.get(key, Log()).report(SETTINGS["callerPolicies"][key])

    def forget(self, key):
        with self._lock:
            self._logs.pop(key, None)
