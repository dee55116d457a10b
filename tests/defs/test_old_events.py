"""Events that an older version wrote: their words are gone from Dagster's storage, and the nights stay as they were."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import psycopg2
import pytest

from llm_assets.defs.jobs import read_mail_job
from llm_assets.defs.metadata import kept, markdown_table
from llm_assets.defs.old_events import close_events_of, close_next_events
from llm_assets.defs.sensors.mail_sensor import mail_sensor
from llm_assets.domain.desk.tables import DOCUMENTS, REVIEW_QUEUE
from llm_assets.steps import STEPS
from tests.support.houses.small_desk import SmallDesk
from tests.support.nights.older_night import older_night

QUIET = {"python_logs": {"python_log_level": "CRITICAL"}}

SAID, RECORD = "Ottoline-Quillfeather-overpaid", "rec-5f0c1e7a9b"
DAYS = ("2026-11-19", "2026-11-20")


@pytest.fixture(params=["sqlite", "postgres"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A real instance with two nights that an older version has materialized and checked."""
    overrides: dict[str, object] = {"telemetry": {"enabled": False}, **QUIET}
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").new()
        overrides["storage"] = {"postgres": {"postgres_url": url}}
    with dg.DagsterInstance.local_temp(str(tmp_path), overrides=overrides) as instance:
        for day in DAYS:
            older_night(instance, day, RECORD, SAID)
        yield instance


def holding(instance: dg.DagsterInstance, word: str) -> list[str]:
    """Where the word is in everything that Dagster has stored, deleted pages and logs included."""
    found = [
        str(path)
        for path in sorted(Path(instance.root_directory).rglob("*"))
        if path.is_file() and word.encode() in path.read_bytes()
    ]
    url = getattr(instance.event_log_storage, "postgres_url", None)
    if url is not None:
        with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
            for table, column in (("event_logs", "event"), ("asset_keys", "last_materialization")):
                cursor.execute(f"SELECT count(*) FROM {table} WHERE {column} LIKE %s", (f"%{word}%",))
                row = cursor.fetchone()
                found += [table] if row is not None and row[0] else []
    return found


def materialized(instance: dg.DagsterInstance) -> list[tuple[object, ...]]:
    result = instance.fetch_materializations(dg.AssetKey("documents"), limit=10)
    return [(r.storage_id, r.run_id, r.partition_key, r.timestamp) for r in result.records]


def test_a_deletion_leaves_no_word_and_no_id_of_its_nights(old: dg.DagsterInstance) -> None:
    assert holding(old, SAID) and holding(old, RECORD)
    before, runs = materialized(old), [run.run_id for run in old.get_runs()]
    close_events_of(old, STEPS, [date.fromisoformat(day) for day in DAYS])
    assert holding(old, SAID) == [] and holding(old, RECORD) == []
    assert materialized(old) == before
    assert [run.run_id for run in old.get_runs()] == runs
    event = old.get_latest_materialization_event(dg.AssetKey("documents"))
    assert event is not None and event.asset_materialization is not None
    metadata = event.asset_materialization.metadata
    assert set(metadata) == {"dagster/row_count", "status"} and metadata["dagster/row_count"].value == 7
    assert event.asset_materialization.tags is not None
    assert "version-of-2026-11-20" in event.asset_materialization.tags.values()
    assert holding(old, "theirs"), "another asset's events are not ours"


def test_only_the_nights_of_the_record_are_touched(old: dg.DagsterInstance) -> None:
    close_events_of(old, STEPS, [date(2026, 11, 20)])
    by_day = {
        r.partition_key: set(r.event_log_entry.asset_materialization.metadata)
        for r in old.fetch_materializations(dg.AssetKey("documents"), limit=10).records
        if r.event_log_entry.asset_materialization is not None
    }
    assert "preview" in by_day["2026-11-19"] and "preview" not in by_day["2026-11-20"]


def test_it_may_be_repeated_and_ends_what_a_killed_one_began(old: dg.DagsterInstance) -> None:
    days = [date.fromisoformat(day) for day in DAYS]
    first = close_events_of(old, STEPS, days)
    assert first.rewritten
    assert close_events_of(old, STEPS, days)._replace(rewritten=0) == first._replace(rewritten=0)
    assert holding(old, SAID) == []


def test_a_copy_that_a_killed_one_left_in_the_run_is_found_by_the_next(old: dg.DagsterInstance) -> None:
    if not hasattr(old.event_log_storage, "path_for_shard"):
        pytest.skip("only SQLite keeps a copy for each run")
    days = [date.fromisoformat(day) for day in DAYS]
    shards = {run.run_id: Path(old.event_log_storage.path_for_shard(run.run_id)) for run in old.get_runs()}
    kept_as_they_were = {path: path.read_bytes() for path in shards.values()}
    close_events_of(old, STEPS, days)
    for path, data in kept_as_they_were.items():
        path.write_bytes(data)
    close_events_of(old, STEPS, days)
    assert holding(old, SAID) == []


def test_the_sensor_closes_what_it_finds_after_an_update(old: dg.DagsterInstance, small: SmallDesk) -> None:
    sensor = mail_sensor([read_mail_job()])
    with dg.build_sensor_context(old, resources={"desk": small.desk}) as context:
        sensor(context)
    assert holding(old, SAID) == []
    again = close_next_events(old, STEPS)
    assert (again.looked_at, again.rewritten) == (0, 0)


def test_a_preview_is_kept_only_where_all_its_columns_are_shown() -> None:
    def left(text: str) -> set[str]:
        return set(kept({"preview": dg.MetadataValue.md(text), "revision": 1}, REVIEW_QUEUE))

    shown = markdown_table(["queue", "step"], [{"queue": "support", "step": "drafts"}])
    assert left(shown) == {"preview", "revision"}
    assert left(markdown_table(["queue"], [])) == {"preview", "revision"}
    for text in (
        markdown_table(["queue", "reason"], [{"reason": SAID}]),
        SAID,
        f"queue\n{SAID}",
        f"| queue |\n{SAID}",
    ):
        assert left(text) == {"revision"}, text
    assert set(kept({"words": SAID, "cases": 3}, DOCUMENTS)) == {"cases"}
