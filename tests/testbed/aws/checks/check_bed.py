"""What the checks of the test bed stand on: a launched LocalStack, clients, small AWS objects, observed answers."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

LAUNCHER = pathlib.Path(__file__).resolve().parent.parent / "localstack_host.py"
sys.path.append(str(LAUNCHER.parent))  # for the checks that call a module of the strict layer
REGION = "us-east-1"
ONCE = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30, parameter_validation=False)
GATEWAY_TRUST = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
PASS = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def document(*statements):
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action, resource, **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource):
    return {"Effect": "Deny", "Action": action, "Resource": resource}


CHECKS = []


def check(function):
    """Register a check: a function of the bed, named for what it shows."""
    CHECKS.append(function)
    return function


def expect(answer, status, code=None, message=None):
    """The answer is that one; a message may be a part of it."""
    assert answer.status == status, f"expected {status} {code or ''}: {answer}"
    assert code is None or answer.code == code, f"expected code {code}: {answer}"
    assert message is None or message in answer.message, f"expected {message!r} in: {answer}"
    return answer


def eventually(probe, seconds=5):
    """The first true result of the probe."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := probe():
            return result
        time.sleep(0.02)
    raise AssertionError("it never came")


@dataclass
class Answer:
    """What a caller sees: an HTTP status and, for errors, code and message."""

    status: int
    code: str = ""
    message: str = ""
    body: object = None
    headers: dict = None
    seconds: float = 0.0


def call(function, **arguments):
    """The answer of a boto3 method, error or not."""
    start = time.monotonic()
    try:
        body = function(**arguments)
        meta, error = body["ResponseMetadata"], {}
    except ClientError as failure:
        body, meta, error = None, failure.response["ResponseMetadata"], failure.response["Error"]
    took = time.monotonic() - start
    return Answer(
        meta["HTTPStatusCode"], error.get("Code", ""), error.get("Message", ""), body, meta["HTTPHeaders"], took
    )


