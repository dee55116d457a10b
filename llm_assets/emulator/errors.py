"""A refused call as an exception, and its error body in either provider's form."""

from dataclasses import dataclass, field
from typing import Any, Literal

Protocol = Literal["anthropic", "openai"]

ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    409: "conflict_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
OPENAI_TYPES = {429: "requests", 500: "server_error", 503: "server_error"}
OPENAI_CODES = {
    401: "invalid_api_key",
    429: "rate_limit_exceeded",
    503: "server_is_overloaded",
}


@dataclass(slots=True)
class ApiError(Exception):
    """One refused call. `type` and `code` default to what the provider sends with that status."""

    status: int
    message: str
    type: str | None = None
    code: str | None = None
    param: str | None = None
    details: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def error_body(protocol: Protocol, error: ApiError, request_id: str) -> dict[str, Any]:
    """The JSON body from which the provider's SDK builds its exception."""
    if protocol == "anthropic":
        inner: dict[str, Any] = {
            "type": error.type or ANTHROPIC_TYPES.get(error.status, "api_error"),
            "message": error.message,
        }
        if error.details is not None:
            inner["details"] = error.details
        return {"type": "error", "error": inner, "request_id": request_id}
    return {"error": openai_error(error)}


def openai_error(error: ApiError) -> dict[str, Any]:
    """The `error` object of an OpenAI answer, and of a line in an error file."""
    return {
        "message": error.message,
        "type": error.type or OPENAI_TYPES.get(error.status, "invalid_request_error"),
        "param": error.param,
        "code": error.code or OPENAI_CODES.get(error.status),
    }
