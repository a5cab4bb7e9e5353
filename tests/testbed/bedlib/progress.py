"""Lines that tell a person what is being waited for. They go to standard error: standard output is for `eval`."""

import sys
import threading
import time
from contextlib import contextmanager

BEAT_SECONDS = 15
_START = time.monotonic()
_TERMINAL = threading.Lock()


def say(text):
    minutes, seconds = divmod(int(time.monotonic() - _START), 60)
    with _TERMINAL:
        print(f"[{minutes:2}m{seconds:02}s] {text}", file=sys.stderr, flush=True)


@contextmanager
def step(text):
    """A line at the start, one at the end with the time it took, and a sign of life in between."""
    say(f"{text} ...")
    start, done = time.monotonic(), threading.Event()

    def beat():
        while not done.wait(BEAT_SECONDS):
            say(f"  still {text} ({time.monotonic() - start:.0f} s)")

    threading.Thread(target=beat, daemon=True).start()
    try:
        yield
    finally:
        done.set()
    say(f"{text}: done in {time.monotonic() - start:.1f} s")
