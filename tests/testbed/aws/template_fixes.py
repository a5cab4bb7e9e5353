"""Fixes for the functions of mapping templates in LocalStack 4.9.2: what they print is what AWS documents.

Source, where nothing else is said:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

import json
import re
from urllib.parse import quote_plus

from airspeed import operators
from localstack.services.apigateway.next_gen.execute_api import template_mapping as tm

from patching import wrap

_JS = {
    "'": "\\'",
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def _units(ch):
    """`\\uXXXX` for each half that Java makes of it, in Java's capitals."""
    data = ch.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[i] << 8 | data[i + 1]:04X}" for i in range(0, len(data), 2))


@wrap(tm.VelocityUtilApiGateway, "escapeJavaScript")
def _escape(orig, self, obj):
    """By JavaScript's string rules: also what prints as a text, and of an empty text (the original: {}) nothing."""
    if obj is None or isinstance(obj, (bool, int, float)):
        return orig(self, obj)
    return "".join(_JS.get(ch) or (ch if " " <= ch <= "\x7f" else _units(ch)) for ch in str(obj))


@wrap(tm.VelocityUtilApiGateway, "base64Decode")
def _base64_decode(orig, self, text):
    """Text: the original gives Python's bytes, which print as b'...'."""
    return orig(self, text).decode("utf-8", "replace")


def _json(value):
    """JSON as Java's libraries write it: no blanks, and no escapes but for half a pair, which UTF-8 does not have."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


@wrap(tm.VelocityInput, "json")
def _input_json(orig, self, path):
    found = self._extract_json_path(path or "$")
    return '""' if found is None else _json(found)


tm.VTLJsonList.__str__ = _json


@wrap(tm.VelocityUtilApiGateway, "urlEncode")
def _url_encode(orig, self, text):
    """As a form, as AWS says: there `*` stays and `~` does not."""
    return quote_plus(str(text), safe="*").replace("~", "%7E")


# --- methods of texts: Java's String, which counts a character beyond U+FFFF as two ---------------------------------


class _ByBase(dict):
    """What a class has, its subclasses have: LocalStack's ExtendedString is a str."""

    def get(self, cls, default=None):
        return next((self[base] for base in cls.__mro__ if base in self), default)


def _utf16(text):
    return text.encode("utf-16-le", "surrogatepass")


def _substring(text, start, end=None):
    return _utf16(text)[2 * start : None if end is None else 2 * end].decode("utf-16-le", "replace")


operators.__additional_methods__ = _ByBase(operators.__additional_methods__)
operators.__additional_methods__[str].update(
    {
        "length": lambda text: len(_utf16(text)) // 2,
        "substring": _substring,
        "indexOf": lambda text, other: text.find(other),
    }
)
