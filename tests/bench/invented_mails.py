"""A day's mail for the reading benchmark, invented: sizes, languages and kinds spread as in an office's inbox.

Half plain text, a quarter HTML alone, the rest both, forwarded or with a file; half English, three in ten Russian, the
rest Kazakh; a median of 1 KB, one in eight with a file of up to 130 KB. No scans: OCR is measured elsewhere.
"""

import base64
import io
import random
import zipfile
from collections.abc import Iterator
from itertools import cycle, islice

from openpyxl import Workbook

LANGUAGES = ("en",) * 5 + ("ru",) * 3 + ("kk",) * 2
KINDS = (
    ("plain",) * 51 + ("html",) * 25 + ("both",) * 12 + ("forward",) * 4 + ("pdf", "docx", "xlsx", "csv") * 2
)

_SENTENCES = {
    "en": (
        "I ordered the kettle nine days ago and the tracking page has not changed since Monday.",
        "Your shop took 12 500 KZT from my card twice for the same order.",
        "Could you tell me by 28 November whether the parcel is still on its way?",
        "The box that came last time was crushed on one side and the lid did not close.",
        "My colleague wrote to you from another address and got no answer either.",
        "Please send the invoice to our accountant as well, she needs it for the month.",
    ),
    "ru": (
        "Я заказал чайник девять дней назад, и с понедельника на странице ничего не меняется.",
        "С моей карты дважды списали 12 500 тенге за один и тот же заказ.",
        "Сообщите, пожалуйста, до 28 ноября, в пути ли ещё посылка.",
        "В прошлый раз коробка пришла смятой с одной стороны, и крышка не закрывалась.",
        "Мой коллега писал вам с другого адреса и тоже не получил ответа.",
        "Отправьте, пожалуйста, счёт и нашему бухгалтеру, он нужен ей за этот месяц.",
    ),
    "kk": (
        "Мен шәйнекке тоғыз күн бұрын тапсырыс бердім, дүйсенбіден бері ештеңе өзгерген жоқ.",
        "Бір тапсырыс үшін картамнан екі рет 12 500 теңге алынды.",
        "Сәлемдеме әлі жолда ма, 28 қарашаға дейін хабарлауыңызды өтінемін.",
        "Өткен жолы қораптың бір жағы жаншылып келді, қақпағы жабылмады.",
        "Әріптесім сізге басқа мекенжайдан жазған еді, ол да жауап алмады.",
        "Шотты біздің есепшіге де жіберіңізші, оған осы айға керек.",
    ),
}
_CLOSINGS = {
    "en": ("Kind regards", "Sent from my iPhone", "> On Monday you wrote:"),
    "ru": ("С уважением", "Отправлено с iPhone", "> В понедельник вы писали:"),
    "kk": ("Құрметпен", "iPhone-нан жіберілді", "> Дүйсенбіде сіз жаздыңыз:"),
}
_SUBJECTS = {"en": "My order", "ru": "Мой заказ", "kk": "Тапсырысым"}
_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def mails(count: int) -> Iterator[bytes]:
    """The same mails on every machine. Each is another one, in a shuffled order of kinds and languages."""
    chance = random.Random(20261120)
    kinds, languages = list(KINDS), list(LANGUAGES)
    chance.shuffle(kinds)
    chance.shuffle(languages)
    turns = zip(cycle(kinds), cycle(languages), strict=False)
    for number, (kind, language) in enumerate(islice(turns, count)):
        yield _mail(number, kind, language, chance)


def _mail(number: int, kind: str, language: str, chance: random.Random) -> bytes:
    text = _text(number, language, chance)
    match kind:
        case "plain":
            return _headed(number, language, "", *_part(text.encode(), "text/plain; charset=utf-8"))
        case "html":
            return _headed(number, language, "", *_part(_page(text), "text/html; charset=utf-8"))
        case "both":
            return _headed(
                number, language, "", *_joined("alternative", _plain(text), _bare(_page(text), "text/html"))
            )
        case "forward":
            inner = _headed(
                number + 1_000_000, language, "", *_part(text.encode(), "text/plain; charset=utf-8")
            )
            nested = b"Content-Type: message/rfc822\r\n\r\n" + inner
            return _headed(
                number, language, "Fwd: ", *_joined("mixed", _plain("См. ниже / see below"), nested)
            )
        case _:
            file = _bare(_file(kind, text), _TYPES[kind], f"file-{number}.{kind}")
            return _headed(number, language, "", *_joined("mixed", _plain(text), file))


