"""The ServiceAccount's token of a Pod, as files.

A process in a cluster finds them below /var/run/secrets, a place that is fixed and there once per machine. So a process
here gets a kubeconfig that names files of its own.
"""

import os
import time

SECONDS = 3600
RENEW_AFTER = 0.8  # of the lifetime, as the kubelet does


class Credentials:
    def __init__(self, api, pod, folder):
        self._api, self._pod, self._folder = api, pod, folder
        self.renew_at = None
        self.wanted = pod["spec"].get("automountServiceAccountToken") is not False and self._account_wants()
        self.kubeconfig = folder / "kubeconfig"

    def _path(self):
        spec, meta = self._pod["spec"], self._pod["metadata"]
        name = spec.get("serviceAccountName") or "default"
        return f"/api/v1/namespaces/{meta['namespace']}/serviceaccounts/{name}"

    def _account_wants(self):
        """The Pod's own word goes before its account's."""
        if self._pod["spec"].get("automountServiceAccountToken"):
            return True
        return self._api.get(self._path()).get("automountServiceAccountToken") is not False

    def write(self):
        """Everything that the process needs to talk to the API server."""
        if self.renew_at is None:
            self._request_token()
        namespace = self._pod["metadata"]["namespace"]
        _replace(self._folder / "ca.crt", self._api.ca.read_text())
        _replace(self._folder / "namespace", namespace)
        _replace(
            self.kubeconfig,
            f"""apiVersion: v1
kind: Config
clusters: [{{name: pod, cluster: {{server: "{self._api.server}", certificate-authority: "{self._folder}/ca.crt"}}}}]
users: [{{name: pod, user: {{tokenFile: "{self._folder}/token"}}}}]
contexts: [{{name: pod, context: {{cluster: pod, user: pod, namespace: "{namespace}"}}}}]
current-context: pod
""",
        )

    def renew(self):
        """Another token, when there is one and it has grown old."""
        if self.renew_at is not None and time.monotonic() > self.renew_at:
            self._request_token()

    def _request_token(self):
        """The token is bound to the Pod: it ends with it."""
        meta = self._pod["metadata"]
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]}
        body = {"spec": {"audiences": [], "expirationSeconds": SECONDS, "boundObjectRef": bound}}
        answer = self._api.request("POST", self._path() + "/token", body)
        _replace(self._folder / "token", answer["status"]["token"])
        self.renew_at = time.monotonic() + SECONDS * RENEW_AFTER


def _replace(path, text):
    """A reader sees the old file or the new one, never half of it; and nobody else sees either."""
    scratch = path.with_suffix(".new")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    scratch.replace(path)
