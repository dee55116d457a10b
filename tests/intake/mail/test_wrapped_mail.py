"""Mail inside something else: signatures, encryption, reports, calendars, saved mails, archives."""

import base64
import bz2
import gzip
import io
import lzma
import tarfile
from pathlib import Path

import pytest

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.read import read_bytes
from llm_assets.intake.text import calendar
from tests.support.mail.signatures import SIGNED_DATA, der, endless, signed
from tests.support.mail.written_mail import mail, multipart, part, read, zipped

WORDS = "Здравствуйте, где моя карта?"
INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + WORDS.encode()


def smime(content: bytes, kind: str) -> bytes:
    coded = base64.encodebytes(content)
    return mail(
        coded,
        content_type=f'application/pkcs7-mime; smime-type={kind}; name="smime.p7m"',
        headers="Content-Transfer-Encoding: base64",
    )


@pytest.mark.parametrize(
    "content",
    [
        signed(der(4, INNER)),
        signed(endless(0x24, der(4, INNER[:20]) + der(4, INNER[20:])), endless),
        signed(der(0x24, der(4, INNER[:20]) + der(4, INNER[20:]))),
    ],
    ids=["definite", "indefinite", "in pieces"],
)
def test_the_words_inside_an_smime_signature_are_read(content: bytes) -> None:
    message = read(smime(content, "signed-data"))
    assert message.text == WORDS
    assert "encrypted" not in message.flags


@pytest.mark.parametrize(
    "content", [b"", b"0", b"0\x80" + SIGNED_DATA, signed(b"")[:30], bytes(range(256)), b"\x30\x80" * 500]
)
def test_an_smime_mail_that_cannot_be_opened_is_told_to_be_encrypted(content: bytes) -> None:
    message = read(smime(content, "enveloped-data"))
    assert message.ok and "encrypted" in message.flags


def test_a_mail_signed_beside_its_words_is_read_with_its_signature_as_a_file() -> None:
    signature = part(b"\x30\x80", "application/pkcs7-signature; name=smime.p7s")
    message = read(multipart(part(WORDS), signature, kind="signed"))
    assert message.text.strip() == WORDS
    assert [a.filename for a in message.attachments] == ["smime.p7s"]


def test_armour_is_told_to_be_encrypted_and_is_not_taken_for_words() -> None:
    armour = "-----BEGIN PGP MESSAGE-----\n\nhQEMA0abc\n=abcd\n-----END PGP MESSAGE-----\n"
    assert "encrypted" in read(mail(armour)).flags
    version = b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1"
    whole = read(multipart(version, part(armour, "application/octet-stream"), kind="encrypted"))
    assert "encrypted" in whole.flags
    assert whole.attachments[1].text == "" and whole.attachments[1].flags == ("encrypted",)


def test_an_inline_pgp_signature_is_taken_off() -> None:
    body = (
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nWhere is my card?\n- - the blue one\n"
        "-----BEGIN PGP SIGNATURE-----\n\niQEz\n=abcd\n-----END PGP SIGNATURE-----\n"
    )
    assert read(mail(body)).new_text == "Where is my card?\n- the blue one"


