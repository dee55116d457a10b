"""Sensor `decisions`: what people decide makes their night anew once they pause, and costs only what depends on it."""

from datetime import timedelta
from typing import Any

import dagster as dg
import pytest

from llm_assets.domain.desk.tables import DECISIONS
from llm_assets.usecases.review.decide import DecisionKind, Wanted, decide
from tests.support.houses.small_desk import DAY, MAILS, NIGHT, NIGHTLY, SmallDesk, checks_of, mail

pytestmark = pytest.mark.slow


def days(tick: Any) -> list[str]:
    return [request.tags["dagster/partition"] for request in tick.run_requests or []]


def figures(result: dg.ExecuteInProcessResult) -> dict[str, Any]:
    """Of decisions and queue, as the pages of queue and report show them: the same on both."""
    names = ("doubts_waiting", "decisions_needed", "minutes_needed", "decisions", "corrections")
    found = [
        {name: result.asset_materializations_for_node(asset)[0].metadata[name].value for name in names}
        for asset in ("review_queue", "morning_report")
    ]
    assert found[0] == found[1]
    return found[0]


def says_of_doubts(result: dg.ExecuteInProcessResult) -> str:
    return checks_of(result)["review_queue", "doubts_decided"].description or ""


def test_a_corrected_category_is_worked_after_a_minute_and_changes_only_its_draft(small: SmallDesk) -> None:
    small.receive(
        {**MAILS, "vague.eml": mail("vague", "Вопрос", "Добрый день, вопрос по прошлому письму, ждём.")}
    )
    first_night = small.materialize(NIGHTLY)
    assert first_night.success
    assert figures(first_night) == {
        "doubts_waiting": 2,
        "decisions_needed": 2,
        "minutes_needed": 2,
        "decisions": 0,
        "corrections": 0,
    }, "the doubt, and a confident case that is drawn beside it"
    assert says_of_doubts(first_night) == "1 doubt waits for a person, none for more than a day"
    with small.desk.open() as assembly:
        before = {r["case_id"]: r for r in assembly.lake.read(assembly.steps[2].table, DAY)}
        case_id = next(c for c, r in before.items() if r["status"] == "ok")
        row = next(iter(assembly.lake.read(assembly.steps[1].table, DAY, cases=[case_id])))
        other = next(c.name for c in assembly.queues.named(row["queue"]).categories
                     if c.needs_reply and c.name != row["category"])  # fmt: skip
        spent = len(assembly.ledger.spending.usage(DAY))
    assert days(small.tick("decisions")) == [], "nobody has decided"

    with small.desk.open() as assembly:
        wanted = Wanted(DAY, case_id, "categories", "amina", DecisionKind.CORRECT, {"category": other})
        decide(assembly, wanted)
    first = small.tick("decisions")
    assert days(first) == [], "people are waited for"
    small.clock.now = NIGHT + timedelta(seconds=61)
    second = small.tick("decisions", first.cursor)
    assert days(second) == [DAY.isoformat()]
    [request] = second.run_requests
    assert {key.to_user_string() for key in request.asset_selection} == set(NIGHTLY) - {"documents"}
    [same] = small.tick("decisions", first.cursor).run_requests
    assert same.run_key == request.run_key, "a tick that died before its cursor was kept starts no second run"
    assert days(small.tick("decisions", second.cursor)) == [], "once"

    small.clock.now = NIGHT + timedelta(hours=25)
    anew = small.materialize(sorted(set(NIGHTLY) - {"documents"}))
    assert anew.success
    assert figures(anew) == figures(first_night) | {"decisions": 1, "corrections": 1}
    assert says_of_doubts(anew).startswith("1 doubt waits for a person, 1 of them for more than a day")
    with small.desk.open() as assembly:
        after = {r["case_id"]: r for r in assembly.lake.read(assembly.steps[2].table, DAY)}
        row = next(iter(assembly.lake.read(assembly.steps[1].table, DAY, cases=[case_id])))
        [made] = assembly.lake.read(DECISIONS, DAY)
        assert len(assembly.ledger.spending.usage(DAY)) >= spent
    assert (row["category"], row["status"], row["decided_by"]) == (other, "corrected", "amina")
    assert (made["by"], made["kind"], made["after"], made["number"]) == (
        "amina",
        "correct",
        {"category": other},
        1,
    )
    changed = {c for c in after if after[c]["request_id"] != before[c]["request_id"]}
    assert changed == {case_id}, "no other case was asked again"
