"""News: what there is to tell of the nights in question and of the provider, from ledger and lake alone.

A look finds the same news again as long as it is true; that it is told once is up to the ledger.
"""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal

from pydantic import JsonValue

from llm_assets.domain.desk.tables import MORNING_REPORT
from llm_assets.domain.notice import (
    Notice,
    NoticeKind,
    has_stopped,
    is_late,
    is_news,
    is_ready,
    nights_in_question,
)
from llm_assets.engine.planning.budget import OVER_BUDGET, limits_of
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.links import queue_link, report_link
from resources.settings.secrets import without_secrets


def news(assembly: Assembly) -> Iterator[Notice]:
    """Oldest night first, then what holds for all of them."""
    now, settings = assembly.clock(), assembly.settings
    for day in nights_in_question(settings.calendar, settings.first_day, now):
        yield from _of_night(assembly, day, now)
    for provider, block in assembly.ledger.blocks.all_blocks().items():
        if is_news(block, now):
            lanes: list[JsonValue] = [lane.value for lane in assembly.lanes.lanes]
            facts: dict[str, JsonValue] = {
                "provider": provider,
                "lanes": lanes,
                "cause": block.kind.value,
                "since": _local(assembly, block.since),
                "why": without_secrets(block.sentence),
            }
            yield Notice(NoticeKind.LANE_BLOCKED, f"{provider} {block.since.isoformat()}", facts)


def _of_night(assembly: Assembly, day: date, now: datetime) -> Iterator[Notice]:
    calendar = assembly.settings.calendar
    rows = list(assembly.lake.read(MORNING_REPORT, day, ["revision", "generated_at", "totals"]))
    written = [row["generated_at"] for row in rows]
    if is_ready(written, calendar, day, now):
        newest = max(rows, key=lambda row: int(row["revision"]))
        facts = {"day": day.isoformat(), "revision": newest["revision"], "totals": dict(newest["totals"])}
        yield Notice(NoticeKind.REPORT_READY, day.isoformat(), facts | _links(assembly, day))
    if is_late(written, calendar, day, now) and (written or _was_in_use(assembly, day)):
        facts = {
            "day": day.isoformat(),
            "deadline": calendar.deadline_of(day).isoformat(),
            "written_at": _local(assembly, min(written)) if written else None,
            "open_batches": len(assembly.ledger.batches.open_batches(day)),
        }
        yield Notice(NoticeKind.NIGHT_LATE, day.isoformat(), facts)
    yield from _budget(assembly, day, now)


def _was_in_use(assembly: Assembly, day: date) -> bool:
    """Whether anybody could expect a report: the night before the first one was not late."""
    before = any(night < day for night in assembly.lake.days(MORNING_REPORT))
    return before or bool(assembly.ledger.register.counts([day]).get(day))


def _budget(assembly: Assembly, day: date, now: datetime) -> Iterator[Notice]:
    """Under a higher limit that is not enough either it is news again."""
    limits = limits_of(assembly.budget, assembly.lanes, day)
    held = assembly.ledger.notices.held(day, OVER_BUDGET) if limits else 0
    if not held:
        return
    counted = assembly.ledger.spending.committed(limits)
    set_aside = max((c.reserved_usd for c in counted), default=Decimal(0))
    if not has_stopped(held, set_aside, assembly.settings.calendar.deadline_of(day), now):
        return
    named: list[JsonValue] = [
        {
            "usd": str(limit.usd),
            "of": limit.what,
            "set_by": limit.setting,
            "spent_usd": f"{has.spent_usd:.6f}",
        }
        for limit, has in zip(limits, counted, strict=True)
    ]
    facts: dict[str, JsonValue] = {"day": day.isoformat(), "requests": held, "limits": named}
    about = "; ".join(f"{limit.usd} {limit.setting}" for limit in limits)
    yield Notice(NoticeKind.BUDGET_STOPPED, f"{day} {about}", facts)


def _links(assembly: Assembly, day: date) -> dict[str, JsonValue]:
    """None where nobody has said at which address the review app is."""
    if assembly.settings.review_url is None:
        return {}
    return {"report": report_link(assembly, day), "queue": queue_link(assembly, day)}


def _local(assembly: Assembly, at: datetime) -> str:
    return at.astimezone(assembly.settings.calendar.zone).isoformat(timespec="seconds")
