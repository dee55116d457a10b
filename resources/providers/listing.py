"""A provider's list of batches, in whatever form it comes: read page by page, to a bound. Nothing here knows a protocol.

Gateways list oldest first, without pages, with the same page again and again, with null entries, and with times as numbers,
as text or not at all. Whether our clock can be compared with theirs is told by the Date header of the list itself.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from llm_assets.domain.errors import ContractError
from llm_assets.domain.requests.batch import Batch, Candidate
from resources.providers import bodies

PAGE = 100
MOST_PAGES = 200
"""With pages of 100: 20,000 batches, ten hours of the most that OpenAI lets anybody create."""
SKEW = timedelta(minutes=5)
"""How much the provider's clock may differ from ours before times in the list are compared with a wide margin."""
WIDE = timedelta(days=1)
"""The margin then: a clock that is wrong now was wrong by another amount when the batch was created."""
_MILLISECONDS_FROM = 100_000_000_000
"""A number this large is no second of the next thousand years."""


class Page(NamedTuple):
    """One answer of a list: its body, and the provider's time of day where a header tells it."""

    body: Mapping[str, Any]
    at: datetime | None = None


Fetch = Callable[[str | None], Page]
"""Reads the page after the batch of this id; None for the first."""
Read = Callable[[Mapping[str, Any]], Candidate | None]
"""A listed batch as a candidate; None for one that is certainly not ours."""


@dataclass(slots=True)
class _Reading:
    """What the pages have shown so far."""

    since: datetime
    proven: bool = False
    last: datetime | None = None
    falls: bool = False
    rises: bool = False
    """Whether a batch is older, or newer, than the one before it; one without a time counts as a rise, for no order is certain then."""

    def follow(self, at: datetime | None) -> None:
        if at is None:
            self.rises = True
            return
        if self.last is not None and at != self.last:
            self.falls, self.rises = self.falls or at < self.last, self.rises or at > self.last
        self.last = at

    @property
    def is_past(self) -> bool:
        """Whether all that follows is too old: only a list that certainly runs from new to old is left before its end."""
        return self.falls and not self.rises and self.last is not None and self.last < self.since


def candidates(
    fetch: Fetch, read: Read, batch: Batch, now: datetime, *, most: int = MOST_PAGES
) -> list[Candidate]:
    """Batches of the list that are or may be this one, oldest first; without a time last.

    One that is proven ours counts whenever it was created, by whatever clock. The others must have been created since the
    intent. Raises ContractError when the list does not end and holds no proof: sending again might pay twice.
    """
    first = fetch(None)
    reading = _Reading(earliest(batch, now, first.at))
    found: list[Candidate] = []
    for listed in _entries(fetch, first, reading, most):
        candidate = read(listed)
        if candidate is None:
            continue
        reading.proven = reading.proven or candidate.proven
        if candidate.proven or candidate.created_at is None or candidate.created_at >= reading.since:
            found.append(candidate)
    return sorted(found, key=lambda c: c.age)


def earliest(batch: Batch, now: datetime, theirs: datetime | None) -> datetime:
    """The earliest time, by the provider's clock, at which it may have created this batch."""
    skewed = theirs is not None and abs(theirs - now) > SKEW
    went_back = batch.sent_since - now > SKEW
    if not skewed and not went_back:
        return batch.sent_since - SKEW
    return min(t for t in (batch.sent_since, now, theirs) if t is not None) - WIDE


def _entries(fetch: Fetch, page: Page, reading: _Reading, most: int) -> Iterator[Mapping[str, Any]]:
    """Each batch once. Stops where the list ends, where it only repeats itself, and where all that follows is too old."""
    seen: set[str] = set()
    for _ in range(most):
        fresh = [b for b in map(bodies.mapping, bodies.items(page.body.get("data"))) if _is_new(b, seen)]
        for listed in fresh:
            reading.follow(moment(listed.get("created_at")))
            yield listed
        if not fresh or not page.body.get("has_more") or reading.is_past:
            return
        page = fetch(str(fresh[-1]["id"]))
    if not reading.proven:
        raise ContractError(
            f"The provider's list of batches does not end within {most} pages, and none of it is proven ours: nothing is "
            "sent again. Remove old batches there, or set `batch: false` in the capabilities of the profile."
        )


def entries(fetch: Fetch, most: int = MOST_PAGES) -> Iterator[Mapping[str, Any]]:
    """Each entry of a list once, whatever its order; what is beyond `most` pages is left out."""
    seen: set[str] = set()
    after: str | None = None
    for _ in range(most):
        page = fetch(after).body
        fresh = [b for b in map(bodies.mapping, bodies.items(page.get("data"))) if _is_new(b, seen)]
        yield from fresh
        if not fresh or not page.get("has_more"):
            return
        after = str(fresh[-1]["id"])


def _is_new(listed: Mapping[str, Any], seen: set[str]) -> bool:
    name = listed.get("id")
    if not isinstance(name, str) or not name or name in seen:
        return False
    seen.add(name)
    return True


def moment(value: object) -> datetime | None:
    """A time as providers and gateways write it: seconds or milliseconds since 1970, or ISO 8601; None for anything else."""
    if isinstance(value, str):
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            return _of_number(value)
        return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return _of_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of_number(value: str | float) -> datetime | None:
    try:
        seconds = float(value)
        seconds = seconds / 1000 if seconds >= _MILLISECONDS_FROM else seconds
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def told_by(headers: Mapping[str, str]) -> datetime | None:
    """The provider's time of day by its Date header; None where there is none that can be read."""
    try:
        at = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
