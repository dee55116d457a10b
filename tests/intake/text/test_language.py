"""Languages are told as the desk needs them: en, ru, kk, a mixture, none."""

import pytest

from llm_assets.intake.text.language import detect
from tests.support.cpu import least_cpu_seconds
from tests.support.mail.written_mail import mail, read


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my card? It should have come on Monday.", "en"),
        ("THIS ACCOUNT DOES NOT BELONG TO ME AND I DISPUTED IT THREE TIMES ALREADY WITH THE BANK", "en"),
        ("Где моя карта? Обещали в понедельник.", "ru"),
        ("где заказ", "ru"),
        ("Сәлеметсіз бе, картам қашан келеді?", "kk"),
        ("Картам кашан келеди, неге жауап жок, айтындаршы", "kk"),
        ("Здравствуйте, когда придёт карта?\n\nСәлеметсіз бе, картам қашан келеді, айтыңызшы?", "mul"),
        (
            "Wann kommt meine Karte endlich an? Ich warte seit drei Wochen darauf und niemand antwortet mir.",
            "de",
        ),
        ("Коли приїде моє замовлення? Чекаю вже третій тиждень, її досі немає.", "uk"),
        ("Жаман емес ¯\\_(ツ)_/¯ ಠ_ಠ ᕕ( ᐛ )ᕗ ಠ‿ಠ", "kk"),
        ("12 500,00 — 24.11.2026", "und"),
        ("👍👍👍", "und"),
        ("", "und"),
        ("https://bank.example/track?id=5 a@b.example", "und"),
    ],
)
def test_the_language_is_told(text: str, language: str) -> None:
    assert detect(text) == language


def test_a_name_in_another_alphabet_makes_no_mixture() -> None:
    assert (
        detect("Не могу войти в приложение Mobile Banking Pro.\n\nAlexander Petrov, Regional Office") == "ru"
    )


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("zdravstvuyte, gde moya karta", "ru"),
        ("Dobryj den, pochemu spisali dengi so scheta?", "ru"),
        ("pozhaluysta, vernite dengi", "ru"),
        ("Kak izmenit nomer telefona?", "ru"),
        ("Salem, menin kartam qaida", "kk"),
        ("Sälem, meniñ kartam qaida", "kk"),
        ("Salemetsizbe, aqsham qaitpady, komektesinizshi", "kk"),
        ("Menin kartam zhumys istemeidi", "kk"),
    ],
)
def test_russian_and_kazakh_in_latin_letters_are_told_and_flagged(text: str, language: str) -> None:
    message = read(mail(text))
    assert "transliterated" in message.flags
    assert message.language == language


@pytest.mark.parametrize(
    "text",
    [
        "Hello, where is my card? Please help, the money is gone.",
        "Aigerim Nurlanova, Almaty branch, asks about her account",
        "Merhaba, kartim nerede? Uc haftadir bekliyorum, lutfen yardim edin.",
        "Hesabımdan para çekildi, iade istiyorum",
        "Dzien dobry, gdzie jest moja karta? Prosze o pomoc.",
        "Karta zgubiona, co robić",
        "Dobar dan, gde je moja kartica? Cekam vec tri nedelje.",
        "Dobrý den, kde je moje karta? Čekám už tři týdny.",
        "Salom, mening kartam qayerda? Uch haftadan beri kutyapman.",
        "Salam, menim kartim haradadir?",
        "Hola, donde esta mi tarjeta? Espero desde hace tres semanas.",
        "Guten Tag, wo ist meine Karte? Ich warte seit drei Wochen.",
        "telefon, adres, karta, bank",
        "IBAN KZ86 125K ZT50 0410 0100, SWIFT HSBKKZKX",
        "ok",
    ],
)
def test_other_languages_in_latin_letters_are_not_taken_for_them(text: str) -> None:
    assert "transliterated" not in read(mail(text)).flags


def test_a_subject_alone_may_be_transliterated() -> None:
    message = read(mail("", subject="gde moya karta, pozhaluysta otvette"))
    assert "transliterated" in message.flags and message.language == "ru"


@pytest.mark.parametrize("word", ["a", "қ", "дынлар", "a.", "x@", "ya"])
def test_a_word_without_end_is_judged_in_no_time(word: str) -> None:
    assert least_cpu_seconds(lambda: detect(word * 100_000), enough=2) <= 2
