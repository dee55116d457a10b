"""Facts of a file's pages, gathered in a reader process: hostile bytes may break or hang it, and nothing else.

What the facts mean is decided elsewhere.
"""

import io
import re
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image, ImageFile

from llm_assets.intake.bytes.kinds import sniff
from llm_assets.intake.bytes.zipped import BROKEN
from llm_assets.intake.checks.facts import PICTURES, FileFacts, PageFacts, PagesAsked
from llm_assets.intake.files import attachments, ocr, pdf, pdf_page
from llm_assets.intake.files.ocr import FORMATS, MAX_PIXELS, Band
from llm_assets.intake.reading import Reading
from llm_assets.intake.scans import UNDRAWABLE

MAX_PAGES = 200
_SMALL = 700
"""Longest side of the copy whose ink is counted: a line of text has some two hundred dark points in it."""
_MARGIN = 0.04
"""Of each side: shadows of a scanner's lid are there."""
_INK = 50
"""Of 255: how far a point is from the ground of its page. Print that shows through from the back is nearer."""
_TITLE = (Band(0, 0.36), Band(0.91, 1))
_INNER = (Band(0, 0.07), Band(0.47, 0.52), Band(0.91, 1))
"""Of a page that is not the first: where its number may be, and some of what it says."""
_SECONDS_A_PAGE = 4.0
"""That the full reading of a page may take which was poor at a glimpse."""
_PICTURE = re.compile(r"(?:word|xl|ppt)/media/.|Pictures/.")
_END = b"%%EOF"
_TAIL = 2_048
"""Bytes in which a PDF ends, with what some mail gateways put behind it."""


@dataclass(frozen=True)
class _Look:
    """An order under way."""

    asked: PagesAsked
    layers: dict[int, str] = field(default_factory=dict)
    """Text of pages whose picture says more."""

    @property
    def left(self) -> float:
        return self.asked.until - time.monotonic()

    @property
    def reading(self) -> Reading:
        """For one call of Tesseract from now on."""
        return Reading(ocr_seconds=max(0.5, self.left))

    def numbers(self, total: int) -> Iterator[int]:
        """Of the pages to look at, until the time is over."""
        for number in self.asked.numbers or range(1, min(total, MAX_PAGES) + 1):
            if number > total or self.left <= 0:
                return
            yield number


def facts_of(data: bytes, name: str, asked: PagesAsked) -> FileFacts:
    """Never raises for bad content: that becomes flags."""
    look = _Look(asked)
    kind = sniff(data, filename=name)
    try:
        match kind:
            case "pdf":
                return _of_pdf(data, look)
            case "image":
                return _of_picture(data, look)
            case _:
                return _of_other(data, name, kind)
    except Exception as error:  # noqa: BLE001 what a parser raises for a broken file is not to be named
        return FileFacts(kind, ("unreadable", type(error).__name__))


def _of_pdf(data: bytes, look: _Look) -> FileFacts:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        total = len(document)
    except pypdfium2.PdfiumError as error:
        return FileFacts("pdf", ("encrypted",) if "password" in str(error).lower() else ("unreadable",))
    try:
        document.init_forms()
        pages = [_pdf_page(document, number, look) for number in look.numbers(total)]
        if look.asked.ocr:
            pages = _poor_ones_again(pages, lambda number: pdf.picture(document, number - 1), look)
    finally:
        document.close()
    return FileFacts("pdf", () if _END in data[-_TAIL:] else ("cut",), total, tuple(pages))


def _pdf_page(document: Any, number: int, look: _Look) -> PageFacts:
    import pypdfium2

    try:
        page = document[number - 1]
        found = pdf_page.look(page)
        text = found.text.replace("\r\n", "\n").replace("\ufffe", "-").replace("\x02", "-")
        says_little = len(text.strip()) < pdf_page.MIN_CHARACTERS
        ink = ink_of(_small(page)) if says_little else None
        page.close()
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        return PageFacts(number, broken=True)
    facts = PageFacts(number, text, not found.picture_counts, ink)
    if facts.is_read or not look.asked.ocr:
        return facts
    image = pdf.picture(document, number - 1)
    return _seen(facts, image, look) if image is not None else replace(facts, broken=True)


def _small(page: Any) -> Image.Image:
    longest = max(page.get_size())
    image: Image.Image = page.render(scale=_SMALL / longest if longest else 1.0, grayscale=True).to_pil()
    return image