CALENDAR = (
    "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nDTSTART:19700101T000000\r\nEND:VTIMEZONE\r\n"
    "BEGIN:VEVENT\r\nDTSTART;TZID=Asia/Almaty:20261121T100000\r\nSUMMARY:Встреча по\r\n  карте\r\n"
    "LOCATION:Алматы\\, офис 5\r\nDESCRIPTION:Лимит\\nи выписка\r\nORGANIZER;CN=Анна Ким:mailto:anna@post.example\r\n"
    "BEGIN:VALARM\r\nDESCRIPTION:Reminder\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


def test_an_invitation_is_read_as_what_it_tells_people() -> None:
    message = read(multipart(part("hi"), part(CALENDAR, "text/calendar; charset=utf-8; method=REQUEST")))
    assert message.attachments[0].text == (
        "METHOD: REQUEST\nDTSTART: 20261121T100000 Asia/Almaty\nSUMMARY: Встреча по карте\nLOCATION: Алматы, офис 5\n"
        "DESCRIPTION: Лимит\nи выписка\nORGANIZER: Анна Ким <anna@post.example>"
    )


def test_a_calendar_without_end_is_cut() -> None:
    assert (
        calendar.to_text("BEGIN:VCALENDAR\n" + "SUMMARY:x\n" * 50_000).count("SUMMARY") == calendar.MAX_LINES
    )


def test_a_bounce_is_flagged_and_the_mail_it_returns_is_not_its_words() -> None:
    status = b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\nAction: failed\r\n"
    returned = b"Content-Type: message/rfc822\r\n\r\n" + mail("Your card is on its way.")
    message = read(multipart(part("It could not be delivered."), status, returned, kind="report"))
    assert {"bounce", "auto_submitted"} <= set(message.flags)
    assert message.new_text == "It could not be delivered."
    assert "Your card is on its way." in message.attachments[1].text


def test_a_report_that_a_mail_was_read_is_no_bounce() -> None:
    displayed = (
        b"Content-Type: message/disposition-notification\r\n\r\nDisposition: automatic-action; displayed\r\n"
    )
    message = read(multipart(part("It was displayed."), displayed, kind="report"))
    assert "auto_submitted" in message.flags and "bounce" not in message.flags


@pytest.mark.parametrize("header", ["X-Autoreply: yes", "X-Autorespond: away", "Precedence: auto_reply"])
def test_answering_machines_of_every_kind_are_flagged(header: str) -> None:
    assert "auto_submitted" in read(mail("I am away.", headers=header)).flags


def test_a_saved_mail_is_read_as_a_mail_whatever_type_it_is_given() -> None:
    inner = mail(
        "=D0=93=D0=B4=D0=B5 =D0=BA=D0=B0=D1=80=D1=82=D0=B0?",
        headers="Content-Transfer-Encoding: quoted-printable",
    )
    file = part(inner, "application/octet-stream", "Content-Disposition: attachment; filename=saved.EML")
    message = read(multipart(part("please look"), file))
    assert message.attachments[0].text_source == "message"
    assert message.new_text == "please look\n\nГде карта?"


def test_text_in_the_enriched_format_is_part_of_the_body() -> None:
    enriched = b"Content-Type: text/enriched\r\n\r\n<bold>Where</bold> is my <<card>?"
    assert read(multipart(part("Hello."), enriched)).text == "Hello.\n\nWhere is my <card>?"


def packed(name: str, data: bytes) -> Attachment:
    return next(read_bytes(data, path=name)).attachments[0]


def tarball() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as box:
        for name, data in (("folder/a.txt", b"first"), ("b.zip", zipped({"c.txt": b"deep"}))):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            box.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "text"),
    [
        ("a.txt.gz", gzip.compress(b"hello", mtime=0), "[a.txt]\nhello"),
        ("a.txt.bz2", bz2.compress(b"hello"), "[a.txt]\nhello"),
        ("a.txt.xz", lzma.compress(b"hello"), "[a.txt]\nhello"),
        ("a.tar", tarball(), "[a.txt]\nfirst\n\n[b.zip]"),
        ("a.tar.gz", gzip.compress(tarball(), mtime=0), "[a.txt]\nfirst\n\n[b.zip]"),
    ],
)
def test_packed_files_are_opened_one_level(name: str, data: bytes, text: str) -> None:
    found = packed(name, data)
    assert found.text == text
    assert "archive" in found.flags and ("nested_archive" in found.flags) is ("tar" in name)


@pytest.mark.parametrize(
    ("data", "flag"),
    [
        (gzip.compress(bytes(60_000_000), mtime=0), "too_large"),
        (gzip.compress(b"hello", mtime=0)[:-6], "unreadable"),
        (b"Rar!\x1a\x07\x00" + bytes(100), "unsupported"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "unsupported"),
    ],
    ids=["bomb", "cut", "rar", "7z"],
)
def test_a_packed_file_that_cannot_be_opened_says_why(data: bytes, flag: str) -> None:
    assert flag in packed("a.gz", data).flags


def test_a_mail_on_disk_is_one_row_whatever_wraps_it(tmp_path: Path) -> None:
    path = tmp_path / "signed.eml"
    path.write_bytes(smime(signed(der(4, INNER)), "signed-data"))
    assert [m.text for m in read_bytes(path.read_bytes(), path=str(path), ocr=False)] == [WORDS]
