"""Checks that the strict layer does what it says, each feature both ways: what AWS allows passes, the rest fails.

usage: PYTHON check_strict.py [--port N] [--only WORD]      one line per check; exit code 1 when one failed

The checks are in checks_*.py. They look at the answers that callers get, not at the layer; only checks_policy calls it.
PYTHON is the one that `bed up` installed LocalStack for; ../../check finds it.
"""

import argparse
import sys
import time
import traceback

from check_bed import CHECKS, Bed, at_once, call, check, expect
from checks_quotas import SCALE, rename

# checks register when they are imported, in the order they run
import checks_roles  # noqa: F401
import checks_callers  # noqa: F401
import checks_limits  # noqa: F401
import checks_stages  # noqa: F401
import checks_settings  # noqa: F401
import checks_plans  # noqa: F401
import checks_domains  # noqa: F401
import checks_authorizers  # noqa: F401
import checks_dataplane  # noqa: F401
import checks_faults  # noqa: F401
import checks_policy  # noqa: F401


@check
def everything_can_be_switched_off_by_environment(bed):
    lenient = Bed(STRICT="0")
    try:
        a = lenient.account("990000000001")
        assert [call(a.api.create_rest_api, name="x").status for _ in range(3)] == [201] * 3
        api = a.deployed("arn:aws:iam::999999999999:role/missing")
        machine = a.machine()
        expect(call(a.api.create_stage, restApiId=api, stageName="bad name", deploymentId=a.deploy(api)), 201)
        expect(a.invoke(api, stage="none"), 404)
        assert at_once(rename(a, api), rename(a, api))[0].status == 200
        good = a.deployed("arn:aws:iam::990000000001:role/missing")
        expect(a.invoke(good, {"stateMachineArn": machine}), 200)
        assert lenient.report()["operations"]["apigateway:CreateRestApi"]["throttled"] == 0
    finally:
        lenient.stop()


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    arguments.add_argument("--port", type=int, default=0, help="default: a free one")
    arguments.add_argument("--only", default="", help="run the checks whose names contain this")
    options = arguments.parse_args()
    bed, failed = Bed(options.port, STRICT_SCALE=str(SCALE)), 0
    try:
        bed.warm_up()
        for function in CHECKS:
            if options.only not in function.__name__:
                continue
            start = time.monotonic()
            try:
                function(bed)
                print(f"ok    {function.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
            except Exception as error:
                failed += 1
                frame = traceback.extract_tb(error.__traceback__)[1]
                where = f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
                print(f"FAIL  {function.__name__} ({where}): {type(error).__name__}: {error}", flush=True)
                bed.faults()
        for line in bed.complaints():
            failed += 1
            print(f"FAIL  in the log: {line}")
    finally:
        bed.stop()
    print(f"{failed} failed" if failed else "all passed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