def _text(number: int, language: str, chance: random.Random) -> str:
    """Own words, and in one mail of three a signature and quoted history: 0.1 to 6 KB, mostly under 1."""
    length = min(40, int(chance.lognormvariate(0.9, 0.8)) + 1)
    own = [chance.choice(_SENTENCES[language]) for _ in range(length)]
    lines = [f"{_SUBJECTS[language]} {number}.", *own]
    regards, device, wrote = _CLOSINGS[language]
    if number % 3 == 0:
        lines += ["", f"{regards},", "Aigerim Sadykova", "+7 701 000 00 00"]
    if number % 7 == 0:
        lines += ["", device]
    if number % 3 == 1:
        lines += ["", wrote[2:], *(f"> {s}" for s in _SENTENCES[language])]
    return "\r\n".join(lines)


def _page(text: str) -> bytes:
    rows = "".join(f"<tr><td style='font-family:Arial'>{line}</td></tr>" for line in text.split("\r\n"))
    return f"<html><head><style>td{{padding:2px}}</style></head><body><table>{rows}</table></body></html>".encode()


def _headed(number: int, language: str, before: str, kind: bytes, body: bytes) -> bytes:
    subject = base64.b64encode(f"{before}{_SUBJECTS[language]} {number}".encode()).decode()
    head = (
        f"Received: from mx.mail.example by mx.altyn.example; Fri, 20 Nov 2026 10:00:00 +0500\r\n"
        f"From: Customer {number} <customer-{number}@mail.example>\r\nTo: orders@altyn.example\r\n"
        f"Subject: =?utf-8?B?{subject}?=\r\nDate: Fri, 20 Nov 2026 09:59:00 +0500\r\n"
        f"Message-ID: <{number}@mail.example>\r\nMIME-Version: 1.0\r\n"
    )
    return head.encode() + kind + b"\r\n\r\n" + body


def _part(content: bytes, kind: str) -> tuple[bytes, bytes]:
    head = f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64"
    return head.encode(), base64.encodebytes(content)


def _plain(text: str) -> bytes:
    return _bare(text.encode(), "text/plain; charset=utf-8")


def _bare(content: bytes, kind: str, name: str = "") -> bytes:
    head, body = _part(content, kind)
    named = f"\r\nContent-Disposition: attachment; filename={name}".encode() if name else b""
    return head + named + b"\r\n\r\n" + body


def _joined(kind: str, *parts: bytes) -> tuple[bytes, bytes]:
    body = b"".join(b"--frontier\r\n" + part + b"\r\n" for part in parts) + b"--frontier--\r\n"
    return f'Content-Type: multipart/{kind}; boundary="frontier"'.encode(), body


def _file(kind: str, text: str) -> bytes:
    match kind:
        case "pdf":
            return _pdf(pages=4)
        case "docx":
            return _docx([text] * 8)
        case "xlsx":
            return _xlsx(rows=200)
        case _:
            return "\r\n".join(f"{n};{n * 100} KZT;order {n}" for n in range(300)).encode()


def _docx(paragraphs: list[str]) -> bytes:
    runs = "".join(f"<w:p><w:r><w:t>{p}</w:t></w:r></w:p>" for p in paragraphs)
    namespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as box:
        box.writestr("[Content_Types].xml", "<Types/>")
        box.writestr(
            "word/document.xml", f'<w:document xmlns:w="{namespace}"><w:body>{runs}</w:body></w:document>'
        )
    return stream.getvalue()


def _xlsx(rows: int) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("orders")
    for n in range(rows):
        sheet.append([n, f"order {n}", n * 100, "KZT"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _pdf(pages: int) -> bytes:
    """A text layer and a 80 KB stream that nobody shows, as letterheads have them."""
    line = "Statement of account, 20 November 2026, 12 500 KZT, order 4711"
    content = ("BT /F1 10 Tf 50 780 Td 14 TL " + f"({line}) Tj T* " * 40 + "ET").encode()
    kids = " ".join(f"{5 + 2 * n} 0 R" for n in range(pages))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode(),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length 80000>>stream\n" + bytes(80_000) + b"\nendstream",
    ]
    for n in range(pages):
        resources = "/Resources<</Font<</F1 3 0 R>>>>"
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {6 + 2 * n} 0 R{resources}>>".encode()
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    return _with_table(objects)


def _with_table(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, item in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj" % number + item + b"endobj\n"
    start, count = len(out), len(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(b"%010d 00000 n \n" % p for p in places)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (count, start))
