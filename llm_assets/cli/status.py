"""The command `status`: the counts of a night as a table or JSON."""

import json
from datetime import datetime
from typing import TYPE_CHECKING

from llm_assets.cli.options import JsonOption, MaybeDayOption, date_of

if TYPE_CHECKING:
    from llm_assets.usecases.night.status import Status


def status(day: MaybeDayOption = None, as_json: JsonOption = False) -> None:
    """Show the state of a night: per step due, in flight, ok, in review, dead; open batches; spend."""
    from llm_assets.usecases.desk.desk import open_desk
    from llm_assets.usecases.night.status import night_status

    with open_desk() as assembly:
        found = night_status(assembly, date_of(day))
    for line in [] if as_json else status_lines(found):
        print(line)
    if as_json:
        print(json.dumps(found, ensure_ascii=False, default=str))


def _minute(at: str) -> str:
    return f"{datetime.fromisoformat(at):%Y-%m-%d %H:%M}"


def _expected(at: str | None, probability: float) -> str:
    from llm_assets.usecases.night.waiting import expected_in_words

    return expected_in_words(datetime.fromisoformat(at) if at is not None else None, probability)


def status_lines(status: "Status") -> list[str]:
    """The status as a short table for people."""
    names = ("due", "in_flight", "ok", "review", "dead")
    lines = [f"night of {status['day']}", f"  {'step':<18}" + "".join(f"{name:>11}" for name in names)]
    lines += [
        f"  {step:<18}" + "".join(f"{counts[name]:>11}" for name in names)
        for step, counts in status["steps"].items()
    ]
    for batch in status["batches"]:
        lines.append(
            f"  batch {batch['id']}  {batch['step']}  {batch['requests']} requests  {batch['state']}  "
            f"{batch['provider']} {batch['provider_batch_id'] or ''}  "
            f"{_expected(batch['expected_end'], batch['probability_in_time'])}"
        )
    if (forecast := status["forecast"]) is not None:
        expected = _expected(forecast["expected_end"], forecast["probability_in_time"])
        lines.append(f"  {expected} in time for {_minute(forecast['deadline'])}")
    lines += [f"  not sent: {why}" for why in status["stopped"]]
    lines += [
        f"  {found['requests']} requests wait at {found['provider']}: {found['sentence']}"
        for found in status["elsewhere"]
    ]
    lines += [
        f"  {block['provider']} blocked since {_minute(block['since'])}, next try {_minute(block['next_try'])}: {block['why']}"
        for block in status["blocked"]
    ]
    lines += [
        f"  {found['provider']} does not answer in {found['lane']} since {_minute(found['since'])}, "
        f"next try {_minute(found['next_try'])}"
        for found in status["circuits"]
    ]
    if status["stands_in"] is not None:
        lines.append(f"  {status['stands_in']} stands in meanwhile")
    lines += [
        f"  failed attempts of {step}: " + ", ".join(f"{reason} {count}" for reason, count in reasons.items())
        for step, reasons in status["failures"].items()
    ]
    budget = status["spend"]["budget_usd"]
    limit = f" of {budget:g}" if budget is not None else ", no budget set"
    return [*lines, f"  spent {status['spend']['usd']:.6f} USD{limit}"]
