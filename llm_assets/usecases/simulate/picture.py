"""The picture of a simulation: when each step ended against the deadline, and the money beside it. An SVG that stands alone.

What belongs here: where bars lie and their marks. What does not: how the figures came about.
"""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from html import escape

from llm_assets.usecases.simulate.nights_drawn import HEIGHT, bars
from llm_assets.usecases.simulate.simulate import Simulated
from llm_assets.usecases.simulate.simulated_night import NightRun

LEFT, PLOT, MONEY, ROW, GAP, TOP = 190, 470, 160, 14, 18, 66
BEFORE_END = timedelta(minutes=30)
LONGEST = timedelta(hours=14)
"""The end of the axis at most; what ended later says so at its end."""
LONGEST_TAIL = timedelta(hours=30)
"""The same where only many nights are shown, whose tail is the point."""
CLOSE = timedelta(hours=16)
"""An axis that is longer names every third hour only."""

STYLE = (
    "text{font:12px system-ui,sans-serif;fill:#1f2933}.dim{fill:#66727f}.on{fill:#fff}.bar{fill:#3b7dd8}.late{fill:#d1495b}.missed{fill:#c0303f}"
    ".deadline{stroke:#d1495b;stroke-dasharray:4 3}.axis{stroke:#c5ccd3}.paper{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e4e7eb}.dim{fill:#9aa5b1}.on{fill:#fff}.missed{fill:#ef7d8b}.paper{fill:#16191d}.axis{stroke:#4b5560}}"
)


def picture(title: str, found: Sequence[Simulated]) -> str:
    """Of many nights bars show how many ended when; of one night each step has a bar."""
    until = _until(found)
    body: list[str] = []
    y = TOP
    for one in found:
        drawn, y = _scenario(one, until, y)
        body += drawn
    width, height = LEFT + PLOT + MONEY, y + 40
    axis = _axis(found[0].nights[0], until, y)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{escape(title)}">',
            f"<style>{STYLE}</style>",
            f'<rect class="paper" width="{width}" height="{height}"/>',
            f'<text x="8" y="22" font-weight="600">{escape(title)}</text>',
            *axis,
            *body,
            "</svg>\n",
        ]
    )


def _until(found: Sequence[Simulated]) -> timedelta:
    """Length of the axis from a night's start."""
    lengths = [_length(night) for one in found for night in one.nights]
    longest = LONGEST if any(len(one.nights) == 1 for one in found) else LONGEST_TAIL
    return min(max([*lengths, timedelta(hours=1)]), longest) + BEFORE_END


def _length(night: NightRun) -> timedelta:
    ends = [step.ended_at for step in night.steps if step.ended_at is not None]
    return max([night.deadline, *ends]) - night.starts_at


def _x(passed: timedelta, until: timedelta) -> float:
    return round(LEFT + min(passed / until, 1) * PLOT, 1)


def _scenario(one: Simulated, until: timedelta, y: int) -> tuple[list[str], int]:
    many = len(one.nights) > 1
    money = f"{one.usd:.4f} USD a night" if many else f"{one.usd:.2f} USD, online {one.online_usd:.2f}"
    drawn = [
        f'<text x="8" y="{y}" font-weight="600">{escape(one.scenario.name)}</text>',
        f'<text class="dim" x="{LEFT + PLOT + 8}" y="{y}">{money}</text>',
    ]
    y += 6
    if many:
        return [*drawn, *_many(one, until, y)], y + HEIGHT + 2 * GAP
    for line in _steps(one.nights[0], until, y):
        drawn.append(line)
        y += ROW + 3
    return drawn, y + GAP


def _many(one: Simulated, until: timedelta, y: int) -> list[str]:
    missed = sum(not night.in_time for night in one.nights)
    late = f'<tspan class="missed" x="8" dy="16">{missed:,} missed it</tspan>' if missed else ""
    return [
        f'<text x="8" y="{y + 18}"><tspan>{len(one.nights) - missed:,} of {len(one.nights):,} nights</tspan>'
        f'<tspan x="8" dy="16">in time</tspan>{late}</text>',
        f'<text class="dim" x="{LEFT + PLOT + 8}" y="{y + 12}">online {one.online_usd:.4f} USD</text>',
        *bars(one.nights, LEFT, PLOT, until, y),
    ]


def _steps(night: NightRun, until: timedelta, y: int) -> list[str]:
    lines = []
    began = night.starts_at
    for step in night.steps:
        late = step.ended_at is None or step.ended_at > night.deadline
        ended = step.ended_at if step.ended_at is not None else night.starts_at + until
        x, end = _x(began - night.starts_at, until), _x(ended - night.starts_at, until)
        beyond = step.ended_at is None or ended - night.starts_at > until
        at = f"{step.ended_at:%H:%M}" if step.ended_at is not None else "not seen"
        says = f"{at}{' next day' if beyond and step.ended_at is not None else ''}"
        inside = end > LEFT + PLOT - 60
        anchor, place = ("end", end - 4) if inside else ("start", end + 4)
        lines.append(
            f'<text class="dim" x="24" y="{y + 11}">{escape(step.step)}</text>'
            f'<rect class="{"late" if late else "bar"}" x="{x}" y="{y}" width="{max(end - x, 1):.1f}" height="{ROW}"/>'
            f'<text class="{"on" if inside else "end"}" x="{place}" y="{y + 11}" text-anchor="{anchor}">{says}</text>'
        )
        y += ROW + 3
    return lines


def _axis(night: NightRun, until: timedelta, bottom: int) -> list[str]:
    lines = []
    for hour in range(0, int(until.total_seconds() // 3600) + 1, 1 if until <= CLOSE else 3):
        x = _x(timedelta(hours=hour), until)
        at = night.starts_at + timedelta(hours=hour)
        lines.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{TOP - 8}" y2="{bottom}"/>')
        lines.append(f'<text class="dim" x="{x}" y="{bottom + 16}" text-anchor="middle">{at:%H}</text>')
    midnight = datetime.combine(night.starts_at.date() + timedelta(days=1), time(), night.starts_at.tzinfo)
    if midnight - night.starts_at < until - timedelta(hours=1):
        x = _x(midnight - night.starts_at, until)
        lines.append(f'<text class="dim" x="{x}" y="{bottom + 32}">next day</text>')
    x = _x(night.deadline - night.starts_at, until)
    lines.append(f'<line class="deadline" x1="{x}" x2="{x}" y1="{TOP - 14}" y2="{bottom}"/>')
    lines.append(f'<text x="{x}" y="{TOP - 18}" text-anchor="middle">deadline {night.deadline:%H:%M}</text>')
    return lines
