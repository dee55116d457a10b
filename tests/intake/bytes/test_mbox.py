"""Mailboxes of every dialect hold as many mails as other programs find in them, and no sentence becomes a mail."""

import io
import mailbox
from pathlib import Path

import pytest

from llm_assets.intake.bytes import mbox
from llm_assets.intake.bytes.kinds import kind_of
from llm_assets.intake.read import read_bytes
from tests.support.mail.mailboxes import FROM, boxes, counted, mail

TWO = FROM + mail(1) + "\n" + FROM + mail(2)


def messages(text: str | bytes) -> list[bytes]:
    return list(mbox.messages(io.BytesIO(text.encode() if isinstance(text, str) else text)))


def standard(data: bytes, path: Path) -> int:
    path.write_bytes(data)
    box = mailbox.mbox(path, create=False)
    try:
        return len(box)
    finally:
        box.close()


def test_every_variant_of_a_from_line_is_counted_as_the_standard_library_counts_it(tmp_path: Path) -> None:
    given = list(boxes())
    other = [box.name for box in given if len(messages(box.data)) != standard(box.data, tmp_path / "box")]
    assert len(given) > 1_000 and other == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a blank line first", "\n\n" + TWO, 2),
        ("a byte order mark first", "\ufeff" + TWO, 2),
        ("carriage returns alone", TWO.replace("\n", "\r"), 2),
        ("words before the first mail", "Exported by a program.\n\n" + TWO, 2),
        ("an empty mail between two", FROM + mail(1) + "\n" + FROM + "\n" + FROM + mail(2), 3),
        ("a mail cut behind its From line", FROM + mail(1) + "\n" + FROM, 2),
        ("a From line without a date", FROM + mail(1) + "\nFrom dana@post.example\n" + mail(2), 2),
        ("a From line of a relay below another", FROM + ">From relay Fri Nov 20 10:15:00 2026\n" + mail(1), 1),
        (
            "the folder's own mail",
            FROM + mail(1, "x\n").replace("n1", "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA") + "\n" + TWO,
            3,
        ),
        ("MMDF", "".join(f"\x01\x01\x01\x01\n{mail(n)}\x01\x01\x01\x01\n" for n in (1, 2)), 2),
        ("MMDF with From lines", "".join(f"\x01\x01\x01\x01\n{FROM}{mail(n)}\x01\x01\x01\x01\n" for n in (1, 2)), 2),
        ("a sentence", FROM + mail(1, "Hello.\n\nFrom now on please call.\n") + "\n" + FROM + mail(2), 2),
        ("a list", FROM + mail(1, "Hello.\n\nFrom you I need:\nName: Dana\nAmount: 5\n") + "\n" + FROM + mail(2), 2),
        ("a time", FROM + mail(1, "Hello.\n\nFrom 10:15 on Fri Nov 20 2026 nobody answered\n") + "\n" + FROM + mail(2), 2),
        ("a mail told of", FROM + mail(1, "I got this:\nFrom Dana\nSubject: x\nTo: me\n\nwords\n") + "\n" + FROM + mail(2), 2),
        ("no From line at all", mail(1), 1),
        ("nothing", "", 0),
    ],
)  # fmt: skip
def test_a_mailbox_holds_as_many_mails_as_were_put_in(name: str, text: str, expected: int) -> None:
    assert len(messages(text)) == expected, name


PASSED_ON = "Look at this:\n\n" + FROM + "From: x@y.example\nSubject: old\n\nold words\n"


def test_a_right_content_length_keeps_a_mail_with_from_lines_in_one_piece() -> None:
    for gap in ("\n", "\n\n", ""):
        found = messages(FROM + counted(1, PASSED_ON) + gap + FROM + counted(2, PASSED_ON))
        assert [m.count(b"old words") for m in found] == [1, 1]


@pytest.mark.parametrize("wrong_by", [-5, 5, 100_000])
def test_a_wrong_content_length_loses_no_mail(wrong_by: int) -> None:
    box = "".join(FROM + counted(n, "words\n", wrong_by=wrong_by) + "\n" for n in range(9))
    assert [m.split(b"\n")[1] for m in messages(box)] == [b"Subject: n%d" % n for n in range(9)]


def test_wrong_content_lengths_do_not_make_a_mailbox_slow_to_read() -> None:
    class Counting(mbox._Splitter):
        taken = 0

        def _next(self) -> bytes | None:
            self.taken += 1
            return super()._next()

    box = "".join(FROM + mail(n, "x\n", "Content-Length: 20000\n") + "\n" for n in range(2_000))
    splitter = Counting(iter(io.BytesIO(box.encode())))
    assert len(list(splitter.messages())) == 2_000
    assert splitter.taken < 2 * box.count("\n")


def test_the_from_line_of_a_mail_inside_a_mail_starts_none() -> None:
    inner = f"--b\nContent-Type: message/rfc822\n\n{FROM}{mail(7, 'inner')}\n--b--\n"
    outer = mail(1, inner, "Content-Type: multipart/mixed; boundary=b\n")
    assert len(messages(FROM + outer + "\n" + FROM + mail(2))) == 2


def test_each_mail_of_a_mailbox_without_line_feeds_is_read() -> None:
    found = list(read_bytes(TWO.replace("\n", "\r").encode(), path="old.mbox", ocr=False))
    assert [(m.subject, m.text.strip()) for m in found] == [("n1", "words"), ("n2", "words")]


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_mailbox_is_known_by_its_first_line(start: str) -> None:
    assert kind_of((start + TWO).encode(), "inbox") == "mbox"
    assert kind_of(b"\x01\x01\x01\x01\n" + mail(1).encode(), "inbox") == "mbox"


def test_a_month_of_a_list_as_its_archive_offers_it_is_a_mailbox() -> None:
    month = TWO.replace(FROM, "From anna at post.example  Mon Nov 16 09:30:00 2026\n")
    assert kind_of(month.encode(), "2026-November.txt") == "mbox"
    assert (
        kind_of(b"From anna at post.example I heard at 09:30:00 in 2026\nthat it rains", "note.txt")
        == "document"
    )
