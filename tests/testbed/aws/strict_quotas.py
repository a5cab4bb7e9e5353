"""AWS's request quotas as token buckets, and the tally that tells what the calls would cost on AWS.

A bucket belongs to (account, region, quota name). A call needs one token of its operation's bucket and, for API
Gateway, one of the account's; a throttled call takes none.
"""

import math
import threading
from collections import Counter
from dataclasses import dataclass

from localstack.aws.api import CommonServiceException
from localstack.services.stepfunctions.backend.store import sfn_stores

from strict_settings import CLOCK, SETTINGS


@dataclass(frozen=True)
class Quota:
    burst: float
    per_second: float

    def least_seconds(self, calls):
        """No client can make that many calls in less time, starting with a full bucket."""
        return max(0.0, (calls - self.burst) / self.per_second)


# AWS: "API Gateway quotas", per account and region, not raisable. "1 per 3 s" is read as a bucket of 1 refilled at
# 1/3 per second; the sizes of the buckets are not published, except the burst of the total.
APIGATEWAY = {
    "CreateRestApi": Quota(1, 1 / 3),
    "CreateRestApi(edge)": Quota(1, 1 / 30),
    "ImportRestApi": Quota(1, 1 / 3),
    "ImportRestApi(edge)": Quota(1, 1 / 30),
    "PutRestApi": Quota(1, 1),
    "DeleteRestApi": Quota(1, 1 / 30),
    "CreateDeployment": Quota(1, 1 / 5),
    "GetResources": Quota(5, 5 / 2),
    "CreateResource": Quota(5, 5),
    "DeleteResource": Quota(5, 5),
    "CreateApiKey": Quota(5, 5),
    "DeleteApiKey": Quota(5, 5),
    "CreateDomainName": Quota(1, 1 / 30),
    "DeleteDomainName": Quota(1, 1 / 30),
    "UpdateDomainName": Quota(1, 1 / 30),
    "CreateDocumentationVersion": Quota(1, 1 / 20),
    "ImportDocumentationParts": Quota(1, 1 / 30),
    "UpdateAccount": Quota(1, 1 / 20),
    "UpdateUsagePlan": Quota(1, 1 / 20),
    "total": Quota(40, 10),
}

# AWS: "Step Functions service quotas": bucket and refill in the three large regions, elsewhere.
LARGE_REGIONS = {"us-east-1", "us-west-2", "eu-west-1"}
STEPFUNCTIONS = {
    "StartExecution": (Quota(1300, 300), Quota(800, 150)),
    "StartExecution(express)": (Quota(6000, 6000), Quota(6000, 6000)),
    "StopExecution": (Quota(1000, 200), Quota(500, 25)),
    "DescribeExecution": (Quota(300, 15), Quota(250, 10)),
    "GetExecutionHistory": (Quota(400, 20), Quota(400, 20)),
    "ListExecutions": (Quota(200, 5), Quota(100, 2)),
    "DescribeStateMachine": (Quota(200, 20), Quota(200, 20)),
    "DescribeStateMachineForExecution": (Quota(200, 1), Quota(200, 1)),
    "ListStateMachines": (Quota(100, 5), Quota(100, 5)),
    "CreateStateMachine": (Quota(100, 1), Quota(100, 1)),
    "UpdateStateMachine": (Quota(100, 1), Quota(100, 1)),
    "DeleteStateMachine": (Quota(100, 1), Quota(100, 1)),
    "GetActivityTask": (Quota(3000, 500), Quota(1500, 300)),
    "SendTaskSuccess": (Quota(3000, 500), Quota(1500, 300)),
    "SendTaskFailure": (Quota(3000, 500), Quota(1500, 300)),
    "SendTaskHeartbeat": (Quota(3000, 500), Quota(1500, 300)),
    "CreateActivity": (Quota(100, 1), Quota(100, 1)),
    "DeleteActivity": (Quota(100, 1), Quota(100, 1)),
    "DescribeActivity": (Quota(200, 1), Quota(200, 1)),
    "ListActivities": (Quota(100, 10), Quota(100, 5)),
    "ListTagsForResource": (Quota(100, 1), Quota(100, 1)),
    "TagResource": (Quota(200, 1), Quota(200, 1)),
    "UntagResource": (Quota(200, 1), Quota(200, 1)),
}

# AWS publishes no numbers for IAM, only that token buckets exist: these are assumptions, low enough that
# a controller without back-off shows. STS: 600 requests per second and account.
IAM = {"read": Quota(100, 50), "write": Quota(50, 10)}
STS = {"total": Quota(600, 600)}

THROTTLED = {
    "apigateway": ("TooManyRequestsException", "Too Many Requests", 429),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "stepfunctions": ("ThrottlingException", "Rate exceeded", 400),
}


class Throttled(CommonServiceException):
    def __init__(self, service, wait):
        code, message, status = THROTTLED.get(service, THROTTLED["stepfunctions"])
        super().__init__(code, message, status_code=status, sender_fault=True)
        # Retry-After is in API Gateway's model; its value there is not recorded
        self.retry_after = max(1, math.ceil(CLOCK.wall(wait))) if service == "apigateway" else None


