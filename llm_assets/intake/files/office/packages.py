"""Office files to text: Word, Excel, PowerPoint and their OpenDocument and RTF relatives.

Zipped formats are read from their XML directly: text boxes, footnotes, headers and nested tables are lost otherwise.
Sizes are checked in the zip's directory before anything is unpacked.
"""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from llm_assets.intake.bytes import charset
from llm_assets.intake.bytes.markup import Event, RefusedError, Sink, events
from llm_assets.intake.bytes.zipped import BROKEN
from llm_assets.intake.files import rtf, web_archive
from llm_assets.intake.files.office import open_document, word, workbook
from llm_assets.intake.files.office.sheet_marks import related
from llm_assets.intake.pages import html
from llm_assets.intake.reading import Extract, Reading

_WORD_PARTS = re.compile(r"word/(?:document\d*|footnotes|endnotes|header\d*|footer\d*|comments)\.xml")
_SLIDES = re.compile(r"ppt/(?:slides/slide|notesSlides/notesSlide)(\d+)\.xml")
_MAX_CHUNKS = 50


def read_zip_document(data: bytes, reading: Reading) -> Extract | None:
    """Text of a zipped office document; None when the zip is an ordinary archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            names = set(box.namelist())
            if sum(i.file_size for i in box.infolist()) > reading.max_unzipped:
                return Extract(flags=("too_large",))
            return _of_kind(box, names, data)
    except BROKEN as error:
        encrypted = isinstance(error, RuntimeError) and "encrypted" in str(error)
        return Extract(flags=("encrypted",) if encrypted else ("unreadable",))


def _of_kind(box: zipfile.ZipFile, names: set[str], data: bytes) -> Extract | None:
    if any(n.startswith("word/document") for n in names):
        parts = sorted((n for n in names if _WORD_PARTS.fullmatch(n)), key=_word_order)
        found = _joined(box, parts, word.fill_word)
        chunks = list(_chunks(box, names))
        return replace(found, text="\n\n".join(t for t in (found.text, *chunks) if t)) if chunks else found
    if any(n.startswith("xl/workbook") for n in names):
        return workbook.read_zipped_workbook(box, names, data)
    if any(n.startswith("ppt/slides/") for n in names):
        slides = sorted((n for n in names if _SLIDES.fullmatch(n)), key=_slide_order)
        return replace(_joined(box, slides, _slide), pages=sum(1 for n in slides if "notes" not in n))
    if "content.xml" in names and "mimetype" in names:
        if b"encryption-data" in box.read("META-INF/manifest.xml"):
            return Extract(flags=("encrypted",))
        content = _joined(box, ["content.xml"], open_document.fill_open_document)
        if "styles.xml" not in names:
            return content
        margins = _joined(box, ["styles.xml"], open_document.fill_margins)
        text = "\n\n".join(t for t in (content.text, margins.text) if t)
        return replace(content, text=text, flags=tuple(dict.fromkeys((*content.flags, *margins.flags))))
    return None


def _chunks(box: zipfile.ZipFile, names: set[str]) -> Iterator[str]:
    """Pages and texts that programs put into a document as they are, for Word to convert when it opens it (ECMA-376, part 1,
    section 17.17.2)."""
    targets = related(box, names, "word/document.xml").values()
    for part in [t.file for t in targets if t.kind == "aFChunk" and t.file in names][:_MAX_CHUNKS]:
        data = box.read(part)[: html.MAX_HTML]
        start = data[:1_000].lstrip(b"\xef\xbb\xbf \t\r\n")
        if start.startswith(b"{\\rtf"):
            yield rtf.read(data).text.strip()
        elif b"mime-version" in start.lower():
            yield web_archive.read_web_archive(data, Reading(ocr=False)).text.strip()
        elif not start.startswith(b"PK"):
            words = charset.decode(data, html.declared_charset(data)).text
            yield (html.to_text(words).text if start.startswith(b"<") else words).strip()


Fill = Callable[[Iterator[Event], Sink], None]


def _joined(box: zipfile.ZipFile, parts: Iterable[str], fill: Fill) -> Extract:
    """The texts of the parts, each as far as it can be read."""
    texts: list[str] = []
    flags: dict[str, None] = {}
    for name in parts:
        sink = Sink()
        with box.open(name) as stream:
            try:
                fill(events(stream), sink)
            except RefusedError:
                flags["unreadable"] = None
            if sink.full or stream.read(1):
                flags["truncated"] = None
        texts.append(_tidy("".join(sink.parts)))
    text = "\n\n".join(t for t in texts if t.strip())
    return Extract(text, "office" if text or not flags else "none", flags=tuple(flags))


def _word_order(name: str) -> tuple[int, str]:
    order = ("header", "document", "footnotes", "endnotes", "comments", "footer")
    return next(i for i, part in enumerate(order) if part in name), name


def _slide_order(name: str) -> tuple[int, bool]:
    match = _SLIDES.fullmatch(name)
    return (int(match.group(1)) if match is not None else 0, "notes" in name)


def _slide(found: Iterator[Event], sink: Sink) -> None:
    inside = False
    for kind, _, name, _ in found:
        if kind == "text":
            if inside:
                sink.add(name)
            if sink.full:
                return
        elif name == "t":
            inside = kind == "start"
        elif kind == "end" and name in ("p", "br", "tr"):
            sink.add("\n")
        elif kind == "end" and name == "tc":
            sink.end_cell()


def _tidy(text: str) -> str:
    lines = (
        line.rstrip(" \t") for line in text.split("\n")
    )  # a pattern looks at each run of tabs from each of them
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
