"""Sensor `new_mail` on a real instance: what arrives is registered once, and its days are asked for."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from llm_assets.defs.sensors import mail_sensor
from llm_assets.domain.desk.tables import LLM_USAGE
from llm_assets.engine.rounds import ask_now
from llm_assets.intake.records.submission import Submission
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.opened import DefectError
from llm_assets.usecases.mail import grown_days
from llm_assets.usecases.mail.receive import receive
from llm_assets.usecases.mail.receive_form import FormSource, form_receiver_of
from llm_assets.usecases.urgent.answer_urgent import answer_urgent
from tests.support.houses.small_desk import DAY, MAILS, NIGHT, NOON, URGENT, SmallDesk, mail

LATER = NOON + timedelta(minutes=3)


@pytest.fixture
def watching(parking_desk: SmallDesk) -> SmallDesk:
    parking_desk.clock.now = NOON
    return parking_desk


def days(tick: Any) -> list[str]:
    return [request.tags["dagster/partition"] for request in tick.run_requests]


def materialized_figures(result: Any, asset: str) -> dict[str, Any]:
    """The metadata of the asset's materialization in a run."""
    [event] = [e for e in result.get_asset_materialization_events() if e.asset_key.to_user_string() == asset]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def registered(desk: SmallDesk, day: Any = DAY) -> int:
    with desk.desk.open() as assembly:
        return len(assembly.ledger.register.received(day))


def drop(desk: SmallDesk, names: Sequence[str]) -> None:
    for name in names:
        desk.drop(f"{name}.eml", mail(name, "Card", f"Hello, {name} asks when the card arrives."))


def test_new_mail_is_registered_and_its_day_is_asked_for(watching: SmallDesk) -> None:
    for name, data in MAILS.items():
        watching.drop(name, data)
    tick = watching.tick("new_mail")
    assert days(tick) == [DAY.isoformat()]
    assert registered(watching) == len(MAILS)
    [request] = tick.run_requests
    assert request.job_name in (None, "read_mail")
    assert watching.materialize(["documents"]).success


def test_a_quiet_inbox_asks_for_nothing(watching: SmallDesk) -> None:
    drop(watching, ["ada"])
    first = watching.tick("new_mail")
    second = watching.tick("new_mail", first.cursor)
    assert days(second) == []


def test_a_growing_day_waits_a_quarter_of_an_hour_and_is_then_read(watching: SmallDesk) -> None:
    drop(watching, ["ada"])
    first = watching.tick("new_mail")
    drop(watching, ["bess"])
    watching.clock.now = LATER
    second = watching.tick("new_mail", first.cursor)
    assert days(second) == []
    assert registered(watching) == 2, "registered at once all the same"
    watching.clock.now = NOON + timedelta(minutes=15)
    third = watching.tick("new_mail", second.cursor)
    assert days(third) == [DAY.isoformat()]
    assert days(watching.tick("new_mail", third.cursor)) == []


def test_mail_of_another_day_does_not_wait_for_this_one(watching: SmallDesk) -> None:
    drop(watching, ["ada"])
    first = watching.tick("new_mail")
    watching.drop("bess.eml", mail("bess", "Card", "Where is it?"), NOON - timedelta(days=1))
    watching.clock.now = LATER
    assert days(watching.tick("new_mail", first.cursor)) == ["2026-11-19"]


def test_urgent_mail_is_answered_at_once_for_people_to_see_and_its_night_asks_for_the_others_alone(
    watching: SmallDesk,
) -> None:
    drop(watching, ["ada"])
    first = watching.tick("new_mail")
    watching.drop("boris.eml", URGENT)
    watching.clock.now = LATER
    with watching.desk.open() as assembly:
        assert receive(assembly).messages == 1, "a run of another night is first"
    [request] = watching.tick("new_mail", first.cursor).run_requests
    assert (request.job_name, request.partition_key) == ("urgent", DAY.isoformat())
    answered = watching.materialize(["documents", "urgent_answers"], tags=request.tags)
    assert answered.success
    figures = materialized_figures(answered, "urgent_answers")
    assert figures == {"urgent_cases": 1, "urgent_triaged": 0, "urgent_waiting": 0, "urgent_why": ""}
    hers, his = sorted(watching.rows(STEPS[0].table), key=lambda row: bool(row["topic"]))
    assert (hers["status"], his["status"]) == ("open", "ok")
    usage = watching.rows(LLM_USAGE)
    assert {(u["lane"], u["mode"]) for u in usage} == {("urgent", "online")}, "nothing of hers is sent"
    watching.clock.now = NIGHT
    assert watching.materialize().success, "parked"
    with watching.desk.open() as assembly:
        asked = sum(u.requests for u in assembly.ledger.spending.usage(DAY) if u.lane == "urgent")
        at_provider = [(b.lane, b.requests) for b in assembly.ledger.batches.open_batches(DAY)]
    assert asked == sum(u["requests"] for u in usage) == len(STEPS), "he was asked about once"
    assert at_provider == [("nightly", 1), ("nightly", 1)], "hers alone"


