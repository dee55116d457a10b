"""The lake's promises: declared types, refused rows, and views that open beside a running night."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from llm_assets.domain.desk.tables import DOCUMENTS, LLM_USAGE, REVIEW_QUEUE, Column, Table, step_table
from resources.lake.lake import CORE_TABLES, Lake, SchemaError
from tests.support.nights.lake_kit import ALMATY, DAY, NOTES, WRITER, analyst, letters, note, run


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, (*CORE_TABLES, NOTES))


# Values


def test_rows_come_back_as_written_in_their_order(lake: Lake) -> None:
    full = note(
        7,
        text='Заказ "№ 5"\nсәлем',
        at=datetime(2026, 11, 20, 5, 0, 0, 123456, tzinfo=ALMATY),
        price=Decimal("0.000000000001"),
        tags=["b", "a"],
        body={"k": [1, None, {"x": "ә"}]},
        share=0.25,
        done=True,
    )
    assert lake.write(NOTES, DAY, [full, note(3), note(5, body=[])]) == 3
    first, second, third = lake.read(NOTES, DAY)
    assert first == full
    assert second == {**dict.fromkeys(NOTES.column_types), **note(3)}
    assert third["body"] == [] and second["body"] is None


def test_ten_thousand_rows_keep_their_order(lake: Lake) -> None:
    lake.write(NOTES, DAY, (note(-n) for n in range(10_000)))
    assert [row["id"] for row in lake.read(NOTES, DAY, ["id"])] == [-n for n in range(10_000)]


def test_a_price_keeps_twelve_decimals(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(n, price=Decimal("0.000000123457")) for n in range(1000)])
    assert lake.query("SELECT sum(price) AS usd FROM notes") == [{"usd": Decimal("0.000123457000")}]


def test_json_of_a_text_is_a_json_text_and_not_its_parse(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1, body="[1]"), note(2, body={"empty": None})])
    assert [row["body"] for row in lake.read(NOTES, DAY)] == ["[1]", {"empty": None}]


def test_half_a_surrogate_pair_is_replaced_and_the_rest_kept(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1, text="a\ud83db", body={"t": ["\udc00", "ok"]}), note(2, text="\x00 nul")])
    first, second = lake.read(NOTES, DAY)
    assert (first["text"], first["body"]) == ("a\ufffdb", {"t": ["\ufffd", "ok"]})
    assert second["text"] == "\x00 nul"


def test_a_row_longer_than_the_readers_usual_limit_is_written(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1, text="ж" * 9_000_000), note(2)])
    assert [len(row["text"] or "") for row in lake.read(NOTES, DAY)] == [9_000_000, 0]


def test_a_night_without_rows_is_written_and_empty(lake: Lake) -> None:
    assert not lake.has(NOTES, DAY)
    assert list(lake.read(NOTES, DAY)) == []
    assert lake.write(NOTES, DAY, []) == 0
    assert lake.has(NOTES, DAY)
    assert list(lake.read(NOTES, DAY)) == []


def test_only_the_asked_columns_are_read(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1, text="t")])
    assert list(lake.read(NOTES, DAY, ["text", "id"])) == [{"text": "t", "id": 1}]
    with pytest.raises(KeyError, match="notes has no column nothing"):
        list(lake.read(NOTES, DAY, ["nothing"]))


def test_nights_are_listed_replaced_and_removed(lake: Lake) -> None:
    other = date(2026, 11, 19)
    lake.write(NOTES, DAY, [note(1), note(2)])
    lake.write(NOTES, other, [note(1, day=other)])
    lake.write(NOTES, DAY, [note(9)])
    assert lake.days(NOTES) == [other, DAY]
    assert [row["id"] for row in lake.read(NOTES, DAY)] == [9]
    lake.remove(NOTES, other)
    lake.remove(NOTES, other)
    assert lake.days(NOTES) == [DAY]
    assert lake.days(DOCUMENTS) == []


# What a declaration forbids

SECRET = "Ivan Petrov 4400"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        pytest.param([note(1), {"day": DAY, "id": 2}], "column tags is empty in 1 row", id="required"),
        pytest.param([note(1, id=None)] * 3, "column id is empty in 3 rows", id="required-null"),
        pytest.param([note(1, extra=SECRET)], "unknown column extra in 1 row", id="unknown"),
        pytest.param([note(1), note(1), note(1)], r"key \(id\) is repeated in 2 rows", id="repeated-key"),
        pytest.param([note(1, share=SECRET)], "column share is not DOUBLE in 1 row", id="type"),
        pytest.param([note(1, tags=SECRET)], r"column tags is not VARCHAR\[\] in 1 row", id="list"),
        pytest.param([note(1, at=SECRET)], "column at is not TIMESTAMPTZ in 1 row", id="time"),
        pytest.param(
            [note(1, price=Decimal(10**9))], r"column price is not DECIMAL\(18,12\) in 1 row", id="range"
        ),
        pytest.param([note(10**30, text=SECRET)], "column id holds what JSON cannot in 1 row", id="huge"),
        pytest.param([note(1, body=object())], "column body holds what JSON cannot in 1 row", id="object"),
        pytest.param([note(1, day=date(2026, 11, 19))], "day is not the night's in 1 row", id="other-day"),
    ],
)
def test_rows_that_break_the_declaration_are_refused_and_the_old_file_stays(
    lake: Lake, rows: list[dict[str, object]], says: str
) -> None:
    lake.write(NOTES, DAY, [note(42)])
    with pytest.raises(SchemaError, match=f"table notes .*{says}") as caught:
        lake.write(NOTES, DAY, rows)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None, "DuckDB's own message quotes values"
    assert [row["id"] for row in lake.read(NOTES, DAY)] == [42]
    assert [p.name for p in (lake.folder / "notes").iterdir() if p.name.startswith(".")] == []


def test_rows_whose_source_fails_halfway_leave_the_old_file(lake: Lake) -> None:
    def broken():  # type: ignore[no-untyped-def]
        yield note(1)
        raise ZeroDivisionError

    lake.write(NOTES, DAY, [note(42)])
    with pytest.raises(ZeroDivisionError):
        lake.write(NOTES, DAY, broken())
    assert [row["id"] for row in lake.read(NOTES, DAY)] == [42]


# Tables that change


def test_a_file_from_before_a_column_was_added_reads_as_null(tmp_path: Path) -> None:
    day, later = DAY, date(2026, 11, 21)
    old = Table("moods", ("id",), (Column("day", "DATE", ""), Column("id", "BIGINT", "")))
    new = Table("moods", ("id",), (*old.columns, Column("mood", "VARCHAR", ""), Column("more", "JSON", "")))
    Lake(tmp_path, [old]).write(old, day, [{"day": day, "id": 1}])
    lake = Lake(tmp_path, [new])
    assert list(lake.read(new, day)) == [{"day": day, "id": 1, "mood": None, "more": None}]
    assert lake.query("SELECT mood FROM moods") == [{"mood": None}]
    lake.write(new, later, [{"day": later, "id": 1, "mood": "calm", "more": {}}])
    assert lake.query("SELECT id, mood FROM moods ORDER BY day") == [
        {"id": 1, "mood": None},
        {"id": 1, "mood": "calm"},
    ]


# Queries and the analysts' file


def test_every_declared_table_can_be_queried_before_the_first_night(tmp_path: Path) -> None:
    moderation = step_table("moderation", (Column("toxic", "BOOLEAN", "Toxic"),))
    lake = Lake(tmp_path / "new" / "home", (*CORE_TABLES, moderation))
    lake.publish()
    names = [row[0] for row in analyst(lake, "SELECT table_name FROM information_schema.tables ORDER BY 1")]
    assert names == sorted(t.name for t in (*CORE_TABLES, moderation))
    for table in (*CORE_TABLES, moderation):
        assert analyst(lake, f"SELECT count(*) FROM {table.name}") == [(0,)]
        described = analyst(lake, f"DESCRIBE {table.name}")
        assert [(c[0], c[1]) for c in described] == [
            (name, type_.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE"))
            for name, type_ in table.column_types.items()
        ]


def test_an_analyst_reads_what_a_column_means(lake: Lake) -> None:
    lake.publish()
    comment = "SELECT comment FROM duckdb_columns() WHERE table_name='notes' AND column_name='text'"
    assert analyst(lake, comment) == [("What it's about",)]


def test_a_query_takes_parameters_and_nothing_but_one_select(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1, text="a"), note(2, text="b")])
    assert lake.query("SELECT id FROM notes WHERE text = $t", {"t": "b"}) == [{"id": 2}]
    assert lake.query("SELECT id FROM notes WHERE day = ? AND id > ?", [DAY, 1]) == [{"id": 2}]
    for refused in ("COPY (SELECT 1) TO '/tmp/x.csv'", "SELECT 1; SELECT 2", "CREATE TABLE t(a INT)"):
        with pytest.raises(ValueError, match="answers one SELECT"):
            lake.query(refused)


def test_an_open_analyst_neither_blocks_a_night_nor_is_blocked_and_sees_new_rows(lake: Lake) -> None:
    lake.publish()
    with duckdb.connect(str(lake.analytics), read_only=True) as open_since_yesterday:
        lake.write(NOTES, DAY, [note(1)])
        lake.publish()
        assert open_since_yesterday.execute("SELECT count(*) FROM notes").fetchall() == [(1,)]
        lake.write(NOTES, DAY, [note(1), note(2)])
        assert open_since_yesterday.execute("SELECT count(*) FROM notes").fetchall() == [(2,)]


def test_an_analyst_in_another_process_reads_and_may_even_write_to_the_file(lake: Lake) -> None:
    lake.write(NOTES, DAY, [note(1)])
    lake.publish()
    other = run(
        """
        import os, sys, duckdb
        c = duckdb.connect(sys.argv[1])
        c.execute("CREATE TABLE mine AS SELECT * FROM notes")
        print(c.execute("SELECT count(*) FROM mine").fetchone()[0], flush=True)
        sys.stdin.readline()
        os._exit(9)
        """,
        lake.analytics,
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "1\n"
    lake.write(NOTES, DAY, [note(1), note(2)])
    lake.publish()
    assert analyst(lake, "SELECT count(*) FROM notes") == [(2,)]
    other.kill()
    other.wait()
    lake.publish()
    assert analyst(lake, "SELECT table_name FROM information_schema.tables WHERE table_name='mine'") == []


@pytest.mark.parametrize("name", ["day=1", "it's [new] *", "данные ә"])
def test_a_home_with_an_odd_name_works_like_any_other(tmp_path: Path, name: str) -> None:
    (tmp_path / "it's n *").mkdir()
    lake = Lake(tmp_path / name / "home", [NOTES])
    lake.write(NOTES, DAY, [note(1)])
    lake.publish()
    assert [row["id"] for row in lake.read(NOTES, DAY)] == [1]
    assert analyst(lake, "SELECT id, day FROM notes") == [(1, DAY)]


def test_a_moved_home_is_whole_again_after_publishing(tmp_path: Path) -> None:
    before = Lake(tmp_path / "before", [NOTES])
    before.write(NOTES, DAY, [note(1)])
    before.publish()
    (tmp_path / "before").rename(tmp_path / "after")
    after = Lake(tmp_path / "after", [NOTES])
    after.publish()
    assert analyst(after, "SELECT id FROM notes") == [(1,)]


def test_what_is_published_stays_until_something_is_missing_or_declared_anew(tmp_path: Path) -> None:
    lake = Lake(tmp_path, [NOTES])
    first = lake.publish().stat().st_ino
    assert Lake(tmp_path, [NOTES]).publish().stat().st_ino == first
    lake.analytics.write_bytes(b"")
    lake.publish()
    assert analyst(lake, "SELECT id FROM notes") == []
    for columns in lake.folder.rglob("columns-*.parquet"):
        columns.unlink()
    lake.publish()
    assert analyst(lake, "SELECT id FROM notes") == []
    both = Lake(tmp_path, [NOTES, letters()])
    both.publish()
    assert analyst(both, "SELECT count(*) FROM letters") == [(0,)]


def test_several_processes_publish_at_once(tmp_path: Path) -> None:
    publish = WRITER + "\nfor _ in range(5): LAKE.publish()\n"
    publishers = [run(publish, tmp_path) for _ in range(3)]
    lake = Lake(tmp_path, [letters()])
    seen = 0
    while any(p.poll() is None for p in publishers):
        if lake.analytics.exists():
            assert analyst(lake, "SELECT count(*) FROM letters") == [(0,)]
            seen += 1
    for publisher in publishers:
        assert publisher.communicate()[1] == ""
        assert publisher.returncode == 0
    assert seen > 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["analytics.duckdb", "lake"]


def test_the_shipped_tables_take_their_rows(lake: Lake) -> None:
    usage = {
        "day": DAY, "step": "categories", "lane": "nightly", "provider": "emulator", "model": "m",
        "prompt_version": "p", "mode": "batch", "route_why": "lane nightly", "outcome": "answered", "requests": 2, "succeeded": 2,
        "retried": 0, "failed": 0, "estimated": 1, "surplus": 0,
        "input_tokens": 10, "cached_tokens": 0, "output_tokens": 5, "cost_usd": Decimal("0.000000000001"),
    }  # fmt: skip
    opened = datetime(2026, 11, 20, 22, tzinfo=UTC)
    review = {
        "day": DAY, "case_id": "c", "record_id": "r", "queue": "q", "step": "categories",
        "reason": "low_confidence", "reviewers": ["amina"], "opened_at": opened,
    }  # fmt: skip
    lake.write(LLM_USAGE, DAY, [usage])
    lake.write(REVIEW_QUEUE, DAY, [review])
    assert list(lake.read(LLM_USAGE, DAY)) == [usage]
    assert next(lake.read(REVIEW_QUEUE, DAY))["opened_at"] == opened
