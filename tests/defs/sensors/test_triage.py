"""A queue with `triage: true`: a model is asked once about each new mail that no rule calls urgent, and what it calls urgent is
answered at once."""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import pytest
from structlog.testing import capture_logs

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.engine.rounds import ask_now
from llm_assets.engine.rounds.start import start
from llm_assets.steps import STEPS
from llm_assets.steps.categories.step import CATEGORIES
from llm_assets.usecases.mail.read_day import read_day
from llm_assets.usecases.mail.receive import urgent_days
from llm_assets.usecases.mail.triage import AS_IT_LANDS, triage_tasks
from llm_assets.usecases.night.continue_nights import unfinished_nights
from llm_assets.usecases.plan.preview import preview_night
from llm_assets.usecases.records.delete_record import delete, find
from llm_assets.usecases.records.trace import trace
from llm_assets.usecases.urgent import ask_triage
from llm_assets.usecases.urgent.answer_urgent import UrgentAnswers, answer_urgent, urgent_cases
from tests.support.houses.small_desk import AFTER_DEADLINE, DAY, MAILS, NIGHT, NOON, URGENT, SmallDesk, mail
from tests.support.repository import ROOT

SHIPPED = (ROOT / "llm_assets/config/queues.yaml").read_text(encoding="utf-8")
LOCKED = mail(
    "quentin", "Kestrel machine", "The cash machine swallowed my card, I cannot pay for the hotel tonight."
)
CALM = MAILS["arrival.eml"]
BOTH = {"quentin.eml": LOCKED, "arrival.eml": CALM}


@pytest.fixture
def desk(parking_desk: SmallDesk) -> SmallDesk:
    parking_desk.clock.now = NOON
    configure(
        parking_desk, "queues.yaml", SHIPPED.replace("bank-support\n", "bank-support\n    triage: true\n")
    )
    return parking_desk


def configure(desk: SmallDesk, name: str, text: str) -> None:
    assert desk.settings.config is not None
    (desk.settings.config / name).write_text(text, encoding="utf-8")


def answered(desk: SmallDesk) -> UrgentAnswers:
    """As a run of the job `urgent` does."""
    with desk.desk.open() as assembly:
        read_day(assembly, DAY)
        return answer_urgent(assembly, DAY)


def asked(desk: SmallDesk) -> Counter[str]:
    with desk.desk.open() as assembly:
        return sum((Counter({u.step: u.requests}) for u in assembly.ledger.spending.usage(DAY)), Counter())


def priorities(desk: SmallDesk) -> Mapping[str, str]:
    return {row["sender"].partition("@")[0]: row["priority"] for row in desk.rows(DOCUMENTS)}


def request_ids(desk: SmallDesk) -> set[str]:
    """Of the steps that read documents alone."""
    with desk.desk.open() as assembly:
        night = assembly.night(DAY)
        return {t.request.request_id for step in STEPS if not step.reads for t in night.tasks(step)}


def test_a_new_mail_of_such_a_queue_starts_a_run_that_asks(desk: SmallDesk) -> None:
    desk.drop("arrival.eml", CALM)
    [request] = desk.tick("new_mail").run_requests
    assert (request.job_name, request.partition_key) == ("urgent", DAY.isoformat())


def test_a_mail_that_a_model_calls_urgent_is_answered_at_once_and_nothing_is_asked_twice(
    desk: SmallDesk,
) -> None:
    desk.receive(BOTH)
    with desk.desk.open() as assembly:
        read_day(assembly, DAY)
    before = request_ids(desk)
    assert answered(desk) == UrgentAnswers(cases=1, triaged=2, waiting=0, why="")
    assert priorities(desk) == {"quentin": "urgent", "zebulon": "normal"}
    assert request_ids(desk) == before
    assert [row["status"] == "open" for row in desk.rows(STEPS[1].table)].count(True) == 1
    sent = asked(desk)
    assert sent.pop("triage") == 2
    assert sent >= Counter(extracted_fields=1, categories=1) and set(sent.values()) == {1}
    with desk.desk.open() as assembly:
        booked = [u for u in assembly.ledger.spending.usage(DAY) if u.step == "triage"]
    assert {(u.lane, u.mode, u.route_why) for u in booked} == {("urgent", "online", AS_IT_LANDS)}
    with desk.desk.open() as assembly:
        [case] = urgent_cases(assembly, DAY)
        found = trace(assembly, case)
    assert next((s.step, s.status) for s in found.steps) == ("triage", "ok")
    assert found.steps[0].answer == {"reason": "locked_out", "urgent": True} and found.steps[0].cost_usd > 0
    assert found.steps[0].prompt is not None and found.steps[0].prompt.same
    assert answered(desk) == UrgentAnswers(cases=1, triaged=0, waiting=0, why="")
    desk.clock.now = NIGHT
    with desk.desk.open() as assembly:
        work = [task.work for task in assembly.night(DAY).tasks(CATEGORIES)]
        planned = assembly.ledger.work.preview(DAY, CATEGORIES.name, work, rework=Rework.STALE)
    assert len(planned.due) == 1, "the night asks about the other one alone"


