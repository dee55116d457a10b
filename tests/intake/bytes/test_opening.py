"""What stands around a saved mail is passed over, and words of a person never are."""

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake.read import read_bytes

MAIL = (
    "From: Dana Kim <dana@post.example>\n"
    "To: desk@bank.example\n"
    "Subject: Limit\n"
    "Date: Mon, 16 Nov 2026 09:30:00 +0500\n"
    "MIME-Version: 1.0\n"
    "Content-Type: text/plain; charset=utf-8\n"
    "\n"
    "Поднимите лимит 5120.\n"
)
PLIST = b'<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0"><dict/></plist>\n'


def read(data: bytes, path: str = "x.eml") -> Message:
    (message,) = read_bytes(data, path=path, ocr=False)
    return message


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("byte order mark", b"\xef\xbb\xbf" + MAIL.encode()),
        ("two byte order marks", b"\xef\xbb\xbf" * 2 + MAIL.encode()),
        ("UTF-16", MAIL.encode("utf-16")),
        ("UTF-16 of the other order", b"\xfe\xff" + MAIL.encode("utf-16-be")),
        ("UTF-16 without a mark", MAIL.encode("utf-16-le")),
        ("UTF-32", MAIL.encode("utf-32")),
        ("a byte order mark encoded twice", "\u00ef\u00bb\u00bf".encode() + MAIL.encode()),
        ("a byte order mark in quoted-printable", b"=EF=BB=BF" + MAIL.encode()),
        ("a letter without width", "\u200b".encode() + MAIL.encode()),
        ("line ends turned round", MAIL.replace("\n", "\n\r").encode()),
        ("a From line of two lines", b">From a Mon Nov 16 09:30:00 2026\n\tremote from mx\n" + MAIL.encode()),
        ("carriage returns", MAIL.replace("\n", "\r").encode()),
        ("two carriage returns a line", MAIL.replace("\n", "\r\r\n").encode()),
        ("blank lines", b"\r\n \n\n" + MAIL.encode()),
        ("zeros", b"\x00\x00" + MAIL.encode()),
        ("a log line", b"2026-11-16 09:30:01 INFO stored as 77\n" + MAIL.encode()),
        (
            "log lines and a blank one",
            b"[09:30:01] fetch: begins\n[09:30:02] fetch: done\n\n" + MAIL.encode(),
        ),
        ("a banner", b"*** CAUTION: EXTERNAL ***\n\n" + MAIL.encode()),
        ("a banner like a header", "ВНИМАНИЕ: письмо снаружи\n\n".encode() + MAIL.encode()),
        ("an answer of a POP server", b"+OK 300 octets\r\n" + MAIL.replace("\n", "\r\n").encode()),
        ("an answer of an IMAP server", b"* 7 FETCH (BODY[] {300}\r\n" + MAIL.replace("\n", "\r\n").encode()),
        ("From lines", b"From a Mon Nov 16 09:30:00 2026\n>From b\nFrom c\n" + MAIL.encode()),
        ("a count and a property list", b"%d    \n" % len(MAIL.encode()) + MAIL.encode() + PLIST),
    ],
)
def test_a_mail_is_read_from_its_first_header_on(name: str, data: bytes) -> None:
    for path in ("x.eml", "x.emlx"):
        message = read(data, path)
        assert message.subject == "Limit" and message.date is not None, name
        assert message.sender is not None and message.sender.address == "dana@post.example", name
        assert message.text.strip() == "Поднимите лимит 5120.", name


@pytest.mark.parametrize(
    "text",
    [
        "Please answer the mail below.\n\nFrom: Dana\nTo: desk\nSubject: Limit\n\nRaise it.",
        "Subject: Passed on\n\nFrom: Dana\nTo: desk\nSubject: Limit\n\nRaise it.",
        "Subject: Passed on\nHello desk\n\nFrom: Dana\nTo: desk\nSubject: Limit\n\nRaise it.",
    ],
)
def test_a_mail_that_somebody_passed_on_is_no_beginning(text: str) -> None:
    message = read(text.encode())
    assert "Subject: Limit" in message.text and "Raise it." in message.text
    assert message.subject in ("", "Passed on")


@pytest.mark.parametrize(
    ("damage", "subject"),
    [
        ("Subject: Limit\nthe rest was cut off\n", "Limit"),
        ("Subject: Limit\n: nameless\n", "Limit"),
        ("My own field: 5\nSubject: Limit\n", "Limit"),
        ("Subject: Limit\n \t\n", "Limit"),
        ("Subject: Limit,\nplease,\n", "Limit, please,"),
        ("Subject: =?utf-8?B?0JvQuNC8\n0LjRgg==?=\n", "Лимит"),
    ],
)
def test_a_damaged_line_does_not_end_the_headers(damage: str, subject: str) -> None:
    message = read(MAIL.replace("Subject: Limit\n", damage).encode())
    assert message.subject == subject and message.date is not None
    assert message.text.strip() == "Поднимите лимит 5120."


def test_words_without_a_blank_line_before_them_are_kept() -> None:
    message = read(b"From: dana@post.example\nSubject: Limit\nRaise it: to 5120\nPlease.\n")
    assert message.text.endswith("Please.\n")


def test_an_empty_first_subject_gives_way_to_the_one_that_says_something() -> None:
    for given, expected in (("Subject:\nSubject: Two\n", "Two"), ("Subject: One\nSubject: Two\n", "One")):
        assert read(MAIL.replace("Subject: Limit\n", given).encode()).subject == expected
