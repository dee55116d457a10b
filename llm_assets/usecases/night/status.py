"""Status of a night, from the ledger alone: needs no provider and no key."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from llm_assets.engine.rescue.forecast import NightForecast
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.blocked import open_circuits, stands_in
from llm_assets.usecases.night.held_back import elsewhere, stopped_queues
from llm_assets.usecases.night.waiting import forecast_for

Status = Mapping[str, Any]  # the JSON of `status --json`


def night_status(assembly: Assembly, day: date | None) -> Status:
    """Counts by step, open batches, failures and spend of a night; without a day, of the current business day."""
    if day is None:
        day = assembly.settings.calendar.day_of(assembly.clock())
    ledger = assembly.ledger
    counted = ledger.work.counts(day)
    nothing = {"due": 0, "in_flight": 0, "ok": 0, "review": 0, "dead": 0}
    spent = sum((u.cost_usd for u in ledger.spending.usage(day)), start=Decimal(0))
    budget = assembly.settings.budget_usd
    forecast = forecast_for(assembly, day)
    zone = assembly.settings.calendar.zone
    return {
        "day": day.isoformat(),
        "steps": {name: counted.get(name, nothing) for name in (*(s.name for s in assembly.steps), *counted)},
        "batches": [
            {
                "id": b.batch_id,
                "step": b.step,
                "provider": b.provider,
                "provider_batch_id": b.provider_batch_id,
                "state": b.state.value,
                "requests": b.requests,
                "submitted_at": b.submitted_at.isoformat() if b.submitted_at is not None else None,
                "probability_in_time": round(f.probability, 4),
                "expected_end": f.expected_end.astimezone(zone).isoformat()
                if f.expected_end is not None
                else None,
            }
            for b, f in ((f.batch, f) for f in forecast.batches)
        ],
        "forecast": _forecast(forecast, zone) if forecast.batches else None,
        "blocked": _blocked(assembly),
        "circuits": _circuits(assembly),
        "stands_in": stands_in(assembly),
        "stopped": stopped_queues(assembly),
        "elsewhere": [found._asdict() for found in elsewhere(assembly, day)],
        "failures": ledger.spending.failures(day),
        "spend": {"usd": float(spent), "budget_usd": float(budget) if budget is not None else None},
    }


def _forecast(forecast: NightForecast, zone: ZoneInfo) -> Status:
    """Of the night as it stands; its times are those of the business day."""
    end = forecast.expected_end
    deadline = forecast.deadline
    return {
        "at": forecast.at.astimezone(zone).isoformat(),
        "deadline": deadline.astimezone(zone).isoformat() if deadline is not None else None,
        "open_requests": forecast.open_requests,
        "expected_end": end.astimezone(zone).isoformat() if end is not None else None,
        "probability_in_time": round(forecast.probability, 4),
    }


def _circuits(assembly: Assembly) -> Sequence[Status]:
    """The lanes in which a provider does not answer."""
    zone = assembly.settings.calendar.zone
    return [
        {
            "provider": provider,
            "lane": lane,
            "since": circuit.since.astimezone(zone).isoformat(),
            "failures": circuit.failures,
            "next_try": circuit.until.astimezone(zone).isoformat(),
        }
        for (provider, lane), circuit in open_circuits(assembly).items()
        if circuit.since is not None and circuit.until is not None
    ]


def _blocked(assembly: Assembly) -> Sequence[Status]:
    """The providers that take nothing because of the account. All of them: a status needs no profile. Times in the time zone
    of the business day, as everywhere else that people read."""
    zone = assembly.settings.calendar.zone
    return [
        {
            "provider": provider,
            "kind": block.kind.value,
            "since": block.since.astimezone(zone).isoformat(),
            "why": block.sentence,
            "tries": block.tries,
            "next_try": block.next_try.astimezone(zone).isoformat(),
        }
        for provider, block in assembly.ledger.blocks.all_blocks().items()
    ]
