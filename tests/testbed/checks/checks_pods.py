"""Checks of the runner of Pods: what a kubelet does, as far as Stepgate and its chart need it."""

import json
import os
import pathlib
import signal
import tempfile
import time

from pods.api import Api
from pods.credentials import Credentials

from .support import check, container, deployment, eventually, http, is_running, pid_of, pod, pod_spec

SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "words"}, "stringData": {"word": "hello"}}


@check
def deployment_runs_with_environment_arguments_and_ports(bed):
    values = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "values"}, "data": {"NAME": "world"}}
    spec = pod_spec(["--greet=$(GREETING)", "$(UNKNOWN)", "$$(NAME)", "--listen=:8080", "http://x:8080"])
    main = spec["containers"][0]
    main["envFrom"] = [{"configMapRef": {"name": "values"}}]
    main["env"] += [
        {"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "words", "key": "word"}}},
        {"name": "WHERE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}},
        {"name": "GREETING", "value": "$(WORD) $(NAME) in $(WHERE)"},
    ]
    bed.apply(SECRET, values, deployment("env", spec, replicas=2))
    bed.kubectl("rollout", "status", "deployment/env", "--timeout=20s")
    first, second = bed.ready("env", 2)
    port = first["metadata"]["annotations"]["testbed.stepgate.dev/port.8080"]
    assert http("GET", first, "/readyz") == http("GET", second, "/readyz") == 200
    assert port != second["metadata"]["annotations"]["testbed.stepgate.dev/port.8080"]
    greeting = "hello world in default"
    wanted = [f"--greet={greeting}", "$(UNKNOWN)", "$(NAME)", f"--listen=127.0.0.1:{port}", "http://x:8080"]
    assert f"arguments {wanted}\ngreeting {greeting}\n" == bed.log(first), bed.log(first)
    assert {c["type"]: c["status"] for c in first["status"]["conditions"]}["Ready"] == "True"


@check
def token_is_the_pods_own_account_and_bound_by_rbac(bed):
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "bound"}}
    bed.apply(account, deployment("token", pod_spec() | {"serviceAccountName": "bound"}))
    (one,) = bed.ready("token")
    process = pathlib.Path(f"/proc/{pid_of(one)}/environ").read_text().split("\0")
    kubeconfig = next(word.partition("=")[2] for word in process if word.startswith("KUBECONFIG="))
    who = ["--kubeconfig", kubeconfig]
    assert "system:serviceaccount:default:bound" in bed.kubectl(*who, "auth", "whoami")
    assert "forbidden" in bed.kubectl(*who, "get", "configmaps", fails=True)
    bed.kubectl("create", "rolebinding", "bound", "--clusterrole=view", "--serviceaccount=default:bound")
    bed.kubectl(*who, "get", "configmaps")


@check
def token_is_renewed(bed):
    api = Api(bed.address("kube-apiserver"), bed.state / "certs/apiserver.crt", bed.state / "admin.token")
    (one,) = bed.ready("token")
    with tempfile.TemporaryDirectory() as folder:
        credentials, token = Credentials(api, one, pathlib.Path(folder)), pathlib.Path(folder, "token")
        credentials.write()
        first = token.read_text()
        credentials.renew()
        assert token.read_text() == first, "renewed while young"
        credentials.renew_at = time.monotonic() - 1
        credentials.renew()
        assert token.read_text() != first, "not renewed"


@check
def killed_process_is_started_again(bed):
    bed.apply(deployment("killed", pod_spec()))
    (one,) = bed.ready("killed")
    os.kill(pid_of(one), signal.SIGKILL)

    def restarted():
        now = container(bed.pods("killed")[0])
        return now if now["restartCount"] == 1 and now["ready"] else None

    assert eventually(restarted)["lastState"]["terminated"]["exitCode"] == 137
    assert [again["metadata"]["name"] for again in bed.pods("killed")] == [one["metadata"]["name"]]


