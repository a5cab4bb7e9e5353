"""Processes that outlive their starter, known again by more than their number, and free ports for them."""

import os
import pathlib
import random
import signal
import socket
import subprocess
import time

# Below the range that the kernel takes for outgoing connections, so none of those can grab a port between our choice
# of it and the listener's start.
PORTS = range(20000, 32000)


def can_listen(port):
    with socket.socket() as probe:
        # as servers do: connections of an earlier listener that linger do not count
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
            return True
        except OSError:
            return False


def free_port():
    """A random port on which nobody listens: beds that start at the same time hardly choose the same."""
    return next(port for port in iter(lambda: random.choice(PORTS), None) if can_listen(port))


def identity(pid):
    """Tells a process from a later one with the same number; None when there is none, or only a zombie."""
    try:
        boot = pathlib.Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        # the name, in parentheses, may contain blanks; the state follows it and the start time is the 20th from there
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] == "Z" else f"{boot}:{fields[19]}"


def is_same(pid, known_identity):
    return known_identity is not None and identity(pid) == known_identity


def memory_mb(pid):
    try:
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmRSS:")), None)


def start_detached(command, log, environment, cwd=None):
    """The process has a session of its own, so neither the end of this shell nor its Ctrl-C reaches it."""
    with open(log, "ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            env=environment,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )


def send(pid, known_identity, number, group=False):
    """Signal the process, if it is still that one."""
    if is_same(pid, known_identity):
        try:
            (os.killpg if group else os.kill)(pid, number)
        except ProcessLookupError:
            pass


def stop(pid, known_identity, patience):
    """TERM, then KILL for it and what it started."""
    send(pid, known_identity, signal.SIGTERM)
    end = time.monotonic() + patience
    while is_same(pid, known_identity) and time.monotonic() < end:
        time.sleep(0.05)
    send(pid, known_identity, signal.SIGKILL, group=True)
