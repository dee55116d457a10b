"""The page of the tables has every view and column once, in its order, and its queries run on them."""

import re
from pathlib import Path

import duckdb
import pytest

from llm_assets.domain.desk.tables import AFTER_STEPS, DOCUMENTS, Table
from llm_assets.steps import STEPS
from resources.lake.lake import Lake
from tests.support.pages import coded, rows, section, text_of

PAGE = text_of("docs/reference/tables.md")
TABLES = (DOCUMENTS, *(s.table for s in STEPS), *AFTER_STEPS)


def test_the_views_are_written_once_in_their_order() -> None:
    assert [coded(row[0])[0] for row in rows(PAGE.split("## ")[0])] == [table.name for table in TABLES]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_columns_are_written_as_they_are_declared(table: Table) -> None:
    written = rows(section(PAGE, f"## `{table.name}`"))
    assert written == [[f"`{c.name}`", c.type, c.description] for c in table.columns]


def test_the_queries_run(tmp_path: Path) -> None:
    lake = Lake(tmp_path, TABLES)
    lake.publish()
    example = re.search(r"```sql\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    with duckdb.connect(str(lake.analytics), read_only=True) as connection:
        statements = connection.extract_statements(example[1])
        assert len(statements) == 5
        for statement in statements:
            assert connection.execute(statement).fetchall() == []
