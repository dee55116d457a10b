"""Errors that a person can act on. Each message says what was tried, what was found and what to do next."""

import re
from dataclasses import dataclass
from pathlib import Path

from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused


class DeskError(Exception):
    """Base of every error this platform raises on purpose; its text is one sentence that names the remedy."""


class ConfigurationError(DeskError):
    """A setting, YAML file or profile is wrong. Commands exit 2."""


class LedgerDownError(ConfigurationError):
    """The ledger cannot be used now: nothing was stored, and the same may be asked again later."""


class BlockedError(DeskError):
    """A provider takes nothing until a person acts: key, quota, spend limit or a setting."""

    def __init__(
        self, message: str, *, kind: Refused = Refused.KEY, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after = retry_after
        """Seconds the provider asked us to wait; None when it named no time."""


class StuckError(BlockedError):
    """One batch cannot continue until a person acts; the provider itself works."""


class MisconfiguredError(BlockedError):
    """The server refuses how we ask, not what: a setting of the profile cures it. Nothing ran, and lines that are rendered
    already hold what was refused, so they are rendered anew."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind=Refused.CONFIGURATION)


class NoAddressError(BlockedError):
    """The host answers, and has no such address: a wrong base URL, or an API that it does not serve."""


class TransientError(DeskError):
    """The provider or the network failed temporarily; retried with backoff."""

    def __init__(
        self, message: str, *, retry_after: float | None = None, reason: Reason = Reason.OTHER
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the provider asked us to wait; None when it named no time."""
        self.reason = reason


class UnreachableError(TransientError):
    """The server cannot be reached: nothing was sent, so no try is used up."""

    def __init__(self, message: str) -> None:
        super().__init__(message, reason=Reason.UNREACHABLE)


class SaturatedError(TransientError):
    """A caller would have to wait for room: its lane's share of the provider is used up, or calls pause; `retry_after` says how
    long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            "the provider takes nothing more of this lane now; ask again after the time that is named",
            retry_after=seconds,
            reason=Reason.RATE_LIMIT,
        )


class RouteFullError(TransientError):
    """A cheaper route has no room now; it says nothing about ordinary calls to the same provider."""


class PermanentError(DeskError):
    """The provider refused this request for good; sending it again changes nothing."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class OverBudgetError(DeskError):
    """Requests were not sent, because they might cost more than a limit leaves."""


class RawFileError(DeskError):
    """A raw file is missing, damaged or cannot be read. It costs its record, never the night."""

    def __init__(self, message: str, *, flag: str) -> None:
        super().__init__(message)
        self.flag = flag
        """The flag of the record: raw_missing or raw_damaged."""


class UnansweredError(DeskError):
    """A create was sent and its answer never came: the batch may or may not exist. Only reconciling decides that."""


class UnknownBatchError(DeskError):
    """The provider does not know this batch id. "Unknown" is not "gone": listings and reads may lag."""


class ShortResultsError(UnknownBatchError):
    """Fewer results can be read than the provider promises: a file or some of its lines are not there (yet)."""


class HungUpError(DeskError):
    """Whoever waited for an answer has left."""


class ContractError(DeskError):
    """The provider answered something its contract does not name, e.g. an unknown batch status."""


@dataclass(frozen=True, slots=True)
class ReadError:
    """Why a message could not be read at all: a short kind for counting, a sentence for people."""

    kind: str
    message: str


def place_of(error: Exception) -> str:
    """The kind of the error and where it was raised; what it says may quote mail."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    where = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else "?"
    return f"{type(error).__name__} at {where}"


_CALL_ID = re.compile(r", request [\w.:-]+")


def wording(sentence: str) -> str:
    """The sentence of an error without the id of the call, which is another one each time."""
    return _CALL_ID.sub("", sentence)
