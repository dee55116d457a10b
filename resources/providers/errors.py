"""Classifies a provider's refusals, once. All SDKs raise errors of the same shape, so one table serves every protocol.

The sentences are ours: a provider's own words may quote the request or the key, so they never leave this module.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    ContractError,
    DeskError,
    MisconfiguredError,
    NoAddressError,
    PermanentError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
    UnreachableError,
)
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.outcome import reason_of_code
from resources.providers.access import SentElsewhereError
from resources.providers.rate_limits import retry_after
from resources.providers.refused_parameters import RefusedParameter, refused_parameter

Subject = Literal["batch", "file", "model", "endpoint"]
"""What a call names, and so what a 404 does not find."""

_TOKEN = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
TOO_LONG = "context_length_exceeded"
"""The code we give a prompt that is too long where the provider gives none."""
_REFUSALS = [row.refusals for row in PROTOCOLS.values()]
_SPENT = tuple(chain.from_iterable(r.spent for r in _REFUSALS))
_SPENT_SENTENCES = tuple(chain.from_iterable(r.spent_sentences for r in _REFUSALS))
_TOO_LONG = frozenset(chain.from_iterable(r.too_long for r in _REFUSALS)) | {TOO_LONG}
_TOO_LONG_SENTENCES = tuple(chain.from_iterable(r.too_long_sentences for r in _REFUSALS))
_NO_MODEL = frozenset(chain.from_iterable(r.no_model for r in _REFUSALS))
_NO_ADDRESS = frozenset(chain.from_iterable(r.no_address for r in _REFUSALS))
QUEUE_FULL = frozenset(chain.from_iterable(r.queue_full for r in _REFUSALS))


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


@dataclass(frozen=True, slots=True)
class Refusal:
    """The facts of an error answer, without its text."""

    status: int
    kind: str
    code: str
    request_id: str
    retry_after: float | None
    spent: bool
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
    """Reads every wire form: `{"error": {…}}` as a whole, and the inner `{message, code, …}` that some SDKs pass."""
    outer: Mapping[str, Any] = body if isinstance(body, dict) else {}
    inner = outer.get("error", outer)
    error: Mapping[str, Any] = inner if isinstance(inner, dict) else {}
    details = error.get("details")
    code = error.get("code") or (details.get("error_code") if isinstance(details, dict) else None)
    kind = token(error.get("type"))
    message = error.get("message")
    if not code and isinstance(message, str) and message.startswith(_TOO_LONG_SENTENCES):
        code = TOO_LONG
    named = token(code) + " " + kind
    spent = any(word in named for word in _SPENT) or (
        isinstance(message, str) and message.startswith(_SPENT_SENTENCES)
    )
    asked = headers.get("request-id") or headers.get("x-request-id") or outer.get("request_id")
    shaped = "error" in outer or ("message" in outer and "type" in outer)
    refused = None if spent else refused_parameter(status, error or outer)
    return Refusal(status, kind, token(code), token(asked), retry_after(headers), spent, shaped, refused)


def token(value: object) -> str:
    """The value if it is a code, else nothing: free text may quote the request."""
    text = str(value) if isinstance(value, str | int) else ""
    return text if _TOKEN.fullmatch(text) else ""


def _classify(err: Exception, caller: Caller, call: Call) -> DeskError:
    status = getattr(err, "status_code", None)
    if status is None:
        return _unconnected(err, caller, call)
    if status < 300:
        # The SDK could not read a success; it reports that in strict mode only.
        return unreadable(caller, call)
    response: Any = getattr(err, "response", None)
    headers = response.headers if response is not None else {}
    return of_refusal(refusal_of(status, headers, getattr(err, "body", None)), caller, call)


def unreadable(caller: Caller, call: Call) -> DeskError:
    """The error for a success whose body breaks the contract."""
    told = f"{caller.profile} answered what its contract does not name while we tried to {call.doing}"
    if call.creates:
        return UnansweredError(f"{told}: reconcile decides whether it was created.")
    return ContractError(f"{told}: check that {caller.host} speaks this protocol.")


def of_refusal(refusal: Refusal, caller: Caller, call: Call) -> DeskError:
    """The table: a class and a cure for each kind of refusal."""
    who, facts, status = caller.profile, refusal.facts, refusal.status
    if refusal.code in QUEUE_FULL:
        return TransientError(
            f"{who} has no room in its queue ({facts}): sent again later.", reason=Reason.QUEUE_FULL
        )
    if refusal.spent or status == 402:
        return BlockedError(
            f"{who} reached a spend limit ({facts}): raise the limit or add credit, then run again."
        )
    if status == 401:
        return BlockedError(f"{who} refused the key ({facts}): check {caller.key_env}.")
    if status == 403:
        return BlockedError(
            f"{who} does not allow this key to {call.doing} ({facts}): check what it may use."
        )
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
    if status == 413 or refusal.code in _TOO_LONG:
        cure = "lower batch_bytes of the profile"
        return PermanentError(f"{who} finds the input too large ({facts}): {cure}.", code="too_large")
    if status in (409, 429):
        return TransientError(
            f"{who} cannot {call.doing} now ({facts}).",
            retry_after=refusal.retry_after,
            reason=reason_of_code(refusal.code or refusal.kind, status),
        )
    if status in (408, 499) or status >= 500:
        return _failed(refusal, caller, call)
    if status < 400:
        return BlockedError(
            f"{caller.host} sends us elsewhere ({facts}): check the base URL of profile {who}."
        )
    code = refusal.code or refusal.kind or str(status)
    return PermanentError(f"{who} refused to {call.doing} ({facts}).", code=code)


def _failed(refusal: Refusal, caller: Caller, call: Call) -> DeskError:
    told = f"{caller.profile} failed to {call.doing} ({refusal.facts})"
    if call.creates:
        return UnansweredError(f"{told}: reconcile decides whether it was created.")
    reason = reason_of_code(refusal.code or refusal.kind, refusal.status)
    return TransientError(f"{told}.", retry_after=refusal.retry_after, reason=reason)


def _not_found(refusal: Refusal, caller: Caller, call: Call) -> DeskError:
    who, facts = caller.profile, refusal.facts
    if refusal.code in _NO_MODEL or (call.about == "model" and refusal.shaped):
        return BlockedError(f"{who} does not offer the model ({facts}): check `models` of the profile.")
    if not refusal.shaped or refusal.code in _NO_ADDRESS or call.about == "endpoint":
        cure = f"check the base URL of profile {who}, and `batch` in its capabilities"
        return NoAddressError(f"{caller.host} knows no such address ({facts}): {cure}.")
    if call.about == "file":
        return TransientError(f"{who} does not know the input file yet ({facts}).")
    return UnknownBatchError(f"{who} does not know this batch or its results ({facts}).")


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
    return TransientError(f"{told}.", reason=Reason.TIMEOUT if slow else Reason.SERVER_ERROR)
