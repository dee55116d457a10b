"""The bytes of a scan once more, from the message that brought it, in a form that a vision model takes.

Its text is read in `ocr` and `pdf`; whether it may be shown is decided before.
"""

import base64
import io
from collections.abc import Iterator
from typing import NamedTuple

from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from pydantic import ValidationError

from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.intake.bytes import kinds, mime, ole, tnef, transfer, wrappers
from llm_assets.intake.files.ocr import FORMATS, MAX_PIXELS
from llm_assets.intake.records.entry import Entry

PDF = "application/pdf"
LARGEST_BYTES = min(row.picture_bytes for row in PROTOCOLS.values())
"""What every protocol accepts, so that a scan is the same picture at each of them."""
LARGEST_SIDE = min(row.picture_side for row in PROTOCOLS.values() if row.picture_side is not None)
_DRAWN_SIDE = 1_900
"""Longest side of a picture that is drawn anew: the providers shrink what is larger, and in grey it cannot pass
`LARGEST_BYTES` even where nothing can be packed."""
_TAKEN = {
    "PNG": "image/png",
    "JPEG": "image/jpeg",
    "MPO": "image/jpeg",
    "GIF": "image/gif",
    "WEBP": "image/webp",
}
UNDRAWABLE = (
    UnidentifiedImageError,
    OSError,
    EOFError,
    ValueError,
    SyntaxError,
    Image.DecompressionBombError,
)


class Shown(NamedTuple):
    media_type: str
    data: bytes


def file_in(raw: bytes, sha256: str) -> bytes | None:
    """The file of a stored message that has this digest; None where none has."""
    return next((data for data in _files(raw) if digest_bytes(data) == sha256), None)


def shown(data: bytes) -> list[Shown]:
    """A PDF or a picture as it is; a picture of another kind, or too large, as PNG, one for each page of a TIFF. Nothing
    where one page cannot be drawn."""
    if kinds.sniff(data) == "pdf":
        return [Shown(PDF, data)]
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            taken = _TAKEN.get(image.format or "")
            if taken is not None and len(data) <= LARGEST_BYTES and max(image.size) <= LARGEST_SIDE:
                return [Shown(taken, data)]
            return [Shown("image/png", page) for page in _drawn(image)]
    except UNDRAWABLE:
        return []


def _drawn(image: Image.Image) -> Iterator[bytes]:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    frames = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    for number in range(frames):
        image.seek(number)
        if image.width * image.height > MAX_PIXELS:
            raise ValueError("a page has more pixels than are ever read")
        image.draft("L", (_DRAWN_SIDE, _DRAWN_SIDE))
        page = ImageOps.exif_transpose(image)
        if page.mode in ("P", "PA", "LA", "RGBA"):
            page = page.convert("RGBA")
            page = Image.alpha_composite(Image.new("RGBA", page.size, "white"), page)
        page = page.convert("L")
        page.thumbnail((_DRAWN_SIDE, _DRAWN_SIDE))
        written = io.BytesIO()
        page.save(written, "PNG")
        yield written.getvalue()


def _files(raw: bytes) -> Iterator[bytes]:
    """Every file that a message holds, one at a time; the message itself first, which may be the document."""
    from llm_assets.intake.mail import body, outlook  # import every reader of text; few requests show a scan

    yield raw
    if kinds.sniff(raw) == "ole":
        streams = ole.streams_of(raw)
        if streams is not None and ole.IS_OUTLOOK in streams:
            yield from outlook.files_of(ole.outlook(streams))
    elif raw.startswith(b"{"):
        try:
            entry = Entry.model_validate_json(raw)
        except ValidationError:
            return
        yield from (base64.b64decode(file.content) for file in entry.files)
    else:
        for item in body.sort(wrappers.opened(mime.parse(raw))).loose:
            data, _ = transfer.content(item.part)
            yield data
            if kinds.sniff(data) == "tnef":
                yield from (file.data for file in tnef.unpack(data).files)
