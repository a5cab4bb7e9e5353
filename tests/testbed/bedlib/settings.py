"""Where things are, and what the user's environment asks for."""

import os
import pathlib

from .errors import BedError

FOLDER = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = FOLDER.parent.parent
STATE = pathlib.Path(os.environ.get("STEPGATE_BED_DIR") or REPOSITORY / ".bed").absolute()
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "stepgate-testbed"
STRICT_SCALE = os.environ.get("STRICT_SCALE") or "20"
BINARY = pathlib.Path(os.environ.get("STEPGATE_BINARY") or REPOSITORY / "target/debug/stepgate").absolute()

# The variable by which a user hands the bed an own one, by what it stands for.
OWN_VARIABLES = {"kubernetes": "KUBECONFIG", "aws": "AWS_ENDPOINT_URL"}


def _is_users(variable):
    """Set by the user. `bed env` sets these variables too, and remembers what to in STEPGATE_BED_<variable>."""
    value = os.environ.get(variable)
    return bool(value) and value != os.environ.get(f"STEPGATE_BED_{variable}")


def own():
    """What the bed does not start because the user has it, with its address; and a note on what that leaves out.

    One variable alone is not taken for a wish: many people have a KUBECONFIG for other work set for good.
    """
    given = {name for name, variable in OWN_VARIABLES.items() if _is_users(variable)}
    asked = set(filter(None, os.environ.get("STEPGATE_BED_OWN", "").replace(",", " ").split()))
    if unknown := asked - set(OWN_VARIABLES):
        raise BedError(f"STEPGATE_BED_OWN: {', '.join(sorted(unknown))} is none of {', '.join(OWN_VARIABLES)}")
    for name in asked - given:
        raise BedError(f"STEPGATE_BED_OWN names {name}, but {OWN_VARIABLES[name]} is not set")
    if asked or len(given) == len(OWN_VARIABLES):
        return {name: os.environ[OWN_VARIABLES[name]] for name in asked or given}, ""
    notes = [
        f"{OWN_VARIABLES[name]} is set, but not used: the bed starts its own. To use yours, "
        f"set STEPGATE_BED_OWN={name} (or both KUBECONFIG and AWS_ENDPOINT_URL)."
        for name in given
    ]
    return {}, "\n".join(notes)


def exports(variables, programs):
    """Lines for `eval`. The folder of programs goes before what the shell has in PATH at that time."""
    lines = [f"export {name}={_quoted(value)}" for name, value in variables.items()]
    if programs:
        lines.append(f'export PATH={_quoted(str(programs))}:"$PATH"')
    return "\n".join(lines)


def _quoted(value):
    return "'" + value.replace("'", "'\"'\"'") + "'"
