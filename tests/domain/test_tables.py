"""The lake's tables as declared: keys exist, previews show nothing personal, types follow the model."""

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

TABLES = (DOCUMENTS, REVIEW_QUEUE, LLM_USAGE, MORNING_REPORT, step_table("moderation", ()))


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_a_table_names_each_column_once_and_its_key_among_them(table: Table) -> None:
    names = [c.name for c in table.columns]
    assert len(set(names)) == len(names)
    assert set(table.key) <= set(names)
    assert not any(c.nullable for c in table.columns if c.name in table.key)


@pytest.mark.parametrize("table", TABLES, ids=lambda t: t.name)
def test_every_column_says_what_it_holds(table: Table) -> None:
    assert all(c.description for c in table.columns)


@pytest.mark.parametrize("hidden", ["sender", "subject", "new_text", "message", "message_id", "place"])
def test_a_preview_of_documents_shows_nobody(hidden: str) -> None:
    assert hidden in DOCUMENTS.column_types
    assert hidden not in DOCUMENTS.preview_columns


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


def test_json_and_personal_columns_are_kept_out_of_previews() -> None:
    own = (
        Column("text", "VARCHAR", "t", personal=True),
        Column("raw", "JSON", "r"),
        Column("n", "BIGINT", "n"),
    )
    shown = step_table("moderation", own).preview_columns
    assert "n" in shown and "status" in shown
    assert not {"text", "raw"} & set(shown)
