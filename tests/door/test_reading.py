"""A caller that reads a draft while it is written, at the level of the use case."""

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from llm_assets.domain.errors import HungUpError
from llm_assets.domain.requests.outcome import MAX_ATTEMPTS
from llm_assets.usecases.answers.reading import Reading
from tests.door.conftest import OpenDesk
from tests.door.test_answering_now import ARRIVAL


def hangs_up_at_its_first_word() -> Reading:
    reading = Reading(lambda _: reading.leave())
    return reading


def attempts(desk: OpenDesk, steps: str = "= 'drafts'") -> list[Any]:
    with closing(sqlite3.connect(desk.assembly.settings.home / "ledger.db")) as connection:
        return connection.execute(
            f"SELECT outcome, estimated, cost_pico_usd > 0 FROM attempts WHERE step {steps} ORDER BY attempt"
        ).fetchall()


def test_however_often_callers_hang_up_the_request_is_answered_in_the_end(open_desk: OpenDesk) -> None:
    for _ in range(MAX_ATTEMPTS + 1):
        with pytest.raises(HungUpError):
            open_desk.answer(ARRIVAL, "drafts", reading=hangs_up_at_its_first_word())
    assert open_desk.answer(ARRIVAL, "drafts").row["status"] == "ok"
    assert attempts(open_desk) == [("cancelled", 1, 1)] * (MAX_ATTEMPTS + 1) + [("succeeded", 0, 1)]


def test_who_left_before_is_asked_nothing_for(open_desk: OpenDesk) -> None:
    reading = hangs_up_at_its_first_word()
    reading.leave()
    with pytest.raises(HungUpError):
        open_desk.answer(ARRIVAL, "drafts", reading=reading)
    assert attempts(open_desk, "IS NOT NULL") == []


def test_what_is_read_adds_up_to_the_draft_and_comes_at_once_where_it_is_known(open_desk: OpenDesk) -> None:
    said: list[str] = []
    first = Reading(said.append)
    body = open_desk.answer(ARRIVAL, "drafts", reading=first).row["body"]
    rest = first.finish(body)
    assert len(said) > 3
    assert rest
    assert "".join(said) + rest == body
    second = Reading(lambda _: pytest.fail("nothing is written anew"))
    assert open_desk.answer(ARRIVAL, "drafts", reading=second).row["body"] == body
    assert second.finish(body) == body
