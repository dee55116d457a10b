"""Preview a night: what it would take, before a paid call. Needs no key, starts nothing, registers nothing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

from llm_assets.domain.profile import Lane, Mode
from llm_assets.engine.night.night import in_reading_order
from llm_assets.engine.planning.budget import limits_of
from llm_assets.engine.planning.forecast import Forecast, Usd, turns_of
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.steps.night_summary.step import NAME as NIGHT_SUMMARY
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.rehearsal import Rehearsal
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.night.planner import Planner

Plan = Mapping[str, Any]  # the JSON of `plan --json`

BATCHES = 20
"""Newest batches whose median says how long one takes."""


def preview_night(desk: Desk, day: date, paths: Sequence[Path]) -> Plan:
    """The plan of a night as of now, with mail at `paths` counted as if it belonged to it."""
    rehearsal = Rehearsal(desk.settings, desk.steps, desk.clock)
    try:
        return _plan(rehearsal, day, paths, desk.on_stage)
    finally:
        rehearsal.close()


def _plan(rehearsal: Rehearsal, day: date, paths: Sequence[Path], on_progress: OnProgress) -> Plan:
    profile = rehearsal.profile
    receive(rehearsal, paths=paths, day=day, only_day=True, on_progress=on_progress)
    read = read_day(rehearsal, day, on_progress)
    rework = rehearsal.settings.calendar.default_rework(day, rehearsal.clock())
    forecasts = Planner(rehearsal, day, rework, on_progress).forecasts()
    return {
        "day": day.isoformat(),
        "profile": profile.name,
        "emulated": profile.emulated,
        "rework": rework.value,
        "messages": read.messages,
        "cases": read.cases,
        "steps": {f.step: _step_json(f) for f in forecasts},
        "total": _total_json(forecasts),
        "window": _window(rehearsal, day, forecasts),
        "budget": _budget(rehearsal, day, forecasts),
    }


def _step_json(forecast: Forecast) -> Mapping[str, Any]:
    return {
        "model": forecast.model or None,
        "records": {"new": forecast.new, "changed": forecast.changed, "reused": forecast.reused},
        "requests": round(forecast.requests),
        "requests_at_most": forecast.requests_at_most,
        "basis": forecast.basis,
        "calibrated": forecast.calibrated,
        "results": forecast.results,
        "input_tokens": {"typical": round(forecast.input_typical), "p95": round(forecast.input_p95)},
        "output_tokens": {
            "typical": round(forecast.output_typical) if forecast.answers_known else None,
            "p95": round(forecast.output_p95) if forecast.calibrated else None,
            "ceiling": forecast.output_ceiling,
        },
        "usd": _prices_json([forecast]),
    }


def _prices_json(forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    """All in batches, all online, and each request in the mode in which its lane or step sends it."""
    ways = {mode.value: _usd_json(forecasts, [f.usd[mode] for f in forecasts]) for mode in Mode}
    return {**ways, "routed": _usd_json(forecasts, [f.routed for f in forecasts])}


def _usd_json(forecasts: Sequence[Forecast], prices: Sequence[Usd]) -> Mapping[str, float | None]:
    """Before the first answers there is no typical price; but the one request for the opening lines, asked once a
    night, does not hide that of the others: it counts with its bound."""
    known = all(f.answers_known for f in forecasts if len(forecasts) == 1 or f.step != NIGHT_SUMMARY)
    likely = (p.typical if f.answers_known else p.at_most for f, p in zip(forecasts, prices, strict=True))
    low, p95, most = (sum(getattr(p, name) for p in prices) for name in ("low", "p95", "at_most"))
    return {
        "low": float(low),
        "typical": float(sum(likely)) if known else None,
        "p95": float(p95),
        "at_most": float(most),
    }


def _total_json(forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    return {
        "requests": round(sum(f.requests for f in forecasts)),
        "requests_at_most": sum(f.requests_at_most for f in forecasts),
        "calibrated": all(f.calibrated for f in forecasts),
        "usd": _prices_json(forecasts),
    }


def _window(rehearsal: Rehearsal, day: date, forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    """Whether the batches are back by the deadline; steps that read others wait for their batches first, and
    batches for which the provider's queue has no room wait for those before them."""
    calendar, now = rehearsal.settings.calendar, rehearsal.clock()
    deadline = calendar.deadline_of(day)
    taken = rehearsal.ledger.spending.batch_seconds(rehearsal.profile.name, BATCHES)
    by_step, limit = {f.step: f for f in forecasts}, rehearsal.profile.limits.enqueued_tokens
    members = in_reading_order(rehearsal.steps)
    rounds = sum(turns_of([by_step[s.name] for s in steps], limit) for steps in members)
    seconds = rounds * median(taken) if taken else 0.0 if not rounds else None
    night = datetime.combine(deadline.date(), calendar.night_starts, calendar.zone)
    begins = max(now, night) if night < deadline else now
    return {
        "deadline": deadline.isoformat(),
        "rounds": rounds,
        "expected_seconds": seconds,
        "fits": None if seconds is None else begins + timedelta(seconds=seconds) <= deadline,
    }


def _budget(rehearsal: Rehearsal, day: date, forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    limits = limits_of(rehearsal.budget, rehearsal.lanes, day)
    found = []
    for limit, now in zip(limits, rehearsal.ledger.spending.committed(limits), strict=True):
        lanes = [limit.lane] if limit.lane is not None else list(Lane)
        planned = sum((f.at_most_by_lane.get(x, Decimal(0)) for f in forecasts for x in lanes), Decimal(0))
        found.append(
            {
                "what": limit.what,
                "set_by": limit.setting,
                "usd": float(limit.usd),
                "spent_usd": float(now.spent_usd),
                "reserved_usd": float(now.reserved_usd),
                "planned_at_most_usd": float(planned),
                "fits": now.usd + planned <= limit.usd,
            }
        )
    return {"limits": found, "fits": all(x["fits"] for x in found) if found else None}
