"""The JSON objects of `parse` have exactly the fields that are promised."""

from pathlib import Path

import orjson

from llm_assets.intake.records.mapping import Columns, DropRule, DropRules
from llm_assets.intake.rows import parse_rows
from tests.support.mail.written_mail import mail, multipart, part

FIELDS = {
    "path", "index", "ok", "error", "record_id", "content_hash", "message_id", "in_reply_to", "references", "subject",
    "from", "to", "cc", "reply_to", "date", "text", "new_text", "language", "attachments", "flags",
}  # fmt: skip
ATTACHMENT = {
    "filename",
    "content_type",
    "size",
    "sha256",
    "text",
    "text_source",
    "pages",
    "ocr_confidence",
    "flags",
}


def test_every_object_has_the_promised_fields_and_survives_json(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(
        multipart(part("hello"), part("x", "text/plain", "Content-Disposition: attachment"))
    )
    (tmp_path / "b.eml").write_bytes(b"")
    (tmp_path / "c.txt").write_bytes(b"a note")
    rows = [orjson.loads(orjson.dumps(r)) for r in parse_rows(sorted(tmp_path.iterdir()), ocr=False)]
    assert [set(r) for r in rows] == [FIELDS] * 3
    assert [r["ok"] for r in rows] == [True, False, True]
    assert all(set(a) == ATTACHMENT for r in rows for a in r["attachments"])


def test_a_date_keeps_its_offset(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(mail())
    (row,) = parse_rows([tmp_path / "a.eml"], ocr=False)
    assert row["date"] == "2026-11-20T08:00:00+05:00"
    assert row["from"] == {"name": "Anna Kim", "address": "anna@post.example"}


def test_broken_surrogates_never_reach_json(tmp_path: Path) -> None:
    data = mail("x", content_type="text/plain; charset=utf-16", charset="utf-8").replace(
        b"\r\n\r\nx", b"\r\n\r\n\x00\xd8\x00\xd8a"
    )
    (tmp_path / "a.eml").write_bytes(data)
    assert [orjson.dumps(r) for r in parse_rows([tmp_path / "a.eml"], ocr=False)]


def test_a_drop_gives_an_object_a_row_under_its_file_and_position(tmp_path: Path) -> None:
    (tmp_path / "crm.csv").write_text('Нр;Жалоба\n7;Где карта?\n8;"не закрыта\n')
    (tmp_path / "none.jsonl").write_bytes(b"")
    rules = DropRules([DropRule(match="*.csv", columns=Columns(id=("Нр",), text=("Жалоба",)))])
    first, broken, empty = parse_rows(sorted(tmp_path.iterdir()), ocr=False, rules=rules)
    assert (first["path"], first["index"], first["new_text"]) == (str(tmp_path / "crm.csv"), 0, "Где карта?")
    assert (broken["path"], broken["index"], broken["ok"]) == (str(tmp_path / "crm.csv"), 1, False)
    assert "Line 3 of" in broken["error"]["message"]
    assert (empty["path"], empty["ok"], empty["error"]["kind"]) == (
        str(tmp_path / "none.jsonl"),
        False,
        "empty",
    )
