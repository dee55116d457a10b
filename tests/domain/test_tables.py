"""The lake's tables as declared: keys exist, previews show nothing personal, types follow the model."""

import ast
from typing import Literal

import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.tables import (
    DOCUMENTS,
    LLM_USAGE,
    MORNING_REPORT,
    REVIEW_QUEUE,
    Column,
    Table,
    columns_of,
    step_table,
)
from tests.support.repository import ROOT

TABLES = (DOCUMENTS, REVIEW_QUEUE, LLM_USAGE, MORNING_REPORT, step_table("moderation", ()))


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_names_each_column_once_and_its_key_among_them(table: Table) -> None:
    names = [c.name for c in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    empty_in_older_nights = {"route_why"}
    assert not any(c.nullable for c in table.columns if c.name in set(table.key) - empty_in_older_nights)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_column_says_what_it_holds(table: Table) -> None:
    assert all(c.description for c in table.columns)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_what_is_shown_of_a_table_names_no_record_and_holds_no_free_text(table: Table) -> None:
    closed = {
        *("queue", "status", "tier", "prompt_version", "priority", "language", "role", "ok", "kind", "step"),
    }
    assert set(table.shown_columns) <= closed


def test_a_column_is_of_the_type_its_field_has() -> None:
    class Answer(BaseModel):
        name: str
        age: int | None
        share: float
        sure: bool
        tags: list[str]
        either: int | str

    assert [(c.name, c.type) for c in columns_of(Answer)] == [
        ("name", "VARCHAR"),
        ("age", "BIGINT"),
        ("share", "DOUBLE"),
        ("sure", "BOOLEAN"),
        ("tags", "JSON"),
        ("either", "JSON"),
    ]


def test_a_column_of_a_new_step_is_not_shown_whatever_it_declares() -> None:
    class Answer(BaseModel):
        verdict: Literal["clean", "rude"]
        note: str
        score: float

    own = (Column("n", "BIGINT", "n"), Column("words", "VARCHAR", "w", personal=False), *columns_of(Answer))
    shown = step_table("moderation", own).shown_columns
    assert shown == ("queue", "status", "tier", "prompt_version")


def test_a_column_is_declared_as_shown_beside_the_tables_and_nowhere_else() -> None:
    declaring = [
        path.relative_to(ROOT).as_posix()
        for folder in ("llm_assets", "resources")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if any(_declares_shown(node) for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    ]
    assert declaring == ["llm_assets/domain/desk/tables.py"]


def _declares_shown(node: ast.AST) -> bool:
    """Whether it makes a column with something in the place of `shown`."""
    called = (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("Column", "_c")
    )
    return called and (len(node.args) > 5 or any(k.arg == "shown" for k in node.keywords))
