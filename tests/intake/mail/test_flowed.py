"""Lines that a program broke (RFC 3676) are joined as it meant them, numbers included."""

import pytest

from llm_assets.intake.read import read_bytes


def text(body: str, parameters: str) -> str:
    data = f"From: dana@post.example\nSubject: s\nContent-Type: text/plain; charset=utf-8; {parameters}\n\n{body}"
    (message,) = read_bytes(data.encode(), path="x.eml", ocr=False)
    return message.text


DELETED = ["format=flowed; delsp=yes", 'format="Flowed"; DelSp="YES"', "delsp=yes; format=flowed"]


@pytest.mark.parametrize("parameters", DELETED)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("IBAN KZ12 \n3456\n", "IBAN KZ123456\n"),
        ("счёт 77 \n88 \n99, спасибо\n", "счёт 778899, спасибо\n"),
        ("two  \nwords\n", "two words\n"),
        ("> quoted 7 \n> 8\nown\n", "> quoted 78\nown\n"),
        ("first \n\nsecond\n", "first\n\nsecond\n"),
        ("words\n-- \nDana\n", "words\n-- \nDana\n"),
    ],
)
def test_the_blank_that_says_a_line_goes_on_is_deleted(body: str, expected: str, parameters: str) -> None:
    assert text(body, parameters) == expected


@pytest.mark.parametrize("parameters", ["format=flowed", "format=flowed; delsp=no"])
def test_the_blank_between_words_stays_otherwise(parameters: str) -> None:
    assert text("two \nwords\n", parameters) == "two words\n"


def test_lines_that_are_not_flowed_stay_lines() -> None:
    assert text("two \nwords\n", "delsp=yes") == "two \nwords\n"
