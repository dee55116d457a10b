"""A refused call as an exception, and its error body in each provider's form."""

from dataclasses import dataclass, field
from typing import Any, Literal

Protocol = Literal["anthropic", "openai", "gemini"]

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

GEMINI_STATUSES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    409: "ABORTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""google.rpc names of HTTP statuses; INTERNAL where there is none."""
RPC_NUMBERS = {
    "CANCELLED": 1,
    "INVALID_ARGUMENT": 3,
    "DEADLINE_EXCEEDED": 4,
    "NOT_FOUND": 5,
    "PERMISSION_DENIED": 7,
    "RESOURCE_EXHAUSTED": 8,
    "FAILED_PRECONDITION": 9,
    "ABORTED": 10,
    "UNIMPLEMENTED": 12,
    "INTERNAL": 13,
    "UNAVAILABLE": 14,
    "UNAUTHENTICATED": 16,
}
NOT_RUN = frozenset({RPC_NUMBERS["CANCELLED"], RPC_NUMBERS["DEADLINE_EXCEEDED"]})
"""Codes of a Gemini result line whose request was never run."""


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
    if protocol == "gemini":
        return {"error": gemini_error(error)}
    return {"error": openai_error(error)}


def openai_error(error: ApiError) -> dict[str, Any]:
    """The `error` object of an OpenAI answer, and of a line in an error file."""
    return {
        "message": error.message,
        "type": error.type or OPENAI_TYPES.get(error.status, "invalid_request_error"),
        "param": error.param,
        "code": error.code or OPENAI_CODES.get(error.status),
    }


def gemini_status(error: ApiError) -> str:
    """The google.rpc name of an error: its type where that is such a name, else what belongs to its HTTP status."""
    if error.type in RPC_NUMBERS:
        return error.type
    return GEMINI_STATUSES.get(error.status, "INVALID_ARGUMENT" if error.status < 500 else "INTERNAL")


def gemini_error(error: ApiError) -> dict[str, Any]:
    """The `error` object of a Gemini answer. A code becomes the reason of an ErrorInfo, Retry-After a RetryInfo."""
    details: list[dict[str, Any]] = []
    if error.code is not None:
        info = {"reason": error.code, "domain": "googleapis.com"}
        details.append({"@type": "type.googleapis.com/google.rpc.ErrorInfo", **info})
    if (seconds := error.headers.get("retry-after")) is not None:
        details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"})
    said: dict[str, Any] = {"code": error.status, "message": error.message, "status": gemini_status(error)}
    return {**said, "details": details} if details else said


def gemini_line_error(error: ApiError) -> dict[str, Any]:
    """The google.rpc.Status of a failed request in a batch: its code is the number, not the HTTP status."""
    message = error.message if error.status != 413 else "The input token count exceeds the maximum allowed."
    return {"code": RPC_NUMBERS[gemini_status(error)], "message": message}
