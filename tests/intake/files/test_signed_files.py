"""Documents and mails inside a signature are read; a signature beside its document is named."""

import base64

import pytest

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.read import read_bytes
from tests.support.mail.signatures import ENVELOPED, der, endless, signed
from tests.support.mail.written_mail import docx, mail, multipart, part, pdf, read, zipped

WORDS = "Прошу закрыть вклад 5567."
ENTITY = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + WORDS.encode()
CONTRACT = docx("Contract 5567")


def attached(
    data: bytes, name: str, kind: str = "application/octet-stream", text: str = "See the file."
) -> Attachment:
    file = part(data, kind, f'Content-Disposition: attachment; filename="{name}"')
    return read(multipart(part(text), file)).attachments[0]


MIME_HEAD = (
    b"MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime; smime-type=signed-data;\r\n name=smime.p7m\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)


def in_letters(data: bytes, label: str = "") -> bytes:
    coded = base64.encodebytes(data)
    return (
        f"-----BEGIN {label}-----\n".encode() + coded + f"-----END {label}-----\n".encode()
        if label
        else coded
    )


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("contract.docx.sig", signed(der(4, CONTRACT))),
        ("contract.docx.p7m", signed(endless(0x24, der(4, CONTRACT[:50]) + der(4, CONTRACT[50:])), endless)),
        ("contract.docx.p7s", signed(der(0x24, der(0x24, der(4, CONTRACT[:9])) + der(4, CONTRACT[9:])))),
        ("contract.cms", in_letters(signed(der(4, CONTRACT)), "CMS")),
        ("contract.cms", in_letters(signed(der(4, CONTRACT)), "PKCS7")),
        ("contract.p7m", in_letters(signed(der(4, CONTRACT)))),
        ("contract.sig", in_letters(signed(der(4, CONTRACT)), "SIGNATURE")),
        ("contract.p7m", MIME_HEAD + in_letters(signed(der(4, CONTRACT)))),
        ("contract.docx.p7m.p7m", signed(der(4, signed(der(4, CONTRACT))))),
        ("contract.pdf.p7m", signed(endless(0x24, der(4, pdf("Contract 5567")[:30]) + der(4, pdf("Contract 5567")[30:])), endless)),
        ("act.xml.sig", signed(der(4, b"<?xml version='1.0'?><act><number>Contract 5567</number></act>"))),
        ("all.zip.p7m", signed(der(4, zipped({"a.docx": CONTRACT})))),
        ("note", signed(der(4, "Contract 5567, договор".encode("cp1251")))),
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/pkcs7-mime", "application/pkcs7-signature"]
)
def test_a_document_inside_a_signature_is_read(name: str, data: bytes, kind: str) -> None:
    found = attached(data, name, kind)
    assert "Contract 5567" in found.text
    assert (found.filename, found.size) == (name, len(data))
    assert not {"unsupported", "unreadable", "reader_failed"} & set(found.flags)


def test_a_signed_document_that_comes_alone_is_a_document() -> None:
    (message,) = read_bytes(signed(der(4, CONTRACT)), path="contract.docx.sig", ocr=False)
    assert message.kind == "document" and message.attachments[0].text == "Contract 5567"


def test_a_mail_inside_a_signature_is_read_as_a_mail() -> None:
    inner = mail("Where is card 5567?", subject="Inner", headers="MIME-Version: 1.0")
    found = attached(signed(der(4, inner)), "letter.eml.p7m")
    assert found.text_source == "message"
    assert "Subject: Inner" in found.text and found.text.endswith("Where is card 5567?")
    assert found.size == len(signed(der(4, inner)))


@pytest.mark.parametrize(
    "kind", ["application/octet-stream", "application/x-pkcs7-mime", "application/pkcs7-signature"]
)
def test_words_under_a_signature_are_the_mail_s_own(kind: str) -> None:
    whole = mail(
        base64.encodebytes(signed(der(4, ENTITY))),
        content_type=f'{kind}; name="smime.p7m"',
        headers="Content-Transfer-Encoding: base64",
    )
    message = read(whole)
    assert (message.new_text, message.attachments) == (WORDS, ())


def test_words_under_a_signature_are_found_beside_the_footer_of_a_list() -> None:
    hidden = part(signed(der(4, ENTITY)), 'application/pkcs7-mime; name="smime.p7m"; smime-type=signed-data')
    message = read(multipart(hidden, part("Unsubscribe here.")))
    assert message.text.startswith(WORDS) and message.attachments == ()


def test_words_under_two_signatures_are_found() -> None:
    once = (
        b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    once += base64.encodebytes(signed(der(4, ENTITY)))
    file = part(signed(der(4, once)), "application/octet-stream; name=smime.p7m")
    assert read(multipart(file)).text.strip() == WORDS


def test_a_signed_file_that_is_the_whole_mail_is_a_file() -> None:
    whole = mail(
        base64.encodebytes(signed(der(4, CONTRACT))),
        content_type='application/pkcs7-mime; name="contract.docx.p7m"',
        headers="Content-Transfer-Encoding: base64",
    )
    message = read(whole)
    assert message.attachments[0].text == "Contract 5567" and "encrypted" not in message.flags


def test_a_signature_beside_its_document_is_named() -> None:
    found = attached(signed(None), "smime.p7s", "application/pkcs7-signature")
    assert (found.filename, found.text, found.flags) == ("smime.p7s", "", ("signature",))
    (alone,) = read_bytes(signed(None), path="contract.sig", ocr=False)
    assert alone.error is not None and alone.error.kind == "signature"


def test_what_is_encrypted_is_reported() -> None:
    assert attached(der(0x30, ENVELOPED + der(0xA0, b"")), "letter.p7m").flags == ("encrypted",)


@pytest.mark.parametrize("size", range(12, 60, 3))
def test_a_damaged_signature_costs_a_flag(size: int) -> None:
    found = attached(signed(der(4, CONTRACT))[:size], "contract.docx.sig")
    assert set(found.flags) & {"unreadable", "unsupported", "truncated", "signature", "empty"}


def test_a_signature_that_is_cut_gives_what_is_left_of_its_text() -> None:
    found = attached(signed(der(4, b"Contract 5567 " * 20))[:200], "contract.txt.sig")
    assert found.text.startswith("Contract 5567 Contract") and "truncated" in found.flags


def test_signatures_around_signatures_end() -> None:
    data = CONTRACT
    for _ in range(30):
        data = signed(der(4, data))
    assert attached(data, "contract.sig").flags == ("too_deep",)


@pytest.mark.parametrize(
    "text",
    [
        "MIIFzAYJKoZI is what it begins with",
        "Meet me at 12",
        "-----BEGIN CMS-----\nnothing",
        "Content-Type: pkcs7\n\nis a head",
    ],
)
def test_words_that_look_like_a_signature_stay_words(text: str) -> None:
    assert attached(text.encode(), "note.txt").text == text


def test_pieces_without_end_are_read_in_time() -> None:
    found = attached(signed(endless(0x24, der(4, b"") * 300_000), endless), "a.sig")
    assert set(found.flags) & {"truncated", "unreadable"}
