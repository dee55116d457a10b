"""One page of a PDF: its text layer, and whether that is what a person sees. Where it is not, the page's picture is read."""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from llm_assets.intake.words import ByLanguage, WordFile, load_words

MIN_CHARACTERS = 30
"""A page with fewer characters says nothing by itself."""
STAMP_CHARACTERS = 250
"""What a stamp, a fax line or the name of a scanner app adds to a scanned page is shorter."""
LONG_STAMP_CHARACTERS = 800
_STAMP_HEIGHT = 0.12
"""Of the page: text of a full-page picture that is in a narrower band is a stamp, however long its lines are."""
_SCAN_AREA = 0.5
_PICTURE_AREA = 0.1
"""Of a page without words, as when a photograph was put on a sheet."""
_DRAWN_SEGMENTS = 150
"""Lines and curves of words drawn as shapes: a letter has about ten. Frames and rules of an empty form have fewer."""
_MANY_SEGMENTS = 1_500
"""On a page with a line or two of text: a hundred and fifty letters and more."""
_LETTER_HEIGHT = 60
_MOST_LINES = 500
"""Of a page with drawn notes that are compared with each other."""
_INVISIBLE = 3
"""Mode of text that is not painted, as programs lay it under a scan."""
_MODES_LOOKED_AT = 40
_LEAST_WORDS, _WORDLIKE = 20, 0.5
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_NUMBER = re.compile(r"[^\w\s]{0,2}\d[\d.,:/ -]*[^\w\s]{0,2}")
_LETTERS = re.compile(r"[^\W\d_]+")
_LEAST_PAIRS, _MANY_PAIRS = 12, 80
MAX_COUNTED = 10_000
"""Words whose known pairs are kept: pages of a day's files share most of theirs."""
_LIKELY, _CERTAIN = 0.22, 0.15
"""Of pairs of letters the share that languages know: Hungarian, whose pairs are not listed, has 0.26, English 0.7, exchanged
letters 0.1. Below the second a longer text is dropped; a list of codes has more and is kept."""
_VOWELS = frozenset("aeiouyäöüéèêàâîôûáíóúãõåæøаеёиоуыэюяәіөұүєї")
_UNMAPPED_SHARE = 0.2
_LOOKED_AT = 80
"""Characters of a page that PDFium is asked about one by one."""
_SAMPLE = 1_500
"""Characters of a page that are looked at."""
_BROKEN = re.compile("[\x00-\x1f\ue000-\uf8ff\ufffd]")
_FOREIGN_LETTERS = re.compile("[\x80-\xff]")
"""Letters of Latin-1 as which Cyrillic ones appear where a font does not say what its codes mean."""


class _PageWords(WordFile):
    pairs: ByLanguage


_PAIRS = frozenset(load_words(Path(__file__).with_name("pdf_page.yaml"), _PageWords).pairs.of())


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
    exchanged = _exchange_of_letters(text)
    if exchanged is not None:
        return Page("" if exchanged == "certain" else text, True)
    written = len(text.strip())
    if written >= STAMP_CHARACTERS:
        return _with_much_text(page, text, written)
    share = _picture_share(page)
    if written < MIN_CHARACTERS:
        return Page(text, share > _PICTURE_AREA or _is_drawn(page))
    return Page(text, share > _SCAN_AREA or _holds_drawn_words(page))


def _exchange_of_letters(text: str) -> Literal["certain", "likely"] | None:
    """Whether a font gives other letters than it draws: then few pairs of them are those of a language."""
    words = [word for word in _LETTERS.findall(text[:_SAMPLE].lower()) if len(word) > 1]
    pairs = sum(map(len, words)) - len(words)
    known = sum(map(_known_pairs, words))
    if pairs < _LEAST_PAIRS or known >= _LIKELY * pairs:
        return None
    if any(word[0] > "\u024f" and not "\u0400" <= word[0] <= "\u052f" for word in words):
        return None  # an alphabet whose pairs are not known
    return "certain" if pairs >= _MANY_PAIRS and known < _CERTAIN * pairs else "likely"


@lru_cache(maxsize=MAX_COUNTED)
def _known_pairs(word: str) -> int:
    return sum(word[at : at + 2] in _PAIRS for at in range(len(word) - 1))


def _with_much_text(page: Any, text: str, written: int) -> Page:
    """A scan may have a long stamp, or a text layer of a program that could not read it."""
    if _picture_share(page) <= _SCAN_AREA:
        return Page(text, False)
    if _is_misread(text) and _is_invisible(page):
        return Page("", True)
    return Page(text, written < LONG_STAMP_CHARACTERS and _height_of_text(page) < _STAMP_HEIGHT)


def _is_misread(text: str) -> bool:
    """Whether few words look like words of any language: letters alone, in one case, with a vowel."""
    words = text[:_SAMPLE].split()
    if len(words) < _LEAST_WORDS:
        return False
    return sum(map(_is_wordlike, words)) < _WORDLIKE * len(words)


