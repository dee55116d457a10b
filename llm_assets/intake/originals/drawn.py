"""One page of a PDF or picture, drawn by us: what a browser gets is a new JPEG, never the file."""

import io

from PIL import Image, ImageFile, ImageOps

from llm_assets.intake.bytes import kinds
from llm_assets.intake.files.ocr import FORMATS, MAX_PIXELS
from llm_assets.intake.scans import UNDRAWABLE

SIDE = 1_600
"""Longest side: a page of A4 can be read at it, and takes about 200 KB."""
_QUALITY = 82


def drawn(data: bytes, number: int) -> bytes | None:
    """Page `number`, from 0; None where there is no such page or it cannot be drawn."""
    return _of_pdf(data, number) if kinds.sniff(data) == "pdf" else _of_picture(data, number)


def _of_pdf(data: bytes, number: int) -> bytes | None:
    import pypdfium2  # most files need it not

    try:
        document = pypdfium2.PdfDocument(data)
        if not 0 <= number < len(document):
            return None
        page = document[number]
        width, height = page.get_size()
        scale = min(SIDE / max(width, height, 1.0), 4.0)
        return _written(page.render(scale=scale).to_pil())
    except (pypdfium2.PdfiumError, ValueError, MemoryError):
        return None


def _of_picture(data: bytes, number: int) -> bytes | None:
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            frames = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
            if not 0 <= number < frames:
                return None
            image.seek(number)
            if image.width * image.height > MAX_PIXELS:
                return None
            image.draft("RGB", (SIDE, SIDE))
            return _written(ImageOps.exif_transpose(image))
    except UNDRAWABLE:
        return None


def _written(image: Image.Image) -> bytes:
    """On white, where the picture lets its ground through."""
    if image.mode in ("P", "PA", "LA", "RGBA"):
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    image = image.convert("RGB")
    image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
