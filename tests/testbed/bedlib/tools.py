"""The tools that a machine must have before the bed can install the rest."""

import re
import subprocess
import sys

from .errors import BedError

GO = (1, 26)
# What LocalStack 4.9.2's pins install and pass all checks on; others have not been tried.
PYTHONS = ("3.11", "3.12", "3.13")


def _output(*command):
    """Standard output, or "" when it does not work: a shim on the PATH need not have a program behind it."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def localstack_python():
    """Path of a Python that LocalStack runs on, or None."""
    ask = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2], sys.executable)"
    for program in (sys.executable, *(f"python{version}" for version in PYTHONS)):
        version, _, path = _output(program, "-c", ask).strip().partition(" ")
        if version in PYTHONS:
            return path
    return None


def _go_is_missing():
    found = re.search(r"go(\d+)\.(\d+)", _output("go", "env", "GOVERSION"))
    if found is None:
        return "go is missing"
    version = tuple(map(int, found.groups()))
    return "" if version >= GO else f"go is {found[0][2:]}"


def check(kubernetes, aws):
    """BedError that names all that is missing, each with the way to get it."""
    missing = []
    for program, way in (("cargo", "https://rustup.rs"), ("make", "apt-get install make")):
        if not _output(program, "--version"):
            missing.append(f"{program} is missing: {way}")
    if kubernetes:
        if reason := _go_is_missing():
            wanted = f"Go {GO[0]}.{GO[1]} or later builds the control plane"
            missing.append(f"{reason}; {wanted}: https://go.dev/dl")
        if not _output("openssl", "version"):
            missing.append("openssl is missing: apt-get install openssl")
    if aws and localstack_python() is None:
        missing.append(
            f"Python {' or '.join(PYTHONS)} with venv is missing (LocalStack 4.9.2 was tried on these only): "
            "apt-get install python3 python3-venv where that is one of them, or pyenv install 3.11"
        )
    if missing:
        raise BedError("\n".join(["this machine lacks:", *(f"  - {line}" for line in missing)]))
