"""Preview a night: what it would take, before a paid call. Needs no key, starts nothing, registers nothing."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.queue_advice import advice
from llm_assets.domain.profile import Lane, Mode
from llm_assets.engine.night.night import in_reading_order
from llm_assets.engine.planning.budget import limits_of
from llm_assets.engine.planning.forecast import Forecast, Usd, calls_of, turns_of
from llm_assets.engine.planning.route_rules import CALL_SECONDS
from llm_assets.engine.ports.progress import OnProgress
from llm_assets.usecases.desk.desk import Desk
from llm_assets.usecases.desk.rehearsal import Rehearsal
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.night.held_back import elsewhere, stopped_queues
from llm_assets.usecases.night.process_steps import AUTO, rework_of
from llm_assets.usecases.plan.planner import Planner

Plan = Mapping[str, Any]  # the JSON of `plan --json`

BATCHES = 20
"""Newest batches whose median says how long one takes."""


SHORTEST_BATCH_SECONDS = 1.0


def preview_night(desk: Desk, day: date, paths: Sequence[Path], rework: str = AUTO) -> Plan:
    """The plan of a night as of now, open or closed, with mail at `paths` counted as if it belonged to it.

    `rework` is what `night --rework` would be given. Raises ValueError for an unknown word.
    """
    rehearsal = Rehearsal(desk.settings, desk.steps, desk.clock)
    try:
        wanted = rework_of(rework, desk.settings.calendar, day, rehearsal.clock())
        return _plan(rehearsal, day, paths, wanted, desk.on_stage)
    finally:
        rehearsal.close()


def _plan(
    rehearsal: Rehearsal, day: date, paths: Sequence[Path], rework: Rework, on_progress: OnProgress
) -> Plan:
    profile = rehearsal.profile
    receive(rehearsal, paths=paths, day=day, only_day=True, on_progress=on_progress)
    read = read_day(rehearsal, day, on_progress)
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
        "stopped": stopped_queues(rehearsal),
        "elsewhere": [found._asdict() for found in elsewhere(rehearsal, day)],
        "advice": [found._asdict() for found in advice(rehearsal.queues.queues)],
    }


def _step_json(forecast: Forecast) -> Mapping[str, Any]:
    return {
        "model": forecast.model or None,
        "records": {"new": forecast.new, "changed": forecast.changed, "reused": forecast.reused},
        "stopped": forecast.stopped,
        "requests": round(forecast.requests),
        "requests_at_most": forecast.requests_at_most,
        "basis": forecast.basis,
        "calibrated": forecast.calibrated,
        "results": forecast.results,
        "input_tokens": {"typical": round(forecast.input_typical), "p95": round(forecast.input_p95)},
        "output_tokens": {
            "typical": round(forecast.output_typical),
            "assumed": not forecast.answers_known,
            "p95": round(forecast.output_p95) if forecast.calibrated else None,
            "ceiling": forecast.output_ceiling,
        },
        "retries": {"share": round(forecast.retries, 4), "assumed": not forecast.retries_known},
        "usd": _prices_json([forecast]),
        "route": _routes_json(forecast),
    }


def _routes_json(forecast: Forecast) -> Sequence[Mapping[str, Any]]:
    """By which routes the requests would be sent now, and why; the most first."""
    return [
        {"mode": route.mode.value, "why": route.why, "requests": round(requests)}
        for route, requests in sorted(forecast.routes.items(), key=lambda item: (-item[1], item[0]))
    ]


def _prices_json(forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    """All by each route that is sold, all in batches, all online, and each request by its own route."""
    priced = [mode for mode in Mode if any(mode in f.usd for f in forecasts)]
    ways = {mode.value: _usd_json([f.usd[mode] for f in forecasts if mode in f.usd]) for mode in priced}
    return {**ways, "routed": _usd_json([f.routed for f in forecasts])}


def _usd_json(prices: Sequence[Usd]) -> Mapping[str, float]:
    names = ("low", "typical", "p95", "at_most")
    return {name: float(sum(getattr(p, name) for p in prices)) for name in names}


def _total_json(forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    return {
        "requests": round(sum(f.requests for f in forecasts)),
        "requests_at_most": sum(f.requests_at_most for f in forecasts),
        "calibrated": all(f.calibrated for f in forecasts),
        "usd": _prices_json(forecasts),
    }


def _window(rehearsal: Rehearsal, day: date, forecasts: Sequence[Forecast]) -> Mapping[str, Any]:
    """Whether the answers are back by the deadline; steps that read others wait for their batches first, and
    batches for which the provider's queue has no room wait for those before them.

    A batch takes what it usually took here, and no less than until the next look at it; before there are any,
    `batch_minutes` of lanes.yaml.
    """
    calendar, now = rehearsal.settings.calendar, rehearsal.clock()
    deadline = calendar.deadline_of(day)
    taken = rehearsal.ledger.spending.batch_seconds(rehearsal.profile.name, BATCHES)
    by_step, limit = {f.step: f for f in forecasts}, rehearsal.profile.limits.enqueued_tokens
    members = in_reading_order(rehearsal.steps)
    rounds = sum(turns_of([by_step[s.name] for s in steps], limit) for steps in members)
    look = max(rehearsal.settings.poll_seconds, SHORTEST_BATCH_SECONDS)
    assumed = rehearsal.lanes.routes.batch_minutes * 60
    calls, at_once = calls_of(forecasts), rehearsal.profile.limits.online_concurrency
    asked = sum(ceil(requests / at_once) * CALL_SECONDS[mode] for mode, requests in calls.items())
    seconds = rounds * max(median(taken) if taken else assumed, look) + asked
    night = datetime.combine(deadline.date(), calendar.night_starts, calendar.zone)
    begins = max(now, night) if night < deadline else now
    return {
        "deadline": deadline.isoformat(),
        "rounds": rounds,
        "online": round(sum(calls.values())),
        "expected_seconds": seconds,
        "assumed": bool(rounds) and not taken,
        "fits": begins + timedelta(seconds=seconds) <= deadline,
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
