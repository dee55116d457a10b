"""Why an attempt failed, as a short stable word that can be counted. The providers' adapters decide which one it is."""

from enum import StrEnum


class Reason(StrEnum):
    """Counted in the ledger and shown to people; a word is never renamed, only added."""

    UNREACHABLE = "unreachable"
    """No server answered at the address: network, DNS, connection refused."""
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    QUEUE_FULL = "queue_full"
    """The provider's queue for this model is full."""
    SERVER_ERROR = "server_error"
    UNREADABLE = "unreadable"
    """The answer has a form that the provider's contract does not name."""
    NOT_ALLOWED = "not_allowed"
    """Key, account, quota or spend limit: it concerns the account and no single request."""
    MISCONFIGURED = "misconfigured"
    """Our settings name what the provider does not have or take: it concerns the profile and no single request."""
    REJECTED = "rejected"
    """The provider refuses the request as it is."""
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    INVALID_JSON = "invalid_json"
    SCHEMA = "schema"
    UNFINISHED = "unfinished"
    """The model stopped for another cause than the end of its answer or the token limit."""
    REFUSED = "refused"
    CUT = "cut"
    CUT_BY_THINKING = "cut_by_thinking"
    """The model thought until the token limit ended its answer, or before it had written any."""
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSING = "missing"
    OTHER = "other"
    """Transient, with a code that this list does not know yet; the detail names it."""


OF_THE_ACCOUNT = frozenset({Reason.NOT_ALLOWED, Reason.MISCONFIGURED})
"""Reasons that block the provider: nothing ran, and no request has used up a try."""

PROVIDER_WIDE = frozenset({Reason.UNREACHABLE, Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.QUEUE_FULL})
"""Reasons that concern the provider's present state and not the request."""
