"""`delete` reaches what an older version has left in Dagster's storage, before it deletes anything."""

from contextlib import closing
from pathlib import Path

import dagster as dg
import duckdb

from tests.support.houses.house import TODAY, House
from tests.support.mail.invented_inbox import mail, put
from tests.support.nights.older_night import older_night

SAID = "zebrafinch-overpaid"
QUIET = "python_logs: {python_log_level: CRITICAL}\ntelemetry: {enabled: false}\n"


def holding(folder: Path, word: str) -> list[Path]:
    return [p for p in sorted(folder.rglob("*")) if p.is_file() and word.encode() in p.read_bytes()]


def _record(house: House) -> str:
    with closing(duckdb.connect(str(house.home / "analytics.duckdb"), read_only=True)) as connection:
        ((record,),) = connection.execute("SELECT record_id FROM documents").fetchall()
    return str(record)


def test_delete_takes_the_words_of_a_record_out_of_dagster_too(house: House, tmp_path: Path) -> None:
    put(tmp_path / "source", "1.eml", mail("Where is my order 4471?", 1, subject="Order"), TODAY)
    night = house.night("--inbox", str(tmp_path / "source"))
    assert night.code == 0, night.err
    record = _record(house)
    storage = tmp_path / "dagster"
    storage.mkdir()
    (storage / "dagster.yaml").write_text(QUIET, encoding="utf-8")
    with dg.DagsterInstance.from_config(str(storage)) as instance:
        older_night(instance, TODAY.isoformat(), record, SAID)
    assert holding(storage, SAID) and holding(storage, record)
    ran = house.run("delete", record, "--reason", "asked for", "--yes", DAGSTER_HOME=str(storage))
    assert ran.code == 0, ran.err
    assert "hold no words and no ids of records" in ran.out
    assert holding(storage, SAID) == [] and holding(storage, record) == []


def test_a_storage_that_does_not_open_stops_a_deletion_before_it_begins(house: House, tmp_path: Path) -> None:
    put(tmp_path / "source", "1.eml", mail("Where is my order 4471?", 1, subject="Order"), TODAY)
    assert house.night("--inbox", str(tmp_path / "source")).code == 0
    storage = tmp_path / "dagster"
    storage.mkdir()
    (storage / "dagster.yaml").write_text("storage: {nonsense: {}}\n", encoding="utf-8")
    record = _record(house)
    ran = house.run("delete", record, "--reason", "asked for", "--yes", DAGSTER_HOME=str(storage))
    assert ran.code == 2 and ran.said_one_sentence("Dagster's storage does not open", "nothing was deleted")
    assert _record(house) == record
