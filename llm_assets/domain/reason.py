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
    """Key, quota or spend limit, reported for a single request while the lane as a whole continued."""
    MISCONFIGURED = "misconfigured"
    """The server refuses a parameter or a schema that the profile can change or leave out."""
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
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSING = "missing"
    OTHER = "other"
    """Transient, with a code that this list does not know yet; the detail names it."""


PROVIDER_WIDE = frozenset({Reason.UNREACHABLE, Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.QUEUE_FULL})
"""Reasons that concern the provider's present state and not the request."""
