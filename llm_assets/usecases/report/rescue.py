"""Rescue: what was done about a night that might have missed its deadline, as `report.json` has it."""

from datetime import date
from typing import Any

from llm_assets.domain.profile import Mode
from llm_assets.domain.traffic.ladder import FOR_THE_DEADLINE, MODE_OF
from llm_assets.usecases.desk.assembly import Assembly


def rescue(assembly: Assembly, day: date) -> dict[str, Any] | None:
    """None when nothing was done."""
    batches, zone = assembly.ledger.batches, assembly.settings.calendar.zone
    costs = assembly.ledger.rescue.costs(day)
    cancelled = sum(b.cancel_why.startswith(FOR_THE_DEADLINE) for b in batches.listed(day))
    if not cancelled and not costs.requests and not costs.double_usd:
        return None
    return {
        "forecast": [
            {
                "at": row.at.astimezone(zone).isoformat(),
                "open_requests": row.open_requests,
                "probability_in_time": row.probability_in_time,
            }
            for row in batches.forecasts(day)
        ],
        "cancelled_batches": cancelled,
        "requests": {mode.value: costs.requests.get(mode, 0) for mode in sorted(MODE_OF.values(), key=_rung)},
        "extra_usd": float(costs.extra_usd),
        "paid_twice": {
            "requests": costs.twice,
            "usd": float(costs.twice_usd),
            "usd_at_most": float(costs.double_usd),
        },
    }


def _rung(mode: Mode) -> int:
    return list(Mode).index(mode)
