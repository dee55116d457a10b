"""The geometry of the report's pictures: sparklines, columns by night and bars of states. Pure arithmetic.

What belongs here: where a point or bar lies. What does not: colours (`report.css`) and markup (`templates/`), so that a
picture follows dark pages and print, and the numbers themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from llm_assets.domain.desk.reply_by import is_workday
from llm_assets.report.attention import SHOWN_NIGHTS
from llm_assets.report.numbers import ReportNumbers, Totals

SPARK_WIDTH, SPARK_HEIGHT, EDGE = 96, 26, 3
FEWEST_NIGHTS, FEWEST_ALIKE = 4, 3
"""Fewer say nothing about what is usual."""
MOST_BARS = 12
"""Categories of a queue that are shown at once; the others are folded."""
STATES = ("drafts_ready", "not_needed", "review", "open", "dead")


@dataclass(frozen=True, slots=True)
class Spark:
    """A line of counts by night, the last one tonight."""

    counts: Sequence[int]
    points: str
    """For an SVG polyline of SPARK_WIDTH by SPARK_HEIGHT."""
    x: float
    y: float
    """Of tonight's point."""
    usual_y: float
    """Of the median of the nights before."""
    usual: float


@dataclass(frozen=True, slots=True)
class Column:
    day: date
    count: int
    share: float
    """Of the highest column."""
    tonight: bool
    weekend: bool


@dataclass(frozen=True, slots=True)
class Nights:
    columns: Sequence[Column]
    usual: float | None
    """Median of the earlier nights of the same kind, working day or weekend; None for fewer than three."""
    usual_share: float


@dataclass(frozen=True, slots=True)
class Piece:
    state: str
    count: int


def spark(counts: Sequence[int]) -> Spark | None:
    """None for so few nights that they show no course."""
    if len(counts) < FEWEST_NIGHTS:
        return None
    top = max(*counts, 1)
    step = (SPARK_WIDTH - 2 * EDGE) / (len(counts) - 1)

    def height(count: float) -> float:
        return round(SPARK_HEIGHT - EDGE - count / top * (SPARK_HEIGHT - 2 * EDGE), 1)

    places = [(round(EDGE + place * step, 1), height(count)) for place, count in enumerate(counts)]
    usual = median(counts[:-1])
    points = " ".join(f"{x},{y}" for x, y in places)
    return Spark(counts, points, *places[-1], usual_y=height(usual), usual=usual)


def nights(numbers: ReportNumbers) -> Nights | None:
    """Cases of the last nights and of tonight; None before there is a night to compare with."""
    counts = {night.day: night.documents for night in numbers.history} | {
        numbers.day: numbers.totals.documents
    }
    shown = sorted(counts.items())[-SHOWN_NIGHTS:]
    top = max(count for _, count in shown)
    if len(shown) < 2 or not top:
        return None
    like = [c for day, c in shown if day != numbers.day and is_workday(day) is is_workday(numbers.day)]
    usual = median(like) if len(like) >= FEWEST_ALIKE else None
    made = [Column(day, c, c / top, day == numbers.day, not is_workday(day)) for day, c in shown]
    return Nights(made, usual, (usual or 0) / top)


def pieces(totals: Totals) -> list[Piece]:
    """The states of the cases as parts of one bar, those without a case left out."""
    counts = [(state, getattr(totals, state)) for state in STATES]
    return [Piece(state, count) for state, count in counts if count]


def course(numbers: ReportNumbers, queue: str, category: str) -> Spark | None:
    """Cases of one category of a queue over the last nights and tonight."""
    past = [night.by_category.get(queue, {}) for night in numbers.history]
    counts = [night.get(category, 0) for night in (*past, numbers.queues[queue].by_category)]
    return spark(counts[-SHOWN_NIGHTS:])
