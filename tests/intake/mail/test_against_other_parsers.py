"""What two readings of the standard library agree on, the reader reads too; where it knows better, the test says why."""

import base64
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message as Standard

import pytest

from llm_assets.intake.bytes import mime, transfer
from llm_assets.intake.bytes.mime import Part
from llm_assets.intake.read import read_bytes
from tests.support.mail.wire_variants import multiparts, subjects, with_subject


def squeezed(text: str) -> str:
    return " ".join(text.split())


def subject(data: bytes) -> str:
    (message,) = read_bytes(data, path="x.eml", ocr=False)
    return squeezed(message.subject)


def agreed(data: bytes) -> str | None:
    """The subject in the new and the old way of the library; None where they differ."""
    new = squeezed(str(message_from_bytes(data, policy=policy.default)["subject"] or ""))
    raw = message_from_bytes(data)["subject"]
    old = squeezed(str(make_header(decode_header(raw or ""))))
    return new if new == old else None


def test_subjects_are_those_that_the_standard_library_reads() -> None:
    given = [(name, with_subject(lines)) for name, lines in subjects()]
    compared = [(name, data, expected) for name, data in given if (expected := agreed(data)) is not None]
    assert len(compared) > len(given) // 2
    assert [(n, subject(d), e) for n, d, e in compared if subject(d) != e] == []


def test_multiparts_hold_the_parts_that_the_standard_library_finds() -> None:
    given = list(multiparts())
    other = [
        name for name, data in given if leaves(mime.parse(data)) != standard_leaves(message_from_bytes(data))
    ]
    assert len(given) > 150 and other == []


def leaves(part: Part) -> list[tuple[str, str]]:
    if part.children:
        return [leaf for child in part.children for leaf in leaves(child)]
    body = transfer.content(part)[0]
    if part.content_type == "message/rfc822":
        return leaves(mime.parse(body))
    return [(part.content_type, squeezed(body.decode()))] if body.strip() else []


def standard_leaves(message: "Standard[str, str]") -> list[tuple[str, str]]:
    bodies = [
        (part.get_content_type(), squeezed(str(part.get_payload())))
        for part in message.walk()
        if not part.is_multipart()
    ]
    return [(kind, text) for kind, text in bodies if text]


@pytest.mark.parametrize(
    ("why", "line", "expected"),
    [
        ("the end was cut off", "Subject: =?utf-8?B?0JfQsNC60YDRi9GC0Yw=", "Закрыть"),
        ("half of the end was cut off", "Subject: =?utf-8?B?0JfQsNC60YDRi9GC0Yw=?", "Закрыть"),
        ("the end of quoted-printable was cut off", "Subject: Re: =?utf-8?Q?=D0=97=D0=B0_77", "Re: За 77"),
        ("the first of two has no end", "Subject: =?utf-8?B?0JfQsNC6 =?utf-8?B?0YDRi9GC0Yw=?=", "Закрыть"),
        ("folded within", "Subject: =?utf-8?B?0JfQsNC6\n 0YDRi9GC0Yw=?=", "Закрыть"),
        ("encoded twice", "Subject: =?utf-8?Q?=3D=3Futf-8=3FB=3F0JfQsA=3D=3D=3F=3D?=", "За"),
        ("encoded twice in part", "Subject: =?utf-8?Q?Re:_=3D=3Futf-8=3FB=3F0JfQsA=3D=3D=3F=3D?=", "Re: За"),
        ("a blank before the colon", "Subject : one", "one"),
        ("blanks around the charset", "Subject: =? utf-8 ?Q?one?=", "one"),
        ("no charset", "Subject: =??Q?one?=", "one"),
        ("an unknown charset", "Subject: =?x-none?B?0JfQsA==?=", "За"),
        ("a language", "Subject: =?utf-8*ru?B?0JfQsA==?=", "За"),
        ("a zero", "Subject: =?utf-8?Q?a=00b?=", "ab"),
        ("halves of a character", "Subject: =?utf-8?Q?=ED=A0=BD=ED=B8=80?=", "😀"),
        ("a question mark at the end", "Subject: =?utf-8?Q?who??=", "who?"),
        ("a form feed", "Subject: one\x0ctwo", "one two"),
    ],
)
def test_subjects_that_programs_damaged_are_read_as_they_were_meant(
    why: str, line: str, expected: str
) -> None:
    assert subject(with_subject(line.encode())) == expected, why


@pytest.mark.parametrize(
    "value",
    ["=?utf-8?B?nnDusSNdG92w6Fuw61fM?=", "=?utf-8?X?abc?=", "is 2 =?= 3", "=?utf-8?B?not base64 at all", "=?a?q?plain"],
)  # fmt: skip
def test_what_is_no_encoded_word_stays_as_it_is(value: str) -> None:
    assert subject(with_subject(f"Subject: {value}".encode())) == value


BROKEN = "--b\nContent-Type: text/plain\n\none\n--b\nContent-Type: text/plain\n\ntwo\n--b--\n"


@pytest.mark.parametrize(
    ("why", "kind", "body"),
    [
        ("no boundary", "multipart/mixed", BROKEN),
        ("another boundary", 'multipart/mixed; boundary="c"', BROKEN),
        ("a boundary in capitals", 'multipart/mixed; boundary="B"', BROKEN),
        ("a boundary in single quotes", "multipart/mixed; boundary='b'", BROKEN),
        ("single quotes in the words too", "multipart/mixed; boundary='b'", BROKEN.replace("--b", "--'b'", 2) + "--'b'--"),
        ("quotes in the words too", 'multipart/mixed; boundary="b"', BROKEN.replace("--b\n", '--"b"\n')),
        ("an open quote", 'multipart/mixed; boundary="b', BROKEN),
        ("an unfolded parameter", 'multipart/mixed;\nboundary="b"', BROKEN),
        ("a boundary in percents", "multipart/mixed; boundary*=utf-8''%62", BROKEN),
        ("no subtype", 'multipart; boundary="b"', BROKEN),
        ("an empty subtype", 'multipart/; boundary="b"', BROKEN),
    ],
)  # fmt: skip
def test_parts_are_found_without_a_right_boundary(why: str, kind: str, body: str) -> None:
    data = f"From: dana@post.example\nSubject: s\nContent-Type: {kind}\n\n{body}".encode()
    assert [text.split(" --")[0] for _, text in leaves(mime.parse(data))] == ["one", "two"], why


def test_a_multipart_that_was_encoded_as_a_whole_is_opened() -> None:
    head = "Subject: s\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\n"
    for body in (base64.encodebytes(BROKEN.encode()), BROKEN.encode()):
        assert [text for _, text in leaves(mime.parse(head.encode() + body))] == ["one", "two"]


def test_a_multipart_without_any_part_keeps_its_words() -> None:
    data = b"Subject: s\nContent-Type: multipart/mixed; boundary=b\n\nonly words --b\n"
    assert leaves(mime.parse(data)) == [("text/plain", "only words --b")]