@check
def failing_process_is_held_back(bed):
    bed.apply(pod("failing", pod_spec(["exit=3"])))

    def held_back():
        now = container(bed.pods("failing")[0])
        return now if now.get("state", {}).get("waiting", {}).get("reason") == "CrashLoopBackOff" else None

    assert eventually(held_back)["lastState"]["terminated"]["exitCode"] == 3
    bed.kubectl("delete", "pod", "failing", "--timeout=10s")


@check
def probes_restart_and_take_out_of_service(bed):
    bed.apply(pod("probed", pod_spec()))
    (one,) = bed.ready("probed")
    http("POST", one, "/readyz")

    def unready():
        now = container(bed.pods("probed")[0])
        return now["restartCount"] == 0 and now["started"] and not now["ready"]

    eventually(unready)
    http("POST", one, "/healthz")
    (again,) = bed.ready("probed")  # a new process has forgotten both
    assert container(again)["restartCount"] == 1 and pid_of(again) != pid_of(one)
    assert "finished" in bed.log(one)


@check
def rolling_update_starts_the_new_before_it_stops_the_old(bed):
    wanted = deployment("rolled", pod_spec(["old"]))
    wanted["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}}
    bed.apply(wanted)
    (old,) = bed.ready("rolled")
    wanted["spec"]["template"]["spec"]["containers"][0]["args"] = ["new"]
    bed.apply(wanted)
    bed.kubectl("rollout", "status", "deployment/rolled", "--timeout=20s")
    (new,) = bed.ready("rolled")
    assert "['new']" in bed.log(new)
    eventually(lambda: "finished" in bed.log(old))
    eventually(lambda: not is_running(pid_of(old)))


@check
def deletion_gives_grace_and_then_kills(bed):
    bed.apply(pod("polite", pod_spec()), pod("deaf", pod_spec(["deaf"])))
    (polite,), (deaf,) = bed.ready("polite"), bed.ready("deaf")
    bed.kubectl("delete", "pod", "polite", "--timeout=8s")
    assert "finished" in bed.log(polite) and not is_running(pid_of(polite))
    start = time.monotonic()
    bed.kubectl("delete", "pod", "deaf", "--grace-period=2", "--timeout=8s")
    assert time.monotonic() - start > 1.9 and not is_running(pid_of(deaf))


@check
def forced_deletion_kills_at_once(bed):
    bed.apply(pod("forced", pod_spec(["deaf"])))
    (one,) = bed.ready("forced")
    bed.kubectl("delete", "pod", "forced", "--force", "--grace-period=0")
    eventually(lambda: not is_running(pid_of(one)), seconds=3)


@check
def what_cannot_start_says_why_and_heals(bed):
    late = pod_spec()
    late["containers"][0]["envFrom"] = [{"secretRef": {"name": "late"}}]
    bed.apply(pod("late", late), pod("other", pod_spec(image="registry.test/other:1")))

    def waits(name, reason):
        return lambda: container(bed.pods(name)[0]).get("state", {}).get("waiting", {}).get("reason") == reason

    eventually(waits("late", "CreateContainerConfigError"))
    eventually(waits("other", "ErrImagePull"))
    bed.apply({**SECRET, "metadata": {"name": "late"}})
    bed.ready("late")


@check
def job_completes(bed):
    template = {"spec": {"restartPolicy": "Never", "containers": [pod_spec(["exit=0"])["containers"][0]]}}
    bed.apply({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": {"template": template}})
    bed.kubectl("wait", "--for=condition=complete", "job/job", "--timeout=15s")


@check
def helm_installs_waits_and_uninstalls(bed):
    with tempfile.TemporaryDirectory() as folder:
        chart = pathlib.Path(folder)
        (chart / "templates").mkdir()
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: tiny\nversion: 0.1.0\n")
        (chart / "templates/deployment.yaml").write_text(json.dumps(deployment("tiny", pod_spec(), replicas=2)))
        bed.run("helm", "install", "tiny", folder, "--wait", "--timeout", "30s")
        assert len(bed.ready("tiny", 2)) == 2
        bed.run("helm", "uninstall", "tiny", "--wait", "--timeout", "30s")
        eventually(lambda: not bed.pods("tiny"))
