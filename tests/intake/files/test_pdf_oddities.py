"""What viewers show of a PDF that is odd inside: fields that no form names, notes that are only drawn, layers nobody can read."""

import pypdfium2
import pytest

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.files import pdf_page
from llm_assets.intake.read import read_bytes
from tests.support.mail import written_pdf
from tests.support.mail.written_pdf import HELVETICA, field, page, scanned, words

LINES = "Agreement 5520 of 3 May\nAmount 71 300 tenge"
STATES = "/AP<</N<</Yes 10 0 R/Off 10 0 R>>>>"
NOTHING = written_pdf.stream(b"", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")


def attachment_of(data: bytes, *, with_ocr: bool = False) -> Attachment:
    [message] = read_bytes(data, path="a.pdf", ocr=with_ocr)
    return message.attachments[0]


def looked_at(data: bytes) -> pdf_page.Page:
    [found] = (pdf_page.look(one) for one in pypdfium2.PdfDocument(data))
    return found


def without_form(data: bytes) -> bytes:
    return data.replace(b"/AcroForm", b"/AcroGone")


def test_fields_that_no_form_names_are_read() -> None:
    fields = (
        field("Amount", "/FT/Tx/V(71 300 tenge)"),
        field("agree", f"/FT/Btn/V/Yes/AS/Yes{STATES}", label="I agree"),
        field("post", f"/FT/Btn/AS/Off{STATES}", label="By post"),
        field("branch", "/FT/Ch/V(Almaty)"),
        field("empty", "/FT/Tx"),
    )
    found = attachment_of(without_form(page(annotations=fields, more=(NOTHING,))))
    assert found.text.split("\n") == ["Amount: 71 300 tenge", "☑ I agree", "☐ By post", "branch: Almaty"]


@pytest.mark.parametrize(
    ("entries", "line"),
    [
        ("/FT/Tx/V/A5520", "code: A5520"),
        ("/FT/Tx/RV(<body><p>Rich <b>5520</b> words</p></body>)", "code: Rich 5520 words"),
        (f"/FT/Btn/V/Yes{STATES}", "☑ code"),
        (f"/FT/Btn/V/Off{STATES}", "☐ code"),
        (f"/FT/Btn/V/Yes/AS/Off{STATES}", "☐ code"),
    ],
    ids=["a name", "rich text", "ticked by its value", "not ticked by its value", "drawn as not ticked"],
)
def test_a_value_is_found_wherever_programs_put_it(entries: str, line: str) -> None:
    assert attachment_of(page(annotations=(field("code", entries),), more=(NOTHING,))).text == line


def annotation(kind: str, entries: str) -> bytes:
    return f"<</Type/Annot/Subtype/{kind}/Rect[50 500 300 520]/F 4{entries}>>".encode()


def appearance(text: str) -> bytes:
    content = f"BT /F1 12 Tf 2 5 Td ({text}) Tj ET".encode()
    return written_pdf.stream(
        content, b"/Type/XObject/Subtype/Form/BBox[0 0 250 20]/Resources<</Font<</F1 5 0 R>>>>"
    )


@pytest.mark.parametrize("kind", ["Stamp", "FreeText"])
def test_notes_that_are_only_drawn_are_read_once(kind: str) -> None:
    note = annotation(kind, "/AP<</N 10 0 R>>")
    data = page(words("Application for a refund"), annotations=(note,), more=(appearance("PAID 5520"),))
    assert attachment_of(data).text == "Application for a refund\nPAID 5520"


def test_a_drawn_note_that_says_what_its_text_says_is_read_once() -> None:
    note = annotation("FreeText", "/Contents(PAID 5520)/AP<</N 10 0 R>>")
    stamp = annotation("Stamp", "/AP<</N 11 0 R>>").replace(b"[50 500 300 520]", b"[50 300 300 320]")
    drawn = (appearance("PAID 5520"), appearance("COPY 17"))
    data = page(words("Refund"), annotations=(note, stamp), more=drawn)
    assert attachment_of(data).text == "Refund\nPAID 5520\nCOPY 17"


def test_a_hidden_drawn_note_is_left_out() -> None:
    note = annotation("Stamp", "/AP<</N 10 0 R>>").replace(b"/F 4", b"/F 2")
    assert "5520" not in attachment_of(page(annotations=(note,), more=(appearance("PAID 5520"),))).text


def test_rich_notes_and_stamps_by_name_are_read() -> None:
    rich = annotation("FreeText", "/RC(<body><p>Sum <i>5520</i></p></body>)")
    assert (
        attachment_of(page(annotations=(rich, annotation("Stamp", "/Name/Approved")))).text
        == "Sum 5520\nApproved"
    )


def test_a_file_that_is_pinned_to_a_page_is_read() -> None:
    spec = "/FS<</Type/Filespec/F(clip.txt)/EF<</F 10 0 R>>>>/Contents(see there)"
    pinned = written_pdf.stream(b"Agreement 5520 in a clip", b"/Type/EmbeddedFile")
    found = attachment_of(page(annotations=(annotation("FileAttachment", spec),), more=(pinned,)))
    assert found.text == "see there\n\n[clip.txt]\nAgreement 5520 in a clip"


def test_the_data_of_an_xfa_form_in_one_piece_is_read() -> None:
    data = (
        '<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template><caption>Label</caption></template>'
        '<x:datasets xmlns:x="http://www.xfa.org/schema/xfa-data/1.0/"><x:data><name>Дана</name></x:data></x:datasets></xdp:xdp>'
    )
    form = page(words("Please wait..."), catalog=b"/XFA 10 0 R", more=(written_pdf.stream(data.encode()),))
    found = attachment_of(form).text
    assert "name: Дана" in found and "Label" not in found


def test_soft_hyphens_are_no_letters() -> None:
    font = HELVETICA.replace(
        b"/Encoding/WinAnsiEncoding", b"/Encoding<</BaseEncoding/WinAnsiEncoding/Differences[173/sfthyphen]>>"
    )
    assert (
        attachment_of(page(words("The con\\255tract num\\255ber"), font=font)).text == "The contract number"
    )


def test_a_long_stamp_over_a_scan_hides_nothing() -> None:
    line = "Received by the registry of the city, incoming number 17 of 20.11.2026, three sheets, one copy, no enclosures"
    stamp = "".join(words(f"{line} {n}", (20, 30 + 8 * n)).replace("12 Tf", "6 Tf") for n in range(4))
    assert looked_at(scanned(LINES, stamp)).picture_counts


def test_a_text_on_a_picture_of_the_whole_page_is_the_pages() -> None:
    lines = "".join(
        words(f"Clause {n}: the parties agree on the terms of it", (40, 760 - 24 * n)) for n in range(14)
    )
    found = looked_at(scanned("", lines))
    assert "Clause 13" in found.text and not found.picture_counts


def hidden(*lines: str) -> str:
    return "".join(words(line, (40, 700 - 20 * n)).replace(" Tf", " Tf 3 Tr") for n, line in enumerate(lines))


def test_a_hidden_layer_of_misread_letters_is_not_believed() -> None:
    misread = "flpowy BepHyTb KoMHccHl0 7I3O TeHre cnHcaHHylo no owH6Ke oneparopa KapTa 3a6JloKHpoBaHa"
    assert looked_at(scanned(LINES, hidden(*[misread] * 4))) == pdf_page.Page("", True)


def test_a_hidden_layer_of_words_is_believed() -> None:
    read = "The agreement of 3 May is about an amount of 71 300 tenge and nothing else was said in it by us"
    found = looked_at(scanned(LINES, hidden(*[read] * 4)))
    assert read in found.text and not found.picture_counts


def shifted(text: str, by: int) -> str:
    return "".join(chr(ord(c) + by) if c.isalnum() else c for c in text)


SENTENCE = (
    "the agreement of this client says that nothing can be changed without a letter of both of the parties "
)


@pytest.mark.parametrize("by", [5, 3, 2])
def test_letters_that_a_font_exchanges_are_not_believed(by: int) -> None:
    assert looked_at(page(words(shifted(SENTENCE * 2, by)))) == pdf_page.Page("", True)
    short = shifted("agreement number 5520", by)
    assert looked_at(page(words(short))) == pdf_page.Page(short, True), "too short to be dropped"


@pytest.mark.parametrize(
    "text",
    [
        SENTENCE,
        SENTENCE.upper(),
        "Tisztelt ügyfelünk, kérjük küldje vissza az aláírt példányt",
        "Serik Tulegenov, Almaty, Abay street",
        "71 300  5520-17  20.11.2026  08:15",
        "BIC KZKAKZKX",
    ],
)
def test_text_of_any_language_is_believed(text: str) -> None:
    assert not looked_at(page(words(text), font=HELVETICA)).picture_counts


def test_a_small_photograph_on_an_empty_sheet_is_looked_at() -> None:
    whole = scanned(LINES)
    small = whole.replace(b"q 612 0 0 500 0 200 cm", b"q 300 0 0 250 0 200 cm")
    assert looked_at(small).picture_counts


def test_a_logo_on_an_empty_sheet_is_not() -> None:
    whole = scanned(LINES)
    assert not looked_at(whole.replace(b"q 612 0 0 500 0 200 cm", b"q 150 0 0 100 0 200 cm")).picture_counts
