"""Pictures of phones and screens: print on several grounds at once, and pictures that move."""

import io
from collections.abc import Sequence

import pytest
from PIL import Image, ImageDraw, ImageFont

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.files import ocr
from llm_assets.intake.files.grounds import even_grounds
from llm_assets.intake.read import read_bytes

LINES = ("Invoice 4471 is wrong", "Total was 314 800", "Please send it anew", "Office paper only")
needs_ocr = pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")


def chat(ground: str, bubbles: Sequence[str], inks: Sequence[str]) -> Image.Image:
    image = Image.new("RGB", (640, 900), ground)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(LINES):
        left, top = (30, 130)[number % 2], 80 + 200 * number
        draw.rounded_rectangle((left, top, left + 470, top + 110), 18, fill=bubbles[number % 2])
        draw.text((left + 24, top + 34), line, font=ImageFont.load_default(size=36), fill=inks[number % 2])
    return image


def text_of(*frames: Image.Image, kind: str = "PNG") -> str:
    stream = io.BytesIO()
    frames[0].save(stream, kind, save_all=len(frames) > 1, append_images=frames[1:])
    found: Attachment = next(read_bytes(stream.getvalue(), path=f"a.{kind.lower()}")).attachments[0]
    return found.text


@needs_ocr
@pytest.mark.parametrize(
    ("ground", "bubbles", "inks"),
    [
        ("#0b141a", ("#202c33", "#005c4b"), ("#e9edef", "#e9edef")),
        ("#111111", ("#2b2b2b", "#d9fdd3"), ("white", "black")),
        ("#ffffff", ("#e5e5ea", "#007aff"), ("black", "white")),
        ("#efeae2", ("#ffffff", "#d9fdd3"), ("#111b21", "#111b21")),
    ],
    ids=["dark", "dark with light bubbles", "light with blue bubbles", "light"],
)
def test_both_sides_of_a_chat_are_read(ground: str, bubbles: Sequence[str], inks: Sequence[str]) -> None:
    found = text_of(chat(ground, bubbles, inks))
    assert "4471" in found and "314 800" in found and "paper" in found


@needs_ocr
def test_of_a_moving_picture_that_begins_empty_the_first_with_print_is_read() -> None:
    print_ = chat("white", ("white", "white"), ("black", "black"))
    assert "4471" in text_of(Image.new("RGB", print_.size, "white"), print_, kind="GIF")


def test_a_picture_with_one_ground_is_left_as_it_is() -> None:
    paper = chat("white", ("white", "white"), ("black", "black")).convert("L")
    assert even_grounds(paper) is paper


def test_paper_with_a_light_shade_is_left_as_it_is() -> None:
    paper = chat("white", ("#efefef", "#efefef"), ("black", "black")).convert("L")
    assert even_grounds(paper) is paper


def test_a_photograph_is_left_as_it_is() -> None:
    photograph = Image.radial_gradient("L").resize((600, 600))
    assert even_grounds(photograph) is photograph


def test_print_is_dark_on_white_whatever_it_stands_on() -> None:
    even = even_grounds(chat("#0b141a", ("#202c33", "#005c4b"), ("white", "white")).convert("L"))
    assert even.getpixel((5, 5)) == even.getpixel((60, 100)) == even.getpixel((160, 300)) == 255
    assert min(even.tobytes()) < 80
