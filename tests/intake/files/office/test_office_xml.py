"""Files named .xls and .doc that are XML, HTML or a saved page are read by what they hold."""

import base64
import quopri

import pytest

from llm_assets.domain.mail.document import Attachment
from llm_assets.intake.read import read_bytes
from tests.support.mail.written_mail import multipart, part, read

HEAD = "<?xml version='1.0' encoding='{}'?><?mso-application progid='Excel.Sheet'?>"
BOOK = (
    "<Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet' xmlns:ss='urn:schemas-microsoft-com:office:spreadsheet' "
    "xmlns:x='urn:schemas-microsoft-com:office:excel'><Styles><Style ss:ID='z'><NumberFormat ss:Format='00000'/></Style>"
    "<Style ss:ID='p'><NumberFormat ss:Format='Percent'/></Style><Style ss:ID='h'><NumberFormat ss:Format='[h]:mm:ss'/></Style>"
    "</Styles>{}</Workbook>"
)


def attached(data: bytes, name: str) -> Attachment:
    file = part(data, "application/vnd.ms-excel", f'Content-Disposition: attachment; filename="{name}"')
    return read(multipart(part("See the file."), file)).attachments[0]


def sheet(rows: str, name: str = "Лист", options: str = "") -> str:
    return f"<Worksheet ss:Name='{name}'><Table>{rows}</Table>{options}</Worksheet>"


def cell(value: str, kind: str = "String", attributes: str = "") -> str:
    return f"<Cell {attributes}><Data ss:Type='{kind}'>{value}</Data></Cell>"


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (cell("Счёт") + cell("5567", "Number"), "Счёт\t5567"),
        (cell("31", "Number", "ss:StyleID='z'"), "00031"),
        (cell("0.075", "Number", "ss:StyleID='p'"), "7.50%"),
        (cell("4400123412341234567890", "Number"), "4400123412341234567890"),
        (cell("4.4E+15", "Number"), "4400000000000000"),
        (cell("a") + cell("b", attributes="ss:Index='4'"), "a\t\t\tb"),
        (cell("a", attributes="ss:MergeAcross='2'") + cell("b"), "a\t\t\tb"),
        (cell("2026-12-01T00:00:00.000", "DateTime"), "2026-12-01"),
        (cell("2026-12-01T09:30:00.000", "DateTime"), "2026-12-01 09:30:00"),
        (cell("1900-01-01T17:07:00.000", "DateTime", "ss:StyleID='h'"), "41:07:00"),
        (cell("1", "Boolean"), "TRUE"),
        (cell("<B>rich</B> text"), "rich text"),
        (
            "<Cell><Data ss:Type='Number'>90</Data><Comment><ss:Data>paid</ss:Data></Comment></Cell>",
            "90\n[comment A1] paid",
        ),
    ],
)
@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "windows-1251"])
def test_a_workbook_of_excel_2003_shows_its_cells(row: str, text: str, charset: str) -> None:
    data = (HEAD.format(charset) + BOOK.format(sheet(f"<Row>{row}</Row>"))).encode(charset)
    found = attached(data, "statement.xls")
    assert (found.text, found.text_source, found.flags) == (text, "office", ())


def test_sheets_have_names_and_hidden_ones_a_flag() -> None:
    hidden = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>"
    both = sheet(f"<Row>{cell('a')}</Row>", "One") + sheet(f"<Row>{cell('b')}</Row>", "Two", hidden)
    found = attached((HEAD.format("utf-8") + BOOK.format(both)).encode(), "a.xls")
    assert found.text == "One\na\n\nTwo\nb" and found.flags == ("hidden_sheet",)


def test_a_workbook_in_another_charset_than_it_says_is_read() -> None:
    data = (HEAD.format("utf-8") + BOOK.format(sheet(f"<Row>{cell('Остаток по счёту')}</Row>"))).encode(
        "cp1251"
    )
    assert attached(data, "a.xls").text == "Остаток по счёту"


def test_a_cut_workbook_keeps_what_comes_before() -> None:
    data = (
        HEAD.format("utf-8") + BOOK.format(sheet(f"<Row>{cell('kept')}</Row><Row>{cell('lost')}</Row>"))
    ).encode()
    found = attached(data[: data.index(b"lost")], "a.xls")
    assert found.text == "kept" and "unreadable" in found.flags


def test_entities_that_multiply_are_not_expanded() -> None:
    bomb = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'>" + "".join(
        f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9)
    )
    data = f"<?xml version='1.0'?>{bomb}]>" + BOOK.format(sheet(f"<Row>{cell('&j;')}</Row>"))
    assert len(attached(data.encode(), "a.xls").text) < 5_000


