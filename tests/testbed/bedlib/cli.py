"""bed up | down | env | status | install | browser | vtl | vtl-npm"""

import argparse
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from pods.leftovers import kill_leftovers

from . import browser, install, parts, processes, progress, settings, state, tools
from .errors import BedError
from .settings import STATE

UP_SECONDS = 60
HELP = """\
The test bed: a real Kubernetes control plane, an AWS (LocalStack with a strict layer), and a runner of Pods.

  bed up       install what is missing, start it, print the environment
  bed down     stop it and remove its state
  bed env      print the environment: eval "$(bed env)"
  bed status   show its parts; exit code 0 only when all are up
  bed install  install kubectl, helm and the control plane only, and print the PATH to them
  bed browser  print the path of a Chromium, which is installed if there is none
  bed vtl      run LocalStack's mapping templates: calls as JSON lines in, outputs out; needs no bed that is up
  bed vtl-npm  the same with npm's apigw-vtl-emulator

State is in .bed of the repository, or in STEPGATE_BED_DIR. All about it: README.md beside this program.
"""


def main():
    parser = argparse.ArgumentParser(
        prog="bed", usage="bed up|down|env|status|install|browser|vtl|vtl-npm", description=HELP, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = {"up": up, "down": down, "env": env, "status": status, "install": install_only, "browser": browser_only}
    commands |= {"vtl": vtl, "vtl-npm": vtl_npm}
    parser.add_argument("command", choices=commands, metavar="command")
    try:
        return commands[parser.parse_args().command]()
    except BedError as error:
        print("\n".join(filter(None, (f"bed: {error}", error.tail()))), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bed: interrupted; `bed down` clears what is there", file=sys.stderr)
        return 130


# --- up --------------------------------------------------------------------------------------------------------------


def up():
    own, note = settings.own()
    if note:
        progress.say(note)
    with state.locked():
        record = state.load()
        if record and record["whole"] and record["own"] == own and all(_each(parts.Part.is_up, record["parts"])):
            _stay_up(record)
        else:
            if record:
                progress.say("an earlier bed is not whole, or not what is asked for now: stopping what is left of it")
                _stop(record)
            state.clear()
            _start_all(own)
    return env()


def _stay_up(record):
    progress.say(f"already up: {STATE}")
    if record["variables"].get("STRICT_SCALE", settings.STRICT_SCALE) != settings.STRICT_SCALE:
        progress.say("with another STRICT_SCALE than you ask for: `bed down` first to change it")
    if any(part.name == "pod-runner" for part in record["parts"]):
        parts.choose_binary()


def _start_all(own):
    kubernetes, aws = "kubernetes" not in own, "aws" not in own
    tools.check(kubernetes, aws)
    programs = install.control_plane() if kubernetes else None
    python = install.localstack() if aws else None

    started, variables = [], {"STEPGATE_BED": str(STATE)}

    def add(part):
        started.append(part)
        state.save(started, variables, programs, own, whole=False)
        return part

    (STATE / "logs").mkdir()
    try:
        # LocalStack takes longest: it starts while Kubernetes does
        if aws:
            cloud = add(parts.localstack(python))
        if kubernetes:
            with progress.step("starting etcd and kube-apiserver"):
                database = add(parts.etcd(programs))
                api_server = add(parts.kube_apiserver(programs, database.address))
                _wait(database, api_server)
            with progress.step("starting kube-controller-manager and the pod runner"):
                parts.choose_binary()
                add(parts.kube_controller_manager(programs))
                _wait(add(parts.pod_runner(api_server.address)))
            variables |= _made("KUBECONFIG", str(STATE / "kubeconfig"))
        if aws:
            with progress.step(f"starting LocalStack, its time runs {settings.STRICT_SCALE} times as fast as AWS's"):
                _wait(cloud)
            variables |= _made("AWS_ENDPOINT_URL", cloud.address) | {
                "STEPGATE_BED_PYTHON": str(python),
                "STRICT_SCALE": settings.STRICT_SCALE,
                # Quotas refill that many times as fast as AWS's. Some room, since calls do not arrive evenly.
                "STEPGATE_QUOTA_SHARE": str(0.8 * float(settings.STRICT_SCALE)),
            }
    except BaseException:
        for part in reversed(started):
            part.stop()
        raise
    for name, address in own.items():
        variables[settings.OWN_VARIABLES[name]] = address
        progress.say(f"using your {settings.OWN_VARIABLES[name]}: {address}")
    variables |= _aws_variables(variables["AWS_ENDPOINT_URL"], aws)
    state.save(started, variables, programs, own, whole=True)


def _made(variable, value):
    """A variable whose value is the bed's; the second tells a later `up` that it is not the user's."""
    return {variable: value, f"STEPGATE_BED_{variable}": value}


def _aws_variables(endpoint, is_ours):
    variables = {
        "AWS_ACCESS_KEY_ID": "000000000000",  # LocalStack takes a key of 12 digits for the account's id
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "STEPGATE_INVOKE_URL": endpoint + "/_aws/execute-api/{restApiId}/{stage}",
    }
    if is_ours:
        return variables
    # to an AWS of the user's, the shell's own settings stay; nor may real keys get into our record
    has_keys = os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_PROFILE")
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY") if has_keys else ()
    return {name: value for name, value in variables.items() if name not in keys and not os.environ.get(name)}


def _wait(*waited):
    """Until all are up. A part that ended will not come any more."""
    end = time.monotonic() + UP_SECONDS
    for part in waited:
        while not part.is_up():
            log = parts.log_of(part.name)
            if not part.is_running():
                raise BedError(f"{part.name} ended while it started", log)
            if time.monotonic() > end:
                raise BedError(f"{part.name} is not up after {UP_SECONDS} s", log)
            time.sleep(0.1)


def _each(function, items):
    with ThreadPoolExecutor(max(len(items), 1)) as pool:
        return list(pool.map(function, items))


# --- down ------------------------------------------------------------------------------------------------------------


def down():
    if not STATE.exists():
        progress.say(f"nothing is up: {STATE} does not exist")
        return 0
    with state.locked(), progress.step("stopping the test bed"):
        _stop(state.load() or {"parts": []})
        state.remove()
    return 0


def _stop(record):
    """The runner first, while the API server is there. etcd last: without it the API server does not heed TERM."""
    by_name = {part.name: part for part in record["parts"]}
    for names in (("pod-runner",), ("kube-controller-manager", "kube-apiserver", "localstack"), ("etcd",)):
        _each(parts.Part.stop, [by_name[name] for name in names if name in by_name])
    kill_leftovers(STATE / "pods")


# --- install, env, status ---------------------------------------------------------------------------------------------


def install_only():
    tools.check(kubernetes=True, aws=False)
    print(settings.exports({}, install.control_plane()))
    return 0


def browser_only():
    print(browser.browser())
    return 0


def vtl():
    """LocalStack's template engine in the place of this process."""
    tools.check(kubernetes=False, aws=True)
    python = str(install.localstack())
    os.execv(python, [python, str(settings.FOLDER / "aws/vtl_engine.py")])


def vtl_npm():
    folder = str(install.npm_packages())
    os.execvp("node", ["node", str(settings.FOLDER / "npm/vtl_engine.cjs"), folder])


def _record():
    record = state.load()
    if record is None:
        raise BedError(f"no test bed is up in {STATE}; start it with: bed up")
    return record


def env():
    record = _record()
    if not record["whole"] or not all(part.is_running() for part in record["parts"]):
        raise BedError(f"the test bed in {STATE} is not whole (see: bed status); start it anew with: bed up")
    print(settings.exports(record["variables"], record["programs"]))
    return 0


def status():
    record = _record()
    up = _each(parts.Part.is_up, record["parts"])
    rows = [("NAME", "PID", "ADDRESS", "STATE", "MEMORY")]
    for part, is_up in zip(record["parts"], up):
        memory = processes.memory_mb(part.pid) if part.is_running() else None
        condition = "up" if is_up else "no answer" if part.is_running() else "dead"
        rows.append((part.name, str(part.pid), part.address or "-", condition, f"{memory} MB" if memory else "-"))
    for name, address in record["own"].items():
        rows.append((f"{name} (yours)", "-", address, "not checked", "-"))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
    return 0 if all(up) else 1
