"""Earlier nights for the report: cases by queue and category, counted by a query so that no rows are loaded."""

from datetime import date

from llm_assets.report.attention import SHOWN_NIGHTS, PastNight
from llm_assets.report.cases import NO_CATEGORY
from resources.lake.lake import Lake

_COUNTS = """
SELECT d.day, d.queue, coalesce(c.category, $none) AS category, count(*) AS cases
FROM documents AS d LEFT JOIN categories AS c ON c.day = d.day AND c.case_id = d.case_id
WHERE d.role = 'first'
  AND d.day IN (SELECT DISTINCT day FROM documents WHERE day < $day ORDER BY day DESC LIMIT $nights)
GROUP BY ALL ORDER BY ALL
"""


def past_nights(lake: Lake, day: date, *, nights: int = SHOWN_NIGHTS - 1) -> list[PastNight]:
    """The last nights before `day` that had mail, oldest first. The lake must declare `categories`."""
    found: dict[date, dict[str, dict[str, int]]] = {}
    for row in lake.query(_COUNTS, {"day": day, "nights": nights, "none": NO_CATEGORY}):
        found.setdefault(row["day"], {}).setdefault(row["queue"], {})[row["category"]] = row["cases"]
    return [PastNight(night, by_category) for night, by_category in found.items()]
