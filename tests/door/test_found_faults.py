"""Files as people upload them, and the codes of what is wrong with each; the facts are gathered in this process."""

import io
import os
import time

import pytest
from PIL import Image, ImageFilter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from llm_assets.intake.checks import gathering
from llm_assets.intake.checks.facts import FileFacts, PageFacts, PagesAsked, facts_from_wire, facts_to_wire
from llm_assets.intake.checks.gathering import facts_of
from llm_assets.intake.files import ocr
from llm_assets.usecases.answers.findings import checked_pages, findings_of, type_of
from tests.support.mail.written_mail import docx, zipped
from tests.support.mail.written_pdf import print_of

needs_ocr = pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")
INVOICE = "Invoice No 15 of 3 May 2026\nOffice paper, 12 packs\nTotal 45 000 tenge"
PRINT = "Invoice No 15\nOffice paper, 12 packs\nTotal amount 45 000 tenge\nPaid in cash on Monday"


def pdf(*pages: str | Image.Image, password: str | None = None) -> bytes:
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(595, 842), encrypt=password)
    for page in pages:
        if isinstance(page, str):
            text = canvas.beginText(60, 780)
            text.textLines(page)
            canvas.drawText(text)
        else:
            canvas.drawImage(
                ImageReader(page),
                0,
                842 - 595 * page.height / page.width,
                595,
                595 * page.height / page.width,
            )
        canvas.showPage()
    canvas.save()
    return stream.getvalue()


def picture(image: Image.Image, kind: str = "PNG") -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


def codes(
    data: bytes, name: str = "a.pdf", *, with_ocr: bool = False, expected: str | None = None
) -> list[str]:
    facts = facts_of(data, name, PagesAsked(time.monotonic() + 60, with_ocr))
    assert facts_from_wire(facts_to_wire(facts)) == facts
    return [f"{f.code} {f.page or ''}".strip() for f in findings_of(facts, type_of(facts), expected)]


@pytest.mark.parametrize(
    ("data", "name", "found"),
    [
        (pdf(INVOICE, INVOICE), "a.pdf", []),
        (pdf(INVOICE, "", INVOICE), "a.pdf", ["blank_page 2"]),
        (pdf(f"{INVOICE}\nPage 1 of 3", "Page 2 of 3", f"{INVOICE}\nPage 3 of 3"), "a.pdf", ["blank_page 2"]),
        (pdf(f"{INVOICE}\nPage 2 of 3"), "a.pdf", ["missing_page 1", "missing_page 3"]),
        (pdf("", ""), "a.pdf", ["empty"]),
        (pdf(INVOICE, password="open sesame"), "a.pdf", ["encrypted"]),
        (pdf(INVOICE)[:-400], "a.pdf", ["damaged"]),
        (b"%PDF-1.4 and nothing else", "a.pdf", ["damaged"]),
        (b"", "a.pdf", ["empty"]),
        (b"  \n", "a.txt", ["empty"]),
        (os.urandom(3000), "a.bin", ["unreadable"]),
        (docx(INVOICE), "a.docx", []),
        (docx(), "a.docx", ["empty"]),
        (docx(INVOICE)[:300], "a.docx", ["damaged"]),
        (zipped({"word/document.xml": b"<document/>", "word/media/image1.png": b"1"}), "a.docx", []),
        (picture(Image.new("L", (800, 1100), 240)), "a.png", ["empty"]),
        (picture(print_of(PRINT), "JPEG")[:9000], "a.jpg", ["damaged"]),
    ],
)  # fmt: skip
def test_each_fault_has_its_code(data: bytes, name: str, found: list[str]) -> None:
    assert codes(data, name) == found


def test_a_page_that_cannot_be_opened_is_named() -> None:
    whole = pdf(INVOICE, f"{INVOICE}\nsecond")
    second = whole.rindex(b"/Type /Page\n")
    assert codes(whole[:second] + b"/Type /Pane\n" + whole[second + 12 :]) == ["damaged 2"]


def test_another_type_than_expected_is_a_finding_where_the_type_is_known() -> None:
    assert codes(pdf(INVOICE), expected="act") == ["other_type"]
    assert codes(pdf(INVOICE), expected="invoice") == []
    assert codes(pdf("Minutes of a meeting that took place in May"), expected="act") == []


@needs_ocr
def test_a_scan_that_can_hardly_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "_SECONDS_A_PAGE", 1_000)  # a glimpse is enough to know
    poor = print_of(PRINT).filter(ImageFilter.GaussianBlur(9))
    assert codes(pdf(INVOICE, poor), with_ocr=True) == ["low_quality 2"]


@needs_ocr
def test_a_scan_that_lies_on_its_side_is_turned_before_it_is_judged() -> None:
    lying = print_of(PRINT).rotate(90, expand=True)
    assert codes(picture(lying, "TIFF"), "a.tiff", with_ocr=True, expected="act") == ["other_type"]


def test_what_tesseract_trusts_decides_on_a_page() -> None:
    seen = [
        PageFacts(1, "Total 5", ink=0.1, words=40, confidence=59.9),
        PageFacts(2, "Total 5", ink=0.1, words=40, confidence=60.0),
        PageFacts(3, "", ink=0.1, words=0, confidence=0.0),
        PageFacts(4, "", is_read=False, ink=0.1),
        PageFacts(5, "", ink=0.0),
    ]
    found = findings_of(FileFacts("pdf", (), 5, tuple(seen)), None, None)
    assert [(f.code, f.page) for f in found] == [("low_quality", 1), ("low_quality", 3), ("blank_page", 5)]


def test_pages_that_were_not_looked_at_are_not_missing() -> None:
    facts = FileFacts("pdf", (), 3, (PageFacts(1, f"{INVOICE}\nPage 1 of 4"),))
    assert [(f.code, f.page) for f in findings_of(facts, None, None)] == [("missing_page", 4)]


def test_a_part_that_is_broken_is_said_of_a_file_that_can_be_read() -> None:
    facts = FileFacts("zip", ("unreadable",), text=INVOICE)
    assert [f.code for f in findings_of(facts, None, None)] == ["damaged"]


def test_a_page_that_was_not_read_is_not_counted_as_checked() -> None:
    facts = facts_of(pdf(INVOICE, print_of(PRINT)), "a.pdf", PagesAsked(time.monotonic() + 60))
    assert (facts.total, checked_pages(facts)) == (2, 1)
    assert findings_of(facts, None, None) == []
    assert facts_of(pdf(INVOICE), "a.pdf", PagesAsked(0)).pages == ()