def _is_wordlike(word: str) -> bool:
    bare = word.strip(".,;:!?()[]«»\"'“”„-–—/%№")
    if _NUMBER.fullmatch(bare) is not None:
        return True
    if _WORD.fullmatch(bare) is None or not (bare.islower() or bare.isupper() or bare[1:].islower()):
        return False
    return len(bare) < 3 or not _VOWELS.isdisjoint(bare.lower())


def _is_invisible(page: Any) -> bool:
    import pypdfium2.raw as raw

    texts = islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3), _MODES_LOOKED_AT)
    modes = [raw.FPDFTextObj_GetTextRenderMode(item.raw) for item in texts]
    return bool(modes) and modes.count(_INVISIBLE) > len(modes) / 2


def _height_of_text(page: Any) -> float:
    """Of the page's height the part in which text stands that is painted."""
    import pypdfium2.raw as raw

    bands: list[tuple[float, float]] = []
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_TEXT], max_depth=3):
        if raw.FPDFTextObj_GetTextRenderMode(item.raw) == _INVISIBLE:
            return 1.0
        _, bottom, _, top = item.get_bounds()
        bands.append((bottom, top))
    covered, reached = 0.0, float("-inf")
    for bottom, top in sorted(bands):
        covered += max(0.0, top - max(bottom, reached))
        reached = max(reached, top)
    height = page.get_size()[1]
    return covered / height if height else 1.0


def drawn_notes(document: Any, number: int, page: Any, known: Sequence[str]) -> list[str]:
    """Lines that notes and fields of the page only draw, and that are not known: those of stamps and signatures."""
    import pypdfium2.raw as raw

    if raw.FPDFPage_Flatten(page.raw, raw.FLAT_NORMALDISPLAY) != raw.FLATTEN_SUCCESS:
        return []
    flattened = document[number]
    textpage = flattened.get_textpage()
    try:
        lines = textpage.get_text_range().splitlines() if textpage.count_chars() else []
    finally:
        textpage.close()
        flattened.close()
    said = {tidy for one in known for line in one.splitlines() if (tidy := " ".join(line.split()))}
    longest_first = sorted(said, key=len, reverse=True)[:_MOST_LINES]
    return [rest for one in lines[:_MOST_LINES] if (rest := _without(" ".join(one.split()), longest_first))]


def _without(line: str, said: Sequence[str]) -> str:
    """What a line says besides: drawn notes come in one line with others."""
    for words in said:
        if words in line:
            line = " ".join(line.replace(words, " ").split())
    return line


def _unmapped_share(textpage: Any, count: int) -> float:
    """Of the page's characters those of which the font does not say what they are, from a sample."""
    import pypdfium2.raw as raw

    step = max(1, count // _LOOKED_AT)
    places = range(0, count, step)
    unmapped = sum(raw.FPDFText_HasUnicodeMapError(textpage, place) == 1 for place in places)
    return unmapped / len(places) if places else 0.0


def _is_rubbish(text: str, unmapped: float) -> bool:
    """The font gives no letters, or letters that no language of ours has so many of."""
    shown = "".join(text[:_SAMPLE].split())
    if len(shown) < 10:
        return False
    if unmapped > _UNMAPPED_SHARE or len(_BROKEN.findall(shown)) > len(shown) * _UNMAPPED_SHARE:
        return True
    letters = "" if shown.isascii() else "".join(_LETTERS.findall(shown))
    return len(letters) >= 10 and len(_FOREIGN_LETTERS.findall(letters)) > len(letters) * 0.4


def _picture_share(page: Any) -> float:
    import pypdfium2.raw as raw

    if not _may_hold_pictures(page):
        return 0.0
    width, height = page.get_size()
    area = 0.0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        area += max(0.0, right - left) * max(0.0, top - bottom)
    return float(area / (width * height)) if width and height else 0.0


def _may_hold_pictures(page: Any) -> bool:
    """Whether any object is more than text, lines or a shade. The library, which also looks into groups of objects, makes
    a Python object of each one, and a page of text has hundreds."""
    import pypdfium2.raw as raw

    plain = (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
    count = raw.FPDFPage_CountObjects(page.raw)
    kinds = (raw.FPDFPageObj_GetType(raw.FPDFPage_GetObject(page.raw, place)) for place in range(count))
    return count < 0 or any(kind not in plain for kind in kinds)


def _holds_drawn_words(page: Any) -> bool:
    """Many small filled shapes beside a line or two of text."""
    import pypdfium2.raw as raw

    segments = 0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        _, bottom, _, top = item.get_bounds()
        if top - bottom <= _LETTER_HEIGHT:
            segments += max(0, raw.FPDFPath_CountSegments(item.raw))
        if segments > _MANY_SEGMENTS:
            return True
    return False


def _is_drawn(page: Any) -> bool:
    """So many lines and curves that they may be words."""
    import pypdfium2.raw as raw

    segments = 0
    for item in page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3):
        segments += max(0, raw.FPDFPath_CountSegments(item.raw))
        if segments > _DRAWN_SEGMENTS:
            return True
    return False
