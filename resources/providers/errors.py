"""Classifies a provider's refusals, once. All SDKs raise errors of the same shape, so one table serves every protocol.

The sentences are ours: a provider's own words may quote the request or the key, so they never leave this module.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    ContractError,
    DeskError,
    MisconfiguredError,
    NoAddressError,
    PermanentError,
    RouteFullError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
    UnreachableError,
)
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import ACCOUNT, CURES, UNCODED, Refused, classify
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome, reason_of_code
from resources.providers.access import SentElsewhereError
from resources.providers.rate_limits import retry_after
from resources.providers.refused_parameters import RefusedParameter, refused_parameter

Subject = Literal["batch", "file", "model", "endpoint"]
"""What a call names, and so what a 404 does not find."""

_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
_NO_ADDRESS = "unknown_url"
_IN_A_STREAM = 500
"""Stands for the status of an error that comes after the answer had begun."""
_OF_THE_LIMIT = frozenset({"rate_limit_exceeded", "requests", "tokens"})
"""Codes and types of a 429 that means the account's own limits, by whatever route it was asked."""
_GENERIC = frozenset({"", "invalid_request_error", "BadRequestError", "error", "None", "null"})
"""Codes and types that say nothing about the cause."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The provider we call, as error sentences name it: the profile, the variable of its key, the host."""

    profile: str
    key_env: str
    host: str
    proxy: str = ""
    """The proxy on the way, without its password; empty where there is none."""

    @property
    def way(self) -> str:
        """How its host is reached, as a sentence says it."""
        return f"{self.host} through the proxy {self.proxy}" if self.proxy else self.host


@dataclass(frozen=True, slots=True)
class Call:
    """One call, as its error is worded and classified."""

    doing: str
    about: Subject = "endpoint"
    creates: bool = False
    """True for a POST that creates: without an answer it is unknown whether it took effect."""
    cheaper: bool = False
    """True for a call by a route that is sold only while there is room."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The facts of an error answer, without its text."""

    status: int
    kind: str
    code: str
    request_id: str
    retry_after: float | None
    means: Refused | None
    """What the words say, without the status; None for words that we do not know."""
    shaped: bool
    """Whether the body is a provider's error; otherwise something else answered, e.g. a proxy."""
    refused: RefusedParameter | None = None
    """A parameter of ours that the server does not take."""

    @property
    def facts(self) -> str:
        name = self.code or self.kind
        asked = f", request {self.request_id}" if self.request_id else ""
        return f"{self.status} {name}{asked}" if name else f"{self.status}{asked}"


