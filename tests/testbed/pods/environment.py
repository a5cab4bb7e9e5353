"""What a container's process is given: its command line and its environment, as the Pod's author wrote them."""

import base64
import re

from .api import Gone

REFERENCE = re.compile(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)")
FIELDS = {
    "metadata.name": lambda pod: pod["metadata"]["name"],
    "metadata.namespace": lambda pod: pod["metadata"]["namespace"],
    "metadata.uid": lambda pod: pod["metadata"]["uid"],
    "spec.nodeName": lambda pod: pod["spec"].get("nodeName", ""),
    "spec.serviceAccountName": lambda pod: pod["spec"].get("serviceAccountName", "default"),
    "status.podIP": lambda pod: "127.0.0.1",
    "status.hostIP": lambda pod: "127.0.0.1",
}


class ConfigError(Exception):
    """The container cannot be started as its Pod says; the reason and the message go into the Pod's status."""

    def __init__(self, reason, message):
        super().__init__(message)
        self.reason = reason


def variables(api, pod, container):
    """The environment from envFrom and env, in that order; later ones win, and may refer to earlier ones."""
    found = {}
    for source in container.get("envFrom", []):
        for kind in ("secretRef", "configMapRef"):
            if kind in source:
                values = _data(api, pod, kind.removesuffix("Ref"), source[kind])
                found |= {source.get("prefix", "") + key: value for key, value in values.items()}
    for item in container.get("env", []):
        value = _from(api, pod, item["valueFrom"]) if "valueFrom" in item else expand(item.get("value", ""), found)
        if value is not None:
            found[item["name"]] = value
    return found


def _from(api, pod, source):
    """The value that a valueFrom gives, None when it is optional and not there."""
    if "fieldRef" in source:
        return _field(pod, source["fieldRef"]["fieldPath"])
    for kind in ("secret", "configMap"):
        if reference := source.get(f"{kind}KeyRef"):
            values = _data(api, pod, kind, reference)
            if reference["key"] not in values and not reference.get("optional"):
                message = f"couldn't find key {reference['key']} in {kind} {reference['name']}"
                raise ConfigError("CreateContainerConfigError", message)
            return values.get(reference["key"])
    raise ConfigError("CreateContainerConfigError", f"the test bed has no valueFrom {', '.join(source)}")


def _field(pod, path):
    if path in FIELDS:
        return FIELDS[path](pod)
    if keyed := re.fullmatch(r"metadata\.(labels|annotations)\['([^']+)'\]", path):
        return pod["metadata"].get(keyed[1], {}).get(keyed[2], "")
    raise ConfigError("CreateContainerConfigError", f"the test bed has no field {path}")


def _data(api, pod, kind, reference):
    """The decoded data of a Secret or ConfigMap."""
    path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/{kind.lower()}s/{reference['name']}"
    try:
        data = api.get(path).get("data") or {}
    except Gone:
        if reference.get("optional"):
            return {}
        raise ConfigError("CreateContainerConfigError", f"{kind} {reference['name']} not found") from None
    if kind == "configMap":
        return data
    return {key: base64.b64decode(value).decode(errors="surrogateescape") for key, value in data.items()}


def expand(text, known):
    """$(NAME) for what is known, $$ for a dollar; other references stay as they are, as Kubernetes has it."""

    def value(match):
        return "$" if match[0] == "$$" else known.get(match[1], match[0])

    return REFERENCE.sub(value, text)


def with_ports(text, ports):
    """A listen address at the end of the text, such as 0.0.0.0:8080 or --listen=:8080, with the port it has here.

    Only addresses to listen on are meant: http://elsewhere:8080 stays.
    """
    for wanted, given in ports.items():
        text = re.sub(rf"(^|=)(0\.0\.0\.0|\[::\]|127\.0\.0\.1|localhost)?:{wanted}$", rf"\g<1>127.0.0.1:{given}", text)
    return text
