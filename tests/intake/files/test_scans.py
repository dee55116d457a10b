"""A scan's bytes are found again in the message that brought it, and become what a vision model takes."""

import base64
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import EpsImagePlugin, Image

from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.digest import digest_bytes
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.intake.files import ocr
from llm_assets.intake.mail.mail import read_mail
from llm_assets.intake.reading import Reading
from llm_assets.intake.records.entry import Entry, StoredFile
from llm_assets.intake.records.mapping import DropRules
from llm_assets.intake.scans import LARGEST_BYTES, PDF, Shown, file_in, shown
from llm_assets.usecases.mail.file_cases import cases_in
from llm_assets.usecases.mail.mask import masked_preview
from tests.support.mail.written_mail import multipart, part

QUEUES = Queues(queues=(Queue(name="bank", default=True, categories=(Category(name="other"),)),))
FACE = b"%PDF-1.4 not much of one"


def drawn(kind: str, size: tuple[int, int] = (60, 40), mode: str = "RGB", **options: object) -> bytes:
    stream = io.BytesIO()
    Image.effect_noise(size, 90).convert(mode).save(stream, kind, **options)
    return stream.getvalue()


def test_a_file_of_a_mail_is_found_by_the_digest_that_reading_gave_it() -> None:
    png, pdf = drawn("PNG"), FACE
    raw = multipart(
        part("See both."),
        part(png, "image/png", "Content-Disposition: inline; filename=a.png"),
        part(pdf, "application/octet-stream", "Content-Disposition: attachment; filename=b.bin"),
    )
    read = read_mail(raw, path="mail.eml", index=0, reading=Reading(files=False))
    assert [file_in(raw, a.sha256) for a in read.attachments] == [png, pdf]
    assert file_in(raw, digest_bytes(b"another file")) is None


def test_a_document_and_the_files_of_a_form_are_found_too() -> None:
    assert file_in(FACE, digest_bytes(FACE)) == FACE
    file = StoredFile(
        filename="a.pdf", content_type="application/pdf", content=base64.b64encode(FACE).decode()
    )
    form = Entry(kind="form", id="F-1", files=(file,)).model_dump_json().encode()
    assert file_in(form, digest_bytes(FACE)) == FACE
    assert file_in(json.dumps({"id": "foreign"}).encode(), digest_bytes(FACE)) is None


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("GIF", "image/gif"), ("WEBP", "image/webp")])  # fmt: skip
def test_what_providers_take_goes_as_it_is_whatever_its_name(kind: str, media_type: str) -> None:
    data = drawn(kind)
    assert shown(data) == [Shown(media_type, data)]


def test_a_pdf_goes_as_it_is() -> None:
    assert shown(FACE) == [Shown(PDF, FACE)]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "CMYK"])
def test_each_page_of_a_tiff_becomes_a_png(mode: str) -> None:
    pages = [Image.effect_noise((60, 40), 90).convert(mode) for _ in range(3)]
    stream = io.BytesIO()
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:])
    found = shown(stream.getvalue())
    assert [one.media_type for one in found] == ["image/png"] * 3
    assert [Image.open(io.BytesIO(one.data)).size for one in found] == [(60, 40)] * 3


def test_a_bitmap_becomes_a_png() -> None:
    [found] = shown(drawn("BMP"))
    assert found.media_type == "image/png" and found.data.startswith(b"\x89PNG")


def test_a_picture_too_large_for_a_provider_is_made_smaller() -> None:
    large = drawn("PNG", (2000, 2000), "L", compress_level=0)
    [found] = shown(large)
    assert len(large) > LARGEST_BYTES > len(found.data)
    assert max(Image.open(io.BytesIO(found.data)).size) == 1900


def test_a_strip_longer_than_a_provider_takes_is_made_shorter() -> None:
    [found] = shown(drawn("PNG", (9000, 20), "L"))
    assert Image.open(io.BytesIO(found.data)).width == 1900


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("data", [b"II*\x00 no picture", drawn("TIFF")[:40], b"\x89PNG\r\n\x1a\n", b"words"])
def test_what_cannot_be_drawn_is_nothing(data: bytes) -> None:
    assert shown(data) == []


@pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")
def test_the_preview_says_that_a_scan_stays_in_the_house(tmp_path: Path) -> None:
    Image.linear_gradient("L").resize((100, 60)).save(tmp_path / "a.png")
    text, told = masked_preview(cases_in(tmp_path / "a.png", DropRules()), ReadingRules(), QUEUES)
    assert text.startswith("<case>") and told.startswith("[1 scan that text recognition could not read, kept")
    assert (
        len(
            list(
                masked_preview(
                    cases_in(tmp_path / "a.png", DropRules()), ReadingRules(vision_pages=0), QUEUES
                )
            )
        )
        == 1
    )


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 40 40\n%%EndComments\n%%Page: 1 1\nshowpage\n%%EOF\n"


@pytest.mark.parametrize("read", [shown, lambda data: ocr.read_image(data, Reading()).text])
def test_a_picture_that_is_a_program_starts_none(
    read: Callable[[bytes], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pillow gives PostScript to Ghostscript, which runs it with the environment of this process."""
    started: list[object] = []
    monkeypatch.setattr(EpsImagePlugin, "gs_binary", None)
    monkeypatch.setattr(subprocess, "Popen", lambda *words, **_: started.append(words))
    assert not read(EPS)
    assert started == []
