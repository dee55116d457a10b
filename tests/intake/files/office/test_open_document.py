"""OpenDocument files give what a reader sees: repeated cells written out, deleted words gone, margins there."""

import time

import pytest

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.bytes.markup import MAX_TEXT
from llm_assets.intake.read import read_bytes
from tests.support.mail.written_mail import zipped

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "text", "table", "style", "form")
)


def document(body: str, styles: str = "", path: str = "a.ods") -> Attachment:
    members = {
        "mimetype": b"application/vnd.oasis.opendocument",
        "content.xml": f"<office:document-content {NAMES}><office:body>{body}</office:body></office:document-content>".encode(),
        "META-INF/manifest.xml": b"<m/>",
    }
    if styles:
        members["styles.xml"] = f"<office:document-styles {NAMES}>{styles}</office:document-styles>".encode()
    (message,) = read_bytes(zipped(members), path=path, ocr=False)
    return message.attachments[0]


def cell(text: str = "", repeated: int = 1, attributes: str = "") -> str:
    inside = f"<text:p>{text}</text:p>" if text else ""
    return f'<table:table-cell table:number-columns-repeated="{repeated}" {attributes}>{inside}</table:table-cell>'


def row(*cells: str, repeated: int = 1) -> str:
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(cells)}</table:table-row>'


def sheet(*rows: str, name: str = "Sheet1") -> str:
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


def sheets(*found: str) -> str:
    return f"<office:spreadsheet>{''.join(found)}</office:spreadsheet>"


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([row(cell("a"), cell(repeated=3), cell("b"))], "a\t\t\t\tb"),
        ([row(cell("a")), row(cell(repeated=2), cell("b"))], "a\n\t\tb"),
        ([row(cell("0,00", 3), cell("x"))], "0,00\t0,00\t0,00\tx"),
        ([row(cell("Июль"), cell("5"), repeated=2), row(cell("end"))], "Июль\t5\nИюль\t5\nend"),
        ([row(cell("a"), cell(repeated=16_383)), row(cell(repeated=16_384), repeated=1_048_575)], "a"),
        ([row(cell("a")), row(cell(repeated=1_024), repeated=1_048_574), row(cell("z"))], "a\n\nz"),
        (
            [row(cell("a"), "<table:covered-table-cell table:number-columns-repeated='2'/>", cell("b"))],
            "a\t\t\tb",
        ),
        ([row(cell("12,5 %", attributes='office:value-type="percentage" office:value="0.125"'))], "12,5 %"),
        ([row(cell(attributes='office:value-type="float" office:value="417"'), cell("b"))], "417\tb"),
        ([row(cell("a", -5), cell("b", 0))], "a\tb"),
    ],
)
def test_a_sheet_shows_every_cell_in_its_column(rows: list[str], text: str) -> None:
    assert document(sheets(sheet(*rows))).text.strip("\n") == text


def test_several_sheets_have_their_names_and_one_has_none() -> None:
    both = document(sheets(sheet(row(cell("a")), name="Май"), sheet(row(cell("b")), name="Июнь"))).text
    assert both == "Май\na\n\nИюнь\nb"


def test_a_comment_of_a_cell_follows_its_row() -> None:
    note = '<office:annotation><dc:creator xmlns:dc="d">Ann</dc:creator><text:p>paid late</text:p></office:annotation>'
    with_note = f"<table:table-cell>{note}<text:p>90</text:p></table:table-cell>"
    assert document(sheets(sheet(row(with_note, cell("x"))))).text == "90\tx\n[comment] paid late"


@pytest.mark.parametrize(
    "bomb",
    [
        row(cell("word " * 20, 16_384), repeated=1_048_576),
        row(*[cell(repeated=16_000) + cell("x")] * 500, repeated=1_000_000),
        row(*[cell(repeated=10**8) + cell(attributes='office:value="1"')] * 2_000),
    ],
    ids=["filled", "apart", "values"],
)
def test_repeats_are_bounded(bomb: str) -> None:
    started = time.process_time()
    found = document(sheets(sheet(bomb)))
    assert len(found.text) <= MAX_TEXT and time.process_time() - started < 5
    assert "truncated" in found.flags


def test_deleted_words_are_gone() -> None:
    gone = "<text:deletion><text:p>old price</text:p></text:deletion>"
    region = f"<text:changed-region>{gone}</text:changed-region>"
    body = f"<office:text><text:tracked-changes>{region}</text:tracked-changes><text:p>new <text:change-start/>price</text:p></office:text>"
    assert document(body, path="a.odt").text == "new price"


def test_headers_footers_and_notes_are_there() -> None:
    pages = "<style:master-page><style:header><text:p>Bank</text:p></style:header><style:footer><text:p>page 1</text:p></style:footer></style:master-page>"
    note = "<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>a note</text:p></text:note-body></text:note>"
    styles = f"<office:styles><style:style><text:p>no text</text:p></style:style></office:styles>{pages}"
    found = document(f"<office:text><text:p>Letter{note}</text:p></office:text>", styles, "a.odt").text
    assert found.split() == ["Letter1a", "note", "Bank", "page", "1"]


def test_a_table_in_a_text_has_no_name_and_keeps_its_rows() -> None:
    table = sheet(row(cell("a"), cell("b")), row(cell("c"), cell("d")), name="Table1")
    assert document(f"<office:text><text:p>x</text:p>{table}{table}</office:text>", path="a.odt").text == (
        "x\na\tb\nc\td\na\tb\nc\td"
    )


def test_a_file_cut_inside_a_cell_keeps_what_comes_before() -> None:
    whole = f"<office:document-content {NAMES}>{sheets(sheet(row(cell('first'), cell('second'))))}"
    members = {
        "mimetype": b"x",
        "content.xml": whole[: whole.index("second") + 6].encode(),
        "META-INF/manifest.xml": b"<m/>",
    }
    (message,) = read_bytes(zipped(members), path="a.ods", ocr=False)
    assert message.attachments[0].text == "first\tsecond" and "unreadable" in message.attachments[0].flags


def test_what_people_ticked_and_wrote_in_a_form_is_read() -> None:
    form = (
        '<office:text><office:forms><form:form><form:checkbox form:label="Наличными" form:current-state="checked"/>'
        '<form:checkbox form:label="На карту"/><form:radio form:label="Почтой" form:current-selected="true"/>'
        '<form:text form:name="Имя" form:current-value="Дана"/><form:text form:name="Отчество"/><form:listbox form:name="Город">'
        '<form:option form:label="Алматы"/><form:option form:label="Астана" form:current-selected="true"/></form:listbox>'
        "</form:form></office:forms><text:p>Анкета</text:p></office:text>"
    )
    lines = document(form, path="a.odt").text.split("\n")
    assert lines == ["☑ Наличными", "☐ На карту", "☑ Почтой", "Имя: Дана", "Астана", "Анкета"]
