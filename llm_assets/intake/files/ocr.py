"""Pictures to text with Tesseract (eng, rus, kaz) and how far its text can be trusted. Needs the `tesseract` program."""

import io
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from llm_assets.intake.files.grounds import even_grounds
from llm_assets.intake.reading import Extract, Reading

MAX_PIXELS = 60_000_000
MAX_FRAMES = 10
GOOD = 80.0
"""Mean word confidence from which OCR text is used without a flag; under POOR a person should look at it."""
POOR = 60.0
_WORKING_SIDE = 2_400
_GLANCE_SIDE = 800
"""Pixels of a small copy that shows within a second whether there is print and which side is up."""
_LARGEST_SIDE = 3_500
_SMALLEST_CONTENT = 100
_SURE = 85.0
"""Of English words. Cyrillic print read as English has reached 76."""
_NOISE = 40.0
"""Cyrillic print too poor for English letters has 70 and more in a small copy, in every language; speckles 32 at most."""
_CLIPPED = (1, 10)
"""Percent of the darkest and of the lightest points that become black and white: faded print is stretched to full
contrast. Of 29 photographed receipts it brings the words found from 80 to 84 %; 3 % finds fewer than none at all."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")
"""Pictures that are opened. Other formats start programs (EPS: Ghostscript) or parsers that nobody needs here."""
_CYRILLIC = ("rus", "kaz")
_HALF, _BRIGHT = 128, 180
"""Of 255: a darker ground may have light print; opaque points that are lighter than the second are light print."""


class Seen(NamedTuple):
    text: str
    confidence: float
    words: int
    word_confidence: float = 0.0
    """Of the words with letters only: digits look the same in every language."""


class Band(NamedTuple):
    """Of a page's height, from the top."""

    top: float
    bottom: float


def read_image(data: bytes, reading: Reading, *, inline: bool = False) -> Extract:
    """Text of a picture file, all pages of a TIFF; what moves is one picture. Small inline pictures are logos and are not read."""
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
        width, height = image.size
        frames = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return Extract(flags=("unreadable",))
    if width * height > MAX_PIXELS:
        return Extract(pages=frames, flags=("too_large",))
    if min(width, height) < (_SMALLEST_CONTENT * 2 if inline else 30):
        return Extract(pages=frames)
    if not reading.ocr:
        return Extract(pages=frames, flags=("ocr_off",))
    return read_pages(_frames(image, frames, reading), reading, total=frames)


def _frames(image: Image.Image, frames: int, reading: Reading) -> Iterator[Image.Image]:
    """The pages of a TIFF one after the other, never all at once; one picture of any other file."""
    for number in range(min(frames, MAX_FRAMES, reading.max_ocr_pages)):
        frame = frame_of(image, number)
        if frame is None:
            return
        yield frame


def frame_of(image: Image.Image, number: int) -> Image.Image | None:
    """Page `number` of a TIFF, from 0, or the picture of any other file, upright; None for one that cannot be drawn."""
    try:
        image.seek(number if number > 0 else _first_with_something(image))
        if image.width * image.height > MAX_PIXELS:
            return None
        return ImageOps.exif_transpose(image.convert("RGBA") if image.mode == "P" else image.copy())
    except (OSError, EOFError, ValueError, SyntaxError):
        return None


def _first_with_something(image: Image.Image) -> int:
    """Of what moves the first picture that is not of one colour."""
    count = 1 if image.format == "TIFF" else int(getattr(image, "n_frames", 1))
    for number in range(min(count, MAX_FRAMES) if count > 1 else 0):
        image.seek(number)
        low, high = image.convert("L").getextrema()
        if low != high:
            return number
    return 0


def read_pages(images: Iterable[Image.Image], reading: Reading, *, total: int) -> Extract:
    """The pages' texts in one, for as long as an attachment may take; what was left unread is flagged."""
    if not available():
        return Extract(pages=total, flags=("ocr_unavailable",))
    until = time.monotonic() + reading.attachment_seconds
    seen: list[Seen] = []
    flags: list[str] = []
    for image in images:
        if time.monotonic() > until:
            flags.append("ocr_timeout")
            break
        seen.append(read_page(image, reading))
    words = sum(s.words for s in seen)
    confidence = sum(s.confidence * s.words for s in seen) / words if words else 0.0
    if not words or confidence < POOR:
        flags.append("poor_scan")
    elif confidence < GOOD:
        flags.append("doubtful_scan")
    if len(seen) < total:
        flags.append("truncated")
    text = "\n\n".join(s.text for s in seen if s.text)
    return Extract(text, "ocr", total, round(confidence, 1), tuple(flags))


