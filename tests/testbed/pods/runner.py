"""The kubelet's stand-in: runs the Pods of all namespaces as local processes. See the README for what it leaves out.

usage: python -m pods.runner --server URL --ca FILE --token FILE --state FOLDER --binary FILE
"""

import argparse
import pathlib
import signal
import time

from .api import Api, ApiError, Conflict
from .leftovers import kill_leftovers
from .pod import PodWorker

NODE = "testbed"
STOP_SECONDS = 3


class Runner:
    def __init__(self, api, state, binary_file):
        self._api, self._state, self._binary_file = api, state, binary_file
        self._workers = {}

    def run(self):
        for kind, subject in self._api.list_and_watch("/api/v1/pods"):
            if kind == "LIST":
                self._compare(subject)
                (self._state / "ready").touch()
            elif kind == "DELETED":
                self._vanish(subject["metadata"]["uid"])
            else:
                self._see(subject)

    def stop(self):
        """End all processes; a Pod that is in its grace, however long, gets no more of it."""
        workers, end = list(self._workers.values()), time.monotonic() + STOP_SECONDS
        for worker in workers:
            worker.quit()
        for worker in workers:
            worker.join(max(end - time.monotonic(), 0))
            worker.vanish()
        for worker in workers:
            worker.join()

    def _compare(self, pods):
        there = {pod["metadata"]["uid"] for pod in pods}
        for uid in set(self._workers) - there:
            self._vanish(uid)
        for pod in pods:
            self._see(pod)

    def _see(self, pod):
        uid = pod["metadata"]["uid"]
        if uid in self._workers:
            self._workers[uid].update(pod)
        elif pod["spec"].get("nodeName", NODE) == NODE:
            self._workers[uid] = PodWorker(self._api, pod, NODE, self._state, self._binary_file)

    def _vanish(self, uid):
        if worker := self._workers.pop(uid, None):
            worker.vanish()


def register(api):
    """The node, as ready: nobody here takes that back."""
    ready = {"type": "Ready", "status": "True", "reason": "TestBed", "message": "Pods are local processes"}
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    status = {"conditions": [ready], "addresses": addresses, "nodeInfo": node_info()}
    try:
        api.request("POST", "/api/v1/nodes", {"metadata": {"name": NODE}, "status": status})
    except Conflict:
        pass  # an earlier runner's


def node_info():
    """The API wants all of them."""
    names = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion")
    names += ("kubeletVersion", "kubeProxyVersion", "operatingSystem", "architecture")
    return {name: "testbed" for name in names}


def leave(*_):
    raise SystemExit


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    for option in ("server", "ca", "token"):
        parser.add_argument(f"--{option}", required=True)
    for option in ("state", "binary"):
        parser.add_argument(f"--{option}", required=True, type=pathlib.Path)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, leave)
    options.state.mkdir(exist_ok=True)
    kill_leftovers(options.state)
    api = Api(options.server, options.ca, options.token)
    while True:
        try:
            register(api)
            break
        except ApiError as error:
            print(error, flush=True)
            time.sleep(0.5)
    runner = Runner(api, options.state, options.binary)
    try:
        runner.run()
    finally:
        runner.stop()


if __name__ == "__main__":
    main()
