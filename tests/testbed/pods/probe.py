"""httpGet probes: what they ask, when, and how often an answer must come before it counts."""

import http.client
import time

from .environment import ConfigError


class Probe:
    def __init__(self, spec, ports):
        if "httpGet" not in spec:
            raise ConfigError("CreateContainerConfigError", "the test bed has httpGet probes only")
        get = spec["httpGet"]
        self._path, self._port = get.get("path", "/"), ports[get["port"]]
        self._headers = {header["name"]: header["value"] for header in get.get("httpHeaders", [])}
        # the API server has filled in the defaults
        self._period, self._timeout = spec["periodSeconds"], spec["timeoutSeconds"]
        self._needed = {True: spec["successThreshold"], False: spec["failureThreshold"]}
        self._last, self._in_a_row = None, 0
        self._due = time.monotonic() + spec.get("initialDelaySeconds", 0)

    def verdict(self):
        """True or False when it has just been said often enough in a row, None when there is nothing new."""
        if time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + self._period
        succeeded = self._ask()
        self._in_a_row = self._in_a_row + 1 if succeeded == self._last else 1
        self._last = succeeded
        return succeeded if self._in_a_row >= self._needed[succeeded] else None

    def _ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._timeout)
        try:
            connection.request("GET", self._path, headers=self._headers)
            return 200 <= connection.getresponse().status < 400
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def ports_of(container):
    """Port numbers that a container listens on, and the names that probes may use for them."""
    names = {port.get("name"): port["containerPort"] for port in container.get("ports", [])}
    numbers = set(names.values()) | {port["containerPort"] for port in container.get("ports", [])}
    for kind in ("startupProbe", "livenessProbe", "readinessProbe"):
        port = container.get(kind, {}).get("httpGet", {}).get("port")
        if isinstance(port, int):
            numbers.add(port)
    names.pop(None, None)
    return numbers, names
