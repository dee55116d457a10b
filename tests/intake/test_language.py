"""Languages are told as the desk needs them: en, ru, kk, a mixture, none."""

import pytest

from llm_assets.intake.language import detect


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
