"""PDF to text: the text layer where there is one, OCR of the page's picture where there is not."""

import re
from typing import Any, NamedTuple
from xml.etree import ElementTree  # expat 2.4 and later refuses entity bombs itself

from llm_assets.intake.files import ocr
from llm_assets.intake.reading import Extract, Reading

MIN_CHARACTERS = 30
"""A page with fewer characters of text whose picture covers half of it is a scan."""
_BLANKS = re.compile(r"[ \t\xa0]*[\t\r\xa0][ \t\r\xa0]*")
_SCAN_AREA = 0.5
_MAX_XML = 1_000_000
_OCR_DPI = 200
_MAX_SIDE = 3_000


class _Page(NamedTuple):
    text: str
    scanned: bool


def read_pdf(data: bytes, reading: Reading) -> Extract:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        total = len(document)
    except pypdfium2.PdfiumError as error:
        return Extract(flags=("encrypted",) if "password" in str(error).lower() else ("unreadable",))
    try:
        return _read(document, total, reading)
    finally:
        document.close()


def _read(document: Any, total: int, reading: Reading) -> Extract:
    texts: list[str] = []
    scans: list[int] = []
    flags: list[str] = []
    for number in range(min(total, reading.max_pages)):
        page = _page(document, number)
        if page is None:
            flags.append("unreadable_page")
            continue
        texts.append(page.text)
        if page.scanned:
            scans.append(number)
    if total > reading.max_pages:
        flags.append("truncated")
    text = "\n\n".join(t for t in (*texts, *_embedded(document)) if t.strip())
    if not scans:
        return Extract(
            text, "text-layer" if text.strip() else "none", total, None, tuple(dict.fromkeys(flags))
        )
    return _with_scans(document, text, scans, total, reading, flags)


def _with_scans(
    document: Any, text: str, scans: list[int], total: int, reading: Reading, flags: list[str]
) -> Extract:
    if not reading.ocr:
        return Extract(
            text, "text-layer" if text.strip() else "none", total, None, (*dict.fromkeys(flags), "ocr_off")
        )
    images = (_picture(document, number) for number in scans[: reading.max_ocr_pages])
    seen = ocr.read_pages((i for i in images if i is not None), reading, total=len(scans))
    joined = "\n\n".join(t for t in (text, seen.text) if t.strip())
    flags = [*dict.fromkeys((*flags, *seen.flags))]
    return Extract(
        joined, "ocr" if seen.source == "ocr" else "none", total, seen.ocr_confidence, tuple(flags)
    )


def _page(document: Any, number: int) -> _Page | None:
    import pypdfium2

    try:
        page = document[number]
        textpage = page.get_textpage()
        text = textpage.get_text_range() if textpage.count_chars() else ""
        textpage.close()
        text = _BLANKS.sub(" ", text.replace("\r\n", "\n").replace("\ufffe", "-").replace("\x02", "-"))
        scanned = len(text.strip()) < MIN_CHARACTERS and _picture_share(page) > _SCAN_AREA
        page.close()
    except pypdfium2.PdfiumError:
        return None
    return _Page(text, scanned)


def _picture_share(page: Any) -> float:
    import pypdfium2.raw as raw

    width, height = page.get_size()
    area = 0.0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        area += max(0.0, right - left) * max(0.0, top - bottom)
    return float(area / (width * height)) if width and height else 0.0


def _picture(document: Any, number: int) -> Any:
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


def _embedded(document: Any) -> list[str]:
    """XML files inside the PDF: electronic invoices carry their exact values in one."""
    import pypdfium2

    out = []
    for number in range(min(document.count_attachments(), 10)):
        try:
            item = document.get_attachment(number)
            name, data = item.get_name(), bytes(item.get_data())
        except (pypdfium2.PdfiumError, ValueError):
            continue
        if name.lower().endswith(".xml") and len(data) <= _MAX_XML:
            out.append(_leaves(name, data))
    return out


def _leaves(name: str, data: bytes) -> str:
    """`element: value` lines of an XML file."""
    try:
        root = ElementTree.fromstring(data)  # noqa: S314
    except ElementTree.ParseError:
        return ""
    lines = [
        f"{node.tag.rpartition('}')[2]}: {node.text.strip()}"
        for node in root.iter()
        if node.text and node.text.strip()
    ]
    return "\n".join([f"[{name}]", *lines])
