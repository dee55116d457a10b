"""How a night stands, from the ledger alone: for `llm-assets status`, without a provider or a key."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from llm_assets.usecases.desk.assembly import Assembly

Status = Mapping[str, Any]  # the JSON of `status --json`


def night_status(assembly: Assembly, day: date) -> Status:
    ledger = assembly.ledger
    counted = ledger.work.counts(day)
    nothing = {"due": 0, "in_flight": 0, "ok": 0, "review": 0, "dead": 0}
    spent = sum((u.cost_usd for u in ledger.spending.usage(day)), start=Decimal(0))
    budget = assembly.settings.budget_usd
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
            }
            for b in ledger.batches.open_batches(day)
        ],
        "failures": ledger.spending.failures(day),
        "spend": {"usd": float(spent), "budget_usd": float(budget) if budget is not None else None},
    }


def status_lines(status: Status) -> list[str]:
    names = ("due", "in_flight", "ok", "review", "dead")
    lines = [f"night of {status['day']}", f"  {'step':<18}" + "".join(f"{name:>11}" for name in names)]
    lines += [
        f"  {step:<18}" + "".join(f"{counts[name]:>11}" for name in names)
        for step, counts in status["steps"].items()
    ]
    for batch in status["batches"]:
        lines.append(
            f"  batch {batch['id']}  {batch['step']}  {batch['requests']} requests  {batch['state']}  "
            f"{batch['provider']} {batch['provider_batch_id'] or ''}"
        )
    lines += [
        f"  failed attempts of {step}: " + ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        for step, reasons in status["failures"].items()
    ]
    budget = status["spend"]["budget_usd"]
    limit = f" of {budget:g}" if budget is not None else ", no budget set"
    return [*lines, f"  spent {status['spend']['usd']:.6f} USD{limit}"]
