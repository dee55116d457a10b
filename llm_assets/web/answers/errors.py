"""How the door says no: in the body of an error that OpenAI's clients know."""

from collections.abc import Mapping
from math import ceil

from starlette.responses import JSONResponse, Response

from llm_assets.domain.callers.allowance import Allowance
from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    DeskError,
    LedgerDownError,
    OverBudgetError,
    SaturatedError,
    TransientError,
)
from llm_assets.usecases.answers.door import (
    KeyReusedError,
    LimitedError,
    NotAllowedError,
    UnknownKeyError,
    UnknownQueueError,
    UnknownStepError,
)
from llm_assets.usecases.answers.readers import BusyReadersError
from llm_assets.usecases.answers.told import UnfitCaseError
from llm_assets.usecases.answers.under_way import StillOpenError
from llm_assets.usecases.desk.earlier_rows import UnfitRowsError


class RefusedError(Exception):
    """An error answer; `message` is one sentence with the cure."""

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.headers = dict(headers or {})

    @property
    def type(self) -> str:
        return _TYPES.get(self.status, "invalid_request_error" if self.status < 500 else "server_error")

    @property
    def content(self) -> dict[str, dict[str, str | None]]:
        return {"error": {"message": self.message, "type": self.type, "code": self.code, "param": self.param}}

    @property
    def response(self) -> Response:
        return JSONResponse(self.content, self.status, self.headers)


_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}

NOT_NOW = "The desk cannot answer now; send the same again with the same Idempotency-Key."


def refusal_of(err: DeskError) -> RefusedError:
    """What a caller is told of an error. What a provider or our own settings say stays in the log."""
    match err:
        case UnknownKeyError():
            return RefusedError(401, str(err), "invalid_api_key", headers={"WWW-Authenticate": "Bearer"})
        case NotAllowedError():
            return RefusedError(403, str(err), "not_allowed")
        case UnknownStepError():
            return RefusedError(404, str(err), "model_not_found", param="model")
        case UnknownQueueError():
            return RefusedError(422, str(err), "unknown_queue", param="queue")
        case UnfitCaseError():
            return RefusedError(422, str(err), "unfit_case")
        case UnfitRowsError():
            return RefusedError(422, f"upstream: {err.unquoted}.", "unfit_rows", param="upstream")
        case KeyReusedError():
            return RefusedError(409, str(err), "idempotency_key_reused", param="Idempotency-Key")
        case StillOpenError():
            return RefusedError(409, str(err), "still_open", param="Idempotency-Key", headers=retry_after(1))
        case LimitedError() if err.seconds > 0:
            return RefusedError(
                429,
                f"{err} Send the same again after the time that retry-after names.",
                "rate_limit_exceeded",
                headers={**retry_after(err.seconds), **limit_headers(err.allowance)},
            )
        case LimitedError():
            return RefusedError(429, str(err), "insufficient_quota", headers=limit_headers(err.allowance))
        case SaturatedError():
            return RefusedError(
                429,
                "The desk answers as many callers as its share of the provider allows; send the same again after the time "
                "that retry-after names.",
                "saturated",
                headers=retry_after(err.retry_after or 1),
            )
        case BusyReadersError():
            return RefusedError(
                429,
                "The desk checks as many files as it can; send the same again after the time that retry-after names.",
                "saturated",
                headers=retry_after(5),
            )
        case OverBudgetError():
            return RefusedError(
                429, "The desk's own budget is used up; ask whoever runs it.", "insufficient_quota"
            )
        case BlockedError() | ConfigurationError() if not isinstance(err, LedgerDownError):
            return RefusedError(
                503, "The desk's provider takes nothing now; ask whoever runs the desk.", "blocked"
            )
        case TransientError():
            return RefusedError(
                503, NOT_NOW, "provider_unavailable", headers=retry_after(err.retry_after or 5)
            )
        case _:
            return RefusedError(503, NOT_NOW, "unavailable", headers=retry_after(5))


def retry_after(seconds: float) -> dict[str, str]:
    """Both headers that OpenAI's clients heed: whole seconds, and milliseconds."""
    return {"retry-after": str(max(1, ceil(seconds))), "retry-after-ms": str(max(1, ceil(seconds * 1000)))}


def limit_headers(allowance: Allowance) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, bucket in (("requests", allowance.requests), ("tokens", allowance.tokens)):
        if bucket is not None:
            found[f"x-ratelimit-limit-{name}"] = str(bucket.per_minute)
            found[f"x-ratelimit-remaining-{name}"] = str(max(0, int(bucket.left)))
            found[f"x-ratelimit-reset-{name}"] = f"{bucket.seconds_to_full:.3f}s"
    return found