def test_urgent_mail_that_a_dead_run_left_is_taken_up_without_the_other_mail_of_its_day(
    watching: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(watching, ["ada"])
    watching.drop("boris.eml", URGENT)
    watching.clock.now = LATER
    assert watching.materialize(["documents"]).success
    with monkeypatch.context() as dying, watching.desk.open() as assembly:
        dying.setattr(ask_now, "drive", _die)
        with pytest.raises(RuntimeError, match="killed"):
            answer_urgent(assembly, DAY)
    [request] = watching.tick("batches").run_requests
    assert (request.job_name, request.partition_key) == ("urgent", DAY.isoformat())
    with watching.desk.open() as assembly:
        assert answer_urgent(assembly, DAY).waiting == 0
        assert {b.lane for b in assembly.ledger.batches.open_batches()} == set()
        sent = sum(u.requests for u in assembly.ledger.spending.usage(DAY))
    assert sent == len(STEPS), "each step asked once"
    assert days(watching.tick("batches")) == []


def test_a_tick_takes_a_bounded_number_and_the_next_one_goes_on(
    watching: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_sensor, "MESSAGES_A_TICK", 2)
    drop(watching, ["ada", "bess", "cleo", "dora", "enid"])
    cursor, counts = None, []
    for _ in range(4):
        cursor = watching.tick("new_mail", cursor).cursor
        counts.append(registered(watching))
    assert counts == [2, 4, 5, 5]
    assert json.loads(cursor or "{}")["pending"] == [DAY.isoformat()], (
        "the last ones wait for the pause to end"
    )


def test_a_day_whose_tick_died_after_registering_is_asked_for_by_the_next(
    watching: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(watching, ["ada"])
    with monkeypatch.context() as dying:
        dying.setattr(grown_days, "due_days", _die)
        with pytest.raises(DefectError, match="at test_mail_sensor.py"):
            watching.tick("new_mail")
    assert registered(watching) == 1
    assert days(watching.tick("new_mail", None)) == [DAY.isoformat()]


def post(desk: SmallDesk, text: str) -> None:
    form = FormSource(name="contact", token_env="CONTACT_TOKEN", mailbox="support@altyn.example")
    with desk.desk.open() as assembly:
        form_receiver_of(assembly).receive(form, Submission({"message": text}), None)


def test_a_posted_form_makes_its_day_grow(watching: SmallDesk) -> None:
    drop(watching, ["ada"])
    first = watching.tick("new_mail")
    post(watching, "Hello, when will my card arrive?")
    watching.clock.now = LATER
    second = watching.tick("new_mail", first.cursor)
    assert days(second) == []
    watching.clock.now = NOON + timedelta(minutes=15)
    assert days(watching.tick("new_mail", second.cursor)) == [DAY.isoformat()]


def test_an_urgent_form_does_not_wait(watching: SmallDesk) -> None:
    drop(watching, ["ada"])
    first = watching.tick("new_mail")
    post(watching, "Мошенники украли у меня деньги с карты, заблокируйте карту немедленно!")
    watching.clock.now = LATER
    second = watching.tick("new_mail", first.cursor)
    assert [(r.job_name, r.partition_key) for r in second.run_requests] == [("urgent", DAY.isoformat())]
    assert days(watching.tick("new_mail", second.cursor)) == [], "asked for once"


def _die(*_: Any, **__: Any) -> None:
    raise RuntimeError("killed")


def test_mail_that_a_run_registered_is_asked_for_too(watching: SmallDesk) -> None:
    cursor = watching.tick("new_mail").cursor
    watching.drop("bess.eml", mail("bess", "Card", "Where is it?"), NOON - timedelta(days=1))
    assert watching.materialize(["documents"]).success
    assert registered(watching, date(2026, 11, 19)) == 1
    assert days(watching.tick("new_mail", cursor)) == ["2026-11-19"]


def test_a_message_from_before_the_first_day_stops_no_other(watching: SmallDesk) -> None:
    watching.drop("old.eml", mail("old", "Archive", "From the attic."), datetime(2019, 5, 1, tzinfo=UTC))
    drop(watching, ["ada"])
    tick = watching.tick("new_mail")
    assert days(tick) == [DAY.isoformat()]
    earlier = watching.with_settings(first_day=date(2019, 1, 1))
    assert days(earlier.tick("new_mail", tick.cursor)) == ["2019-05-01"], "kept until it can be read"


def test_a_message_from_a_day_that_has_not_begun_is_read_when_it_has(watching: SmallDesk) -> None:
    tomorrow = NOON + timedelta(days=1)
    watching.drop("early.eml", mail("early", "Clock", "My clock is fast."), tomorrow)
    first = watching.tick("new_mail")
    assert days(first) == []
    watching.clock.now = tomorrow
    assert days(watching.tick("new_mail", first.cursor)) == ["2026-11-21"]
