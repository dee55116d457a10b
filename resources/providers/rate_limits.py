"""When a provider accepts the next call, read from its headers. All protocols; pure but for the time of day."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.protocol import PROTOCOLS

_RESETS = dict(pair for row in PROTOCOLS.values() for pair in row.rate_headers.pairs())
"""Header of what is left of a limit, and header of when the limit has room again."""
_NUMBER = re.compile(r"\d+(\.\d+)?")
_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")
_SPAN_UNITS = (3600.0, 60.0, 1.0, 0.001)


def retry_after(headers: Mapping[str, str], clock: Clock = system_clock) -> float | None:
    """Seconds to wait after a refusal: its Retry-After, else the time until a used-up limit has room again."""
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        value = headers.get(name, "")
        if _NUMBER.fullmatch(value):
            return float(value) * unit
    try:
        at = parsedate_to_datetime(headers.get("retry-after", ""))
    except ValueError:
        return rest_seconds(headers, clock)
    return _seconds_until(at, clock)


def rest_seconds(headers: Mapping[str, str], clock: Clock = system_clock) -> float | None:
    """Seconds until every used-up limit has room again; None when none is used up.

    A reset is an instant, a span such as `6m0s`, or a number of seconds, whatever the protocol.
    """
    rests = [rest for rest in _rests(headers, clock) if rest is not None]
    return max(rests, default=None)


def _rests(headers: Mapping[str, str], clock: Clock) -> Iterator[float | None]:
    found = {name.lower(): value.strip() for name, value in headers.items()}
    for remaining, reset in _RESETS.items():
        if found.get(remaining) == "0":
            yield _rest(found.get(reset, ""), clock)


def _rest(reset: str, clock: Clock) -> float | None:
    """None for what is neither a span nor an instant."""
    if _NUMBER.fullmatch(reset):
        return float(reset)
    span = _SPAN.fullmatch(reset)
    if span is not None and reset:
        return sum(float(part or 0) * unit for part, unit in zip(span.groups(), _SPAN_UNITS, strict=True))
    try:
        return _seconds_until(datetime.fromisoformat(reset), clock)
    except ValueError:
        return None


def _seconds_until(at: datetime, clock: Clock) -> float:
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - clock()).total_seconds())
