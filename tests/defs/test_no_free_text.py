"""Dagster's storage is no place for words: what a step, a model or a person wrote is in none of its events."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import dagster as dg
import pytest
from pydantic import BaseModel

from llm_assets.defs.metadata import KEPT
from llm_assets.domain.desk.step import Doubt, StepInput
from llm_assets.domain.desk.tables import DOCUMENTS, Column
from llm_assets.steps import STEPS
from tests.support.houses.small_desk import MAILS, SmallDesk

SAID = "marmoset-said-so"


def _talkative(given: StepInput, output: BaseModel) -> dict[str, Any]:
    categories = next(s for s in STEPS if s.name == "categories")
    row = categories.row(given, output)
    return row | {"reason": SAID, "urgency": SAID, "notes": [SAID], "raw": {"note": SAID}, "currency": SAID}


def _doubting(given: StepInput, output: BaseModel) -> Doubt:
    return Doubt(SAID, f"{SAID} in detail")


def made_up(small: SmallDesk) -> SmallDesk:
    """The desk with columns and doubts that nobody foresaw, all of them free text."""
    step = next(s for s in STEPS if s.name == "categories")
    assert step.columns is not None
    more = (
        Column("urgency", "VARCHAR", "How urgent"),
        Column("notes", "VARCHAR[]", "Notes", personal=False),
        Column("raw", "JSON", "As said"),
        Column("currency", "VARCHAR", "Currency", personal=False),
    )
    talkative = replace(step, columns=(*step.columns, *more), row=_talkative, doubt=_doubting)
    return replace(small, steps=tuple(talkative if s.name == step.name else s for s in STEPS))


def stored(small: SmallDesk, run_id: str) -> Iterator[str]:
    yield from (repr(record) for record in small.instance.all_logs(run_id))
    yield repr(small.run(run_id))


def test_a_step_with_columns_that_nobody_foresaw_leaks_none_of_them(small: SmallDesk) -> None:
    desk = made_up(small)
    desk.receive()
    result = desk.materialize()
    assert result.success
    table = next(s.table for s in desk.steps if s.name == "categories")
    assert {row["urgency"] for row in desk.rows(table)} == {SAID}, "the lake has it, so looking could fail"
    assert [line for line in stored(desk, result.run_id) if SAID in line] == []


def test_no_event_names_a_record_a_case_or_a_request(small: SmallDesk) -> None:
    small.receive()
    result = small.materialize()
    rows = small.rows(DOCUMENTS)
    told = "\n".join(stored(small, result.run_id))
    for name in ("record_id", "case_id", "content_hash", "raw_sha256", "place"):
        assert [row[name] for row in rows if str(row[name]) in told] == [], name


def test_an_error_that_quotes_a_mail_is_stored_by_its_kind_and_place(
    small: SmallDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def row(given: StepInput, output: BaseModel) -> dict[str, Any]:
        raise ValueError(f"cannot read {SAID}")

    broken = tuple(replace(s, row=row) if s.name == "categories" else s for s in STEPS)
    desk = replace(small, steps=broken)
    desk.receive(dict(list(MAILS.items())[:1]))
    result = desk.materialize(("documents", "categories"))
    assert not result.success
    told = "\n".join(stored(desk, result.run_id))
    assert "ValueError at test_no_free_text.py" in told
    assert f"cannot read {SAID}" not in told.replace('f"cannot read {SAID}"', "")


def test_the_report_in_dagster_is_figures_a_path_and_links(small: SmallDesk) -> None:
    small.receive()
    result = small.materialize()
    shown = next(
        e.materialization.metadata
        for e in result.get_asset_materialization_events()
        if e.asset_key == dg.AssetKey("morning_report")
    )
    words = {name for name, value in shown.items() if not isinstance(value.value, int | float)}
    assert words == {"report", "totals", "report_page", "queue"}
    assert set(shown) <= KEPT
    totals = shown["totals"].value
    assert isinstance(totals, dict) and totals["received"] == 4
    assert all(isinstance(value, int) for value in totals.values())
