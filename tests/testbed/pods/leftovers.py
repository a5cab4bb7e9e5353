"""Processes of Pods that a runner left behind: known by a file each, named for its process, with its identity."""

import pathlib
import signal

from bedlib.processes import identity, send


def remember(state, pid):
    folder = pathlib.Path(state) / ".processes"
    folder.mkdir(exist_ok=True)
    (folder / str(pid)).write_text(identity(pid) or "")


def forget(state, pid):
    (pathlib.Path(state) / ".processes" / str(pid)).unlink(missing_ok=True)


def kill_leftovers(state):
    for file in (pathlib.Path(state) / ".processes").glob("*"):
        send(int(file.name), file.read_text(), signal.SIGKILL, group=True)
        file.unlink(missing_ok=True)
