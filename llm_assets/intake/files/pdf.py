"""PDF to text: the text layer where there is one, OCR of the page's picture where there is not."""

import re
from collections.abc import Iterator
from itertools import chain, islice
from typing import Any
from xml.etree import ElementTree  # expat 2.4 and later refuses entity bombs itself

from llm_assets.domain.mail.document import TextSource
from llm_assets.intake.files import ocr, pdf_page
from llm_assets.intake.files.archive import ReadMember
from llm_assets.intake.files.pdf_fields import Attached, Fields, data_of_xfa
from llm_assets.intake.files.pdf_page import Page
from llm_assets.intake.reading import Extract, Reading

_BLANKS = re.compile(r"[ \t\xa0]*[\t\r\xa0][ \t\r\xa0]*")
_SOFT_HYPHEN = re.compile(r"\xad(?!\s)")
_MAX_XML = 1_000_000
_MAX_INSIDE = 10
_OCR_DPI = 200
_MAX_SIDE = 3_000


def read_pdf(data: bytes, reading: Reading, read_member: ReadMember | None) -> Extract:
    """Pages, form fields, notes and the files inside it, which `read_member` reads; None: they stay closed."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        total = len(document)
    except pypdfium2.PdfiumError as error:
        return Extract(flags=("encrypted",) if "password" in str(error).lower() else ("unreadable",))
    try:
        document.init_forms()
        return _read(document, total, reading, read_member)
    finally:
        document.close()


def _read(document: Any, total: int, reading: Reading, read_member: ReadMember | None) -> Extract:
    texts: list[str] = []
    scans: list[int] = []
    flags: dict[str, None] = {}
    fields = Fields(document)
    for number in range(min(total, reading.max_pages)):
        page = _page(document, number, fields)
        if page is None:
            flags["unreadable_page"] = None
            continue
        texts.append(page.text)
        if page.picture_counts:
            scans.append(number)
    if total > reading.max_pages:
        flags["truncated"] = None
    held = chain(_embedded(document), fields.attached)
    inside = [_inside(file, reading, read_member) for file in islice(held, _MAX_INSIDE)]
    flags |= dict.fromkeys(flag for file in inside for flag in file.flags)
    texts += [_leaves("form", data_of_xfa(document)), *(file.text for file in inside)]
    text = "\n\n".join(t for t in texts if t.strip())
    if not scans:
        return Extract(text, "text-layer" if text.strip() else "none", total, None, tuple(flags))
    return _with_scans(document, text, scans, total, reading, flags)


def _with_scans(
    document: Any, text: str, scans: list[int], total: int, reading: Reading, flags: dict[str, None]
) -> Extract:
    if not reading.ocr:
        source: TextSource = "text-layer" if text.strip() else "none"
        return Extract(text, source, total, None, (*flags, "ocr_off"))
    images = (picture(document, number) for number in scans[: reading.max_ocr_pages])
    seen = ocr.read_pages((i for i in images if i is not None), reading, total=len(scans))
    joined = "\n\n".join(t for t in (text, seen.text) if t.strip())
    flags |= dict.fromkeys(seen.flags)
    return Extract(
        joined, "ocr" if seen.source == "ocr" else "none", total, seen.ocr_confidence, tuple(flags)
    )


def _page(document: Any, number: int, fields: Fields) -> Page | None:
    import pypdfium2

    try:
        page = document[number]
        found = pdf_page.look(page)
        noted = list(fields.lines(page))
        if fields.drawn_only and not found.picture_counts:
            noted += pdf_page.drawn_notes(document, number, page, [found.text, *noted])
        page.close()
    except pypdfium2.PdfiumError:
        return None
    text = found.text.replace("\r\n", "\n").replace("\ufffe", "-").replace("\x02", "-")
    text = _SOFT_HYPHEN.sub("", text) if "\xad" in text else text
    return found._replace(text="\n".join(t for t in (_BLANKS.sub(" ", text), *noted) if t))


def picture(document: Any, number: int) -> Any:
    """A page as Tesseract is given it; None for a damaged one."""
    import pypdfium2

    try:
        page = document[number]
        longest = max(page.get_size())
        scale = min(_OCR_DPI / 72, _MAX_SIDE / longest) if longest else 1.0
        image = page.render(scale=scale, grayscale=True).to_pil()
        page.close()
    except pypdfium2.PdfiumError:
        return None
    return image


def _embedded(document: Any) -> Iterator[Attached]:
    import pypdfium2

    for number in range(min(document.count_attachments(), _MAX_INSIDE)):
        try:
            item = document.get_attachment(number)
            yield Attached(item.get_name(), bytes(item.get_data()))
        except (pypdfium2.PdfiumError, ValueError):
            continue


def _inside(file: Attached, reading: Reading, read_member: ReadMember | None) -> Extract:
    """A file in the PDF under its name. Electronic invoices carry their exact values in one, as XML."""
    name, data = file
    if name.lower().endswith(".xml") and len(data) <= _MAX_XML:
        return Extract(_leaves(name, data))
    if read_member is None:
        return Extract(f"[{name}]", flags=("nested_archive",))
    is_pdf = data[:1024].find(b"%PDF-") >= 0
    found = read_pdf(data, reading, None) if is_pdf else read_member(data, name, reading)
    return Extract(f"[{name}]\n{found.text}".strip(), flags=found.flags)


def _leaves(name: str, data: bytes) -> str:
    """`element: value` lines of an XML file; empty for one that is none."""
    try:
        root = ElementTree.fromstring(data)  # noqa: S314
    except ElementTree.ParseError:
        return ""
    lines = [
        f"{node.tag.rpartition('}')[2]}: {node.text.strip()}"
        for node in root.iter()
        if node.text and node.text.strip()
    ]
    return "\n".join([f"[{name}]", *lines]) if lines else ""
