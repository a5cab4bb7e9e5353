#!/usr/bin/env python3
"""Takes the place of Stepgate's binary in the checks: serves /readyz and /healthz and does as its arguments say.

exit=CODE ends at once, deaf ignores TERM. POST /healthz and /readyz turn that answer into a 500.
"""

import http.server
import os
import signal
import sys
import time

FAILING = set()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if self.path in FAILING else 200)
        self.end_headers()

    def do_POST(self):
        FAILING.add(self.path)
        self.do_GET()

    def log_message(self, *_):
        pass


def finish(*_):
    time.sleep(0.5)  # what a rude KILL would cut off
    print("finished", flush=True)
    os._exit(0)


signal.signal(signal.SIGTERM, signal.SIG_IGN if "deaf" in sys.argv else finish)
print("arguments", sys.argv[1:], flush=True)
print("greeting", os.environ.get("GREETING"), flush=True)
for word in sys.argv:
    if word.startswith("exit="):
        sys.exit(int(word[5:]))
host, port = os.environ["STEPGATE_LISTEN"].rsplit(":", 1)
http.server.ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
