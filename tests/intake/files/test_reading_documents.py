"""Documents and attachments become text, or a flag that says why not."""

import io
import struct
import tarfile
from pathlib import Path

import pypdfium2
import pytest

from llm_assets.intake.bytes import tnef
from llm_assets.intake.bytes.kinds import kind_of, sniff
from llm_assets.intake.files import rtf
from llm_assets.intake.read import read_bytes
from tests.support.mail.written_mail import docx, mail, multipart, part, pdf, read, zipped


def attachment_of(data: bytes, path: str):  # type: ignore[no-untyped-def]
    (message,) = read_bytes(data, path=path, ocr=False)
    assert message.kind == "document" and message.message_id is None and message.text == ""
    (attachment,) = message.attachments
    return attachment


def test_a_pdf_gives_its_text_layer_and_pages() -> None:
    found = attachment_of(pdf("Invoice 42, total 1 200,00"), "a.pdf")
    assert (found.text.strip(), found.text_source, found.pages) == (
        "Invoice 42, total 1 200,00",
        "text-layer",
        1,
    )


def test_a_docx_gives_paragraphs_and_table_cells() -> None:
    assert attachment_of(docx("Акт № 7", "Итого 500"), "a.docx").text == "Акт № 7\nИтого 500"


def test_a_workbook_gives_rows_without_needless_decimals() -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Товар", "Штук", "Цена"])
    book.active.append(["Лампа", 3, 12.5])
    stream = io.BytesIO()
    book.save(stream)
    found = attachment_of(stream.getvalue(), "a.xlsx")
    assert found.text == "Товар\tШтук\tЦена\nЛампа\t3\t12.5"
    assert found.text_source == "office"


def test_an_open_document_gives_its_paragraphs() -> None:
    names = 'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    content = f"<office:document-content {names}><office:body><text:p>один</text:p><text:p>два</text:p></office:body></office:document-content>"
    box = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": content.encode(),
        "META-INF/manifest.xml": b"<m/>",
    }
    assert attachment_of(zipped(box), "a.odt").text == "один\nдва"


def test_rtf_gives_cyrillic_by_code_page_and_by_unicode() -> None:
    source = rb"{\rtf1\ansi\ansicpg1251{\fonttbl{\f0 Arial;}}\f0 \'c0\'ea\'f2 \u8470? 7\par\u1178?\u1072?\u1079?\u1072?\u1179?}"
    assert rtf.to_text(source) == "Акт № 7\nҚазақ"


@pytest.mark.parametrize(
    "source",
    [
        rb"{\rtf1 Sum {\deleted\revauthdel1 12 }{\revised 40}}",
        rb"{\rtf1 Sum \deleted 12 \deleted0 40}",
        rb"{\rtf1 Sum {\b\deleted 12 \plain 40}}",
    ],
)
def test_words_deleted_by_a_tracked_change_are_gone(source: bytes) -> None:
    assert rtf.to_text(source) == "Sum 40"


def test_a_star_hides_an_rtf_group_only_at_its_start() -> None:
    assert rtf.to_text(rb"{\rtf1{\*\generator Word;}{\i0\*\cs7 seen}}") == "seen"


@pytest.mark.parametrize(
    ("data", "path", "flag"),
    [
        (pdf("x")[:60], "a.pdf", "unreadable"),
        (b"PK\x03\x04 no zip at all", "a.docx", "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "a.xls", "unreadable"),
        (b"\x89PNG\r\n\x1a\nbroken", "a.png", "unreadable"),
        (bytes(range(256)) * 10, "a.bin", "unsupported"),
        (b"", "a.txt", "empty"),
        (docx("x")[:80], "a.docx", "unreadable"),
    ],
    ids=["pdf", "zip", "ole", "png", "binary", "empty", "docx"],
)
def test_a_document_that_cannot_be_read_is_refused_with_its_reason(data: bytes, path: str, flag: str) -> None:
    (message,) = read_bytes(data, path=path, ocr=False)
    assert not message.ok
    assert message.error is not None and message.error.kind == flag
    assert flag in message.attachments[0].flags
    assert message.attachments[0].size == len(data)


def test_a_zip_bomb_is_refused_by_its_directory() -> None:
    bomb = zipped({"word/document.xml": b"\x00" * 210_000_000})
    assert len(bomb) < 1_000_000
    assert attachment_of(bomb, "a.docx").flags == ("too_large",)


def test_a_zip_of_documents_is_opened_one_level() -> None:
    inner = zipped({"deep.txt": b"too deep"})
    found = attachment_of(zipped({"act.docx": docx("Акт"), "note.txt": b"hello", "more.zip": inner}), "a.zip")
    assert "[act.docx]\nАкт" in found.text and "[note.txt]\nhello" in found.text
    assert "too deep" not in found.text
    assert {"archive", "nested_archive"} <= set(found.flags)


def test_entities_that_multiply_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9)
    )
    document = f"<?xml version='1.0'?>{bomb}]><w:document xmlns:w='x'><w:t>&j;</w:t></w:document>"
    found = next(read_bytes(zipped({"word/document.xml": document.encode()}), path="a.docx"))
    assert "unreadable" in found.attachments[0].flags


