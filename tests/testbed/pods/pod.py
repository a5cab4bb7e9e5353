"""One Pod: its containers, its status at the API server, and its end."""

import pathlib
import shutil
import threading

from .api import ApiError, Conflict, Gone, pod_path
from .container import Container, now
from .credentials import Credentials
from .environment import ConfigError

PORT_ANNOTATION = "testbed.stepgate.dev/port."
FINAL = ("Succeeded", "Failed")


class PodWorker:
    def __init__(self, api, pod, node, state, binary_file):
        self.api, self.pod, self.node, self.state = api, pod, node, state
        meta = pod["metadata"]
        self.name, self.path = f"{meta['namespace']}_{meta['name']}", pod_path(pod)
        self.logs = state / self.name
        self.folder = self.logs / meta["uid"]
        self.credentials = self._containers = None
        self._binary_file = binary_file
        self._is_final = False
        self._written, self._since, self._ports = None, {}, {}
        self._wake, self._vanished, self._quit = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    # --- what the others tell it ---

    def update(self, pod):
        self.pod = pod
        self._wake.set()

    def changed(self):
        self._wake.set()

    def vanish(self):
        """The object is gone: there is nothing left to be graceful for."""
        self._vanished.set()
        self._wake.set()

    def quit(self):
        """The runner stops: the processes end, the object stays."""
        self._quit.set()
        self._wake.set()

    def join(self, seconds=None):
        self._thread.join(seconds)

    def announce(self, ports):
        """Where the Pod's ports are on this machine, as annotations."""
        if ports.items() <= self._ports.items():
            return
        self._ports |= ports
        annotations = {f"{PORT_ANNOTATION}{number}": str(port) for number, port in ports.items()}
        self._patch("", {"metadata": {"uid": self.pod["metadata"]["uid"], "annotations": annotations}})

    def restarts_after(self, code):
        """Whether a container that ended with that exit code is started again."""
        policy = self.pod["spec"]["restartPolicy"]
        return policy == "Always" or (policy == "OnFailure" and code != 0)

    def binary(self):
        """Path of Stepgate's binary; asked at each start, so that a test can put another in its place."""
        path = pathlib.Path(self._binary_file.read_text().strip())
        if not path.is_file():
            raise ConfigError("ErrImagePull", f"no file {path}: run `cargo build`, or set STEPGATE_BINARY")
        return str(path)

    # --- its life ---

    def _run(self):
        while not self._over():
            try:
                self._begin()
                break
            except ApiError as error:
                print(f"{self.name}: {error}", flush=True)
                self._pause(1)
        while not self._over() and "deletionTimestamp" not in self.pod["metadata"]:
            self._report()
            self._pause(1)
        self._end()

    def _over(self):
        return self._vanished.is_set() or self._quit.is_set()

    def _pause(self, seconds):
        self._wake.wait(seconds)
        self._wake.clear()

    def _begin(self):
        """Bind the Pod and start its containers, unless it has run to its end under an earlier runner."""
        if not self.pod["spec"].get("nodeName"):
            target = {"metadata": {"name": self.pod["metadata"]["name"]}, "target": {"kind": "Node", "name": self.node}}
            self.api.request("POST", self.path + "/binding", target)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.credentials = Credentials(self.api, self.pod, self.folder)
        status = self.pod.get("status", {})
        earlier = {known["name"]: known for known in status.get("containerStatuses", [])}
        self._since = {c["type"]: (c["status"], c.get("lastTransitionTime")) for c in status.get("conditions", [])}
        self._containers = [
            Container(self, spec, earlier.get(spec["name"], {})) for spec in self.pod["spec"]["containers"]
        ]
        self._is_final = status.get("phase") in FINAL
        if self._is_final or "deletionTimestamp" in self.pod["metadata"]:
            return
        for container in self._containers:
            container.begin()

    def _end(self):
        grace = 2 if self._quit.is_set() else self.pod["metadata"].get("deletionGracePeriodSeconds", 0)
        hurry = self._vanished
        stops = [threading.Thread(target=c.stop, args=(grace, hurry)) for c in self._containers or []]
        for thread in stops:
            thread.start()
        for thread in stops:
            thread.join()
        if self._containers and not self._over():
            self._report()
        while not self._over():
            try:
                options = {"gracePeriodSeconds": 0, "preconditions": {"uid": self.pod["metadata"]["uid"]}}
                self.api.request("DELETE", self.path, options)
                break
            except (Gone, Conflict):
                break
            except ApiError as error:
                print(f"{self.name}: {error}", flush=True)
                self._pause(1)
        shutil.rmtree(self.folder, ignore_errors=True)

    # --- its status ---

    def _report(self):
        if self._is_final:
            return
        try:
            self.credentials.renew()
            status = self._status()
            if status != self._written:
                self._patch("/status", {"metadata": {"uid": self.pod["metadata"]["uid"]}, "status": status})
                self._written = status
        except (Gone, Conflict):
            pass  # the watch will tell
        except ApiError as error:
            print(f"{self.name}: {error}", flush=True)

    def _patch(self, subresource, change):
        self.api.patch(self.path + subresource, change)

    def _status(self):
        containers = [container.status() for container in self._containers]
        ready = all(container["ready"] for container in containers)
        conditions = {"PodScheduled": True, "Initialized": True, "ContainersReady": ready, "Ready": ready}
        return {
            "phase": self._phase(),
            "hostIP": "127.0.0.1",
            "podIP": "127.0.0.1",
            "podIPs": [{"ip": "127.0.0.1"}],
            "startTime": self.pod.get("status", {}).get("startTime") or self.pod["metadata"]["creationTimestamp"],
            "conditions": [self._condition(name, holds) for name, holds in conditions.items()],
            "containerStatuses": containers,
        }

    def _condition(self, name, holds):
        status = "True" if holds else "False"
        if self._since.get(name, ("", None))[0] != status:
            self._since[name] = (status, now())
        return {"type": name, "status": status, "lastTransitionTime": self._since[name][1]}

    def _phase(self):
        ends = [container.state.get("terminated") for container in self._containers]
        if all(ends) and "deletionTimestamp" not in self.pod["metadata"]:
            codes = [end["exitCode"] for end in ends]
            if not any(self.restarts_after(code) for code in codes):
                return "Failed" if any(codes) else "Succeeded"
        started = any("waiting" not in c.state or c.last_state for c in self._containers)
        return "Running" if started else "Pending"
