"""The same Idempotency-Key again: the same answer, paid once, whoever asks when and whatever has failed or died meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from llm_assets.domain.errors import SaturatedError
from llm_assets.usecases.answers import answer_now
from llm_assets.usecases.answers.door import KeyReusedError
from llm_assets.usecases.answers.under_way import NotAnsweredError, StillOpenError
from tests.support.houses.desk_with_door import CRM, DeskWithDoor, OpenDoor
from tests.support.houses.house import Emulated

LOST = "I lost my card, please block it now. Card ends with 4412."
"""Gets a draft."""
CARD = "My card was charged twice for order 4711, please return 120 USD."


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> dict[str, BaseException]:
    """step -> what its requests meet instead of the provider, until it is removed."""
    meets: dict[str, BaseException] = {}
    real = answer_now.answer_caller

    def answer_caller(engine: Any, day: Any, task: Any) -> Any:
        if task.request.step in meets:
            raise meets[task.request.step]
        return real(engine, day, task)

    monkeypatch.setattr(answer_now, "answer_caller", answer_caller)
    return meets


def test_the_same_again_is_the_same_content_and_costs_nothing(crm: OpenDoor, emulated: Emulated) -> None:
    first = crm.ask(CARD, key="once")
    asked, paid = emulated.answered(), crm.paid()
    assert first["usage"]["cost_usd"] > 0 and not first["reused"]
    assert crm.ask(CARD, key="once") == first
    assert (emulated.answered(), crm.paid(), crm.use.answers) == (asked, paid, 1)
    with pytest.raises(KeyReusedError):
        crm.ask(CARD + " Now!", key="once")
    with pytest.raises(KeyReusedError):
        crm.ask(CARD, "drafts", key="once")
    without = crm.ask(CARD)
    assert without["id"] != first["id"] and without["reused"] and without["usage"]["cost_usd"] == 0
    assert (emulated.answered(), crm.reserved) == (asked, 0)


def test_of_two_at_once_one_works_and_the_other_gets_its_answer(crm: OpenDoor, emulated: Emulated) -> None:
    before = emulated.answered()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda door: door.ask(CARD + " Twice!", key="twice"), (crm, crm.other())))
    assert found[0] == found[1]
    assert (emulated.answered() - before, crm.use.answers) == (1, 1)


def test_who_waits_for_another_request_waits_no_longer_than_asked(
    crm: OpenDoor, held: dict[str, BaseException]
) -> None:
    asked = crm.door.admit(CRM, ask := crm.asking(CARD, key="slow"))
    assert not asked.follows
    again = crm.other().door.admit(CRM, ask)
    assert again.follows and again.order == asked.order
    with pytest.raises(StillOpenError):
        crm.other().door.work(again, patience=0)
    held["categories"] = SaturatedError(3)
    with pytest.raises(SaturatedError):
        crm.door.work(asked)
    with pytest.raises(NotAnsweredError):
        crm.other().door.work(again)


def test_what_failed_has_cost_what_was_paid_and_is_not_asked_again(
    crm: OpenDoor, emulated: Emulated, held: dict[str, BaseException]
) -> None:
    held["drafts"] = SaturatedError(3)
    before = emulated.answered()
    with pytest.raises(SaturatedError):
        crm.ask(LOST, "drafts", key="again")
    earlier = emulated.answered() - before
    assert earlier > 0 and crm.use.spent_usd == crm.paid() > 0
    assert crm.reserved == 0
    del held["drafts"]
    crm.now(crm.clock() + timedelta(days=1))
    found = crm.ask(LOST, "drafts", key="again")
    assert emulated.answered() - before == earlier + 1, "only the draft, though it is another day"
    crm.now(crm.clock() - timedelta(days=1))
    assert crm.use.spent_usd == crm.paid() and found["usage"]["cost_usd"] == pytest.approx(float(crm.paid()))
    assert (crm.use.answers, crm.reserved) == (1, 0)


def test_the_budget_of_the_dead_is_free_and_their_answers_are_worked_by_who_asks_again(
    crm: OpenDoor, emulated: Emulated
) -> None:
    poor = crm.add(replace(CRM, key_id="k2", name="poor", budget_usd=crm.most_of(CARD)))
    dead = crm.other()
    admitted = dead.door.admit(poor, ask := crm.asking(CARD, key="mine"))
    another = crm.asking(CARD + " Again.")
    assert crm.door.admit(poor, ask).follows
    dead.dies()
    again = crm.door.admit(poor, ask)
    assert (again.follows, again.order, again.at) == (False, admitted.order, admitted.at)
    crm.door.work(again)
    spent = crm.assembly.ledger.callers.used(admitted.order.day)["k2"].spent_usd
    assert 0 < spent < crm.most_of(CARD)
    richer = replace(poor, budget_usd=spent + crm.most_of(CARD + " Again."))
    dead = crm.other()
    lost = dead.door.admit(richer, another)
    dead.dies()
    assert crm.door.admit(richer, another).order != lost.order, "without a key it is another answer"
    assert crm.assembly.ledger.callers.used(lost.order.day)["k2"].answers == 3


def test_a_told_case_is_the_same_record_whenever_it_is_told(crm: OpenDoor) -> None:
    first = crm.ask(CARD)["record_id"]
    crm.now(crm.clock() + timedelta(seconds=61))
    assert crm.ask(CARD)["record_id"] == first
    assert crm.ask(CARD + "!")["record_id"] != first


def test_what_another_model_answered_is_asked_again(crm: OpenDoor, desk: DeskWithDoor) -> None:
    crm.ask(CARD)
    assert crm.ask(CARD)["reused"]
    assert desk.settings.config is not None
    path = desk.settings.config / "providers.yaml"
    path.write_text(path.read_text("utf-8").replace("cheap: gpt-6-luna", "cheap: gpt-6.1-terra"), "utf-8")
    with desk.open() as changed:
        again = changed.ask(CARD)
        assert (again["reused"], again["model"]) == (False, "gpt-6.1-terra")
        assert changed.ask(CARD)["reused"]