def test_a_text_file_is_a_document_in_its_real_charset() -> None:
    found = attachment_of("Справка о доходах за октябрь".encode("cp1251"), "a.txt")
    assert (found.text, found.text_source) == ("Справка о доходах за октябрь", "plain")


@pytest.mark.parametrize(
    ("data", "path", "kind"),
    [
        (mail(), "x.eml", "mail"),
        (mail(), "x", "mail"),
        (mail(), "x.txt", "document"),
        (b"From a@x Fri Nov 20 08:00:00 2026\n" + mail(), "x", "mbox"),
        (b"just words", "x", "document"),
        (pdf("x"), "x.eml", "document"),
        (b"Subject: no %PDF-1.4 header\nFrom: a@x.example\n\nhi", "x.eml", "mail"),
        (b"Subject: File\nFrom: a@x.example\n\n%PDF-1.4 is what it begins with", "x", "mail"),
        (b"From a@x Fri Nov 20 08:00:00 2026\nSubject: %PDF-\n\nhi", "x", "mbox"),
        (b"\r\njunk of a gateway: 7\r\n" + pdf("x"), "x.eml", "document"),
        (b"Warning: line 7\n" + pdf("x"), "x", "document"),
        (zipped({"a.pdf": pdf("x")}), "x", "document"),
    ],
)
def test_content_decides_what_a_file_is(data: bytes, path: str, kind: str) -> None:
    assert kind_of(data, path) == kind


def test_a_pdf_behind_junk_is_read_and_packed_ones_are_no_junk() -> None:
    assert "Invoice 42" in attachment_of(b"Warning: line 7\n" + pdf("Invoice 42"), "a.pdf").text
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as box:
        member = tarfile.TarInfo("a.pdf")
        member.size = len(pdf("Invoice 42"))
        box.addfile(member, io.BytesIO(pdf("Invoice 42")))
    assert sniff(packed.getvalue()) == "tar"


def test_a_wrongly_declared_attachment_is_read_by_its_content() -> None:
    message = read(
        multipart(
            part("x"), part(pdf("Invoice 42"), "application/octet-stream", "Content-Disposition: attachment")
        )
    )
    assert message.attachments[0].text.strip() == "Invoice 42"


def test_a_text_attachment_is_read_in_its_declared_charset() -> None:
    file = part(
        "Καλημέρα κόσμε".encode("iso-8859-7"),
        "text/plain; charset=iso-8859-7",
        "Content-Disposition: attachment",
    )
    assert read(multipart(part("x"), file)).attachments[0].text == "Καλημέρα κόσμε"


def test_an_attachment_that_could_not_be_read_marks_its_mail() -> None:
    file = part(b"\x89PNG\r\n\x1a\nbroken", "image/png", "Content-Disposition: attachment")
    assert "unreadable" in read(multipart(part("x"), file)).flags


def test_a_library_that_panics_costs_only_its_file() -> None:
    broken = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
        + b"\x00" * 16
        + b"\x3e\x00\x03\x00\xfe\xff\x09\x00"
        + b"\xff" * 480
    )
    message = read(
        multipart(part("hello"), part(broken, "application/vnd.ms-excel", "Content-Disposition: attachment"))
    )
    assert message.text.strip() == "hello" and "unreadable" in message.attachments[0].flags


