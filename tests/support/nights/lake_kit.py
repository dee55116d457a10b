"""A table with every type, and ways to look at a lake from outside."""

import subprocess
import sys
import textwrap
from datetime import date, timedelta, timezone

import duckdb

from llm_assets.domain.desk.tables import Column, Table
from resources.lake.lake import Lake

DAY = date(2026, 11, 20)
ALMATY = timezone(timedelta(hours=5))
NOTES = Table(
    "notes",
    ("id",),
    (
        Column("day", "DATE", "Business day", nullable=False),
        Column("id", "BIGINT", "Its number", nullable=False),
        Column("text", "VARCHAR", "What it's about"),
        Column("at", "TIMESTAMPTZ", "When"),
        Column("price", "DECIMAL(18,12)", "Price"),
        Column("tags", "VARCHAR[]", "Tags", nullable=False),
        Column("body", "JSON", "Anything"),
        Column("share", "DOUBLE", "Share"),
        Column("done", "BOOLEAN", "Done"),
    ),
)


def note(number: int, **changes: object) -> dict[str, object]:
    return {"day": DAY, "id": number, "tags": [], **changes}


def analyst(lake: Lake, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(lake.analytics), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def run(code: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


WRITER = """
import sys
from datetime import date
from pathlib import Path
from llm_assets.domain.desk.tables import Column, Table
from resources.lake.lake import Lake

DAY = date(2026, 11, 20)
TABLE = Table("letters", ("n",), tuple(
    Column(name, kind, name, nullable=False)
    for name, kind in [("day", "DATE"), ("n", "BIGINT"), ("version", "BIGINT"), ("text", "VARCHAR")]
))
LAKE = Lake(Path(sys.argv[1]), [TABLE])
def write(version, rows=3000):
    LAKE.write(TABLE, DAY, ({"day": DAY, "n": n, "version": version, "text": "x" * 500} for n in range(rows)))
"""


def letters() -> Table:
    scope: dict[str, object] = {}
    exec(WRITER.split("LAKE =", maxsplit=1)[0], scope)
    table = scope["TABLE"]
    assert isinstance(table, Table)
    return table
