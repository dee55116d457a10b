"""Invented mails and documents for the tests of the reader, built from bytes so that every oddity can be written."""

import base64
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime

from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.mail.document import Document, Message, Received
from llm_assets.intake.mail.mail import read_mail
from llm_assets.intake.reading import Reading
from llm_assets.intake.threads import EarlierCase, place

ARRIVED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = date(2026, 11, 20)


def mail(
    body: str | bytes = "Where is my card?",
    *,
    sender: str = "Anna Kim <anna@post.example>",
    to: str = "support@bank.example",
    subject: str = "Card",
    message_id: str | None = "<a1@post.example>",
    content_type: str = "text/plain; charset=utf-8",
    charset: str = "utf-8",
    headers: str = "",
) -> bytes:
    head = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Fri, 20 Nov 2026 08:00:00 +0500"]
    if message_id is not None:
        head.append(f"Message-ID: {message_id}")
    if content_type:
        head.append(f"Content-Type: {content_type}")
    if headers:
        head.append(headers.strip())
    content = body if isinstance(body, bytes) else body.encode(charset)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


def multipart(*parts: bytes, kind: str = "mixed", headers: str = "") -> bytes:
    joined = b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts)
    return mail(
        joined + b"--frontier--\r\n", content_type=f'multipart/{kind}; boundary="frontier"', headers=headers
    )


def part(content: str | bytes, kind: str = "text/plain; charset=utf-8", *headers: str) -> bytes:
    data = content.encode() if isinstance(content, str) else content
    head = [f"Content-Type: {kind}", "Content-Transfer-Encoding: base64", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + base64.encodebytes(data)


def read(data: bytes, *, ocr: bool = False) -> Message:
    return read_mail(data, path="mail.eml", index=0, reading=Reading(ocr=ocr))


def received(place: str, data: bytes, arrived_at: datetime = ARRIVED) -> Received:
    return Received("inbox", place, DAY, digest_bytes(data), "mail", arrived_at)


def assemble(
    messages: Sequence[tuple[Received, Message]], *, queues: Queues, earlier: Iterable[EarlierCase]
) -> list[Document]:
    """The documents of messages that are all at hand, in order of arrival."""
    said = dict(messages)
    return [p.document(said[p.received]) for p in place(messages, queues=queues, earlier=earlier)]


def docx(*paragraphs: str) -> bytes:
    runs = "".join(f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>" for p in paragraphs)
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = f'<?xml version="1.0" encoding="UTF-8"?><w:document xmlns:w="{namespace}"><w:body>{runs}</w:body></w:document>'
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": body.encode()})


def zipped(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as box:
        for name, data in members.items():
            box.writestr(name, data)
    return stream.getvalue()


def pdf(text: str) -> bytes:
    """A one-page PDF with a text layer, written by hand."""
    content = f"BT /F1 12 Tf 50 700 Td ({text}) Tj ET".encode("latin-1")
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, item in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj" % number + item + b"endobj\n"
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % p for p in places)
    out += b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start
    return bytes(out)
