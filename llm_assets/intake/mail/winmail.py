"""Outlook's winmail.dat in a mail: the files inside it as attachments, beside the container itself."""

import hashlib

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.bytes import charset, tnef
from llm_assets.intake.files import attachments, rtf
from llm_assets.intake.mail import body
from llm_assets.intake.pages import html
from llm_assets.intake.reading import Reading


def unpacked(data: bytes, filename: str, reading: Reading) -> list[Attachment]:
    """The files of the container, after the container with its own text. Nothing received is left out."""
    container = tnef.unpack(data)
    text, hidden = _text(container, reading)
    whole = Attachment(
        filename=body.clean_name(filename) or "winmail.dat",
        content_type="application/ms-tnef",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=text,
        text_source="message",
        flags=(*(("truncated",) if container.broken else ()), *(("hidden_text",) if hidden else ())),
    )
    inner = [
        attachments.read(
            f.data, filename=body.clean_name(f.name), content_type="application/octet-stream", reading=reading
        )
        for f in container.files
    ]
    return [whole, *inner]


def _text(container: tnef.Container, reading: Reading) -> html.Page:
    """The plain text where there is one, and whether the page hides something."""
    page = html.Page("", False)
    if container.html.strip():
        data = container.html[: html.MAX_HTML]
        source = charset.decode(data, html.declared_charset(data)).text
        reading.saw(source)
        page = html.to_text(source)
    if container.body.strip():
        plain = charset.decode(container.body, None).text.replace("\r\n", "\n").strip()
        return html.Page(plain, page.hidden)
    if container.html.strip():
        return page
    return html.Page(rtf.to_text(rtf.decompress(container.rtf)) if container.rtf else "", False)
