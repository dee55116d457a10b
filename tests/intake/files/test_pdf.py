"""A PDF gives what a person sees on it: typed and ticked fields, notes, scans under a stamp, drawn words, files inside."""

import io

import pypdfium2
import pytest

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.files import ocr, pdf_page
from llm_assets.intake.read import read_bytes
from tests.support.mail import written_pdf
from tests.support.mail.written_mail import docx
from tests.support.mail.written_pdf import NAMELESS, field, note, page, scanned, words

needs_ocr = pytest.mark.skipif(not ocr.available(), reason="tesseract is not installed")
LINES = "Agreement 5520 of 3 May\nAmount 71 300 tenge"


def attachment_of(data: bytes, *, with_ocr: bool = False) -> Attachment:
    [message] = read_bytes(data, path="a.pdf", ocr=with_ocr)
    return message.attachments[0]


def test_typed_fields_stand_under_their_labels() -> None:
    found = attachment_of(
        page(
            words("Application form"),
            annotations=(
                field("applicant.name", "/FT/Tx/V(Dana Lee)", label="Full name"),
                field("contract", "/FT/Tx/V<FEFF041404170035>"),
                field("empty", "/FT/Tx/V()"),
                field("branch", "/FT/Ch/Ff 131072/Opt[[(1)(Almaty)][(2)(Astana)]]/V(2)", label="Branch"),
            ),
        )
    )
    assert found.text.split("\n") == [
        "Application form", "Full name: Dana Lee", "contract: ДЗ5", "Branch: Astana",
    ]  # fmt: skip
    assert found.text_source == "text-layer"


def test_boxes_are_ticked_or_not() -> None:
    states = "/AP<</N<</Yes 10 0 R/Off 10 0 R>>>>"
    found = attachment_of(
        page(
            annotations=(
                field("cash", f"/FT/Btn/V/Yes/AS/Yes{states}", label="in cash"),
                field("card", f"/FT/Btn/V/Off/AS/Off{states}", label="by card"),
            ),
            more=(written_pdf.stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"),),
        )
    )
    assert found.text.split("\n") == ["☑ in cash", "☐ by card"]


@pytest.mark.parametrize("kind", ["FreeText", "Text", "Stamp", "Highlight"])
def test_notes_are_read(kind: str) -> None:
    assert "Оплачено 5520" in attachment_of(page(annotations=(note(kind, "Оплачено 5520"),))).text


def test_what_no_viewer_shows_is_left_out() -> None:
    hidden = attachment_of(
        page(annotations=(field("a", "/FT/Tx/V(secret)/F 2"), note("FreeText", "unseen", "/F 32")))
    )
    assert hidden.text == ""


def test_the_data_of_an_xfa_form_is_read() -> None:
    data = "<data><applicant><name>Дана</name><sum>71300</sum></applicant></data>".encode()
    form = page(
        words("Please wait... open this in another program"),
        catalog=b"/XFA[(datasets) 10 0 R]",
        more=(written_pdf.stream(data),),
    )
    assert "name: Дана\nsum: 71300" in attachment_of(form).text


def holding(name: str, data: bytes) -> bytes:
    document = pypdfium2.PdfDocument(page(words("Cover sheet of the parcel")))
    document.new_attachment(name).set_data(data)
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def test_files_inside_are_read_and_those_inside_them_are_not() -> None:
    assert "[act.docx]\nAct 5520" in attachment_of(holding("act.docx", docx("Act 5520"))).text
    twice = attachment_of(holding("inner.pdf", holding("act.docx", docx("Act 5520"))))
    assert twice.text.count("Cover sheet of the parcel") == 2
    assert "Act 5520" not in twice.text and "nested_archive" in twice.flags


@needs_ocr
@pytest.mark.parametrize(
    "over",
    [
        words("FROM: +7 727 000 00 00   FAX   20.11.2026 10:15   TO: 8812   PAGE 1 OF 1", (20, 770)),
        words("Scanned with an application for phones, free version", (20, 20)),
        words("COPY IS TRUE. INCOMING 5520 of 20.11.2026. OFFICE OF THE CITY. CASE FILE 17, SHEET 4", (20, 770)),
    ],
)  # fmt: skip
def test_a_scan_under_a_stamp_of_text_is_read(over: str) -> None:
    found = attachment_of(scanned(LINES, over), with_ocr=True)
    assert "5520" in found.text and "71 300" in found.text
    assert found.text_source == "ocr"


@needs_ocr
def test_words_drawn_as_shapes_are_read() -> None:
    found = attachment_of(written_pdf.drawn(LINES), with_ocr=True)
    assert "5520" in found.text and found.text_source == "ocr"


def test_words_drawn_as_shapes_are_named_where_pictures_are_not_read() -> None:
    assert "ocr_off" in attachment_of(written_pdf.drawn(LINES)).flags


def test_the_frames_of_an_empty_form_are_no_words() -> None:
    frames = "".join(f"50 {y} 500 20 re S " for y in range(100, 700, 40))
    assert attachment_of(page(frames)).flags == ()


@pytest.mark.parametrize(
    ("font", "text"),
    [
        (NAMELESS, "Agreement 5520 of 3 May, amount 71 300 tenge"),
        (written_pdf.HELVETICA, "Äîãîâîð 5520 îò 3 ìàÿ, ñóììà 71 300 òåíãå"),
    ],
    ids=["no map", "letters of another code page"],
)
def test_a_text_layer_that_is_rubbish_is_not_believed(font: bytes, text: str) -> None:
    [found] = (pdf_page.look(p) for p in pypdfium2.PdfDocument(page(words(text), font=font)))
    assert found == pdf_page.Page("", True)


def test_a_text_layer_of_another_language_is_believed() -> None:
    text = "Käufer möchte höhere Prämie für ältere Schäden über Österreich zurück"
    [found] = (pdf_page.look(p) for p in pypdfium2.PdfDocument(page(words(text))))
    assert found.text == text and not found.picture_counts
