"""What may come in at night and cannot be read: each record is marked and goes to a person, and the rest goes on."""

import base64
import io
import os

import duckdb
import pytest

from tests.support.houses.house import TODAY, House
from tests.support.mail.invented_inbox import mail, put

pytestmark = pytest.mark.slow

SECRET = "the-word-that-no-log-may-hold"
FRONTIER = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="frontier"'


def with_attachment(number: int, name: str, data: bytes) -> bytes:
    head = [f"From: Customer {number} <customer{number}@post.example>", "To: support@altyn.example"]
    head += [f"Subject: {SECRET}", f"Message-ID: <mail{number}@post.example>", FRONTIER]
    parts = [
        b"",
        b"--frontier",
        b"Content-Type: text/plain; charset=utf-8",
        b"",
        b"My new card: when does it arrive?",
    ]
    parts += [b"--frontier", b"Content-Type: application/octet-stream", b"Content-Transfer-Encoding: base64"]
    parts += [f"Content-Disposition: attachment; filename={name}".encode(), b"", base64.encodebytes(data)]
    return "\r\n".join(head).encode() + b"\r\n" + b"\r\n".join([*parts, b"--frontier--", b""])


def locked_pdf() -> bytes:
    pdfencrypt = pytest.importorskip("reportlab.lib.pdfencrypt", reason="reportlab writes the locked PDF")
    canvas = pytest.importorskip("reportlab.pdfgen.canvas")
    stream = io.BytesIO()
    page = canvas.Canvas(stream, encrypt=pdfencrypt.StandardEncryption("secret", canPrint=0))
    page.drawString(72, 720, "Account statement")
    page.save()
    return stream.getvalue()


def test_whatever_cannot_be_read_is_marked_and_everything_else_is_answered(house: House) -> None:
    inbox = house.home / "inbox"
    unknown = mail(f"Когда курьер привезёт мою новую карту? {SECRET}", 1).replace(
        b"charset=utf-8", b"charset=x-klingon"
    )
    put(inbox, "1-unknown-charset.eml", unknown, TODAY)
    put(inbox, "2-huge.eml", with_attachment(2, "backup.bin", os.urandom(1 << 20) * 50), TODAY)
    put(inbox, "3-locked.eml", with_attachment(3, "statement.pdf", locked_pdf()), TODAY)
    put(inbox, "4-locked.pdf", locked_pdf(), TODAY)
    put(inbox, "5-corrupt.eml", b"\x00\xff broken \x00" * 50, TODAY)
    put(inbox, "6-missing-column.csv", b"id;client;phone\n1;Anna;7\n2;Oleg;8\n", TODAY)
    put(inbox, "7-good.eml", mail("When does the courier bring my new card?", 7), TODAY)
    put(
        inbox,
        "8-line.jsonl",
        b'{"id":"F-1","text":"When does my new card arrive?","queue":"unheard-of"}\n{broken\n',
        TODAY,
    )
    ran = house.night()
    assert ran.code == 0, ran.err
    assert ran.report["totals"]["received"] == ran.report["totals"]["documents"] == 9
    with duckdb.connect(house.home / "analytics.duckdb", read_only=True) as lake:
        flags = dict(
            lake.execute("select coalesce(message_id, subject || record_id), flags from documents").fetchall()
        )
        answered = {m for (m,) in lake.execute(
            "select message_id from categories join documents using (case_id) where status = 'ok'").fetchall()}  # fmt: skip
        text = lake.execute(
            "select left(new_text, 38) from documents where message_id = 'mail1@post.example'"
        ).fetchone()
        unread = lake.execute("select count(*) from review_queue where reason = 'unreadable'").fetchone()
    every = {flag for found in flags.values() for flag in found}
    assert every >= {"unknown_queue", "drop", "charset_guessed"}
    assert answered >= {"mail2@post.example", "mail3@post.example", "mail7@post.example"}
    assert "charset_guessed" in flags["mail1@post.example"] and text == (
        "Когда курьер привезёт мою новую карту?",
    )
    assert "encrypted" in flags["mail3@post.example"]
    assert unread == (4,)
    assert "Traceback" not in ran.err and SECRET not in ran.err + ran.out
    assert "  0 requests sent now" in house.night().out
