"""The report's charts as SVG text, drawn offline and small enough for a phone.

What belongs here: what is drawn and in which colours. What does not: the numbers, and the place of a chart on the page.
Text takes the page's colour and font, so the charts also fit dark pages and print.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from llm_assets.report.attention import SHOWN_NIGHTS
from llm_assets.report.numbers import QueueNumbers, ReportNumbers

if TYPE_CHECKING:
    import altair

WIDTH = 340
"""Pixels: the width of a phone's page without margins, so that text is never scaled down."""
ROW = 28
MOST_BARS = 12
LABEL_WIDTH = 180
TEXT_COLOUR = "currentColor"
FONT = "system-ui, sans-serif"
BLUE, PALE_BLUE = "#0072B2", "#8DB9D6"
STATES = {
    "Draft ready": "#009E73",
    "No reply needed": "#56B4E9",
    "Waits for a person": "#E69F00",
    "Open": "#999999",
    "Dead letter": "#D55E00",
}
"""Okabe and Ito's colours, which colour-blind readers can distinguish."""


@dataclass(frozen=True, slots=True)
class Charts:
    volume: str | None = None
    states: str | None = None
    categories: Mapping[str, str] = field(default_factory=dict)
    """One chart by queue; a queue without cases has none."""


def draw(numbers: ReportNumbers) -> Charts:
    """Draws all charts; a chart without data is left out."""
    queues = {name: queue for name, queue in numbers.queues.items() if queue.totals.documents}
    return Charts(
        volume=_volume(_nights(numbers)),
        states=_states(queues) if queues else None,
        categories={name: _categories(queue.by_category) for name, queue in queues.items()},
    )


def readable(name: str) -> str:
    """A configured name in the form shown to readers."""
    return name.replace("_", " ")


def _nights(numbers: ReportNumbers) -> list[tuple[date, int]]:
    earlier = [(night.day, night.documents) for night in numbers.history]
    return [*earlier, (numbers.day, numbers.totals.documents)][-SHOWN_NIGHTS:]


def _categories(by_category: Mapping[str, int]) -> str:
    import altair as alt

    bars = list(by_category.items())
    shown, rest = (bars, []) if len(bars) <= MOST_BARS else (bars[: MOST_BARS - 1], bars[MOST_BARS - 1 :])
    rows = [{"category": readable(name), "cases": count} for name, count in shown]
    if rest:
        rows.append({"category": f"{len(rest)} others", "cases": sum(count for _, count in rest)})
    # The scale leaves space to the right of the longest bar for its number.
    scale = alt.Scale(domain=[0, max(count for _, count in bars) * 1.3])
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=_names("category"),
        x=alt.X("cases:Q", axis=None, scale=scale, stack=None),
    )
    numbers = base.mark_text(align="left", dx=5, color=TEXT_COLOUR, fontSize=14).encode(text="cases:Q")
    return _svg(base.mark_bar(color=BLUE, height=16) + numbers, height=ROW * len(rows))


def _states(queues: Mapping[str, QueueNumbers]) -> str:
    import altair as alt

    rows = [row for name, queue in queues.items() for row in _state_rows(name, queue)]
    present = {row["state"] for row in rows}
    colours = {state: colour for state, colour in STATES.items() if state in present}
    chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar(height=18)
        .encode(
            y=_names("queue"),
            x=alt.X("cases:Q", title=None, axis=alt.Axis(tickMinStep=1, tickCount=4, grid=True)),
            order=alt.Order("place:Q"),
            color=alt.Color(
                "state:N",
                title=None,
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                legend=alt.Legend(orient="bottom", columns=1, symbolType="square", symbolStrokeWidth=0),
            ),
        )
    )
    return _svg(chart, height=(ROW + 4) * len(queues) + 50 + 20 * len(colours))


def _state_rows(name: str, queue: QueueNumbers) -> list[dict[str, Any]]:  # rows of a Vega data set
    t = queue.totals
    counts = (t.drafts_ready, t.not_needed, t.review, t.open, t.dead)
    return [
        {"queue": name, "state": state, "cases": count, "place": place}
        for place, (state, count) in enumerate(zip(STATES, counts, strict=True))
        if count
    ]


def _volume(nights: Sequence[tuple[date, int]]) -> str | None:
    if len(nights) < 2:
        return None
    import altair as alt

    last = nights[-1][0]
    rows = [{"night": day.isoformat(), "cases": count, "last": day == last} for day, count in nights]
    day = "toDate(datum.value + 'T00:00:00Z')"
    month = f"(datum.index === 0 || utcdate({day}) === 1) ? utcFormat({day}, '%b') : ''"
    labels = f"[utcFormat({day}, '%-d'), {month}]"
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X(
            "night:O",
            title=None,
            axis=alt.Axis(labelExpr=labels, labelAngle=0, ticks=False, labelPadding=6, labelOverlap=False),
        ),
        y=alt.Y("cases:Q", title=None, stack=None, axis=alt.Axis(tickCount=4, tickMinStep=1)),
    )
    colour = alt.when(alt.datum.last).then(alt.value(BLUE)).otherwise(alt.value(PALE_BLUE))
    return _svg(base.mark_bar().encode(color=colour), height=190)


def _names(column: str) -> "altair.Y":
    import altair as alt

    axis = alt.Axis(labelLimit=LABEL_WIDTH, ticks=False, domain=False, labelPadding=8)
    return alt.Y(f"{column}:N", sort=None, title=None, axis=axis)


def _svg(chart: "altair.Chart | altair.LayerChart", *, height: int) -> str:
    import altair as alt
    import vl_convert

    sized = (
        chart.properties(
            width=WIDTH,
            height=height,
            padding={"left": 12, "right": 2, "top": 2, "bottom": 2},  # a browser's font may run wider
            autosize=alt.AutoSizeParams(type="fit", contains="padding"),
        )
        .configure(background="transparent", font=FONT)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=TEXT_COLOUR,
            labelFontSize=14,
            gridColor=TEXT_COLOUR,
            gridOpacity=0.15,
            domainColor=TEXT_COLOUR,
            domainOpacity=0.4,
            tickColor=TEXT_COLOUR,
            tickOpacity=0.4,
        )
        .configure_legend(labelColor=TEXT_COLOUR, labelFontSize=14, labelLimit=160)
    )
    return str(vl_convert.vegalite_to_svg(sized.to_dict()))
