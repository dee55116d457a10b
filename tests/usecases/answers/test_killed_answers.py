"""The door's process is killed between an admission and its answer: the key's budget is right, and nothing settled is asked again."""

import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from llm_assets.usecases.answers.readers import Readers
from tests.support.databases import Postgres
from tests.support.houses.desk_with_door import DeskWithDoor, OpenDoor
from tests.support.houses.house import Emulated
from tests.support.houses.small_desk import settings
from tests.support.killed.killed_answer import text_of

SOME = ("after:ask:2",)
EVERY = (
    *("after:admit:1", "after:plan:1", "after:plan:2", "after:plan:3", "before:answered:1"),
    *(
        f"{when}:{what}:{number}"
        for what in ("begin", "ask", "end")
        for when in ("before", "after")
        for number in (1, 2, 3)
    ),
)
STEPS = 3
"""Requests of a draft and the steps that it reads."""
AT_ONCE = 2
"""Of these that are asked at the same time: what was under way when the process died may have been paid."""


def killed(desk: DeskWithDoor, emulated: Emulated, moments: Sequence[str]) -> None:
    program = [sys.executable, "-m", "tests.support.killed.killed_answer", str(desk.settings.home.parent)]
    words = [*program, emulated.running.url, desk.settings.database_url or "", *moments]
    ran = subprocess.run(words, capture_output=True, text=True, timeout=1200, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == dict.fromkeys(moments, True), ran.stderr


def assert_settled(door: OpenDoor) -> None:
    assert door.reserved == 0
    assert door.use.spent_usd == door.paid()
    assert door.assembly.ledger.answers.under_way() == {}


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("database", "moments", "swept"),
    [
        pytest.param("sqlite", SOME, True, id="sqlite"),
        *(
            pytest.param(
                database,
                EVERY,
                swept,
                id=f"{database}-every-{name}",
                marks=[pytest.mark.soak, pytest.mark.slow],
            )
            for database in ("sqlite", "postgres")
            for swept, name in ((True, "swept"), (False, "asked-again"))
        ),
    ],
)
def test_whenever_the_process_dies_the_same_key_gets_its_answer_and_each_request_is_settled_once(
    tmp_path: Path,
    emulated: Emulated,
    readers: Readers,
    request: pytest.FixtureRequest,
    database: str,
    moments: Sequence[str],
    swept: bool,
) -> None:
    server: Postgres | None = request.getfixturevalue("postgres") if database == "postgres" else None
    url = server.new() if server is not None else None
    desk = DeskWithDoor(settings(tmp_path, emulated.running, database_url=url), readers)
    with desk.open() as door:
        door.add()
        before = emulated.answered()
        killed(desk, emulated, moments)
        assert door.use.answers == len(moments) and door.reserved > 0
        assert [len(kept) for kept in door.assembly.ledger.answers.under_way().values()] == [1] * len(moments)
        if swept:
            door.door.under_way.sweep()
            assert_settled(door)
            assert door.assembly.ledger.batches.open_batches() == []
        door.now(door.clock() + timedelta(minutes=1))
        for moment in moments:
            assert door.ask(text_of(moment), "drafts", key=moment)["status"] == "ok", moment
        assert_settled(door)
        assert door.use.answers == len(moments), "the same answers, and no others"
        settled = sum(use.requests for use in door.assembly.ledger.spending.usage(door.day))
        lost = emulated.answered() - before - settled
        assert settled == STEPS * len(moments)
        assert (1 if "after:ask:2" in moments else 0) <= lost <= AT_ONCE * len(moments)
