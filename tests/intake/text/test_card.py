"""Contact cards become lines that a person can read."""

import base64

import pytest

from llm_assets.intake.text import card
from tests.support.mail.written_mail import multipart, part, read

PICTURE = base64.b64encode(bytes(range(256)) * 9).decode()


def folded(line: str) -> str:
    return "\r\n ".join(line[i : i + 70] for i in range(0, len(line), 70))


def written(*lines: str) -> str:
    return "\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""])


@pytest.mark.parametrize(
    "picture",
    [
        f"PHOTO;ENCODING=b;TYPE=JPEG:{PICTURE}",
        f"PHOTO;JPEG;BASE64:{PICTURE}",
        f"PHOTO;TYPE=JPEG;ENCODING=BASE64:{PICTURE}",
        f"PHOTO:data:image/jpeg;base64,{PICTURE}",
        f"item1.LOGO;ENCODING=B;TYPE=PNG:{PICTURE}",
        f"KEY;X509;ENCODING=BASE64:{PICTURE}",
        f"SOUND;TYPE=WAVE;ENCODING=b:{PICTURE}",
        f"NOTE;ENCODING=b:{PICTURE}",
    ],
)
def test_pictures_keys_and_sounds_are_left_out(picture: str) -> None:
    text = card.to_text(written("VERSION:3.0", "FN:Damir Seitkali", folded(picture), "TEL:+7 701 555 01 02"))
    assert text == "Name: Damir Seitkali\nPhone: +7 701 555 01 02"


def test_a_card_says_who_where_and_how() -> None:
    text = card.to_text(
        written(
            "VERSION:3.0", "N:Сейткали;Дамир;Ерланұлы;;", "FN:Дамир Сейткали", "ORG:ТОО «Алтын дән»;Отдел продаж",
            "TITLE:Менеджер", "item1.TEL;type=WORK;type=VOICE;type=pref:+7 727 555 01 02",
            "TEL;TYPE=\"cell,voice\":tel:+7-701-555-01-02", "item2.EMAIL;type=INTERNET:damir@dan.example",
            "item2.X-ABLabel:_$!<Work>!$_", "ADR;TYPE=WORK:;;пр. Абая\\, 5;Алматы;;050000;Казахстан",
            "NOTE:Звонить после 10:00\\; не в пятницу\\nСпасибо", "URL:https\\://dan.example", "REV:20260101T000000Z",
        )
    )  # fmt: skip
    assert text.split("\n") == [
        "Name: Дамир Сейткали",
        "Organization: ТОО «Алтын дән», Отдел продаж",
        "Title: Менеджер",
        "Phone (work): +7 727 555 01 02",
        "Phone (cell): +7-701-555-01-02",
        "Mail (work): damir@dan.example",
        "Address (work): пр. Абая, 5, Алматы, 050000, Казахстан",
        "Note: Звонить после 10:00; не в пятницу",
        "Спасибо",
        "URL: https://dan.example",
    ]


@pytest.mark.parametrize("charset", ["UTF-8", "windows-1251", "KOI8-R"])
def test_quoted_printable_of_old_phones_is_decoded(charset: str) -> None:
    name = "".join(f"={b:02X}" for b in "Иванов;Пётр;;;".encode(charset))
    name = name.replace("=3B", ";").replace(";", "=\r\n;", 1)
    text = card.to_text(written("VERSION:2.1", f"N;CHARSET={charset};ENCODING=QUOTED-PRINTABLE:{name}"))
    assert text == "Name: Пётр Иванов"


def test_a_soft_line_end_that_is_indented_belongs_to_its_line() -> None:
    note = "=D0=90=\r\n =D0=BA=D1=82"
    assert card.to_text(written("FN:A", f"NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:{note}")).endswith(
        "Note: Акт"
    )


def test_several_cards_are_apart() -> None:
    cards = (
        written("FN:First", "TEL:1") + written("N:Second;Ann;;Dr.;") + written("VERSION:4.0", "NOTE:third")
    )
    assert card.to_text(cards) == "Name: First\nPhone: 1\n\nName: Dr. Ann Second\n\nNote: third"


@pytest.mark.parametrize("kind", ["text/vcard", "text/x-vcard", "text/directory", "application/octet-stream"])
def test_an_attached_card_is_read_by_its_content(kind: str) -> None:
    file = part(
        written("FN:Айгүл Нұрлан", "TEL;CELL:+77025550102"),
        kind,
        "Content-Disposition: attachment; filename=a.vcf",
    )
    message = read(multipart(part("my contact"), file))
    assert message.attachments[0].text == "Name: Айгүл Нұрлан\nPhone (cell): +77025550102"


def test_words_about_a_card_are_no_card() -> None:
    text = "The file begins with BEGIN:VCARD and is broken."
    assert not card.is_card(text)


def test_a_card_without_end_is_cut() -> None:
    assert (
        card.to_text("BEGIN:VCARD\n" + "".join(f"TEL:{n}\n" for n in range(50_000))).count("\n")
        < card.MAX_LINES
    )