@lru_cache(maxsize=1)
def available() -> bool:
    return shutil.which("tesseract") is not None


@lru_cache(maxsize=1)
def _all_languages() -> str:
    import pytesseract

    installed = set(pytesseract.get_languages())
    return "+".join(("eng", *(code for code in _CYRILLIC if code in installed)))


def read_page(image: Image.Image, reading: Reading) -> Seen:
    """The upright reading; other ways up are tried only where the first one is poor."""
    prepared = _prepare(image)
    first = _recognise(prepared, reading)
    if first.confidence >= POOR and first.words >= 5:
        return first
    turn = _told_turn(prepared, first, reading) or _guessed_turn(prepared, first, reading)
    if not turn:
        return first
    turned = _recognise(prepared.rotate(-turn, expand=True), reading)
    return max(first, turned, key=lambda s: s.confidence * min(s.words, 20))


def glimpse(image: Image.Image, reading: Reading, bands: Sequence[Band]) -> Seen:
    """What bands of a page hold, in every language and as they lie: quick, and enough to know its title and number and
    whether it can be read."""
    prepared = _prepare(image)
    width, height = prepared.size
    pieces = [
        prepared.crop(
            (0, int(height * band.top), width, max(int(height * band.bottom), int(height * band.top) + 1))
        )
        for band in bands
    ]
    joined = Image.new("L", (width, sum(piece.height for piece in pieces)), "white")
    at = 0
    for piece in pieces:
        joined.paste(piece, (0, at))
        at += piece.height
    return _read(joined, _all_languages(), reading)


def _told_turn(image: Image.Image, upright: Seen, reading: Reading) -> int:
    """Degrees clockwise that Tesseract takes for upright, where the small copy reads better so; speckles have a
    direction too."""
    turn = _turn(image, reading)
    if not turn:
        return 0
    return turn if _glance(image, reading, turn).confidence > upright.confidence + 10 else 0


