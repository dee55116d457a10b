"""Text comes out whole whatever its charset was said to be."""

import pytest

from llm_assets.intake.bytes.charset import decode
from tests.support.mail.written_mail import mail, read

RUSSIAN = "Добрый день, подскажите, где мой заказ? Жду ответа."
KAZAKH = "Сәлеметсіз бе, картам қашан дайын болады? Өтінемін, жауап беріңіз."
UKRAINIAN = "Доброго дня, коли приїде моє замовлення? Чекаю на її доставку."
FRENCH = "Voilà, le café était fermé à midi."


@pytest.mark.parametrize(
    ("text", "real", "declared"),
    [
        (UKRAINIAN, "cp1251", None),
        (RUSSIAN, "utf-8", "iso-8859-1"),
        (RUSSIAN, "utf-8", "windows-1251"),
        (RUSSIAN, "utf-8", None),
        (RUSSIAN, "cp1251", "us-ascii"),
        (RUSSIAN, "cp1251", "iso-8859-1"),
        (RUSSIAN, "cp1251", "x-unknown"),
        (RUSSIAN, "cp1251", "utf-8"),
        (RUSSIAN, "koi8-r", "windows-1251"),
        (RUSSIAN, "koi8-r", None),
        (RUSSIAN, "cp866", None),
        (RUSSIAN, "utf-16-le", "utf-8"),
        (RUSSIAN, "utf-16-be", None),
        (KAZAKH, "kz1048", "windows-1251"),
        (KAZAKH, "kz1048", None),
        (KAZAKH, "utf-8", "us-ascii"),
        (FRENCH, "cp1252", "utf-8"),
        (FRENCH, "latin-1", None),
    ],
)
def test_a_wrong_or_missing_charset_is_seen_through(text: str, real: str, declared: str | None) -> None:
    found = decode(text.encode(real), declared)
    assert found.text == text
    assert found.guessed


@pytest.mark.parametrize(
    ("text", "charset"),
    [
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (FRENCH, "iso-8859-1"),
        (KAZAKH, "utf-8"),
        ("Grüße", "latin-1"),
    ],
)
def test_a_right_charset_is_believed(text: str, charset: str) -> None:
    found = decode(text.encode(charset), charset)
    assert found.text == text
    assert not found.guessed


def test_text_that_was_decoded_wrongly_once_before_is_mended() -> None:
    damaged = RUSSIAN.encode().decode("cp1251", "replace")
    assert "\ufffd" not in damaged
    assert decode(damaged.encode(), "utf-8").text == RUSSIAN


def test_english_with_one_dash_is_left_alone() -> None:
    text = "It’s fine – thanks"
    assert decode(text.encode("cp1252"), "windows-1252").text == text


def test_utf8_cut_inside_a_character_loses_only_that_character() -> None:
    assert decode(RUSSIAN.encode()[:-3] + b"\xd0", "utf-8").text == RUSSIAN.encode()[:-3].decode(
        "utf-8", "ignore"
    )


def test_a_raw_subject_is_read_in_the_charset_of_the_body() -> None:
    data = mail(RUSSIAN, content_type="text/plain; charset=windows-1251", charset="cp1251")
    data = data.replace(b"Subject: Card", b"Subject: " + "Заявка".encode("cp1251"))
    assert read(data).subject == "Заявка"


def test_encoded_words_cut_inside_a_character_are_joined() -> None:
    first, second = "Привет".encode()[:3].hex("=", 1), "Привет".encode()[3:].hex("=", 1)
    subject = f"=?utf-8?q?={first}?=\r\n =?utf-8?q?={second}?= and more"
    assert read(mail("x", subject=subject)).subject == "Привет and more"


def test_a_line_break_smuggled_into_a_subject_stays_one_line() -> None:
    assert "\n" not in read(mail("x", subject="=?utf-8?q?one=0D=0ABcc:_x@y.example?=")).subject


def test_a_guessed_charset_is_flagged() -> None:
    assert "charset_guessed" in read(mail(RUSSIAN, content_type="text/plain", charset="cp1251")).flags
