"""A Chromium without a screen, for the tests of cross-origin calls: the machine's own, or Debian's in the cache.

Debian's packages are downloaded by apt and unpacked, not installed: that needs no root, and changes nothing outside of the
cache. Libraries that the machine already has are its own.
"""

import os
import pathlib
import shutil
import stat
import subprocess

from . import install
from .errors import BedError

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
PACKAGE = "chromium-headless-shell"
BINARY = "usr/lib/chromium/chromium-headless-shell"
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--dump-dom", "about:blank")
ADVICE = "apt-get install chromium, or give the path of one in STEPGATE_CHROMIUM"


def _works(program):
    """Whether it shows a page: Ubuntu's is a stub that wants a snap."""
    try:
        shown = subprocess.run([program, *FLAGS], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return False
    return shown.returncode == 0 and "<html" in shown.stdout


def browser():
    """Path of a program that takes Chromium's arguments."""
    if given := os.environ.get("STEPGATE_CHROMIUM"):
        if not _works(given):
            raise BedError(f"STEPGATE_CHROMIUM={given} shows no page")
        return given
    for program in filter(None, map(shutil.which, NAMES)):
        if _works(program):
            return program
    return str(install.browser(_unpack, lambda folder: _works(str(folder / "chromium"))) / "chromium")


def _unpack(folder, run):
    for program in ("apt-get", "dpkg-deb"):
        if shutil.which(program) is None:
            raise BedError(f"no Chromium here, and no {program} to get one: {ADVICE}")
    apt, packages = folder / "apt", folder / "apt/cache/archives"
    for path in (apt / "lists/partial", packages / "partial"):
        path.mkdir(parents=True)
    options = [f"Dir::State::lists={apt}/lists", f"Dir::Cache={apt}/cache", "Debug::NoLocking=1"]
    options += ["APT::Sandbox::User=", "Acquire::Retries=3"]  # its own user could not write here
    command = ["apt-get", "--quiet", "--yes", *(word for option in options for word in ("-o", option))]
    run(*command, "update")
    run(*command, "--no-install-recommends", "--download-only", "install", PACKAGE)
    for package in sorted(packages.glob("*.deb")):
        run("dpkg-deb", "--extract", package, folder)
    shutil.rmtree(apt)
    if not (folder / BINARY).exists():
        raise BedError(f"{PACKAGE} has no {BINARY}: {ADVICE}")
    _write_starter(folder)


def _write_starter(folder):
    libraries = {path.parent for path in folder.rglob("*.so*") if "chromium" not in path.parts}
    paths = ":".join(sorted(f"$here/{path.relative_to(folder)}" for path in libraries))
    starter = pathlib.Path(folder / "chromium")
    here = 'here=$(dirname "$(readlink -f "$0")")'
    starter.write_text(f'#!/bin/sh\n{here}\nexport LD_LIBRARY_PATH="{paths}"\nexec "$here/{BINARY}" "$@"\n')
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