@contextmanager
def classified(sdk_error: type[Exception], caller: Caller, call: Call) -> Iterator[None]:
    """Turns an error of the SDK or of its HTTP library into an error of ours.

    The traceback leaves out the original on purpose: its text contains the provider's words.
    """
    import httpx2

    try:
        yield
    except (sdk_error, SentElsewhereError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as err:
        failure = _classify(err, caller, call)
    else:
        return
    raise failure from None


def refusal_of(status: int, headers: Mapping[str, str], body: object) -> Refusal:
    """Reads every wire form: `{"error": {…}}` as a whole, the inner `{message, code, …}` that some SDKs pass, and an
    `error` that is nothing but a sentence."""
    outer: Mapping[str, Any] = body if isinstance(body, dict) else {}
    inner = outer.get("error", outer)
    error: Mapping[str, Any] = inner if isinstance(inner, dict) else {"message": inner}
    codes = list(filter(None, map(token, _codes(error))))
    kind = token(error.get("type")) or token(error.get("status"))
    message = error.get("message")
    means = classify(codes=codes, kind=kind, message=message if isinstance(message, str) else "")
    code = codes[0] if codes else ""
    if means is not None and code in _GENERIC and kind in _GENERIC:
        code = UNCODED.get(means, code)
    asked = headers.get("request-id") or headers.get("x-request-id") or outer.get("request_id")
    shaped = "error" in outer or ("message" in outer and "type" in outer)
    refused = None if means is not None else refused_parameter(status, error)
    return Refusal(status, kind, code, token(asked), retry_after(headers), means, shaped, refused)


def _codes(error: Mapping[str, Any]) -> Iterator[object]:
    """The codes of an error, the most particular first: Azure has its own inside, Anthropic's spend limits too."""
    for within, name in (("details", "error_code"), ("innererror", "code")):
        more = error.get(within)
        yield more.get(name) if isinstance(more, dict) else None
    yield error.get("code")


def token(value: object) -> str:
    """The value if it is a code, else nothing: free text may quote the request."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if _TOKEN.fullmatch(text) else ""


def _classify(err: Exception, caller: Caller, call: Call) -> DeskError:
    status = getattr(err, "status_code", None)
    if status is None:
        return _unconnected(err, caller, call)
    response: Any = getattr(err, "response", None)
    headers = response.headers if response is not None else {}
    if status < 300:
        # An error inside a stream; or the SDK could not read a success, which it reports in strict mode only.
        told = refusal_of(_IN_A_STREAM, headers, getattr(err, "body", None))
        return of_refusal(told, caller, call) if told.shaped and told.kind else unreadable(caller, call)
    return of_refusal(refusal_of(status, headers, getattr(err, "body", None)), caller, call)


def unreadable(caller: Caller, call: Call) -> DeskError:
    """The error for a success whose body breaks the contract."""
    told = f"{caller.profile} answered what its contract does not name while we tried to {call.doing}"
    if call.creates:
        return UnansweredError(f"{told}: reconcile decides whether it was created.")
    return ContractError(f"{told}: check that {caller.host} speaks this protocol.")


def refused_answer(custom_id: str, status: int | None, error: object) -> Answer:
    """The answer for a result line that holds an error. `status` is the line's own; None where the protocol has none."""
    refusal = refusal_of(status or 400, {}, {"error": error})
    means = refusal.means or classify(status=status)
    if means is None and (status == 404 or refusal.kind == "not_found_error"):
        means = Refused.CONFIGURATION  # a line names nothing else that may be missing but the model
    if refusal.refused is not None:
        why = refusal.refused.detail
        return Answer(custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), why, Reason.MISCONFIGURED)
    detail = refusal.code or refusal.kind or (str(status) if status is not None else "errored")
    if means in _OUTCOMES:
        return Answer(custom_id, _OUTCOMES[means], "", Usage(), detail)
    if means in ACCOUNT:
        why = Reason.MISCONFIGURED if means is Refused.CONFIGURATION else Reason.NOT_ALLOWED
        return Answer(custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), detail, why)
    passes = means is not None or (status is not None and (status >= 500 or status in (408, 409, 429)))
    if not passes and (status is not None or refusal.kind == "invalid_request_error"):
        return Answer(custom_id, Outcome.FAILED_PERMANENT, "", Usage(), detail)
    reason = reason_of_code(detail, status) if status is not None else None
    return Answer(custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), detail, reason)


_OUTCOMES = {Refused.TOO_LARGE: Outcome.TOO_LARGE, Refused.CONTENT_FILTER: Outcome.REFUSED}


def of_refusal(refusal: Refusal, caller: Caller, call: Call) -> DeskError:
    """The table: a class and a cure for each kind of refusal."""
    who, facts, status = caller.profile, refusal.facts, refusal.status
    means = refusal.means or classify(status=status)
    if means is Refused.QUEUE_FULL:
        return TransientError(
            f"{who} has no room in its queue ({facts}): sent again later.", reason=Reason.QUEUE_FULL
        )
    if means in ACCOUNT and not (means is Refused.CONFIGURATION and status == 404):
        told = _account_trouble(means, refusal, caller, call)
        return BlockedError(told, kind=means, retry_after=refusal.retry_after)
    if status == 404:
        return _not_found(refusal, caller, call)
    if refusal.refused is not None:
        return MisconfiguredError(
            f"{who} refused to {call.doing} ({facts}): {refusal.refused.detail} {who} in providers.yaml."
        )
    if status == 407:
        return BlockedError(
            f"The proxy {caller.proxy or 'in front of ' + caller.host} asks who we are ({facts}): put user and password into its "
            "variable (HTTP_PROXY, HTTPS_PROXY or ALL_PROXY)."
        )
    if means is Refused.TOO_LARGE:
        cure = "lower batch_bytes of the profile"
        return PermanentError(f"{who} finds the input too large ({facts}): {cure}.", code=means.value)
    if means is Refused.CONTENT_FILTER:
        return PermanentError(f"{who} finds the content unfit ({facts}).", code=means.value)
    if call.cheaper and status == 429 and _OF_THE_LIMIT.isdisjoint((refusal.code, refusal.kind)):
        return RouteFullError(
            f"{who} has no room on its cheaper route ({facts}): asked again later.",
            retry_after=refusal.retry_after,
            reason=Reason.OVERLOADED,
        )
    if status in (409, 429) or (status < 500 and means is Refused.TRANSIENT):
        return TransientError(
            f"{who} cannot {call.doing} now ({facts}).",
            retry_after=refusal.retry_after,
            reason=reason_of_code(refusal.code or refusal.kind, status),
        )
    if status in (408, 499) or status >= 500:
        return _failed(refusal, caller, call)
    if status < 400:
        return BlockedError(
            f"{caller.host} sends us elsewhere ({facts}): check the base URL of profile {who}.",
            kind=Refused.CONFIGURATION,
        )
    code = refusal.code or refusal.kind or str(status)
    return PermanentError(f"{who} refused to {call.doing} ({facts}).", code=code)