def winmail(name: str, data: bytes) -> bytes:
    def attribute(level: int, identifier: int, value: bytes) -> bytes:
        return (
            struct.pack("<BII", level, identifier, len(value))
            + value
            + struct.pack("<H", sum(value) & 0xFFFF)
        )

    out = struct.pack("<IH", tnef.SIGNATURE, 1)
    out += attribute(2, 0x00069002, b"\x00" * 14)
    out += attribute(2, 0x00018010, name.encode() + b"\x00")
    return out + attribute(2, 0x0006800F, data)


def test_winmail_dat_gives_the_files_inside_it() -> None:
    message = read(multipart(part("x"), part(winmail("act.txt", b"Act 7"), "application/ms-tnef")))
    assert [(a.filename, a.text) for a in message.attachments] == [("winmail.dat", ""), ("act.txt", "Act 7")]


def test_a_cut_winmail_dat_is_flagged() -> None:
    message = read(multipart(part("x"), part(winmail("act.txt", b"Act 7")[:-8], "application/ms-tnef")))
    assert "truncated" in message.attachments[0].flags


def test_a_path_that_cannot_be_opened_is_one_unreadable_object(tmp_path: Path) -> None:
    from llm_assets.intake.rows import parse_rows

    (row,) = parse_rows([tmp_path / "missing.eml"], ocr=False)
    assert row["ok"] is False and row["error"]["kind"] == "unreadable"


def test_an_electronic_invoice_gives_the_values_of_its_xml() -> None:
    xml = b"<?xml version='1.0'?><i:Invoice xmlns:i='urn:x'><i:ID>RE-4471</i:ID><i:Grand currency='KZT'>314800.00</i:Grand></i:Invoice>"
    document = pypdfium2.PdfDocument(pdf("Invoice"))
    document.new_attachment("factur-x.xml").set_data(xml)
    stream = io.BytesIO()
    document.save(stream)
    text = attachment_of(stream.getvalue(), "a.pdf").text
    assert "Invoice" in text
    assert "[factur-x.xml]\nID: RE-4471\nGrand: 314800.00" in text


def test_a_presentation_gives_its_slides_in_order_with_their_notes() -> None:
    def slide(*words: str) -> bytes:
        runs = "".join(f"<a:p><a:r><a:t>{w}</a:t></a:r></a:p>" for w in words)
        return f"<p:sld xmlns:p='urn:p' xmlns:a='urn:a'>{runs}</p:sld>".encode()

    members = {f"ppt/slides/slide{n}.xml": slide(f"Слайд {n}", "и ещё") for n in (10, 1, 2)}
    found = attachment_of(zipped({**members, "ppt/notesSlides/notesSlide1.xml": slide("Заметка")}), "a.pptx")
    assert found.text == "Слайд 1\nи ещё\n\nЗаметка\n\nСлайд 2\nи ещё\n\nСлайд 10\nи ещё"
    assert found.pages == 3


def test_an_office_file_cut_in_the_middle_keeps_what_comes_before() -> None:
    whole = "<w:document xmlns:w='urn:w'><w:p><w:t>first</w:t></w:p><w:p><w:t>second</w:t></w:p></w:document>"
    found = attachment_of(zipped({"word/document.xml": whole[:-40].encode()}), "a.docx")
    assert found.text.startswith("first")
    assert "unreadable" in found.flags


def test_table_cells_keep_their_row_and_field_codes_are_left_out() -> None:
    cells = "".join(f"<w:tc><w:p><w:t>{c}</w:t></w:p></w:tc>" for c in ("Сумма", "1 200"))
    code = "<w:p><w:instrText>PAGE</w:instrText><w:delText>gone</w:delText><w:t>kept</w:t><w:tab/><w:t>x</w:t></w:p>"
    body = f"<w:document xmlns:w='urn:w'><w:tbl><w:tr>{cells}</w:tr></w:tbl>{code}</w:document>"
    assert (
        attachment_of(zipped({"word/document.xml": body.encode()}), "a.docx").text == "Сумма\t1 200\nkept\tx"
    )
