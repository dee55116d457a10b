"""A step worked for one case while a caller waits, at the level of the use case."""

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from llm_assets.domain.desk.tables import DOCUMENTS, Table
from llm_assets.steps import STEPS
from llm_assets.usecases.answers.answer_now import Answered
from llm_assets.usecases.answers.told import Told
from resources.lake.in_memory import MemoryLake
from resources.lake.lake import Lake, SchemaError
from tests.door.conftest import OpenDesk
from tests.support.houses.small_desk import DAY

ARRIVAL = Told(
    "Hello, when will my new card arrive? I ordered it two weeks ago.", "Card", "Zoe <zoe@posteo.example>"
)
UNCLEAR = Told("Hello, what about the thing we spoke of on Monday?", "Hello", "Zoe <zoe@posteo.example>")


def bill(desk: OpenDesk, found: Answered) -> int:
    with closing(sqlite3.connect(desk.assembly.settings.home / "ledger.db")) as connection:
        paid = connection.execute("SELECT request_id FROM attempts").fetchall()
    return sum(request_id in found.requests for (request_id,) in paid)


def test_a_draft_works_the_steps_that_it_reads_and_a_second_caller_pays_nothing(open_desk: OpenDesk) -> None:
    found = open_desk.answer(ARRIVAL, "drafts")
    assert found.row["status"] == "ok"
    assert found.row["body"]
    assert len(found.requests) == 3
    assert bill(open_desk, found) == 3
    again = open_desk.answer(ARRIVAL, "drafts")
    assert again.row == found.row
    assert bill(open_desk, again) == 3


def test_no_request_is_begun_once_the_time_of_a_caller_is_over(open_desk: OpenDesk) -> None:
    found = open_desk.answer(ARRIVAL, "categories", seconds=0)
    assert found.row["status"] == "open"
    assert found.requests == ()


@pytest.mark.parametrize("open_desk", [{"escalate": True}], indirect=True)
def test_an_answer_in_doubt_is_asked_for_once_more_of_the_strong_model(open_desk: OpenDesk) -> None:
    found = open_desk.answer(UNCLEAR, "categories")
    assert found.row["tier"] == "strong"
    assert str(found.row["tier_reason"]).startswith("escalated ")
    assert len(found.requests) == 2
    assert bill(open_desk, found) == 2
    clear = open_desk.answer(ARRIVAL, "categories")
    assert clear.row["tier"] == "cheap"


def test_without_the_setting_a_doubt_stays(open_desk: OpenDesk) -> None:
    found = open_desk.answer(UNCLEAR, "categories")
    assert (found.row["status"], found.row["tier"]) == ("review", "cheap")
    assert len(found.requests) == 1


VALUES = {
    "DATE": "2026-11-20",
    "TIMESTAMPTZ": "2026-11-20T10:00:00+05:00",
    "DECIMAL(18,2)": Decimal("45000.5"),
    "DOUBLE": 0.25,
    "BOOLEAN": True,
    "VARCHAR": "half \ud83d of a pair",
    "VARCHAR[]": ("one", "two"),
    "JSON": {"a": [1, None, "x"]},
}


@pytest.mark.parametrize("table", [DOCUMENTS, *(step.table for step in STEPS)], ids=lambda table: table.name)
def test_rows_in_memory_have_the_values_that_files_of_the_lake_give_back(
    table: Table, tmp_path: Path
) -> None:
    full = {column.name: VALUES[column.type] for column in table.columns}
    rows = [
        full,
        {c.name: full[c.name] for c in table.columns if not c.nullable} | dict.fromkeys(table.key, "other"),
    ]
    lake, memory = Lake(tmp_path, [table]), MemoryLake()
    assert lake.write(table, DAY, rows) == memory.write(table, DAY, rows) == 2
    assert list(memory.read(table, DAY)) == list(lake.read(table, DAY))
    with pytest.raises(SchemaError):
        memory.write(table, DAY, [{"no_such_column": 1}])


def test_a_draft_that_a_doubt_holds_back_says_which(open_desk: OpenDesk) -> None:
    found = open_desk.answer(UNCLEAR, "drafts")
    assert (found.row["status"], found.row["doubt_reason"]) == ("review", None)
    assert found.doubted["doubt_reason"] == "none_fits"
