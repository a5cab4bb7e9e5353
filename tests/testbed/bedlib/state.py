"""The state folder: what runs, and what the shell has to know about it."""

import contextlib
import json
import os
import shutil

from .errors import BedError
from .locking import hold
from .parts import Part
from .settings import STATE

MARK, RECORD = STATE / ".stepgate-bed", STATE / "bed.json"


@contextlib.contextmanager
def locked():
    """One `up` or `down` at a time. Makes the folder; refuses one that is not a bed's, since `down` removes it all."""
    while True:
        if STATE.is_dir() and any(STATE.iterdir()) and not MARK.exists():
            raise BedError(f"{STATE} is no test bed's folder and not empty; choose another with STEPGATE_BED_DIR")
        STATE.mkdir(parents=True, exist_ok=True)
        with open(MARK, "w") as lock:
            hold(lock, "another `bed up` or `bed down` of this bed")
            # a `down` that had the lock may have removed the file that is open here
            if MARK.exists() and os.fstat(lock.fileno()).st_ino == MARK.stat().st_ino:
                yield
                return


def save(parts, variables, programs, own, whole):
    """Called after each start, so that a bed that comes up half can be stopped; `whole` at the end."""
    record = {
        "whole": whole,
        "parts": [part.as_dict() for part in parts],
        "variables": variables,
        "programs": str(programs or ""),
        "own": own,
    }
    scratch = RECORD.with_suffix(".new")
    scratch.touch(mode=0o600)
    scratch.write_text(json.dumps(record, indent=1))
    scratch.replace(RECORD)


def load():
    """The record with Parts in it, or None when there is no bed."""
    try:
        record = json.loads(RECORD.read_text())
    except FileNotFoundError:
        return None
    record["parts"] = [Part(**part) for part in record["parts"]]
    return record


def clear():
    """Everything but the mark, which is locked."""
    for path in STATE.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        elif path != MARK:
            path.unlink()


def remove():
    """The mark goes last: who waits for the lock must not take what is left for a foreign folder."""
    clear()
    MARK.unlink()
    with contextlib.suppress(OSError):  # somebody who waited may have made a new mark
        STATE.rmdir()