def _account_trouble(means: Refused, refusal: Refusal, caller: Caller, call: Call) -> str:
    who, facts = caller.profile, refusal.facts
    if means is Refused.MONEY:
        return f"{who} reached a spend limit ({facts}): {CURES[means]}."
    if means is Refused.CONFIGURATION:
        return f"{who} cannot {call.doing} as it is configured ({facts}): {CURES[means]}."
    if refusal.status == 401:
        return f"{who} refused the key ({facts}): check {caller.key_env}."
    return f"{who} does not allow this key to {call.doing} ({facts}): {CURES[means]}; the key is in {caller.key_env}."


def _failed(refusal: Refusal, caller: Caller, call: Call) -> DeskError:
    told = f"{caller.profile} failed to {call.doing} ({refusal.facts})"
    if call.creates:
        return UnansweredError(f"{told}: reconcile decides whether it was created.")
    reason = reason_of_code(refusal.code or refusal.kind, refusal.status)
    return TransientError(f"{told}.", retry_after=refusal.retry_after, reason=reason)


def _not_found(refusal: Refusal, caller: Caller, call: Call) -> DeskError:
    who, facts = caller.profile, refusal.facts
    misnamed = refusal.means is Refused.CONFIGURATION and refusal.code != _NO_ADDRESS
    if not misnamed and (not refusal.shaped or refusal.code == _NO_ADDRESS):
        return _no_address(refusal, caller)
    if misnamed or call.about == "model":
        return BlockedError(
            f"{who} does not offer the model ({facts}): check `models` of the profile.",
            kind=Refused.CONFIGURATION,
        )
    if call.about == "endpoint":
        return _no_address(refusal, caller)
    if call.about == "file":
        return TransientError(f"{who} does not know the input file yet ({facts}).")
    return UnknownBatchError(f"{who} does not know this batch or its results ({facts}).")


def _no_address(refusal: Refusal, caller: Caller) -> BlockedError:
    cure = f"check the base URL of profile {caller.profile}, and `batch` in its capabilities"
    return NoAddressError(
        f"{caller.host} knows no such address ({refusal.facts}): {cure}.", kind=Refused.CONFIGURATION
    )


def _unconnected(err: Exception, caller: Caller, call: Call) -> DeskError:
    import httpx2

    if any(isinstance(e, SentElsewhereError) for e in (err, err.__cause__)):  # the SDKs may wrap it
        return ConfigurationError(
            f"{caller.host} redirects us to another host, scheme or port, where the key is not sent: check the base URL of "
            f"profile {caller.profile}."
        )
    cause = err if isinstance(err, httpx2.TransportError | httpx2.InvalidURL) else err.__cause__
    if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL):
        return ConfigurationError(
            f"The base URL of profile {caller.profile} is no address: write http(s)://host."
        )
    if isinstance(cause, httpx2.ProxyError):
        said = str(cause)[:3]  # "407 Proxy Authentication Required"
        facts = f" ({said})" if said.isdigit() else ""
        return UnreachableError(
            f"{caller.profile} cannot be reached at {caller.way}, which refused the connection{facts}: check the proxy, and "
            "user and password in its variable."
        )
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout):
        cure = (
            "check the network, the proxy and the base URL"
            if caller.proxy
            else "check the network and the base URL"
        )
        return UnreachableError(f"{caller.profile} cannot be reached at {caller.way}: {cure}.")
    slow = isinstance(cause, httpx2.TimeoutException)
    happened = "did not answer in time" if slow else "broke the connection"
    told = f"{caller.profile} {happened} while we tried to {call.doing} ({type(cause or err).__name__})"
    if call.creates:
        return UnansweredError(f"{told}: reconcile decides whether it was created.")
    if slow and call.cheaper:
        return RouteFullError(f"{told}.", reason=Reason.TIMEOUT)
    return TransientError(f"{told}.", reason=Reason.TIMEOUT if slow else Reason.SERVER_ERROR)