WORD_2003 = (
    "<?xml version='1.0'?><?mso-application progid='Word.Document'?><w:wordDocument xmlns:aml='http://schemas.microsoft.com/aml/2001/core' "
    "xmlns:w='http://schemas.microsoft.com/office/word/2003/wordml'><w:body><w:p><w:r><w:t>Договор </w:t></w:r>"
    "<aml:annotation w:type='Word.Deletion'><aml:content><w:r><w:t>12</w:t></w:r></aml:content></aml:annotation>"
    "<aml:annotation w:type='Word.Insertion'><aml:content><w:r><w:t>5567</w:t></w:r></aml:content></aml:annotation></w:p>"
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
    "</w:body><w:docOleData><w:binData>QUJD</w:binData></w:docOleData></w:wordDocument>"
)
FLAT_WORD = (
    "<?xml version='1.0'?><pkg:package xmlns:pkg='http://schemas.microsoft.com/office/2006/xmlPackage'><pkg:part><pkg:xmlData>"
    "<w:document xmlns:w='http://schemas.openxmlformats.org/wordprocessingml/2006/main'><w:body><w:p><w:r><w:t>Flat 5567</w:t></w:r></w:p>"
    "</w:body></w:document></pkg:xmlData></pkg:part><pkg:part><pkg:binaryData>QUJD</pkg:binaryData></pkg:part></pkg:package>"
)
FLAT_SHEET = (
    "<?xml version='1.0'?><office:document xmlns:office='urn:oasis:names:tc:opendocument:xmlns:office:1.0' "
    "xmlns:text='urn:oasis:names:tc:opendocument:xmlns:text:1.0' xmlns:table='urn:oasis:names:tc:opendocument:xmlns:table:1.0'>"
    "<office:body><office:spreadsheet><table:table><table:table-row><table:table-cell table:number-columns-repeated='2'>"
    "<text:p>5567</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document>"
)


@pytest.mark.parametrize(
    ("source", "name", "text"),
    [
        (WORD_2003, "contract.doc", "Договор 5567\na\tb"),
        (FLAT_WORD, "contract.doc", "Flat 5567"),
        (FLAT_WORD, "contract.xml", "Flat 5567"),
        (FLAT_SHEET, "sheet.fods", "5567\t5567"),
    ],
)
def test_a_document_in_one_xml_file_is_read(source: str, name: str, text: str) -> None:
    assert attached(source.encode(), name).text == text
    (alone,) = read_bytes(source.encode(), path=name)
    assert alone.kind == "document" and alone.attachments[0].text == text


def page(text: str, charset: str, coding: str) -> bytes:
    raw = f"<html><head><style>p {{color:red}}</style></head><body><p>{text}</p></body></html>".encode(
        charset
    )
    coded = base64.encodebytes(raw) if coding == "base64" else quopri.encodestring(raw)
    head = f'Content-Location: file:///C:/a.htm\r\nContent-Transfer-Encoding: {coding}\r\nContent-Type: text/html; charset="{charset}"\r\n\r\n'
    return head.encode() + coded


def web_archive(*pages: bytes) -> bytes:
    joined = b"".join(b"--next\r\n" + p + b"\r\n" for p in pages)
    return (
        b'MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary="next"\r\n\r\nThis is a page.\r\n'
        + joined
        + b"--next--\r\n"
    )


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251", "utf-16"])
@pytest.mark.parametrize("coding", ["base64", "quoted-printable"])
def test_a_saved_page_is_read(charset: str, coding: str) -> None:
    picture = b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo="
    found = attached(web_archive(page("Соглашение 5567", charset, coding), picture), "agreement.doc")
    assert (found.text, found.text_source) == ("Соглашение 5567", "office")


def test_every_sheet_of_a_saved_workbook_is_read_and_its_frames_are_not() -> None:
    frames = b"Content-Type: text/html\r\n\r\n<html><frameset><noframes>Your browser shows no frames.</noframes></frameset></html>"
    data = web_archive(frames, page("First", "utf-8", "base64"), page("Second", "utf-8", "base64"))
    assert attached(data, "book.xls").text == "First\n\nSecond"


@pytest.mark.parametrize(
    "source",
    [
        "<table><tr><td>Остаток</td><td>5567</td></tr></table>",
        "\ufeff  <TABLE BORDER=1><TR><TD>Остаток<TD>5567</TABLE>",
        "<meta http-equiv='Content-Type' content='text/html; charset=utf-8'><table><tr><td>Остаток</td><td>5567</td></tr></table>",
        "<style>td {color: red}</style><table><tr><td>Остаток</td><td>5567</td></tr></table>",
        "<!-- from a program -->\n<style>td {color: red}</style><table><tr><td>Остаток</td><td>5567</td></tr></table>",
        "<?xml version='1.0'?><!--a--><!-- b - c --><table><tr><td>Остаток</td><td>5567</td></tr></table>",
        "<div class='x'><table><tr><td>Остаток</td><td>5567</td></tr></table></div>",
    ],
)
def test_a_piece_of_a_page_is_read_as_one(source: str) -> None:
    assert attached(source.encode(), "balance.xls").text.split() == ["Остаток", "5567"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("<table><row id='7'/></table>", "data.xml"),
        ("<table><tr><td>x</td></tr></table>", "how-to.txt"),
        ("<invoice><number>7</number></invoice>", "invoice.xls"),
        ("<!-- a remark -->", "note.doc"),
        ("<!-" * 400, "note.doc"),
        ("a < b and <table> is a tag", "note.doc"),
        (
            "MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\nis how a page begins",
            "note.txt",
        ),
        ("about urn:schemas-microsoft-com:office:spreadsheet", "note.xls"),
        ("Дата\tСумма\n1\t2", "table.xls"),
    ],
)
def test_words_and_other_xml_stay_as_they_are(source: str, name: str) -> None:
    assert attached(source.encode(), name).text == source
