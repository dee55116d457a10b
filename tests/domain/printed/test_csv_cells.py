"""A text that a spreadsheet would run stays text, and everything else stays as it is."""

import pytest

from llm_assets.domain.csv_cells import defused


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\ttext",
        "\ntext",
        " =1+1",
        "\u00a0=1+1",
        '"=1+1',
        "'=1+1",
        "\u201c=1+1",
        "\uff1d1+1",
        "\uff0b1+cmd",
        "\uff0d1+cmd",
        "\uff20SUM(A1)",
        "\ufeff=1",
        "\u200b=1",
        "\x00=1",
        "\ufe66=1",
        "-",
        "=",
    ],
)
def test_a_text_that_begins_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert defused(text) == f"'{text}"


@pytest.mark.parametrize(
    "value",
    [7, -7, -1.5, None, True, "", "7", "-7", "+77271234567", "-1.5", "-1,5", "1e-5", "-2E+3",
     "a=b", "Where is -5?", "\u0416\u0430\u043b\u043e\u0431\u0430", '{"a": -1}', "os:root", "2026-11-20", "#1", "   "],
)  # fmt: skip
def test_numbers_and_other_texts_stay_as_they_are(value: object) -> None:
    assert defused(value) is value
