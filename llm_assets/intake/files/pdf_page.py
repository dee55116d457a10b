"""One page of a PDF: its text layer, and whether that is what a person sees. Where it is not, the page's picture is read."""

from typing import Any, NamedTuple

MIN_CHARACTERS = 30
"""A page with fewer characters says nothing by itself."""
STAMP_CHARACTERS = 250
"""What a stamp, a fax line or the name of a scanner app adds to a scanned page is shorter."""
_SCAN_AREA = 0.5
_DRAWN_SEGMENTS = 150
"""Lines and curves of words drawn as shapes: a letter has about ten. Frames and rules of an empty form have fewer."""
_UNMAPPED_SHARE = 0.2
_LOOKED_AT = 120
"""Characters of a page that are checked one by one."""
_FOREIGN_LETTERS = ("\u0080", "\u00ff")
"""Letters of Latin-1 as which Cyrillic ones appear where a font does not say what its codes mean."""


class Page(NamedTuple):
    text: str
    picture_counts: bool
    """The page's picture says more than its text."""


def look(page: Any) -> Page:
    """Raises PdfiumError for a damaged page."""
    textpage = page.get_textpage()
    try:
        count = textpage.count_chars()
        text = textpage.get_text_range() if count else ""
        unmapped = _unmapped_share(textpage, count)
    finally:
        textpage.close()
    if _is_rubbish(text, unmapped):
        return Page("", True)
    written = len(text.strip())
    if written >= STAMP_CHARACTERS:
        return Page(text, False)
    scanned = _picture_share(page) > _SCAN_AREA
    return Page(text, scanned or (written < MIN_CHARACTERS and _is_drawn(page)))


def _unmapped_share(textpage: Any, count: int) -> float:
    """Of the page's characters those of which the font does not say what they are, from a sample."""
    import pypdfium2.raw as raw

    step = max(1, count // _LOOKED_AT)
    places = range(0, count, step)
    unmapped = sum(raw.FPDFText_HasUnicodeMapError(textpage, place) == 1 for place in places)
    return unmapped / len(places) if places else 0.0


def _is_rubbish(text: str, unmapped: float) -> bool:
    """The font gives no letters, or letters that no language of ours has so many of."""
    shown = [c for c in text if not c.isspace()]
    if len(shown) < 10:
        return False
    if unmapped > _UNMAPPED_SHARE:
        return True
    broken = sum(c < " " or "\ue000" <= c <= "\uf8ff" or c == "\ufffd" for c in shown)
    letters = [c for c in shown if c.isalpha()]
    foreign = sum(_FOREIGN_LETTERS[0] <= c <= _FOREIGN_LETTERS[1] for c in letters)
    return broken > len(shown) * _UNMAPPED_SHARE or (len(letters) >= 10 and foreign > len(letters) * 0.4)


def _picture_share(page: Any) -> float:
    import pypdfium2.raw as raw

    width, height = page.get_size()
    area = 0.0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        area += max(0.0, right - left) * max(0.0, top - bottom)
    return float(area / (width * height)) if width and height else 0.0


def _is_drawn(page: Any) -> bool:
    """So many lines and curves that they may be words."""
    import pypdfium2.raw as raw

    segments = 0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        segments += max(0, raw.FPDFPath_CountSegments(item.raw))
        if segments > _DRAWN_SEGMENTS:
            return True
    return False
