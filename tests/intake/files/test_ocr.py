"""Pictures are read with Tesseract, and how far the text can be trusted is said."""

import io

import pytest
from PIL import Image, ImageDraw, ImageFont

from llm_assets.intake.files import ocr
from llm_assets.intake.files.ocr import read_image
from llm_assets.intake.mail.mail import read_mail
from llm_assets.intake.read import read_bytes
from llm_assets.intake.reading import Reading
from tests.support.mail.written_mail import multipart, part, read
from tests.support.repository import INBOX

pytestmark = pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")

LINES = "INVOICE No 4471\nDate 19.11.2026\nOffice paper, 120 packs\nTotal amount 314 800"


def picture(
    text: str = LINES, *, turn: int = 0, kind: str = "PNG", ink: str = "black", paper: str = "white"
) -> bytes:
    image = Image.new("RGB", (900, 360), paper)
    ImageDraw.Draw(image).multiline_text(
        (40, 40), text, fill=ink, font=ImageFont.load_default(size=44), spacing=20
    )
    stream = io.BytesIO()
    image.rotate(turn, expand=True).save(stream, kind)
    return stream.getvalue()


def noise() -> bytes:
    image = Image.effect_noise((100, 60), 120)
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def attachment_of(data: bytes, path: str):  # type: ignore[no-untyped-def]
    return next(read_bytes(data, path=path)).attachments[0]


def test_a_clear_picture_gives_its_words_and_a_high_confidence() -> None:
    found = attachment_of(picture(), "a.png")
    assert "4471" in found.text and "314 800" in found.text
    assert found.text_source == "ocr" and found.flags == ()
    assert found.ocr_confidence is not None and found.ocr_confidence >= ocr.GOOD


def test_a_picture_lying_on_its_side_is_read() -> None:
    assert "4471" in attachment_of(picture(turn=90), "a.png").text


def test_cyrillic_print_that_passes_for_english_letters_is_read_in_its_own() -> None:
    label = attachment_of((INBOX / "1017-broken-kettle-photos.eml").read_bytes(), "a.eml")
    assert "Чайник стеклянный" in label.text and "ХРУПКОЕ" in label.text


def test_faded_print_is_read() -> None:
    found = attachment_of(picture(ink="#dcdcdc", paper="#e8e8e8"), "a.png")
    assert "4471" in found.text and "314 800" in found.text


def test_every_page_of_a_tiff_is_read_until_the_time_is_over() -> None:
    stream = io.BytesIO()
    pages = [Image.open(io.BytesIO(picture(f"Page {n} of the scan"))) for n in (1, 2)]
    pages[0].save(stream, "TIFF", save_all=True, append_images=pages[1:])
    found = read_image(stream.getvalue(), Reading())
    assert "Page 1" in found.text and "Page 2" in found.text
    assert (found.pages, found.flags) == (2, ())
    hurried = read_image(stream.getvalue(), Reading(attachment_seconds=0.0))
    assert {"ocr_timeout", "truncated"} <= set(hurried.flags)


def test_a_mail_has_so_many_scans_read_and_the_rest_flagged() -> None:
    scan = part(picture(), "image/png", "Content-Disposition: attachment; filename=a.png")
    message = read_mail(multipart(part("hi"), scan, scan), path="m", index=0, reading=Reading(max_scans=1))
    assert [a.text_source for a in message.attachments] == ["ocr", "none"]
    assert message.attachments[1].flags == ("ocr_off", "truncated")
    assert "truncated" in message.flags


def test_noise_is_flagged_as_a_poor_scan() -> None:
    assert "poor_scan" in attachment_of(noise(), "a.png").flags


def test_a_scanned_pdf_is_read_by_its_picture() -> None:
    stream = io.BytesIO()
    Image.open(io.BytesIO(picture())).convert("RGB").save(stream, "PDF", resolution=100)
    found = attachment_of(stream.getvalue(), "a.pdf")
    assert "4471" in found.text
    assert (found.text_source, found.pages) == ("ocr", 1)


def test_without_ocr_a_scan_says_that_it_was_not_read() -> None:
    found = next(read_bytes(picture(), path="a.png", ocr=False)).attachments[0]
    assert (found.text, found.flags, found.ocr_confidence) == ("", ("ocr_off",), None)


def test_a_small_logo_in_the_mail_is_not_read() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (150, 60), "white").save(stream, "PNG")
    logo = part(stream.getvalue(), "image/png", "Content-ID: <logo>")
    message = read(multipart(part('<img src="cid:logo">hi', "text/html"), logo, kind="related"), ocr=True)
    assert message.attachments[0].text_source == "none"


def screen(ground: object, ink: object, *, mode: str = "RGB") -> Image.Image:
    """A phone's screen."""
    image = Image.new(mode, (720, 900), ground)  # type: ignore[arg-type]
    font = ImageFont.load_default(size=32)
    for number, line in enumerate(
        ["The charge of 71 300 came twice", "Agreement 5520 of May", "Try again later"]
    ):
        ImageDraw.Draw(image).text((40, 60 + number * 120), line, fill=ink, font=font)  # type: ignore[arg-type]
    return image


def coded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("ground", "ink"),
    [("black", "white"), ((18, 18, 20), (150, 150, 150)), ((33, 60, 120), "white"), ((118, 118, 118), "white"), ("white", "black")],
)  # fmt: skip
def test_a_screen_of_any_colour_takes_at_most_three_calls(
    ground: object, ink: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    call = ocr._read
    monkeypatch.setattr(ocr, "_read", lambda *given: calls.append(given[1]) or call(*given))
    monkeypatch.setattr(ocr, "_turn", lambda *given: calls.append("turn") or 0)
    found = read_image(coded(screen(ground, ink)), Reading())
    assert "5520" in found.text and found.flags == ()
    assert len(calls) <= 3


def test_a_picture_of_sixteen_bits_keeps_its_print() -> None:
    wide = screen("white", "black", mode="L").convert("I").point(lambda value: value * 16)  # 12 of 16 bits
    assert "5520" in read_image(coded(wide.convert("I;16")), Reading()).text
    assert "5520" in read_image(coded(wide, "TIFF"), Reading()).text


@pytest.mark.parametrize(("ink", "mode"), [(255, "LA"), (0, "LA"), ("white", "RGBA"), ("black", "RGBA")])
def test_print_on_a_transparent_ground_is_seen(ink: object, mode: str) -> None:
    clear = (0, 0) if mode == "LA" else (0, 0, 0, 0)
    opaque = (ink, 255) if mode == "LA" else ink
    assert "5520" in read_image(coded(screen(clear, opaque, mode=mode)), Reading()).text


def test_what_moves_or_holds_two_pictures_is_one_page() -> None:
    first, second = screen("white", "black"), screen("black", "black")
    for kind in ("GIF", "MPO", "WEBP"):
        found = read_image(coded(first, kind, save_all=True, append_images=[second]), Reading())
        assert "5520" in found.text
        assert (found.pages, found.flags) == (1, ())
