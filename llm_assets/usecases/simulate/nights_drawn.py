"""Many nights of one scenario as bars: how many ended when. Pure; where the bars lie on the page is `picture`'s."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from llm_assets.usecases.simulate.simulated_night import NightRun

BIN = timedelta(minutes=30)
HEIGHT = 96
"""Of the highest bar, in pixels. Heights grow with the logarithm, so that a single night beside a thousand is seen."""
LOWEST = 8
"""Of a bar for one night."""


def bars(nights: Sequence[NightRun], left: int, width: int, until: timedelta, top: int) -> list[str]:
    """Nights that ended later than `until`, or not in the time that was watched, are in the last bar."""
    counts = Counter(_bin(night, until) for night in nights)
    most = max(counts.values())
    each = width / (until / BIN)
    deadline = nights[0].deadline - nights[0].starts_at
    floor = top + HEIGHT
    lines = [
        f'<line class="axis" x1="{left}" x2="{left + width}" y1="{floor - h:.1f}" y2="{floor - h:.1f}"/>'
        f'<text class="dim" x="{left - 6}" y="{floor - h + 4:.1f}" text-anchor="end">{count:,}</text>'
        for count in _ticks(most)
        for h in [_height(count, most)]
    ]
    for number, count in sorted(counts.items()):
        late = number * BIN >= deadline
        high = _height(count, most)
        lines.append(
            f'<rect class="{"late" if late else "bar"}" x="{left + number * each:.1f}" y="{floor - high:.1f}" '
            f'width="{max(each - 1, 1):.1f}" height="{high:.1f}"><title>{count:,} nights</title></rect>'
        )
    return lines


def _bin(night: NightRun, until: timedelta) -> int:
    """Which bar a night is in. One that ended in time is never in a bar behind the deadline."""
    last = math.ceil(until / BIN) - 1
    if night.ended_at is None:
        return last
    number = int((night.ended_at - night.starts_at) / BIN)
    if night.ended_at <= night.deadline:
        number = min(number, math.ceil((night.deadline - night.starts_at) / BIN) - 1)
    return min(number, last)


def _height(count: int, most: int) -> float:
    return LOWEST + (HEIGHT - LOWEST) * math.log(count) / math.log(max(most, 2))


def _ticks(most: int) -> list[int]:
    """1, 10, 100 and so on; of two that lie close together only the first."""
    ticks = [10**power for power in range(len(str(most)))]
    far = [b for a, b in pairwise(ticks) if _height(b, most) - _height(a, most) >= 14]
    return [1, *far]
