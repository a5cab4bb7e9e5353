"""Start LocalStack 4.9.2 in host mode as the test AWS: fidelity fixes, faults on order, AWS's strictness.

usage: GATEWAY_LISTEN=127.0.0.1:4566 FILESYSTEM_ROOT=<dir> python localstack_host.py      (`bed up` does that)
Test control: /_test/faults (see faults.py) and /_test/strict (see strict_aws.py; STRICT=0 switches it off).
"""

import os

for _name, _value in {
    "SKIP_SSL_CERT_DOWNLOAD": "1",
    "DISABLE_EVENTS": "1",
    "DNS_ADDRESS": "0",
    "OVERRIDE_IN_DOCKER": "0",
    "SERVICES": "apigateway,iam,sts,stepfunctions,events",
    "EAGER_SERVICE_LOADING": "1",
    "LS_LOG": "warn",
}.items():
    os.environ.setdefault(_name, _value)

from localstack.aws import handlers
from localstack.runtime.main import main
from localstack.runtime.server import twisted

import apigateway_domains  # noqa: F401  they patch LocalStack when imported
import apigateway_fixes  # noqa: F401
import apigateway_plans  # noqa: F401
import apigateway_settings  # noqa: F401
import faults
import iam_fixes  # noqa: F401
import strict_authorizers  # noqa: F401
import stage_fixes  # noqa: F401
import strict_aws


def listen_on_loopback():
    """LocalStack's server ignores the host of GATEWAY_LISTEN and would listen everywhere."""
    endpoint = twisted.endpoints.TCP4ServerEndpoint
    twisted.endpoints.TCP4ServerEndpoint = lambda reactor, port: endpoint(reactor, port, interface="127.0.0.1")


def install_handlers():
    """Faults are first with a call and last with its answer: a stopped call costs no quota, a lost one took effect."""
    for handler in (faults.before, strict_aws.before):
        handlers.serve_custom_service_request_handlers.append(handler)
    for handler in (strict_aws.after, faults.after):
        handlers.run_custom_response_handlers.append(handler)
    handlers.run_custom_finalizers.append(strict_aws.finish)


if __name__ == "__main__":
    listen_on_loopback()
    install_handlers()
    main()
