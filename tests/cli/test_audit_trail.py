"""The audit trail on the command line: a night tells itself, what is changed is named by record, an export tells all."""

import csv
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.houses.house import TODAY, House, Worked


def exported(house: House, *words: str) -> list[dict[str, Any]]:
    ran = house.run("audit", "export", *words)
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def rows(house: House, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(house.home / "analytics.duckdb"), read_only=True) as connection:
        return connection.execute(query).fetchall()


def tamper(house: House, statement: str, *values: object) -> None:
    with sqlite3.connect(house.home / "ledger.db") as connection:
        assert connection.execute(statement, values).rowcount > 0


def test_a_night_nobody_touched_holds_and_says_where_its_trail_ends(morning_after: House) -> None:
    ran = morning_after.run("audit", "verify")
    assert ran.code == 0, ran.out
    assert "entries hold" in ran.out
    end = ran.out.split()[-1]
    assert morning_after.run("audit", "verify", "--kept", end).code == 0
    number, _, digest = end.partition(":")
    cut = morning_after.run("audit", "verify", "--kept", f"{int(number) + 1}:{digest}")
    assert (cut.code, f"ends at entry {number}" in cut.out) == (1, True)


def test_the_report_writes_down_where_the_trail_ended(worked: Worked) -> None:
    written = json.loads(worked.first.written("report.json"))["audit"]
    assert written["entries"] > 5
    assert len(written["digest"]) == 64


def test_an_export_tells_every_event_of_a_record(morning_after: House) -> None:
    query = (
        "SELECT record_id FROM categories WHERE status = 'ok' AND request_id IS NOT NULL ORDER BY ALL LIMIT 1"
    )
    ((record,),) = rows(morning_after, query)
    told = exported(morning_after, "--record", record, "--day", TODAY.isoformat())
    assert {line["record_id"] for line in told} == {record}
    assert {"received", "masked", "intended", "sent", "answered"} <= {line["action"] for line in told}
    sent = next(line for line in told if line["action"] == "sent" and line["step"] == "categories")
    for name in (
        "provider",
        "model",
        "prompt_version",
        "batch_id",
        "provider_batch_id",
        "masked_by",
        "request_id",
    ):
        assert sent[name], name
    assert isinstance(sent["masks"], int)


def test_an_export_has_a_line_of_every_message_and_is_told_itself(morning_after: House) -> None:
    told = exported(morning_after)
    received = sorted(line["record_id"] for line in told if line["action"] == "received")
    assert received == sorted(r for (r,) in rows(morning_after, "SELECT record_id FROM documents"))
    reports = [line for line in told if line["action"] == "exported"]
    assert any(line["subject"] == f"report {TODAY} revision 1" for line in reports)
    assert reports[-1]["subject"] == "audit trail"
    assert reports[-1]["actor"] != "desk"


def test_an_export_as_csv_is_the_same(morning_after: House, tmp_path: Path) -> None:
    out = tmp_path / "trail.csv"
    ran = morning_after.run("audit", "export", "--format", "csv", "--out", str(out))
    assert (ran.code, ran.out) == (0, "")
    assert "the trail ends at" in ran.err
    lines = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8"))))
    assert len(lines) == len(exported(morning_after)) - 1  # the second export tells of itself as well


def test_a_trail_holds_no_word_of_any_mail(morning_after: House) -> None:
    text = morning_after.run("audit", "export").out
    query = "SELECT sender, subject, new_text FROM documents"
    for sender, subject, new_text in rows(morning_after, query):
        assert sender is None or sender not in text
        assert len(subject) < 12 or subject not in text
        assert len(new_text) < 12 or new_text[:60] not in text


def test_a_changed_answer_is_named_by_its_record(morning_after: House) -> None:
    query = "SELECT record_id, request_id FROM categories WHERE status = 'ok' AND request_id IS NOT NULL ORDER BY ALL"
    record, request = rows(morning_after, query)[0]
    tamper(morning_after, "UPDATE requests SET output = '{}' WHERE request_id = ?", request)
    ran = morning_after.run("audit", "verify", "--json")
    assert ran.code == 1
    (wrong,) = json.loads(ran.out)["wrong"]
    assert wrong["records"][0] == record
    assert wrong["what"] == "its result was changed"


def test_a_changed_message_is_named_by_its_record(morning_after: House) -> None:
    ((record, place, source),) = rows(
        morning_after, "SELECT record_id, place, source FROM documents ORDER BY ALL LIMIT 1"
    )
    tamper(
        morning_after, "UPDATE received SET raw_sha256 = 'f00d' WHERE place = ? AND source = ?", place, source
    )
    ran = morning_after.run("audit", "verify")
    assert ran.code == 1
    assert f"{record}: its row in the register was changed" in ran.out


