"""A character that a program wrote in two halves is one character again."""

import pytest

from llm_assets.intake.bytes.charset import decode
from llm_assets.intake.pages.html import to_text


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("Thanks &#55357;&#56832; all", "Thanks 😀 all"),
        ("Рахмет &#xD83D;&#xDE4F;&#xd83c;&#xdf89;", "Рахмет 🙏🎉"),
        ("half &#55357; alone", "half alone"),
        ("whole &#128512; &#x1F600;", "whole 😀 😀"),
        ("other &#55000;&#57400;", "other \ud6d8\ue038"),
    ],
)
def test_character_references_of_two_halves_are_joined(source: str, expected: str) -> None:
    assert to_text(f"<p>{source}</p>").text == expected


@pytest.mark.parametrize("declared", ["utf-8", None])
def test_halves_in_bytes_are_joined(declared: str | None) -> None:
    halves = "\ud83d\ude00".encode("utf-8", "surrogatepass")
    found = decode("Спасибо ".encode() + halves + " и пока".encode(), declared)
    assert found.text == "Спасибо 😀 и пока"
