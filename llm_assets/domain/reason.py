"""Why an attempt failed, as a stable short word that can be counted. Where it comes from is decided at the edges."""

from enum import StrEnum


class Reason(StrEnum):
    """Counted in the ledger and shown to people; a word is never renamed, only added."""

    UNREACHABLE = "unreachable"
    """Nobody answered at the address: network, DNS, connection refused."""
    TIMEOUT = "timeout"
    RATE_LIMIT = "rate_limit"
    OVERLOADED = "overloaded"
    QUEUE_FULL = "queue_full"
    """The provider's waiting room for this model is full."""
    SERVER_ERROR = "server_error"
    UNREADABLE = "unreadable"
    """An answer that the provider's contract does not name."""
    NOT_ALLOWED = "not_allowed"
    """Key, quota or spend limit; told for a single request, where the lane as a whole went on."""
    REJECTED = "rejected"
    """The provider refuses the request as it is."""
    TOO_LARGE = "too_large"
    EMPTY = "empty"
    INVALID_JSON = "invalid_json"
    SCHEMA = "schema"
    UNFINISHED = "unfinished"
    """The model stopped for a cause that is neither its end nor its limit."""
    REFUSED = "refused"
    CUT = "cut"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    MISSING = "missing"
    OTHER = "other"
    """Transient, with a code that this list does not know yet; the detail names it."""


PROVIDER_WIDE = frozenset({Reason.UNREACHABLE, Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.QUEUE_FULL})
"""What says something of the provider's moment and nothing of the request that met it."""
