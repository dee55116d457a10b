"""Mails that mean harm, and what the reader makes of them in a process of its own. Run as a program, it reads the named
ones and prints a JSON line for each: seconds of CPU, flags, length of the text."""

import io
import json
import resource
import sys
import time
import zipfile
from collections.abc import Callable

from llm_assets.intake.read import read_bytes
from tests.support.mail.written_mail import docx, mail, multipart, part, zipped

OWN = "Where is my card?\n"
FORWARD = "-------- Forwarded message --------\n"
HEAD = b"From: a@post.example\r\nTo: b@bank.example\r\nSubject: x\r\n"
HTML = "text/html; charset=utf-8"


def attached(data: bytes, name: str) -> bytes:
    return multipart(
        part("see file"),
        part(data, "application/octet-stream", f"Content-Disposition: attachment; filename={name}"),
    )


def opened(count: int, kind: bytes) -> bytes:
    return HEAD + b"".join(kind % (i, i) if b"%d" in kind else kind for i in range(count)) + b"\r\ndeep"


def sheet(*cells: str) -> bytes:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/relationships"
    rows = "".join(f'<row><c r="{cell}"><v>1</v></c></row>' for cell in cells)
    book = f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>'
    target = f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
    return zipped(
        {
            "xl/workbook.xml": book.encode(),
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}">{target}</Relationships>'.encode(),
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'.encode(),
        }
    )


def bomb() -> bytes:
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as box,
        box.open("a.txt", "w") as member,
    ):
        for _ in range(232):
            member.write(bytes(1_000_000))
    return stream.getvalue()


def entities() -> bytes:
    declared = "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10 if i else "a" * 10}">' for i in range(10))
    body = f"<?xml version='1.0'?><!DOCTYPE d [{declared}]><document><t>&a9;</t></document>"
    return zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": body.encode()})


MAILS: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip_bomb": (lambda: attached(bomb(), "a.zip"), "too_large"),
    "far_cells": (lambda: attached(sheet("A1", "XFD1048576"), "a.xlsx"), "too_large"),
    "entities": (lambda: attached(entities(), "a.docx"), "unreadable"),
    "empty_paragraphs": (lambda: attached(docx(*[""] * 1_000_000), "a.docx"), "truncated"),
    "rtf_braces": (lambda: attached(b"{\\rtf1 " + b"{" * 4_000_000, "a.rtf"), "truncated"),
    "ten_thousand_parts": (lambda: multipart(*[part("x")] * 10_000), "too_many_parts"),
    "thousand_multiparts": (
        lambda: opened(1_000, b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n'),
        "too_deep",
    ),
    "thousand_messages": (lambda: opened(1_000, b"Content-Type: message/rfc822\r\n\r\n"), "too_deep"),
    "folded_header": (lambda: HEAD + b"X-A: 1\r\n" + b" a\r\n" * 1_000_000 + b"\r\nbody", "truncated"),
    "many_headers": (lambda: HEAD + b"X: 1\r\n" * 500_000 + b"\r\nbody", "truncated"),
    "quotes_in_addresses": (lambda: HEAD + b"Cc: " + b'\\"' * 49_000 + b"\r\n\r\nbody", ""),
    "encoded_words": (lambda: HEAD + b"X: " + b"=?utf-8?q?" * 9_000 + b"\r\n\r\nbody", ""),
    "forwards_in_forwards": (lambda: mail(FORWARD * 40_000), ""),
    "forwards_without_words": (lambda: mail("... ... ...\n" * 20_000 + (FORWARD + "...\n") * 20_000), ""),
    "lines_of_stars": (lambda: mail(OWN + "*****\n" * 200_000), ""),
    "wide_stars": (lambda: mail(OWN + ("*" * 400 + "\n") * 3_000), ""),
    "attributions": (lambda: mail(OWN + "On 1:00 <a\n" * 150_000), ""),
    "heads": (lambda: mail(OWN + "From: a\nx\n" * 100_000), ""),
    "signature_of_spaces": (lambda: mail(OWN + ("thanks" + " " * 100_000 + "x\n") * 14), ""),
    "signature_of_digits": (lambda: mail(OWN + ("1" + " " * 50_000 + "x\n") * 14), ""),
    "signature_of_boxes": (lambda: mail(OWN + ("a." * 50_000 + "\n") * 14), ""),
    "one_word": (lambda: mail("a" * 1_000_000), ""),
    "soft_lines": (
        lambda: mail("a \r\n" * 400_000, content_type="text/plain; charset=utf-8; format=flowed"),
        "",
    ),
    "html_quotes": (
        lambda: mail("<blockquote type=cite>" * 2_900 + "<br>" * 300_000, content_type=HTML),
        "truncated",
    ),
    "html_cells": (lambda: mail("<table><tr>" + "<td>x" * 300_000, content_type=HTML), ""),
    "html_nesting": (lambda: mail("<div>" * 300_000 + "x", content_type=HTML), ""),
    "html_attributes": (
        lambda: mail("<p " + " ".join(f"a{i}=1" for i in range(120_000)) + ">x", content_type=HTML),
        "",
    ),
    "html_style": (lambda: mail('<p style="' + "font:" * 200_000 + '">x</p>', content_type=HTML), ""),
    "html_sheets": (
        lambda: mail("<style>" * 100_000 + "/*" * 100_000 + "@a{" * 50_000, content_type=HTML),
        "",
    ),
    "html_brackets": (lambda: mail("<" * 1_500_000, content_type=HTML), ""),
    "large_text": (lambda: mail(b"card lost\r\n" * 19_000_000), "truncated"),
    "large_attachment": (
        lambda: attached(b"x", "a.pdf").replace(b"eA==", (b"QUJD" * 19 + b"\r\n") * 2_560_000),
        "too_large",
    ),
    "large_noise": (lambda: b"x" * 200_000_000, "truncated"),
}
"""What each is, and a flag it has to get."""


def main(names: list[str], memory: int) -> None:
    for name in names:
        data = MAILS[name][0]()
        resource.setrlimit(resource.RLIMIT_AS, (memory, resource.RLIM_INFINITY))
        started = time.process_time()
        message = next(read_bytes(data, path="m.eml", ocr=False))
        seconds = time.process_time() - started
        resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(
            json.dumps([name, seconds, [*message.flags], len(message.text), len(message.attachments)]),
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[2:], int(sys.argv[1]))
