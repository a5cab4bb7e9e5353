"""Checks of the bed itself: start, stop, what is half there, and what the user brings along."""

import os
import pathlib
import signal
import subprocess
import tempfile

from bedlib import processes

from .support import check, eventually, is_running, pid_of, pod, pod_spec


@check
def second_up_changes_nothing(bed):
    before = bed.record()
    again = bed.bed("up")
    assert again.returncode == 0 and "already up" in again.stderr, again
    assert again.stdout == bed.bed("env").stdout and bed.record() == before


@check
def status_lists_all_parts(bed):
    shown = bed.bed("status")
    assert shown.returncode == 0, shown
    names = [line.split()[0] for line in shown.stdout.splitlines()]
    wanted = {"NAME", "localstack", "etcd", "kube-apiserver", "kube-controller-manager", "pod-runner"}
    assert set(names) == wanted, names


@check
def nobody_else_can_reach_it(bed):
    """Every listening socket is on the loopback."""
    pids = {part["pid"] for part in bed.record()["parts"]}
    sockets = set()
    for pid in pids:
        for entry in os.listdir(f"/proc/{pid}/fd"):
            try:
                sockets.add(os.readlink(f"/proc/{pid}/fd/{entry}"))
            except OSError:
                continue
    listening = [
        fields
        for table in ("tcp", "tcp6")
        for fields in map(str.split, pathlib.Path(f"/proc/net/{table}").read_text().splitlines()[1:])
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets
    ]
    assert len(listening) >= 4, listening
    outside = [fields[1] for fields in listening if not fields[1].startswith("0100007F:")]
    assert not outside, outside


@check
def runner_had_no_surprises(bed):
    log = (bed.state / "logs/pod-runner.log").read_text()
    assert "Traceback" not in log, log


@check
def number_of_an_ended_process_kills_no_later_one(bed):
    other = subprocess.Popen(["sleep", "60"])
    try:
        earlier = processes.identity(os.getpid())
        processes.stop(other.pid, earlier, patience=0)
        assert other.poll() is None
        processes.stop(other.pid, processes.identity(other.pid), patience=5)
        assert other.wait(5) == -signal.SIGTERM
    finally:
        other.kill()


@check
def half_a_bed_is_replaced_and_its_pods_do_not_stay(bed):
    bed.apply(pod("orphan", pod_spec(["deaf"])))
    (orphan,) = bed.ready("orphan")
    old = bed.pid("localstack")
    os.kill(bed.pid("pod-runner"), signal.SIGKILL)
    eventually(lambda: bed.bed("status").returncode == 1)
    assert bed.bed("env").returncode == 1
    started = bed.up()
    assert "not whole" in started.stderr, started.stderr
    assert not is_running(pid_of(orphan)) and not is_running(old)
    assert bed.bed("status").returncode == 0 and not bed.pods("orphan")


@check
def users_own_are_used_when_both_are_there(bed):
    with tempfile.TemporaryDirectory() as folder:
        mine = {"STEPGATE_BED_DIR": f"{folder}/bed", "KUBECONFIG": "/mine/config", "AWS_ENDPOINT_URL": "http://mine:1"}
        mine |= {"AWS_ACCESS_KEY_ID": "real", "AWS_SECRET_ACCESS_KEY": "secret"}
        started = bed.bed("up", **mine)
        assert started.returncode == 0, started
        assert "export KUBECONFIG='/mine/config'" in started.stdout, started.stdout
        assert "export STEPGATE_INVOKE_URL='http://mine:1/_aws/execute-api/{restApiId}/{stage}'" in started.stdout
        assert "_KEY" not in started.stdout, started.stdout
        assert "PATH" not in started.stdout and bed.bed("status", **mine).returncode == 0
        assert bed.bed("down", **mine).returncode == 0 and not os.path.exists(f"{folder}/bed")


@check
def what_the_bed_exported_is_not_the_users(bed):
    exported = {name: value for name, value in bed.environment.items() if name.startswith(("KUBE", "AWS", "STEPGATE"))}
    again = bed.bed("up", **exported)
    assert "already up" in again.stderr and "using your" not in again.stderr, again.stderr
    one = bed.bed("up", KUBECONFIG="/mine/config")
    assert "KUBECONFIG is set, but not used" in one.stderr and "/mine/config" not in one.stdout, one


@check
def foreign_folder_is_left_alone(bed):
    with tempfile.TemporaryDirectory() as folder:
        open(f"{folder}/precious", "w").close()
        for command in ("up", "down"):
            refused = bed.bed(command, STEPGATE_BED_DIR=folder)
            assert refused.returncode == 1 and "no test bed's folder" in refused.stderr, refused
        assert os.listdir(folder) == ["precious"]


@check
def down_stops_everything(bed):
    bed.apply(pod("last", pod_spec(["deaf"])))
    (last,) = bed.ready("last")
    pids = [part["pid"] for part in bed.record()["parts"]] + [pid_of(last)]
    stopped = bed.down()
    assert stopped.returncode == 0, stopped
    assert not [pid for pid in pids if is_running(pid)] and not bed.state.exists()
    assert bed.down().returncode == 0 and bed.bed("env").returncode == 1
