"""Outlook's winmail.dat in a mail: the files inside it as attachments, beside the container itself."""

import hashlib

from llm_assets.domain.document import Attachment
from llm_assets.intake import attachments, body, charset, html, rtf, tnef
from llm_assets.intake.reading import Reading


def unpacked(data: bytes, filename: str, reading: Reading) -> list[Attachment]:
    """The files of the container, after the container with its own text. Nothing received is left out."""
    container = tnef.unpack(data)
    whole = Attachment(
        filename=body.clean_name(filename) or "winmail.dat",
        content_type="application/ms-tnef",
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        text=_text(container),
        text_source="message",
        flags=("truncated",) if container.broken else (),
    )
    inner = [
        attachments.read(
            f.data, filename=body.clean_name(f.name), content_type="application/octet-stream", reading=reading
        )
        for f in container.files
    ]
    return [whole, *inner]


def _text(container: tnef.Container) -> str:
    if container.body.strip():
        return charset.decode(container.body, None).text.replace("\r\n", "\n").strip()
    if container.html.strip():
        return html.to_text(charset.decode(container.html, html.declared_charset(container.html)).text).text
    return rtf.to_text(rtf.decompress(container.rtf)) if container.rtf else ""
