"""The switches of the strict layer: set by environment when it starts, by PUT /_test/strict while it runs.

The environment variable of `writeSeconds` is STRICT_WRITE_SECONDS, that of `enabled` is STRICT; lists and objects are
JSON. In comments, [seen] marks what reports of others show, [inf] and [?] what nobody has measured; titles in quotes
after "AWS:" are pages of the AWS documentation.
"""

import json
import os
import re
from dataclasses import dataclass

from strict_time import Clock


@dataclass(frozen=True)
class Option:
    name: str
    default: object
    meaning: str

    @property
    def variable(self):
        return "STRICT" if self.name == "enabled" else "STRICT_" + re.sub(r"(?=[A-Z])", "_", self.name).upper()

    def parse(self, value):
        """The value in the type of the default; ValueError if it has another."""
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
        elif isinstance(self.default, float):
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
                return float(value)
        elif isinstance(value, type(self.default)):
            return value
        raise ValueError(f"{self.name}: {value!r} is not a {type(self.default).__name__}")

    def from_environment(self, environ):
        text = environ.get(self.variable)
        if text is None:
            return self.default
        try:
            value = json.loads(text)
        except ValueError:
            raise ValueError(f"{self.variable}: {text!r} is not JSON") from None
        return self.parse(bool(value) if isinstance(self.default, bool) and value in (0, 1) else value)


OPTIONS = {
    option.name: option
    for option in [
        Option("enabled", True, "all of the strict layer"),
        Option("scale", 1.0, "AWS seconds in one wall second: 20 makes every quota, lock and delay 20 times faster"),
        Option("quotas", True, "token buckets per account, region and operation"),
        Option("quotaOverrides", {}, '{"apigateway:CreateDeployment": {"burst": 1, "perSecond": 0.2}}; null lifts one'),
        Option("writeLock", True, "overlapping writes to one REST API conflict"),
        Option("writeSeconds", 0.3, "AWS seconds that a write to a REST API takes, answer included"),
        Option("lingerSeconds", 0.0, "AWS seconds that the lock outlives the answer"),
        Option("roles", True, "the role of an integration is assumed and evaluated at each invocation; AssumeRole too"),
        Option("iamDelaySeconds", 2.0, "AWS seconds until a new role or a changed policy is in force"),
        Option("trustContext", [], "condition keys that API Gateway sends when it assumes a role: aws:SourceArn, ..."),
        Option("callers", True, "callerPolicies and the roles of sessions bind control-plane calls"),
        Option("callerPolicies", {}, "IAM policy by access key id; calls with that key outside it are denied"),
        Option("limits", True, "sizes, counts and validations that LocalStack lacks"),
        Option("limitOverrides", {}, '{"stagesPerApi": 3}; names in strict_limits.LIMITS'),
        Option("stepFunctions", True, "request checks and error types of the Step Functions API"),
        Option("dataPlane", True, "403 for unknown stages, disabled endpoints and resource policies, 429, 504"),
        Option("apiUpdateSeconds", 60.0, "AWS seconds that a change of an API's TLS policy takes; on AWS about 900"),
        Option("deployDelaySeconds", 2.0, "AWS seconds until a stage serves the deployment it was given"),
    ]
}


class Settings:
    def __init__(self, environ):
        self._values = {option.name: option.from_environment(environ) for option in OPTIONS.values()}

    def __getitem__(self, name):
        return self._values[name]

    def on(self, feature):
        return self._values["enabled"] and self._values[feature]

    def update(self, changes):
        """All of the changes, or none and a ValueError."""
        unknown = sorted(set(changes) - set(OPTIONS))
        if unknown:
            raise ValueError(f"unknown settings {unknown}, known are {sorted(OPTIONS)}")
        parsed = {name: OPTIONS[name].parse(value) for name, value in changes.items()}
        if parsed.get("scale") == 0:
            raise ValueError("scale: 0 would stop the clock")
        self._values.update(parsed)
        if "scale" in parsed:
            CLOCK.rescale(parsed["scale"])

    def as_dict(self):
        return dict(self._values)


SETTINGS = Settings(os.environ)
CLOCK = Clock(SETTINGS["scale"])
