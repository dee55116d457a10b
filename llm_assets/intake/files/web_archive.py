"""Pages saved as one file (MHTML, RFC 2557), as Word and Excel export them, and signed parts of mails: their text parts."""

import re

from llm_assets.intake.bytes import charset, mime, transfer, wrappers
from llm_assets.intake.bytes.mime import Part
from llm_assets.intake.pages import html
from llm_assets.intake.reading import Extract, Reading

MAX_PAGES = 200
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", re.I)
_FRAMES = re.compile(r"<frameset\b", re.I)
"""A workbook's first page: it only says that the reader cannot show frames."""
_TABS = re.compile(r"tabstrip", re.I)


def read_web_archive(data: bytes, reading: Reading) -> Extract:
    """Every page of the archive in order; plain text only where it holds no page."""
    root = wrappers.opened(mime.parse(data.lstrip(b"\xef\xbb\xbf \t\r\n")))
    leaves = [part for part in root.walk() if not part.children]
    pages = [part for part in leaves if part.content_type in ("text/html", "application/xhtml+xml")]
    if not pages:
        pages = [part for part in leaves if part.content_type == "text/plain"]
    flags: dict[str, None] = {}
    texts: list[str] = []
    for part in pages[:MAX_PAGES]:
        found = _page(part, reading)
        texts.append(found.text)
        flags.update(dict.fromkeys(found.flags))
    if len(pages) > MAX_PAGES:
        flags["truncated"] = None
    return Extract("\n\n".join(t for t in texts if t.strip()), "office", flags=tuple(flags))


def _page(part: Part, reading: Reading) -> Extract:
    place = (part.header("content-location") or b"").decode("latin-1")
    raw, _ = transfer.content(part, most=2 * html.MAX_HTML)
    declared = _CHARSET.search(part.header("content-type") or b"")
    name = declared.group(1).decode("ascii") if declared is not None else None
    decoded = charset.decode(raw[: html.MAX_HTML], name or html.declared_charset(raw))
    flags = ("truncated",) if len(raw) > html.MAX_HTML else ()
    if part.content_type == "text/plain":
        return Extract(decoded.text.replace("\r\n", "\n"), flags=flags)
    if _FRAMES.search(decoded.text) is not None or _TABS.search(place) is not None:
        return Extract(flags=flags)
    reading.saw(decoded.text)
    page = html.to_text(decoded.text)
    return Extract(page.text, flags=(*flags, *(("hidden_text",) if page.hidden else ())))
