"""The few requests to the API server that the runner makes."""

import http.client
import json
import pathlib
import ssl
import time
import urllib.error
import urllib.request

MERGE_PATCH = "application/merge-patch+json"
WATCH_SECONDS = 300


class ApiError(Exception):
    """A refusal, or no answer at all."""


class Gone(ApiError):
    """404, or 410 in a watch: what was asked for is not there any more."""


class Conflict(ApiError):
    """409: it is another object by now, or it changed."""


class Api:
    def __init__(self, server, ca, token):
        self.server, self.ca = server, pathlib.Path(ca)
        self._token = pathlib.Path(token).read_text().strip()
        self._tls = ssl.create_default_context(cafile=ca)

    def _open(self, method, path, body=None, kind="application/json", timeout=10):
        request = urllib.request.Request(
            self.server + path,
            None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self._token}", "Content-Type": kind},
            method=method,
        )
        try:
            return urllib.request.urlopen(request, timeout=timeout, context=self._tls)
        except urllib.error.HTTPError as error:
            refusal = {404: Gone, 409: Conflict, 410: Gone}.get(error.code, ApiError)
            raise refusal(f"{method} {path}: {error.code} {error.read().decode(errors='replace')}") from None
        except OSError as error:
            raise ApiError(f"{method} {path}: {error}") from None

    def request(self, method, path, body=None, kind="application/json"):
        try:
            with self._open(method, path, body, kind) as response:
                return json.load(response)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise ApiError(f"{method} {path}: the answer broke off: {error}") from None

    def get(self, path):
        return self.request("GET", path)

    def patch(self, path, change):
        return self.request("PATCH", path, change, MERGE_PATCH)

    def list_and_watch(self, path):
        """Endless: ("LIST", objects) first and whenever the watch broke, then (type of event, object)."""
        while True:
            try:
                listed = self.get(path)
                yield "LIST", listed["items"]
                yield from self._watch(path, listed["metadata"]["resourceVersion"])
            except (ApiError, OSError, http.client.HTTPException, ValueError) as error:
                print(f"listing again: {error}", flush=True)
                time.sleep(0.5)

    def _watch(self, path, version):
        """Events from that version on. Ends with an exception: the caller has to list again."""
        while True:
            query = f"?watch=1&allowWatchBookmarks=true&resourceVersion={version}&timeoutSeconds={WATCH_SECONDS}"
            with self._open("GET", path + query, timeout=WATCH_SECONDS + 30) as stream:
                for line in stream:
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise Gone(event["object"].get("message", ""))
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] != "BOOKMARK":
                        yield event["type"], event["object"]


def pod_path(pod):
    meta = pod["metadata"]
    return f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}"
