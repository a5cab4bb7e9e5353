"""What the checks of the bed stand on: a bed of their own, kubectl, waiting."""

import json
import os
import pathlib
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

FOLDER = pathlib.Path(__file__).resolve().parent.parent
USERS = ("KUBECONFIG", "AWS_", "STEPGATE_", "STRICT")
CHECKS = []


def check(function):
    """Register a check: a function of the bed, named for what it shows."""
    CHECKS.append(function)
    return function


def eventually(probe, seconds=15):
    """The first true result of the probe."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := probe():
            return result
        time.sleep(0.1)
    raise AssertionError(f"it never came: {probe.__doc__ or probe.__name__}")


class Bed:
    """A bed in a folder of its own, with a script in place of Stepgate's binary."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="stepgate-bed-check-")
        self.state = pathlib.Path(self._folder.name, "bed")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(USERS)}
        stand_in = str(FOLDER / "checks/stand_in.py")
        self.base = clean | {"STEPGATE_BED_DIR": str(self.state), "STEPGATE_BINARY": stand_in}
        self.environment = self.base

    def bed(self, command, **variables):
        """Run `bed COMMAND`; progress is shown only when that fails unexpectedly."""
        program = [str(FOLDER / "bed"), command]
        return subprocess.run(program, env=self.base | variables, capture_output=True, text=True)

    def up(self):
        started = self.bed("up")
        assert started.returncode == 0, started.stderr
        printed = subprocess.run(["bash", "-c", f"{started.stdout}\nenv -0"], env=self.base, capture_output=True)
        assert printed.returncode == 0, printed.stderr
        pairs = [line.partition("=") for line in printed.stdout.decode().split("\0") if line]
        self.environment = {name: value for name, _, value in pairs}
        return started

    def record(self):
        return json.loads((self.state / "bed.json").read_text())

    def _part(self, name):
        return next(part for part in self.record()["parts"] if part["name"] == name)

    def pid(self, part):
        return self._part(part)["pid"]

    def address(self, part):
        return self._part(part)["address"]

    def run(self, *command, stdin=None, fails=False):
        """Standard output of a program of the bed."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, input=stdin)
        assert (done.returncode != 0) == fails, f"{' '.join(command)}: {done.stdout} {done.stderr}"
        return done.stderr if fails else done.stdout

    def kubectl(self, *words, **more):
        return self.run("kubectl", *words, **more)

    def apply(self, *objects):
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))

    def pods(self, app, namespace="default"):
        """Pods of that app that are not about to go."""
        listed = json.loads(self.kubectl("get", "pods", "-n", namespace, "-l", f"app={app}", "-o", "json"))["items"]
        return [pod for pod in listed if "deletionTimestamp" not in pod["metadata"]]

    def ready(self, app, count=1):
        """All Pods of the app, once that many are there and ready."""

        def probe():
            pods = self.pods(app)
            return pods if len(pods) == count and all(container(pod).get("ready") for pod in pods) else None

        return eventually(probe)

    def log(self, pod):
        meta = pod["metadata"]
        return (self.state / "pods" / f"{meta['namespace']}_{meta['name']}" / "main.log").read_text()

    def down(self):
        return self.bed("down")


def container(pod):
    """Status of the Pod's only container."""
    return pod.get("status", {}).get("containerStatuses", [{}])[0]


def pid_of(pod):
    return int(container(pod)["containerID"].removeprefix("process://"))


def is_running(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def port_of(pod):
    return pod["metadata"]["annotations"]["testbed.stepgate.dev/port.8080"]


def http(method, pod, path):
    request = urllib.request.Request(f"http://127.0.0.1:{port_of(pod)}{path}", method=method)
    try:
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code


def pod_spec(args=(), **more):
    """A Pod's spec with one container, its probes as a chart would have them."""
    probe = {"periodSeconds": 1, "failureThreshold": 1}
    main = {
        "name": "main",
        "image": "registry.test/stepgate:dev",
        "args": list(args),
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "STEPGATE_LISTEN", "value": "0.0.0.0:8080"}],
        "startupProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1, "failureThreshold": 10},
        "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, **probe},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}, **probe},
    }
    return {"containers": [{**main, **more}], "terminationGracePeriodSeconds": 10}


def pod(name, spec):
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def deployment(name, spec, replicas=1):
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": spec}
    meta = {"name": name, "labels": labels}
    whole = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": whole}
