"""What waits, and why: doubts by queue and reason, open cases and dead ones. Pure."""

from collections.abc import Mapping
from typing import Any

from llm_assets.report.cases import State
from llm_assets.report.numbers import ReportNumbers


def waiting(numbers: ReportNumbers) -> Mapping[str, Any]:
    """`report.json["waiting"]`. A case counts once for each of its reasons, and once in the totals."""
    urgent = {p.case_id for p in numbers.pressing if p.urgent or p.late}
    reasons: dict[tuple[str, str, str], set[str]] = {}
    for case in numbers.review:
        reasons.setdefault((case.queue, case.step, case.reason), set()).add(case.case_id)
    return {
        "review": [
            {
                "queue": queue,
                "step": step,
                "reason": reason,
                "cases": len(cases),
                "pressing": len(cases & urgent),
            }
            for (queue, step, reason), cases in sorted(
                reasons.items(), key=lambda item: (-len(item[1]), item[0])
            )
        ],
        "open": [{"what": m.what, "why": m.why, "step": m.step} for m in numbers.missing],
        "totals": {
            "review": numbers.totals.review,
            "open": numbers.totals.open,
            "dead": numbers.totals.dead,
            "pressing": sum(p.state is not State.OK for p in numbers.pressing),
        },
    }
