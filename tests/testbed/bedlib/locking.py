"""Files that one process at a time may hold."""

import fcntl

from . import progress


def hold(file, holder):
    """Lock the open file until it is closed; says whom it waits for."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        with progress.step(f"waiting for {holder}"):
            fcntl.flock(file, fcntl.LOCK_EX)