def test_a_changed_report_is_named(morning_after: House) -> None:
    report = morning_after.home / "reports" / TODAY.isoformat() / "rev-1" / "report.json"
    report.write_text(
        report.read_text(encoding="utf-8").replace('"dead": 0', '"dead": 7', 1), encoding="utf-8"
    )
    ran = morning_after.run("audit", "verify")
    assert ran.code == 1
    assert f"report {TODAY} revision 1: report.json was changed or removed" in ran.out


def test_an_entry_taken_out_is_named_by_the_records_it_told_of(morning_after: House) -> None:
    tamper(morning_after, "DELETE FROM audit WHERE action = 'received'")
    ran = morning_after.run("audit", "verify", "--json")
    named = {record for wrong in json.loads(ran.out)["wrong"] for record in wrong["records"]}
    assert named == {r for (r,) in rows(morning_after, "SELECT record_id FROM documents")}


def test_a_format_nobody_knows_is_one_sentence(house: House) -> None:
    ran = house.run("audit", "export", "--format", "xml")
    assert ran.code == 2
    assert ran.said_one_sentence("xml", "jsonl")


def test_an_end_kept_in_a_file_is_honoured_beside_a_report_of_the_same_number(
    morning_after: House, tmp_path: Path
) -> None:
    stamp = json.loads(
        (morning_after.home / "reports" / TODAY.isoformat() / "rev-1" / "report.json").read_text("utf-8")
    )["audit"]
    kept = tmp_path / "kept.txt"
    kept.write_text(f"20 November: the trail ends at {stamp['entries']}:{stamp['digest']}\n", "utf-8")
    assert morning_after.run("audit", "verify", "--kept", str(kept)).code == 0
    kept.write_text(f"the trail ends at {stamp['entries']}:{'f00d' * 16}\n", "utf-8")
    ran = morning_after.run("audit", "verify", "--kept", str(kept))
    assert ran.code == 1
    assert f"--kept {kept} was written when entry {stamp['entries']} was another one" in ran.out
    copy = tmp_path / "report.json"
    copy.write_text(json.dumps({"audit": {**stamp, "digest": "0" * 64}}, indent=2))
    assert morning_after.run("audit", "verify", "--kept", str(copy)).code == 1


def test_what_is_no_end_of_a_trail_is_one_sentence(house: House, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.write_text("nothing of the kind")
    for given in (
        "12",
        "\u00b2:" + "a" * 64,
        "9" * 5000 + ":" + "a" * 64,
        "nowhere.txt",
        str(empty),
        str(tmp_path),
    ):
        ran = house.run("audit", "verify", "--kept", given)
        assert (ran.code, ran.said_one_sentence("--kept", "N:DIGEST")) == (2, True), given


def test_no_variable_makes_somebody_else_the_actor(morning_after: House) -> None:
    pretended = dict.fromkeys(("LOGNAME", "USER", "LNAME", "USERNAME", "SUDO_USER"), "director")
    assert morning_after.run("audit", "export", **pretended).code == 0
    told = [line["actor"] for line in exported(morning_after) if line["subject"] == "audit trail"]
    assert "director" not in told[0]
    assert told[0] == told[1] and told[0].startswith(("os:", "uid:"))


def test_a_cell_that_begins_like_a_formula_is_text(morning_after: House) -> None:
    tamper(morning_after, "UPDATE audit SET actor = '=HYPERLINK(\"http://evil.example\")' WHERE id = 2")
    ran = morning_after.run("audit", "export", "--format", "csv")
    lines = list(csv.DictReader(io.StringIO(ran.out)))
    assert lines[1]["actor"].startswith("'=HYPERLINK")
    assert lines[1]["entry"] == "2"


@pytest.mark.parametrize(
    ("column", "value"), [("facts", "x"), ("facts", "x y z"), ("detail", "{"), ("detail", "[]")]
)
def test_an_entry_that_was_damaged_is_named_and_never_breaks_the_check(
    morning_after: House, column: str, value: str
) -> None:
    with sqlite3.connect(morning_after.home / "ledger.db") as connection:
        connection.execute(f"UPDATE audit SET {column} = ?", (value,))
    ran = morning_after.run("audit", "verify")
    assert ran.code == 1 and "Traceback" not in ran.err, ran.err
    assert "entry 1 was changed or put in" in ran.out and "entry 2 was changed or put in" in ran.out