def _guessed_turn(image: Image.Image, upright: Seen, reading: Reading) -> int:
    """Degrees clockwise at which the small copy reads clearly better, 0 when none does. A few words among a thousand
    speckles are chance."""
    seen = {angle: _glance(image, reading, angle) for angle in (90, 180, 270)}
    best = max(seen, key=lambda angle: seen[angle].confidence)
    enough = seen[best].words >= max(5, upright.words // 10)
    return best if enough and seen[best].confidence > upright.confidence + 15 else 0


def _prepare(image: Image.Image) -> Image.Image:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        grey = _dark_on_light(even_grounds(_grey(image)))
    except (OSError, ValueError, SyntaxError):
        return Image.new("L", (10, 10), "white")
    longest = max(grey.size)
    if longest > _LARGEST_SIDE:
        grey.thumbnail((_LARGEST_SIDE, _LARGEST_SIDE))
    elif longest < _WORKING_SIDE:
        factor = min(3.0, _WORKING_SIDE / longest)
        grey = grey.resize((int(grey.width * factor), int(grey.height * factor)), Image.Resampling.LANCZOS)
    return ImageOps.autocontrast(grey, cutoff=_CLIPPED)


def _grey(image: Image.Image) -> Image.Image:
    """Eight bits of grey, whatever the picture has; what is transparent gets the ground on which the rest can be seen."""
    if image.mode[0] in "IF":
        return _eight_bits(image.convert("F"))
    if image.mode not in ("RGBA", "LA", "PA"):
        return image.convert("L")
    both = image.convert("LA")
    grey, opaque = both.getchannel("L"), both.getchannel("A")
    seen = grey.histogram(mask=opaque.point(lambda value: 255 if value > _HALF else 0))
    bright = sum(seen) < image.width * image.height and _value_at(seen, 0.5) > _BRIGHT
    ground = Image.new("L", image.size, "black" if bright else "white")
    ground.paste(grey, mask=opaque)
    return ground


def _eight_bits(wide: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits, from its own darkest to its own lightest point."""
    low, high = wide.getextrema()
    if not (isinstance(low, float) and isinstance(high, float)) or high <= low:
        return wide.convert("L")
    factor = 255 / (high - low)
    return wide.point(lambda value: value * factor - low * factor).convert("L")


def _dark_on_light(grey: Image.Image) -> Image.Image:
    """Print is darker than its ground; on a phone's screen at night it is the other way round."""
    points = grey.histogram()
    darkest, ground, lightest = (_value_at(points, share) for share in (0.01, 0.5, 0.99))
    is_light = ground < _HALF and lightest - ground > ground - darkest
    return ImageOps.invert(grey) if is_light else grey


def _value_at(points: list[int], share: float) -> int:
    """The grey below which so large a share of the points is."""
    wanted, counted = sum(points) * share, 0
    for value, count in enumerate(points):
        counted += count
        if counted >= wanted:
            return value
    return 255


def _recognise(image: Image.Image, reading: Reading) -> Seen:
    """English alone is three times as fast and better on English pages; every language where its words are doubtful,
    unless a small copy shows nothing to read.

    The fuller reading counts only where it found Cyrillic: on a poor English page it invents some and trusts it more.
    """
    first = _read(image, "eng", reading)
    if (first.words >= 5 and first.word_confidence >= _SURE) or _all_languages() == "eng":
        return first
    if first.confidence < _NOISE and _glance(image, reading).confidence < _NOISE:
        return first
    full = _read(image, _all_languages(), reading)
    return full if _cyrillic_share(full.text) >= 0.2 and full.confidence >= first.confidence else first


def _glance(image: Image.Image, reading: Reading, turn: int = 0) -> Seen:
    """A small copy in every language, turned so many degrees clockwise back."""
    small = image.copy()
    small.thumbnail((_GLANCE_SIDE, _GLANCE_SIDE))
    return _read(small.rotate(-turn, expand=True), _all_languages(), reading)


def _cyrillic_share(text: str) -> float:
    letters = [c for c in text if c.isalpha()]
    return sum(1 for c in letters if "\u0400" <= c <= "\u052f") / len(letters) if letters else 0.0


def _read(image: Image.Image, languages: str, reading: Reading) -> Seen:
    import pytesseract

    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    reading.watch.lives()
    try:
        data = pytesseract.image_to_data(
            image,
            lang=languages,
            config="--psm 6",
            timeout=reading.ocr_seconds,
            output_type=pytesseract.Output.DICT,
        )
    except (pytesseract.TesseractError, RuntimeError):
        return Seen("", 0.0, 0)
    return _layout(data)


def _layout(data: dict[str, list[object]]) -> Seen:
    lines: dict[tuple[int, ...], list[str]] = {}
    confidences: list[float] = []
    lettered: list[float] = []
    for i, raw in enumerate(data["text"]):
        word = str(raw).strip()
        confidence = float(str(data["conf"][i]))
        if not word or confidence < 0:
            continue
        place = tuple(int(str(data[k][i])) for k in ("block_num", "par_num", "line_num"))
        lines.setdefault(place, []).append(word)
        if any(c.isalnum() for c in word):
            confidences.append(confidence)
            if any(c.isalpha() for c in word):
                lettered.append(confidence)
    text = "\n".join(" ".join(words) for words in lines.values())
    return Seen(text, _mean(confidences), len(confidences), _mean(lettered))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _turn(image: Image.Image, reading: Reading) -> int:
    """Degrees clockwise that bring the page upright, 0 when unknown."""
    import pytesseract

    reading.watch.lives()
    try:
        found = pytesseract.image_to_osd(
            image,
            config="--psm 0 -c min_characters_to_try=20",
            output_type=pytesseract.Output.DICT,
            timeout=reading.ocr_seconds,
        )
    except (pytesseract.TesseractError, RuntimeError):
        return 0
    return int(found["rotate"]) if float(found["orientation_conf"]) > 1.0 else 0