def is_edge(call):
    """Whether CreateRestApi or ImportRestApi asks for an edge-optimised API, the default of both."""
    if call.operation == "CreateRestApi":
        types = (call.params.get("endpointConfiguration") or {}).get("types")
    else:
        types = ((call.params.get("parameters") or {}).get("endpointConfigurationTypes") or "").split(",")
    return not types or types[0] in ("", "EDGE")


def is_express(call):
    machine = sfn_stores[call.account][call.region].state_machines.get(call.params.get("stateMachineArn"))
    return machine is not None and machine.sm_type == "EXPRESS"


def published(call):
    """The quotas of a call by bucket name."""
    name = call.operation
    if call.service == "apigateway":
        if name in ("CreateRestApi", "ImportRestApi") and is_edge(call):
            name += "(edge)"
        return {f"apigateway:{bucket}": APIGATEWAY[bucket] for bucket in (name, "total") if bucket in APIGATEWAY}
    if call.service == "stepfunctions":
        if name == "StartExecution" and is_express(call):
            name += "(express)"
        large, other = STEPFUNCTIONS.get(name, (None, None))
        quota = large if call.region in LARGE_REGIONS else other
        return {f"stepfunctions:{name}": quota} if quota else {}
    if call.service == "iam":
        kind = "read" if name.startswith(("Get", "List")) else "write"
        return {f"iam:{kind}": IAM[kind]}
    return {"sts:total": STS["total"]} if call.service == "sts" else {}


def quotas_of(call):
    overrides, quotas = SETTINGS["quotaOverrides"], published(call)
    for name in (call.name, *list(quotas)):
        if name in overrides:
            override = overrides[name]
            quotas[name] = Quota(override["burst"], override["perSecond"]) if override else None
    return {name: quota for name, quota in quotas.items() if quota}


class Bucket:
    def __init__(self, quota, now):
        self.quota, self.tokens, self.at = quota, quota.burst, now
        self.admitted = self.throttled = 0

    def refill(self, quota, now):
        self.quota = quota
        self.tokens = min(quota.burst, self.tokens + (now - self.at) * quota.per_second)
        self.at = now

    @property
    def wait(self):
        """AWS seconds until the next token."""
        return max(0.0, (1 - self.tokens) / self.quota.per_second)

    def report(self):
        return {
            "burst": self.quota.burst,
            "perSecond": self.quota.per_second,
            "admitted": self.admitted,
            "throttled": self.throttled,
            "idealSeconds": round(self.quota.least_seconds(self.admitted), 3),
        }


class Limiter:
    def __init__(self):
        self._lock = threading.Lock()
        self.reset()

    def reset(self):
        with self._lock:
            self._buckets = {}

    def admit(self, call):
        """Take the tokens of a call, or raise what AWS answers."""
        quotas = quotas_of(call)
        if not quotas:
            return
        region = "global" if call.service == "iam" else call.region
        with self._lock:
            now, buckets = CLOCK.now(), []
            for name, quota in quotas.items():
                bucket = self._buckets.setdefault((call.account, region, name), Bucket(quota, now))
                bucket.refill(quota, now)
                buckets.append(bucket)
            slowest = max(buckets, key=lambda bucket: bucket.wait)
            if slowest.wait > 1e-9:
                slowest.throttled += 1
                raise Throttled(call.service, slowest.wait)
            for bucket in buckets:
                bucket.tokens -= 1
                bucket.admitted += 1

    def report(self):
        with self._lock:
            return {"/".join(key): bucket.report() for key, bucket in sorted(self._buckets.items())}


class Tally:
    """Calls by operation and outcome, since the last reset."""

    OUTCOMES = ("calls", "throttled", "denied", "refused", "conflicts")

    def __init__(self):
        self._lock = threading.Lock()
        self.reset()

    def reset(self):
        with self._lock:
            self._counts, self._first, self._last = Counter(), None, None

    def count(self, call, outcome):
        now = CLOCK.now()
        with self._lock:
            self._counts[call.name, outcome] += 1
            self._first = self._first if self._first is not None else now
            self._last = now

    def report(self, buckets):
        """`idealSeconds` is the lower bound of the admitted calls under the quotas, `elapsedSeconds` what they took."""
        ideal = {}
        for key, bucket in buckets.items():
            name = key.split("/", 2)[2].partition("(")[0]
            ideal[name] = max(ideal.get(name, 0.0), bucket["idealSeconds"])
        with self._lock:
            operations = {
                name: {
                    **{outcome: self._counts[name, outcome] for outcome in self.OUTCOMES},
                    "idealSeconds": ideal.get(name, 0.0),
                }
                for name in sorted({name for name, _ in self._counts})
            }
            elapsed = (self._last - self._first) if self._first is not None else 0.0
        return {
            "operations": operations,
            "idealSeconds": max(ideal.values(), default=0.0),
            "elapsedSeconds": round(elapsed, 3),
            "quotas": buckets,
        }
