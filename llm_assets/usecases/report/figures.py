"""What the report says beside its counts: growth, quality, cost, what waits, drafts and texts. As `report.json` has it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from llm_assets.domain.desk.part_text import Standing
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.requests.currency import currency_on
from llm_assets.domain.requests.money import Usage
from llm_assets.engine.planning.budget import limits_of
from llm_assets.report.growth import FALSE_DISCOVERIES, RULE, Comparison, Growth, Verdict
from llm_assets.report.numbers import ReportNumbers
from llm_assets.report.pressing import waiting
from llm_assets.report.spending import BudgetLeft, Spending, spending
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.report.quality import drafts, quality
from llm_assets.usecases.report.rescue import rescue
from llm_assets.usecases.report.texts import texts_as_json
from resources.settings.environment import load_rates

Json = dict[str, Any]


def figures(
    assembly: Assembly, numbers: ReportNumbers, usage: Sequence[Row], texts: dict[str, Standing]
) -> Json:
    """Keys of `report.json`; those of `spend` join the sums that are there."""
    decisions = assembly.ledger.review.decisions(numbers.day)
    ready = {name: queue.totals.drafts_ready for name, queue in numbers.queues.items()}
    rescued = rescue(assembly, numbers.day)
    return {
        "spend": _spending(assembly, numbers, usage).as_json(),
        "growth": _growth(numbers.growth),
        "quality": quality(assembly, numbers.day, decisions),
        "waiting": waiting(numbers),
        "drafts": drafts(assembly, numbers.day, decisions, ready),
        "texts": texts_as_json(texts),
        **({"rescue": rescued} if rescued is not None else {}),
    }


def _growth(found: Comparison) -> Json:
    return {
        "rule": RULE,
        "false_discoveries": FALSE_DISCOVERIES,
        "nights": found.nights,
        "weekday_nights": found.weekdays,
        "lines": [_line(each) for each in found.lines],
    }


def _line(each: Growth) -> Json:
    """The nights' counts only where they explain something: of hundreds of categories they would be most of the file."""
    chance = None if each.chance is None else float(f"{each.chance:.3g}")
    usual = each.verdict in (Verdict.USUAL, Verdict.NO_NIGHTS)
    counts = [] if usual else list(each.counts)
    return {**asdict(each), "chance": chance, "verdict": str(each.verdict), "counts": counts}


def _spending(assembly: Assembly, numbers: ReportNumbers, usage: Sequence[Row]) -> Spending:
    settings, day = assembly.settings, numbers.day
    profile = assembly.configured_profile
    return spending(
        usage,
        numbers.failures,
        numbers.totals.documents,
        currency=currency_on(day, settings.currency, load_rates(settings)),
        price=lambda row, used, mode: _price(assembly, profile, row, used, mode),
        budgets=_budgets(assembly, day),
    )


def _price(assembly: Assembly, profile: Profile, row: Row, used: Usage, mode: Mode) -> Decimal | None:
    if row["provider"] != profile.name or row["model"] not in profile.models.values():
        return None
    return assembly.prices.usd(profile, row["model"], mode, used)


def _budgets(assembly: Assembly, day: date) -> list[BudgetLeft]:
    """Of the limits of this night alone: what is left of a month changes with other nights, and their reruns would change
    this report."""
    limits = [x for x in limits_of(assembly.budget, assembly.lanes, day) if x.first_day == x.last_day]
    found = assembly.ledger.spending.committed(limits)
    return [BudgetLeft(limit, now) for limit, now in zip(limits, found, strict=True)]
