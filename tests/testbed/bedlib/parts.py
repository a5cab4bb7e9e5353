"""The parts of the bed: how each is started, and how it shows that it is up."""

import os
import secrets
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass, field

from . import processes
from .errors import BedError
from .settings import BINARY, FOLDER, STATE, STRICT_SCALE

# What makes the objects live: namespaces that go away, owner references that are collected, Deployments that make Pods,
# aggregated roles. There is no scheduler: the pod runner takes every Pod.
CONTROLLERS = (
    "namespace-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
    "deployment-controller",
    "replicaset-controller",
    "job-controller",
    "disruption-controller",
    "clusterrole-aggregation-controller",
)

_UNVERIFIED = ssl._create_unverified_context()  # only "is it there?" is asked, on the loopback


@dataclass
class Part:
    """One process of the bed, as the state folder remembers it."""

    name: str
    pid: int
    identity: str
    address: str = ""
    probe: str = ""
    """What answers when the part is up: an URL, or the path of a file that the part writes. None needed: ""."""
    headers: dict = field(default_factory=dict)
    patience: float = 5
    """Seconds it may take to end before it is killed."""

    def is_running(self):
        return processes.is_same(self.pid, self.identity)

    def is_up(self):
        if not self.is_running():
            return False
        if self.probe.startswith("http"):
            return _answers(self.probe, self.headers)
        return not self.probe or os.path.exists(self.probe)

    def stop(self):
        processes.stop(self.pid, self.identity, self.patience)

    as_dict = asdict


def _answers(url, headers):
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=3, context=_UNVERIFIED
        ) as response:
            return response.status == 200
    except OSError:
        return False


def log_of(name):
    return STATE / "logs" / f"{name}.log"


def _environment(**more):
    """What a part gets: nothing of the user's that could change it, such as proxies or AWS settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(STATE), "LANG": "C.UTF-8", **more}


def _start(name, command, environment=None, **about):
    process = processes.start_detached(command, log_of(name), environment or _environment())
    return Part(name, process.pid, processes.identity(process.pid) or "", **about)


# --- Kubernetes ------------------------------------------------------------------------------------------------------


# Go collects garbage whenever memory in use has doubled; a control plane of this size then works a quarter of its time
# for that.
SELDOM_COLLECTED = {"GOGC": "400"}


def etcd(programs):
    client, peer = processes.free_port(), processes.free_port()
    url, peers = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
    command = [programs / "etcd", "--data-dir", STATE / "etcd"]
    command += ["--listen-client-urls", url, "--advertise-client-urls", url]
    command += ["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers]
    command += ["--initial-cluster", f"default={peers}"]
    command += ["--unsafe-no-fsync"]  # what is in it need not outlive a power failure
    return _start("etcd", command, _environment(**SELDOM_COLLECTED), address=url, probe=f"{url}/health")


def kube_apiserver(programs, etcd_url):
    """Admin is the token in tokens.csv, of the group system:masters; everybody else is bound by RBAC."""
    url, key = f"https://127.0.0.1:{processes.free_port()}", STATE / "service-accounts.key"
    token = secrets.token_hex(16)
    _private_file(STATE / "tokens.csv", f"{token},admin,admin,system:masters\n")
    _private_file(STATE / "admin.token", token)
    make_key = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)]
    if (made := subprocess.run(make_key, capture_output=True, text=True)).returncode != 0:
        raise BedError(f"openssl made no key: {made.stderr.strip()}")
    _private_file(STATE / "kubeconfig", _kubeconfig(url, token))
    command = [programs / "kube-apiserver", "--etcd-servers", etcd_url]
    command += ["--bind-address", "127.0.0.1", "--secure-port", url.rpartition(":")[2]]
    command += ["--cert-dir", STATE / "certs", "--service-cluster-ip-range", "10.0.0.0/16"]
    command += ["--endpoint-reconciler-type", "none"]  # it cannot have an endpoint on the loopback
    command += ["--service-account-issuer", "https://kubernetes.default.svc"]
    command += ["--service-account-key-file", key, "--service-account-signing-key-file", key]
    command += ["--token-auth-file", STATE / "tokens.csv", "--authorization-mode", "RBAC"]
    headers = {"Authorization": f"Bearer {token}"}
    environment = _environment(**SELDOM_COLLECTED)
    return _start("kube-apiserver", command, environment, address=url, probe=f"{url}/readyz", headers=headers)


def kube_controller_manager(programs):
    command = [programs / "kube-controller-manager", "--kubeconfig", STATE / "kubeconfig"]
    command += ["--secure-port", "0", "--leader-elect=false", "--use-service-account-credentials"]
    command += ["--service-account-private-key-file", STATE / "service-accounts.key"]
    command += ["--root-ca-file", STATE / "certs/apiserver.crt", f"--controllers={','.join(CONTROLLERS)}"]
    return _start("kube-controller-manager", command)


def pod_runner(api_url):
    """The kubelet's stand-in. The file with the binary's path is read at each start of a container."""
    command = [sys.executable, "-m", "pods.runner", "--server", api_url, "--state", STATE / "pods"]
    command += ["--ca", STATE / "certs/apiserver.crt", "--token", STATE / "admin.token", "--binary", STATE / "binary"]
    environment = _environment(PYTHONPATH=str(FOLDER), PYTHONUNBUFFERED="1")
    return _start("pod-runner", command, environment, address=str(STATE / "pods"), probe=str(STATE / "pods/ready"))


def choose_binary():
    (STATE / "binary").write_text(str(BINARY))


def _private_file(path, text):
    path.touch(mode=0o600)
    path.write_text(text)


def _kubeconfig(url, token):
    return f"""apiVersion: v1
kind: Config
clusters: [{{name: testbed, cluster: {{server: "{url}", certificate-authority: "{STATE}/certs/apiserver.crt"}}}}]
users: [{{name: admin, user: {{token: "{token}"}}}}]
contexts: [{{name: testbed, context: {{cluster: testbed, user: admin}}}}]
current-context: testbed
"""


# --- AWS -------------------------------------------------------------------------------------------------------------


def localstack(python):
    port, folder = processes.free_port(), STATE / "localstack"
    url = f"http://127.0.0.1:{port}"
    strict = {name: value for name, value in os.environ.items() if name == "STRICT" or name.startswith("STRICT_")}
    variables = {"GATEWAY_LISTEN": f"127.0.0.1:{port}", "FILESYSTEM_ROOT": str(folder), "HOME": str(folder)}
    folder.mkdir()
    environment = _environment(**{**strict, "STRICT_SCALE": STRICT_SCALE, **variables})
    command = [python, FOLDER / "aws/localstack_host.py"]
    # it would take its time to end, and has nothing to save
    return _start("localstack", command, environment, address=url, probe=f"{url}/_localstack/health", patience=0)
