"""Earlier nights for the report: cases by queue and category, counted by a query so that no rows are loaded."""

from datetime import date

from llm_assets.report.attention import LOOKED_AT_NIGHTS, PastNight
from llm_assets.report.cases import NO_CATEGORY
from resources.lake.lake import Lake

_NIGHTS = "(SELECT DISTINCT day FROM documents WHERE day < $day ORDER BY day DESC LIMIT $nights)"
_COUNTS = f"""
SELECT d.day, d.queue, coalesce(c.category, $none) AS category, count(*) AS cases,
       count(*) FILTER (WHERE c.case_id IS NULL OR c.status = 'open') AS unanswered
FROM documents AS d LEFT JOIN categories AS c ON c.day = d.day AND c.case_id = d.case_id
WHERE d.role = 'first' AND d.day IN {_NIGHTS}
GROUP BY ALL ORDER BY ALL
"""  # noqa: S608 no value is put in
_MESSAGES = f"SELECT day, count(*) AS messages FROM documents WHERE day IN {_NIGHTS} GROUP BY day"  # noqa: S608


def past_nights(lake: Lake, day: date, *, nights: int = LOOKED_AT_NIGHTS) -> list[PastNight]:
    """The last nights before `day` that had mail, oldest first. The lake must declare `categories`."""
    found: dict[date, dict[str, dict[str, int]]] = {}
    unanswered: dict[date, int] = {}
    for row in lake.query(_COUNTS, {"day": day, "nights": nights, "none": NO_CATEGORY}):
        found.setdefault(row["day"], {}).setdefault(row["queue"], {})[row["category"]] = row["cases"]
        unanswered[row["day"]] = unanswered.get(row["day"], 0) + row["unanswered"]
    rows = lake.query(_MESSAGES, {"day": day, "nights": nights})
    messages = {row["day"]: row["messages"] for row in rows}
    return [
        PastNight(night, by_category, unanswered[night], messages[night])
        for night, by_category in found.items()
    ]
