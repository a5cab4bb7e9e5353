"""One container of a Pod: a process that is started, probed, restarted with back-off, and stopped with grace."""

import os
import pathlib
import signal
import subprocess
import threading
import time

from bedlib.processes import can_listen, free_port

from .api import ApiError
from .environment import ConfigError, expand, variables, with_ports
from .leftovers import forget, remember
from .probe import Probe, ports_of

TICK = 0.05
FIRST_DELAY, LONGEST_DELAY = 1, 30  # a tenth of the kubelet's: tests wait for them
RETRY_SECONDS = 1
GOOD_RUN = 2 * LONGEST_DELAY  # after such a run the back-off starts anew


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


class Container:
    """`worker` is the Pod's: it is told of changes, and knows the folder, the credentials and the binary."""

    def __init__(self, worker, spec, earlier):
        self.worker, self.spec, self.name = worker, spec, spec["name"]
        self.ports = {}
        self.ready = self.started = False
        self.state, self.last_state = {"waiting": {"reason": "ContainerCreating"}}, {}
        self.restarts = earlier.get("restartCount", 0)
        if "running" in earlier.get("state", {}):  # of a runner that was stopped, and its processes with it
            self.restarts += 1
        self._process = None
        self._stopping, self._lock = threading.Event(), threading.Lock()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def begin(self):
        self._thread.start()

    def status(self):
        pid = self._process.pid if self._process else None
        return {
            "name": self.name,
            "image": self.spec["image"],
            "imageID": "",
            "containerID": f"process://{pid}" if pid else "",
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last_state,
        }

    # --- its life, in a thread of its own ---

    def _run(self):
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            try:
                probes = self._start()
            except (ConfigError, ApiError) as error:
                reason = getattr(error, "reason", "CreateContainerError")
                self._be({"waiting": {"reason": reason, "message": str(error)}})
                self._stopping.wait(RETRY_SECONDS)
                continue
            start = time.monotonic()
            if probes is None:
                return
            code = self._live(probes)
            if self._stopping.is_set() or not self.worker.restarts_after(code):
                return
            if time.monotonic() - start > GOOD_RUN:
                delay = FIRST_DELAY
            message = f"back-off {delay}s restarting failed container={self.name}"
            self._be({"waiting": {"reason": "CrashLoopBackOff", "message": message}})
            self._stopping.wait(delay)
            self.restarts, delay = self.restarts + 1, min(2 * delay, LONGEST_DELAY)

    def _start(self):
        """Start the process; its probes. None when the Pod is being stopped."""
        self._choose_ports()
        environment = self._environment()
        command = self._command(environment)
        numbers, names = ports_of(self.spec)
        reachable = self.ports | {name: self.ports[number] for name, number in names.items()}
        probes = {
            kind: Probe(self.spec[f"{kind}Probe"], reachable)
            for kind in ("startup", "liveness", "readiness")
            if f"{kind}Probe" in self.spec
        }
        with self._lock, open(self.worker.logs / f"{self.name}.log", "ab") as log:
            if self._stopping.is_set():
                return None
            try:
                self._process = subprocess.Popen(
                    command,
                    env=environment,
                    cwd=self.worker.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            except OSError as error:
                raise ConfigError("RunContainerError", str(error)) from None
            remember(self.worker.state, self._process.pid)
        self.started, self.ready = "startup" not in probes, not probes.keys() & {"startup", "readiness"}
        self._be({"running": {"startedAt": now()}})
        return probes

    def _live(self, probes):
        """Probe the process until it ends; its exit code."""
        while (code := self._process.poll()) is None:
            self._probe(probes)
            time.sleep(TICK)
        forget(self.worker.state, self._process.pid)
        self._kill_group()  # what it started goes with it, as in a container
        code = 128 - code if code < 0 else code
        ended = {
            "exitCode": code,
            "reason": "Error" if code else "Completed",
            "startedAt": self.state["running"]["startedAt"],
            "finishedAt": now(),
        }
        self.last_state = self.state = {"terminated": ended}
        self.ready = self.started = False
        self.worker.changed()
        return code

    def _probe(self, probes):
        startup = probes.get("startup")
        if startup is not None and not self.started:
            verdict = startup.verdict()
            if verdict is False:
                self._end("startup probe failed")
            elif verdict:
                self.started, self.ready = True, "readiness" not in probes
                self.worker.changed()
            return
        if "liveness" in probes and probes["liveness"].verdict() is False:
            self._end("liveness probe failed")
        elif "readiness" in probes and (verdict := probes["readiness"].verdict()) not in (None, self.ready):
            self.ready = verdict
            self.worker.changed()

    def _be(self, state):
        self.state = state
        self.worker.changed()

    # --- what it is started with ---

    def _choose_ports(self):
        """The same ports at each start, as long as they are free."""
        for number in ports_of(self.spec)[0]:
            if number not in self.ports or not can_listen(self.ports[number]):
                self.ports[number] = free_port()
        self.worker.announce(self.ports)

    def _environment(self):
        """Nothing of the machine's but PATH: the container has what the Pod says."""
        worker = self.worker
        base = {"PATH": os.environ["PATH"], "HOME": str(worker.folder), "HOSTNAME": worker.pod["metadata"]["name"]}
        if worker.credentials.wanted:
            worker.credentials.write()
            base["KUBECONFIG"] = str(worker.credentials.kubeconfig)
        given = variables(worker.api, worker.pod, self.spec)
        return base | {name: with_ports(value, self.ports) for name, value in given.items()}

    def _command(self, environment):
        """`args` alone go to the image's entry point, which is Stepgate's binary here."""
        if "stepgate" not in self.spec["image"]:
            message = f"the test bed has no image {self.spec['image']}: it runs those with stepgate in their name"
            raise ConfigError("ErrImagePull", message)
        binary = self.worker.binary()
        command, args = self.spec.get("command", []), self.spec.get("args", [])
        words = [with_ports(expand(word, environment), self.ports) for word in [*command, *args]]
        if not command:
            return [binary, *words]
        return [binary if "stepgate" in pathlib.Path(words[0]).name else words[0], *words[1:]]

    # --- its end ---

    def _end(self, why):
        """End the process so that it is started again."""
        print(f"{self.worker.name}/{self.name}: {why}", flush=True)
        self._terminate(self.worker.pod["spec"]["terminationGracePeriodSeconds"], threading.Event())

    def stop(self, grace, hurry):
        """End the process for good. `hurry` is an event that ends the grace."""
        with self._lock:
            self._stopping.set()
        if self._process:
            self._terminate(grace, hurry)
        if self._thread.ident:
            self._thread.join()

    def _terminate(self, grace, hurry):
        """TERM to the process alone, as containers get it; KILL for all that it started."""
        if self._process.returncode is None:
            self._process.terminate()
        end = time.monotonic() + grace
        while self._process.poll() is None:
            if time.monotonic() > end or hurry.is_set():
                return self._kill_group()
            time.sleep(TICK)

    def _kill_group(self):
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
