"""Nights that people have changed since their last run, and which of them a run was asked for already."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

LOOKED_AT = timedelta(days=60)
"""Changes of older nights are taken up by their next run."""


@dataclass(frozen=True, slots=True)
class ChangedNights:
    """What a look found."""

    due: Mapping[date, int]
    """Days to make anew, with the id of the newest change that this covers."""
    waits: str


def handled_of(cursor: str | None) -> dict[date, int]:
    """From a sensor's cursor; a broken one is an empty one: a night made anew without need costs nothing."""
    try:
        held = json.loads(cursor or "{}")
        return {date.fromisoformat(day): int(number) for day, number in held.items()}
    except (ValueError, AttributeError):
        return {}


def cursor_of(handled: Mapping[date, int], today: date) -> str:
    """Of the days that are looked at."""
    return json.dumps({d.isoformat(): handled[d] for d in sorted(handled) if d >= today - LOOKED_AT})
