"""Bodies in the transfer encoding that their bytes prove, whatever their header says."""

import base64
import binascii
import quopri

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake.read import read_bytes

WORDS = "Добрый день! Когда откроют отделение на улице Абая? Жду ответа до пятницы.\nДана\n"
RAW = WORDS.encode()
CODED = base64.encodebytes(RAW)
QUOTED = quopri.encodestring(RAW)
UU = (
    b"begin 644 w.txt\n"
    + b"".join(binascii.b2a_uu(RAW[i : i + 45]) for i in range(0, len(RAW), 45))
    + b"`\nend\n"
)


def read(encoding: str | None, body: bytes, kind: str = "text/plain; charset=utf-8") -> Message:
    line = f"Content-Transfer-Encoding: {encoding}\n" if encoding is not None else ""
    head = f"From: dana@post.example\nSubject: Branch\nContent-Type: {kind}\n{line}\n"
    (message,) = read_bytes(head.encode() + body, path="x.eml", ocr=False)
    return message


@pytest.mark.parametrize("name", ["8bit", "7bit", "8-bit", "7bits", "binary", "utf-8", "none", "", None])
def test_words_as_they_are_need_no_right_name(name: str | None) -> None:
    assert read(name, RAW).text == WORDS


@pytest.mark.parametrize("name", ["base64", "BASE64 ", "base-64", "base_64", "b", '"base64"', "base64; x=y", "base64 (MIME)", "8bit\nContent-Transfer-Encoding: base64"])  # fmt: skip
@pytest.mark.parametrize("body", [CODED, CODED.replace(b"\n", b""), CODED.replace(b"=", b""), CODED.replace(b"\n", b" !\n"), base64.urlsafe_b64encode(RAW), base64.b64encode(RAW[:22]) + b"\n" + base64.b64encode(RAW[22:])])  # fmt: skip
def test_base64_is_known_by_every_name_and_in_every_shape(name: str, body: bytes) -> None:
    assert read(name, body).text == WORDS


@pytest.mark.parametrize("name", ["quoted-printable", "quoted_printable", "quotedprintable", "quoted printable", "qp", "Q"])  # fmt: skip
@pytest.mark.parametrize(
    "body", [QUOTED, QUOTED.replace(b"=\n", b"= \t\n"), QUOTED.lower().replace(b"=\n", b"=\n")]
)
def test_quoted_printable_is_known_by_every_name_and_in_every_shape(name: str, body: bytes) -> None:
    assert read(name, body).text.lower() == WORDS.lower()


@pytest.mark.parametrize("name", ["x-uuencode", "uuencode", "x-uue"])
def test_uuencoded_words_are_known_by_every_name(name: str) -> None:
    assert read(name, UU).text == WORDS


@pytest.mark.parametrize(
    ("said", "body"),
    [
        ("8bit", QUOTED),
        (None, QUOTED),
        ("utf-8", QUOTED),
        ("base64", QUOTED),
        ("7bit", CODED),
        (None, CODED),
        ("quoted-printable", CODED),
        ("base64", RAW),
    ],
)
def test_bytes_that_prove_their_header_wrong_are_believed(said: str | None, body: bytes) -> None:
    assert read(said, body).text == WORDS


def test_words_of_another_charset_prove_it_too() -> None:
    kind = "text/plain; charset=windows-1251"
    assert read("7bit", quopri.encodestring(WORDS.encode("cp1251")), kind).text == WORDS


def test_html_in_quoted_printable_that_is_said_to_be_plain_is_decoded() -> None:
    page = '<p class="a">When does the branch in the long street open again, please?</p>\n' * 3
    coded = quopri.encodestring(page.encode())
    assert coded.count(b"=\n") >= 3 and read("7bit", coded, "text/html").text.count("=") == 0


def test_english_words_said_to_be_base64_stay_words() -> None:
    words = "when does the branch open again\nplease answer soon\n"
    assert read("base64", words.encode()).text == words


@pytest.mark.parametrize(
    "text",
    [
        "see http://bank.example/?a=CA&b=E0&c=12 and d=F0\n",
        "width=20 height=30 depth=40 a=50 b=60 c=70\n",
        "c2hvcnQgdG9rZW4=\n",
        "a check mark is =E2=9C=94 and a star is =E2=98=85 in our files\n",
        "5f4dcc3b5aa765d61d8327deb882cf995f4dcc3b5aa765d61d8327deb882cf99\n",
        "KZ86125KZT5004100100KZ86125KZT5004100100KZ86125KZT500410\n",
        "=ybegin line=128 size=3 name=a.bin\n=yend size=3\n",
        "a = b, c = d, e = f, g = h, i = j, k = l, m = n\n",
    ],
)
def test_words_that_only_look_encoded_stay_as_they_are(text: str) -> None:
    assert read("7bit", text.encode()).text == text


def test_a_file_without_the_name_of_its_encoding_is_decoded() -> None:
    pdf = b"%PDF-1.4\n" + b"1 0 obj << >> endobj\n" * 9
    assert read(None, base64.encodebytes(pdf), "application/pdf; name=a.pdf").attachments[0].size == len(pdf)
    plain = base64.encodebytes(bytes(range(256)))
    assert read(None, plain, "application/x-keys; name=a.key").attachments[0].size == len(plain)