def test_a_question_is_masked_planned_with_its_price_and_asked_again_when_its_case_has_grown(
    desk: SmallDesk,
) -> None:
    desk.receive({"arrival.eml": CALM, "boris.eml": URGENT})
    plan = preview_night(desk.desk, DAY, [])["steps"]["triage"]
    assert (plan["requests_at_most"], plan["route"][0]["mode"]) == (1, "online"), (
        "the rule decides about Boris"
    )
    assert plan["usd"]["routed"]["at_most"] > 0
    with desk.desk.open() as assembly:
        read_day(assembly, DAY)
        [task] = triage_tasks(assembly, DAY)
    assert "card arrive" in task.request.user and "posteo" not in task.request.user + task.request.system
    assert answered(desk).triaged == 1
    more = mail(
        "zebulon", "Re: Wobbegong card", "Now it was stolen.", extra="In-Reply-To: <zebulon-1@posteo.example>"
    )
    desk.receive({"more.eml": more.replace(b"<zebulon-1@posteo.example>", b"<zebulon-2@posteo.example>", 1)})
    assert answered(desk) == UrgentAnswers(cases=2, triaged=0, waiting=0, why=""), (
        "stolen is a word of the rule"
    )
    assert asked(desk)["triage"] == 1


def left_to_the_rule(desk: SmallDesk) -> str:
    """Answers, and returns why the model was not heard, which is said once and leaves nothing due."""
    with capture_logs() as logs:
        found = answered(desk)
    said = [entry for entry in logs if entry["event"] == "urgent by rule only"]
    assert [(entry["cases"], entry["why"]) for entry in said] == [(2, found.why)]
    with desk.desk.open() as assembly:
        assert "triage" not in assembly.ledger.work.counts(DAY)
        assert unfinished_nights(assembly, 5) == []
    assert set(priorities(desk).values()) == {"normal"}
    return found.why


def test_without_money_the_rule_alone_decides_until_there_is_some(desk: SmallDesk) -> None:
    desk.receive(BOTH)
    configure(desk, "lanes.yaml", "lanes:\n  urgent: {mode: online, priority: 10, budget_usd: 0.0001}\n")
    assert "0.0001 USD" in left_to_the_rule(desk)
    assert asked(desk) == Counter()
    configure(desk, "lanes.yaml", "lanes:\n  urgent: {mode: online, priority: 10, budget_usd: 1}\n")
    assert answered(desk).triaged == 2
    assert priorities(desk)["quentin"] == "urgent"


@pytest.mark.parametrize("status", [401, 503])
def test_while_the_provider_does_not_answer_the_rule_alone_decides_and_the_night_goes_on(
    desk: SmallDesk, status: int
) -> None:
    desk.receive(BOTH)
    failing: dict[str, Any] = {"when": {"operation": "chat_completion"}, "status": status}
    desk._post("scenario", {"calls": [failing]})
    assert left_to_the_rule(desk)
    desk._post("scenario", {})
    desk.clock.now = NIGHT
    with desk.desk.open() as assembly:
        night = assembly.night(DAY)
        start(assembly.engine, DAY, [night.plan(step) for step in STEPS if not step.reads], Rework.STALE)
        counts = assembly.ledger.work.counts(DAY)
    assert {step: sum(found.values()) for step, found in counts.items()} == {
        "extracted_fields": 2,
        "categories": 2,
    }
    assert sum(found["in_flight"] + found["ok"] + found["review"] for found in counts.values())


def test_what_a_dead_run_left_is_taken_up_by_a_run_for_urgent_mail_alone(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.receive(BOTH)
    with monkeypatch.context() as dying, pytest.raises(RuntimeError, match="killed"):
        dying.setattr(ask_now, "drive", _die)
        answered(desk)
    desk.clock.now = NIGHT
    with desk.desk.open() as assembly:
        [night] = unfinished_nights(assembly, 5)
    assert night.is_urgent, "though its day is over"
    assert answered(desk).cases == 1
    assert asked(desk)["triage"] == 2


def _die(*_: object) -> None:
    raise RuntimeError("killed")


def test_a_record_that_is_deleted_while_it_is_asked_about_leaves_no_answer(
    desk: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.receive(BOTH)
    plain = ask_triage.ask_some_now

    def gone() -> None:
        [record] = [row["record_id"] for row in desk.rows(DOCUMENTS) if row["sender"].startswith("zebulon")]
        with desk.desk.open() as assembly:
            found = find(assembly, record, None)
            assert found is not None
            delete(assembly, found, "the auditor", "as was wished")

    with ThreadPoolExecutor(1) as pool:

        def asked_meanwhile(*given: Any) -> str:
            deletions.append(pool.submit(gone))
            wait(deletions, timeout=3)
            return plain(*given)

        deletions: list[Future[None]] = []
        monkeypatch.setattr(ask_triage, "ask_some_now", asked_meanwhile)
        answered(desk)
        [deletion] = deletions
        deletion.result(timeout=60)
    [left] = [row["case_id"] for row in desk.rows(DOCUMENTS)]
    with desk.desk.open() as assembly:
        assert [found.case_id for found in assembly.ledger.work.standings(DAY, "triage")] == [left]


def test_nobody_is_asked_about_mail_of_a_day_whose_report_is_out(desk: SmallDesk) -> None:
    desk.receive(BOTH)
    with desk.desk.open() as assembly:
        assert urgent_days(assembly, 0, 10) == {DAY}
    desk.clock.now = AFTER_DEADLINE
    with desk.desk.open() as assembly:
        assert urgent_days(assembly, 0, 10) == set()
    assert answered(desk) == UrgentAnswers(cases=0, triaged=0, waiting=0, why="")
    assert asked(desk) == Counter()
