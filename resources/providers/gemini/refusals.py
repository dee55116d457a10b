"""Google's error form, `google.rpc.Status`, in the words that the table of all protocols reads. Pure functions.

A code there is a number with a name (`INVALID_ARGUMENT`), and one name covers much: a wrong key, a missing region and a
wrong field are all a 400. What tells them apart is the reason in `google.rpc.ErrorInfo`, or how the message begins.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from resources.providers.bodies import items, mapping
from resources.providers.errors import token

RPC_CODES: Final = {
    1: "CANCELLED",
    2: "UNKNOWN",
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    10: "ABORTED",
    11: "OUT_OF_RANGE",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    15: "DATA_LOSS",
    16: "UNAUTHENTICATED",
}
"""google.rpc.Code. Lines of results carry the number, HTTP answers the name."""
_HTTP_CODES: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_REASONS_OF_THE_KEY: Final = frozenset(
    {"API_KEY_INVALID", "API_KEY_EXPIRED", "ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING"}
)
_NO_SUCH_FILE: Final = "You do not have permission to access the File"
_PASSING_STATES: Final = re.compile(
    r"already (?:done|completed|cancelled)|not in an ACTIVE state", re.IGNORECASE
)
"""Preconditions that say nothing of the account: an operation that has ended, and a file that is not processed yet."""
_UNKNOWN_NAME: Final = re.compile(r'Unknown name \\?"(\w{1,64})')
_REFUSED_SCHEMA: Final = re.compile(
    r"The specified schema produces|response_?(?:json_?)?schema", re.IGNORECASE
)
_NO_JSON_MODE: Final = re.compile(r"JSON mode is not (?:enabled|supported)", re.IGNORECASE)


class Understood(NamedTuple):
    """An error answer as its meaning demands: what the status says elsewhere, its code, and when to come back."""

    status: int
    body: Any  # no JSON object where something other than the API answered
    headers: Mapping[str, str]


def rpc_name(error: Mapping[str, Any]) -> str:
    """The name of an error's code: `status` where it is given, else by its number."""
    name, number = token(error.get("status")), error.get("code")
    if name or not isinstance(number, int):
        return name
    return RPC_CODES.get(number, _HTTP_CODES.get(number, str(number)))


def understood(status: int, body: object) -> Understood:
    """Reads an error answer, or the error of a batch or a line, wrapped as `{"error": …}`; a list of one is read too."""
    outer = body[0] if isinstance(body, list) and len(body) == 1 else body
    error = mapping(mapping(outer).get("error"))
    if not error or not _is_google_s(error):
        return Understood(status, outer, {})
    details = [mapping(detail) for detail in items(error.get("details"))]
    reason = next((token(detail.get("reason")) for detail in details if detail.get("reason")), "")
    text = error.get("message")
    message, name = text if isinstance(text, str) else "", rpc_name(error)
    code, parameter = reason or None, None
    if reason in _REASONS_OF_THE_KEY:
        status = 401
    elif name == "FAILED_PRECONDITION" and "billing" in message.lower():
        status, code = 402, "BILLING_DISABLED"
    elif name == "FAILED_PRECONDITION" and _PASSING_STATES.search(message):
        status, name = 409, "ABORTED"
    elif name == "FAILED_PRECONDITION":  # the region, or whatever else the account lacks
        status, code, name = 403, reason or name, "PERMISSION_DENIED"
    elif name == "NOT_FOUND" and message.startswith("models/"):
        code = "MODEL_NOT_FOUND"
    elif name == "PERMISSION_DENIED" and message.startswith(_NO_SUCH_FILE):
        status, name = 404, "NOT_FOUND"  # the same sentence is said of a file that never was
    elif name == "INVALID_ARGUMENT" and not reason:
        code, parameter = _refused_field(message)
    said = {"code": code, "type": name, "message": message, "param": parameter}
    return Understood(status, {"error": said}, _retry(details))


def _is_google_s(error: Mapping[str, Any]) -> bool:
    """A gateway may answer with the error of another protocol, whose code is a word."""
    return bool(token(error.get("status"))) or not isinstance(error.get("code", 0), str)


class _RefusedField(NamedTuple):
    code: str | None
    field: str | None


def _refused_field(message: str) -> _RefusedField:
    """A field of ours that the server does not take, in the words that `refused_parameters.py` reads. A name in one of
    Google's errors is spelled as it was sent, or in snake case."""
    if (unknown := _UNKNOWN_NAME.search(message)) is not None:
        return _RefusedField("unknown_parameter", _camel(unknown[1]))
    if _NO_JSON_MODE.search(message) is not None:
        return _RefusedField("unsupported_parameter", "responseMimeType")
    if _REFUSED_SCHEMA.search(message) is not None:
        return _RefusedField("invalid_json_schema", "responseJsonSchema")
    return _RefusedField(None, None)


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _retry(details: list[Mapping[str, Any]]) -> dict[str, str]:
    """`retryDelay` of google.rpc.RetryInfo, e.g. `37.8s`, as the header that other providers send."""
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            return {"retry-after": delay.removesuffix("s")}
    return {}
