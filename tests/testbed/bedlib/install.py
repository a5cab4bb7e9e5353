"""Installs the control plane and LocalStack into the user's cache, once for all clones with the same pins."""

import contextlib
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

from . import progress, tools
from .errors import BedError
from .locking import hold
from .settings import CACHE, FOLDER

CONTROL_PLANE, REQUIREMENTS = FOLDER / "controlplane", FOLDER / "aws/requirements-localstack.txt"
NPM = FOLDER / "npm"
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "helm")


def _key(*pins):
    return hashlib.sha256(b"\0".join(pins)).hexdigest()[:16]


def _run(log, *command):
    with open(log, "ab") as output:
        result = subprocess.run([str(word) for word in command], stdout=output, stderr=output, stdin=subprocess.DEVNULL)
    if result.returncode != 0:
        raise BedError(f"{' '.join(map(str, command))} failed with {result.returncode}", log)


def _installed(name, is_good, build, what):
    """The folder of that name in the cache. It appears there whole or not at all.

    One installation at a time: a second `up` waits for the first and then finds its result.
    """
    target, log = CACHE / name, CACHE / f"{name}.log"
    if is_good(target):
        return target
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        hold(lock, "another bed that installs the same")
        if is_good(target):
            return target
        scratch = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}.new-", dir=CACHE))
        log.unlink(missing_ok=True)
        try:
            with progress.step(what):
                build(scratch, log)
            shutil.rmtree(target, ignore_errors=True)
            os.rename(scratch, target)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    return target


def control_plane():
    """Folder of the control plane's programs, kubectl and helm."""
    script = CONTROL_PLANE / "install.sh"  # it has helm's version
    key = _key(*(path.read_bytes() for path in (CONTROL_PLANE / "go.mod", CONTROL_PLANE / "go.sum", script)))
    return _installed(
        f"controlplane-{key}",
        lambda folder: all((folder / program).exists() for program in PROGRAMS),
        lambda folder, log: _run(log, script, folder),
        "building kube-apiserver, etcd, kubectl and helm from source (6 to 8 min the first time)",
    )


def localstack():
    """The Python that has LocalStack."""
    base = tools.localstack_python()

    def build(folder, log):
        # A virtual environment may be moved as long as only its bin/python is used: other scripts name their old path.
        _run(log, base, "-m", "venv", folder)
        _run(log, folder / "bin/python", "-m", "pip", "install", "--no-input", "-r", REQUIREMENTS)

    def is_good(folder):  # an upgrade of the system may have taken away the Python below it
        probe = [folder / "bin/python", "-c", "import sys"]
        with contextlib.suppress(OSError):
            return subprocess.run(probe, stderr=subprocess.DEVNULL).returncode == 0
        return False

    key = _key(REQUIREMENTS.read_bytes(), base.encode())
    folder = _installed(f"localstack-{key}", is_good, build, "installing LocalStack (about 1 min the first time)")
    return folder / "bin/python"


def browser(unpack, is_good):
    """Folder of a Chromium. The packages are those of the system's release, which has security updates: no pin holds."""
    release = pathlib.Path("/etc/os-release")
    return _installed(
        f"chromium-{_key(release.read_bytes() if release.exists() else b'')}",
        is_good,
        lambda folder, log: unpack(folder, lambda *command: _run(log, *command)),
        "getting Chromium from the system's package archive (100 MB the first time)",
    )


def npm_packages():
    """Folder with the node_modules of npm/package.json."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        raise BedError("node and npm are missing: apt-get install nodejs npm")
    pins = (NPM / "package.json", NPM / "package-lock.json")

    def build(folder, log):
        for pin in pins:
            shutil.copy(pin, folder)
        _run(log, "npm", "ci", "--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund")

    def is_good(folder):
        return (folder / "node_modules/apigw-vtl-emulator").exists()

    return _installed(f"npm-{_key(*(pin.read_bytes() for pin in pins))}", is_good, build, "installing npm packages")
