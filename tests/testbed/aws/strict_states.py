"""Step Functions as its API answers: request checks that LocalStack skips, and the real error types.

They matter because API Gateway hands these answers to the response templates of an integration.
"""

import json
import re

from botocore.model import OperationNotFoundError
from localstack.aws.api import CommonServiceException
from localstack.aws.handlers.service import ServiceExceptionSerializer
from localstack.aws.protocol.parser import RequestParserError
from localstack.aws.protocol.serializer import create_serializer
from localstack.aws.spec import get_service_catalog

from patching import wrap
from strict_settings import SETTINGS

MAX_INPUT = 262_144  # bytes of UTF-8, AWS: "Step Functions service quotas"
FORBIDDEN_IN_NAMES = re.compile(r'[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\ud800-\udfff]')

# [seen]; for the last two measured on other services of the same framework only [inf]
NAMESPACES = {
    "ValidationException": "com.amazon.coral.validate",
    "UnknownOperationException": "com.amazon.coral.service",
    "SerializationException": "com.amazon.coral.service",
    "AccessDeniedException": "com.amazon.coral.service",
    "ThrottlingException": "com.amazon.coral.availability",
}
SERVICE_NAMESPACE = "com.amazonaws.swf.service.v2.model"


def qualified(code):
    """The `__type` of an error on the wire; SDKs cut it at the "#", templates see all of it."""
    return f"{NAMESPACES.get(code, SERVICE_NAMESPACE)}#{code}"


def service():
    return get_service_catalog().get("stepfunctions")


def invalid(value, rule):
    """`value` says which one and where, in AWS's words; sensitive ones are not repeated."""
    text = f"1 validation error detected: {value} failed to satisfy constraint: {rule}"
    return CommonServiceException("ValidationException", text)


def check(call):
    """Refuse what AWS refuses before it looks at the state machine."""
    for member in service().operation_model(call.operation).input_shape.required_members:
        if call.params.get(member) is None:
            raise invalid(f"Value null at '{member}'", "Member must not be null")
    if call.operation in ("StartExecution", "StartSyncExecution"):
        _check_name(call.params.get("name"))
        if len((call.params.get("input") or "").encode()) > MAX_INPUT:
            raise invalid("Value at 'input'", f"Member must have length less than or equal to {MAX_INPUT}")


def _check_name(name):
    if name is None:
        return
    if not 1 <= len(name) <= 80:
        bound = "greater than or equal to 1" if not name else "less than or equal to 80"
        raise invalid(f"Value '{name}' at 'name'", f"Member must have length {bound}")
    if FORBIDDEN_IN_NAMES.search(name):
        raise CommonServiceException("InvalidName", f"Invalid Name: '{name}'")


def qualify_error(response):
    """Put the namespace into an error answer, before it leaves for the client or the gateway."""
    if not 400 <= response.status_code < 500:
        return
    body = json.loads(response.get_data() or b"{}")
    if "__type" in body and "#" not in body["__type"]:
        body["__type"] = qualified(body["__type"])
        response.set_data(json.dumps(body))


def access_denied(message):
    """The answer to a role that may not; "Message" is capital in the answers of this framework's denials [inf]."""
    return {"__type": qualified("AccessDeniedException"), "Message": message}


@wrap(ServiceExceptionSerializer, "create_exception_response")
def _unparsable(original, self, exception, context):
    """LocalStack answers 500 to a body that is not JSON and to an unknown action, AWS 400 [seen]."""
    ours = SETTINGS.on("stepFunctions") and context.service.service_name == "stepfunctions"
    if not ours or not isinstance(exception, RequestParserError):
        return original(self, exception, context)
    unknown = isinstance(exception.__cause__, OperationNotFoundError)
    code = qualified("UnknownOperationException" if unknown else "SerializationException")
    serializer = create_serializer(context.service, context.protocol)
    any_operation = context.service.operation_model("StartExecution")
    return serializer.serialize_error_to_response(
        CommonServiceException(code, ""), any_operation, context.request.headers, context.request_id
    )