def at_once(*calls):
    """Answers of calls that start together."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(lambda item: call(item[0], **item[1]), calls))


class Bed:
    """One launched LocalStack."""

    def __init__(self, port=0, **environment):
        self.port = port or self._free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = tempfile.TemporaryDirectory()
        self._log = open(pathlib.Path(self._folder.name, "log"), "w+")
        variables = {"GATEWAY_LISTEN": f"127.0.0.1:{self.port}", "FILESYSTEM_ROOT": self._folder.name, **environment}
        command = [sys.executable, str(LAUNCHER)]
        self._process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=self._log, stderr=self._log)
        self._wait()

    @staticmethod
    def _free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def _wait(self):
        for _ in range(240):
            with contextlib.suppress(OSError):
                if self.http("GET", "/_localstack/health").status == 200:
                    return
            if self._process.poll() is not None:
                break
            time.sleep(0.25)
        self.stop()
        raise SystemExit("LocalStack did not start:\n" + self.log())

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def complaints(self):
        """Lines of the log that tell of a broken handler: its caller would not see them."""
        return [line for line in self.log().splitlines() if "exception while running" in line]

    def stop(self):
        """At once: it would take seconds to end by itself, and has nothing to save."""
        self._process.kill()
        self._process.wait()

    def http(self, method, path, body=None, headers=None):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json", **(headers or {})}, method=method
        )
        start = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                status, text, got = response.status, response.read().decode(), response.headers
        except urllib.error.HTTPError as error:
            status, text, got = error.code, error.read().decode(), error.headers
        try:
            parsed = json.loads(text)
        except ValueError:
            parsed = text
        message = parsed.get("message", "") if isinstance(parsed, dict) else ""
        return Answer(status, got.get("x-amzn-ErrorType", ""), message, parsed, dict(got), time.monotonic() - start)

    def warm_up(self):
        """The first call of a service takes up to a second, longer than some waits that the checks measure."""
        with self.settings(enabled=False):
            account = self.account("999999999999")
            account.rest_api()
            account.role("warm")
            account.machine()

    # --- control ---

    def strict(self, **settings):
        answer = self.http("PUT", "/_test/strict", settings)
        assert answer.status == 200, answer
        return answer.body

    def report(self):
        return self.http("GET", "/_test/strict").body

    def reset(self):
        self.http("DELETE", "/_test/strict")

    @contextlib.contextmanager
    def settings(self, **changes):
        """Settings for a block, with fresh counters and full buckets."""
        before = {name: self.report()["settings"][name] for name in changes}
        self.strict(**changes)
        self.reset()
        try:
            yield
        finally:
            self.strict(**before)
            self.reset()

    def faults(self, *faults):
        answer = self.http("PUT", "/_test/faults", list(faults))
        assert answer.status == 200, answer

    # --- AWS ---

    def client(self, service, account, region=REGION, key=None, credentials=None):
        """A client without retries; an access key of 12 digits is an account to LocalStack."""
        keys = {"aws_access_key_id": key or account, "aws_secret_access_key": "secret"}
        if credentials:
            keys = {
                "aws_access_key_id": credentials["AccessKeyId"],
                "aws_secret_access_key": credentials["SecretAccessKey"],
                "aws_session_token": credentials["SessionToken"],
            }
        return boto3.client(service, endpoint_url=self.url, region_name=region, config=ONCE, **keys)

    def account(self, number, key=None):
        return Account(self, number, key)


class Account:
    """Clients of one account and builders of what the checks need in it."""

    def __init__(self, bed, number, key=None):
        self.bed, self.number = bed, number
        self.api, self.iam, self.states, self.sts = (
            bed.client(service, number, key=key) for service in ("apigateway", "iam", "stepfunctions", "sts")
        )

    def machine(self, name="machine", kind="STANDARD", definition=PASS):
        made = self.states.create_state_machine(
            name=name, definition=json.dumps(definition), roleArn=f"arn:aws:iam::{self.number}:role/machine", type=kind
        )
        return made["stateMachineArn"]

    def role(self, name, *statements, trust=GATEWAY_TRUST, **more):
        made = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document(trust)), **more)
        if statements:
            self.put_policy(name, *statements)
        return made["Role"]["Arn"]

    def put_policy(self, role, *statements):
        self.iam.put_role_policy(RoleName=role, PolicyName="inline", PolicyDocument=json.dumps(document(*statements)))

    def rest_api(self, name="api", endpoint="REGIONAL", **more):
        return self.api.create_rest_api(name=name, endpointConfiguration={"types": [endpoint]}, **more)["id"]

    def put(self, api, role, action="StartExecution", **more):
        return self.put_document(api, openapi(role, action, **more))

    def put_document(self, api, document):
        return call(self.api.put_rest_api, restApiId=api, mode="overwrite", body=json.dumps(document))

    def deployed(self, role, action="StartExecution", stage="s", **more):
        """A deployed API whose POST / is the action; its id."""
        api = self.rest_api()
        answer = self.put(api, role, action, **more)
        assert answer.status == 200, answer
        self.deploy(api, stage)
        return api

    def deploy(self, api, stage="s"):
        deployment = self.api.create_deployment(restApiId=api)["id"]
        if stage in [s["stageName"] for s in self.api.get_stages(restApiId=api)["item"]]:
            change = [{"op": "replace", "path": "/deploymentId", "value": deployment}]
            self.api.update_stage(restApiId=api, stageName=stage, patchOperations=change)
        else:
            self.api.create_stage(restApiId=api, stageName=stage, deploymentId=deployment)
        return deployment

    def invoke(self, api, body=None, stage="s", path="", method="POST", headers=None):
        return self.bed.http(method, f"/_aws/execute-api/{api}/{stage}/{path}", body, headers)


def openapi(role, action="StartExecution", path="/", method="post", integration=None, **top):
    """One method that hands its body to a Step Functions action; 2xx, 4xx and 5xx of Step Functions stay apart."""
    answers = {code: {"description": code} for code in ("200", "400", "500")}
    return {
        "openapi": "3.0.1",
        "info": {"title": "api", "version": "1"},
        "paths": {
            path: {
                method: {
                    "responses": answers,
                    "x-amazon-apigateway-integration": {
                        "type": "aws",
                        "httpMethod": "POST",
                        "uri": f"arn:aws:apigateway:{REGION}:states:action/{action}",
                        "passthroughBehavior": "when_no_match",
                        "responses": {
                            "default": {"statusCode": "200"},
                            "4\\d{2}": {"statusCode": "400"},
                            "5\\d{2}": {"statusCode": "500"},
                        },
                        **({"credentials": role} if role else {}),
                        **(integration or {}),
                    },
                }
            }
        },
        **top,
    }
