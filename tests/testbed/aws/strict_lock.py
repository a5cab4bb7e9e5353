"""The write lock of a REST API: one writer at a time, the others get a conflict [seen]."""

import threading

from localstack.aws.api.apigateway import ConflictException

from strict_settings import CLOCK, SETTINGS

BUSY = "Unable to complete operation due to concurrent modification. Please try again later."
NOT_WRITES = {"TestInvokeMethod", "TestInvokeAuthorizer"}


def lock_key(call):
    """What a call locks, or None. Terraform sees the conflict on every kind of v1 write, so all of them lock."""
    if not call.rest_api or call.method == "GET" or call.operation in NOT_WRITES:
        return None
    return call.account, call.region, call.rest_api


class WriteLocks:
    """A write holds its API from its start to its answer, at least `writeSeconds`, and `lingerSeconds` beyond."""

    def __init__(self):
        self._lock = threading.Lock()
        self._started, self._free_at = {}, {}

    def acquire(self, key):
        now = CLOCK.now()
        with self._lock:
            if key in self._started or now < self._free_at.get(key, 0.0):
                raise ConflictException(BUSY)
            self._started[key] = now

    def finish_writing(self, key):
        """Take as long as a write takes on AWS."""
        CLOCK.sleep(self._started[key] + SETTINGS["writeSeconds"] - CLOCK.now())

    def release(self, key):
        with self._lock:
            self._started.pop(key, None)
            self._free_at[key] = CLOCK.now() + SETTINGS["lingerSeconds"]
