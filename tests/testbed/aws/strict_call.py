"""One AWS call as the strict layer sees it."""

import io
from dataclasses import dataclass
from functools import cached_property

from localstack.utils.aws.request_context import extract_access_key_id_from_auth_header
from localstack.utils.json import parse_json_or_yaml
from localstack.utils.strings import to_str


def caller(context):
    """Who makes the call: a "client", the "gateway" for an integration, or "localstack" for something of its own."""
    internal = context.internal_request_params
    if internal is None:
        return "client"
    return "gateway" if internal.get("service_principal") == "apigateway" else "localstack"


@dataclass
class Call:
    service: str
    operation: str
    account: str
    region: str
    params: dict
    partition: str = "aws"
    method: str = "POST"
    path: str = "/"
    access_key: str = ""
    by_gateway: bool = False
    """API Gateway makes it for an integration: it counts against Step Functions' quotas, not against a caller."""

    @classmethod
    def of(cls, context):
        """The call of a LocalStack request context, or None for what is no call of this account's users."""
        if context.operation is None:
            return None
        by_gateway = caller(context) == "gateway"
        if caller(context) != "client" and not (by_gateway and context.service.service_name == "stepfunctions"):
            return None
        return cls(
            service=context.service.service_name,
            operation=context.operation.name,
            account=context.account_id,
            region=context.region,
            partition=context.partition,
            method=context.request.method,
            path=context.request.path,
            access_key=extract_access_key_id_from_auth_header(context.request.headers) or "",
            by_gateway=by_gateway,
            params=context.service_request or {},
        )

    @property
    def name(self):
        return f"{self.service}:{self.operation}"

    @property
    def rest_api(self):
        """Id of the REST API that the call is about."""
        return self.params.get("restApiId") if self.service == "apigateway" else None

    @cached_property
    def body(self):
        """The OpenAPI text of an import; the operation can still read it."""
        stream = self.params.get("body")
        raw = stream.read() if hasattr(stream, "read") else (stream or b"")
        self.params["body"] = io.BytesIO(raw)
        return raw

    @cached_property
    def document(self):
        """The OpenAPI document of an import, {} if it is none: refusing it is the operation's part."""
        if self.operation not in ("PutRestApi", "ImportRestApi"):
            return {}
        try:
            document = parse_json_or_yaml(to_str(self.body))
        except Exception:
            return {}
        return document if isinstance(document, dict) else {}