def _of_picture(data: bytes, look: _Look) -> FileFacts:
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            total = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
            if image.width * image.height > MAX_PIXELS:
                return FileFacts("image", ("too_large",), total)
            flags = () if look.asked.ocr or _is_whole(data) else ("cut",)
            pages = [_picture_page(image, number, look) for number in look.numbers(total)]
            if look.asked.ocr:
                pages = _poor_ones_again(pages, lambda number: _frame(image, number), look)
    except UNDRAWABLE:
        return FileFacts("image", ("unreadable",))
    return FileFacts("image", flags, total, tuple(pages))


def _is_whole(data: bytes) -> bool:
    before, ImageFile.LOAD_TRUNCATED_IMAGES = ImageFile.LOAD_TRUNCATED_IMAGES, False
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            image.load()
    except UNDRAWABLE:
        return False
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
    return True


def _picture_page(image: Image.Image, number: int, look: _Look) -> PageFacts:
    drawn = _frame(image, number)
    if drawn is None:
        return PageFacts(number, broken=True)
    small = drawn.convert("L")
    small.thumbnail((_SMALL, _SMALL))
    facts = PageFacts(number, is_read=False, ink=ink_of(small))
    return _seen(facts, drawn, look) if look.asked.ocr else facts


def _frame(image: Image.Image, number: int) -> Image.Image | None:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    return ocr.frame_of(image, number - 1)


def _seen(facts: PageFacts, image: Image.Image, look: _Look) -> PageFacts:
    """The page with what a glimpse of it holds; as it was where no time is left for one."""
    look.layers[facts.number] = facts.text
    if not ocr.available() or look.left <= 0:
        return facts
    seen = ocr.glimpse(image, look.reading, _TITLE if facts.number == 1 else _INNER)
    return _with(facts, seen) if look.left > 0 else facts  # a call that was cut off has seen nothing


def _with(facts: PageFacts, seen: ocr.Seen) -> PageFacts:
    text = "\n".join(one for one in (facts.text.strip(), seen.text) if one)
    return replace(facts, text=text, is_read=True, words=seen.words, confidence=round(_trust(seen), 1))


def _trust(seen: ocr.Seen) -> float:
    """Digits look the same in every language and lying on their side; of what is misread the words are doubtful."""
    return min(seen.confidence, seen.word_confidence or seen.confidence)


def _poor_ones_again(
    pages: Iterable[PageFacts], picture: Callable[[int], Image.Image | None], look: _Look
) -> list[PageFacts]:
    """While there is time in full, since its words may be where no glimpse fell, and turned, since it may lie on its side."""
    found = []
    for page in pages:
        better = page
        image = picture(page.number) if _is_poor(page) and look.left > _SECONDS_A_PAGE else None
        for seen in _ways(image, look) if image is not None else ():
            if _trust(seen) > (better.confidence or 0):
                better = _with(replace(page, text=look.layers.get(page.number, "")), seen)
            if not _is_poor(better):
                break
        found.append(better)
    return found


def _is_poor(page: PageFacts) -> bool:
    return page.confidence is not None and (page.confidence < ocr.GOOD or not page.words)


def _ways(image: Image.Image, look: _Look) -> Iterator[ocr.Seen]:
    yield ocr.read_page(image, look.reading)
    for turn in (270, 90, 180):
        if look.left <= 0:
            return
        yield ocr.glimpse(image.rotate(turn, expand=True), look.reading, _TITLE)


def _of_other(data: bytes, name: str, kind: str) -> FileFacts:
    found = attachments.read(data, filename=name, content_type="", reading=Reading(ocr=False))
    pictures = (PICTURES,) if kind == "zip" and not found.text.strip() and _holds_pictures(data) else ()
    return FileFacts(kind, (*found.flags, *pictures), None, text=found.text)


def _holds_pictures(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as box:
            return any(_PICTURE.match(name) is not None for name in box.namelist())
    except BROKEN:
        return False


def ink_of(grey: Image.Image) -> float:
    """Share of a page's points that are clearly darker or lighter than its ground, its edges left out."""
    width, height = grey.size
    edge = (int(width * _MARGIN), int(height * _MARGIN))
    points = grey.crop(
        (*edge, max(width - edge[0], edge[0] + 1), max(height - edge[1], edge[1] + 1))
    ).histogram()
    counted, ground, all_of_them = 0, 0, sum(points)
    while counted * 2 < all_of_them:
        counted += points[ground]
        ground += 1
    return sum(n for value, n in enumerate(points) if abs(value - ground) > _INK) / all_of_them
