"""What pages print of their place in a document, and which ones are missing by it."""

import pytest

from llm_assets.intake.checks.page_labels import Label, label_of, missing_pages, without_label

BODY = "Amount 45 000 tenge\nPaid on 3 May"


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("Page 2 of 3", Label(2, 3)),
        ("page 2/5", Label(2, 5)),
        ("Invoice No 15, page 2 of 3", Label(2, 3)),
        ("2 of 3", Label(2, 3)),
        ("стр. 2 из 3", Label(2, 3)),
        ("Лист 2 из 3", Label(2, 3)),
        ("Счет № 15, страница 2 из 4", Label(2, 4)),
        ("2-бет / 3", Label(2, 3)),
        ("3 беттің 2-беті", Label(2, 3)),
        ("Page 4", Label(4)),
        ("Стр. 4", Label(4)),
        ("4-бет", Label(4)),
        ("- 4 -", Label(4, None, True)),
        ("see page 5 for more", None),
        ("2 of 3 parcels came", None),
        ("12/25/2026", None),
        ("5 of 3", None),
        ("page 0 of 3", None),
    ],
)
def test_a_page_says_which_one_it_is_at_its_edge(line: str, label: Label | None) -> None:
    assert label_of(f"{BODY}\n{line}") == label
    assert (without_label(line) == "") == (label is not None)


def test_a_number_in_the_middle_of_a_page_is_none() -> None:
    assert label_of("\n".join([*[BODY] * 3, "Page 2 of 3", *[BODY] * 3])) is None


def of(total: int | None, *numbers: int | None) -> list[Label | None]:
    return [Label(number, total) if number is not None else None for number in numbers]


def plain(*numbers: int | None) -> list[Label | None]:
    return [Label(number, None, True) if number is not None else None for number in numbers]


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        (of(3, 1, 2, 3), []),
        (of(3, 2), [1, 3]),
        (of(3, 1, 3), [2]),
        (of(3, 3, 1, 2), []),  # out of order, and all there
        (of(3, None, 2, 3), []),  # a cover page has no number
        (of(4, None, 3, 4), [2]),
        (of(4, 1, None, 4), [3]),
        (of(2, 1, 2) + of(3, 1, 2), [3]),  # two documents in one file
        (of(2, 1, 2) + of(2, 1), [2]),
        (of(None, 1, 2, 4), [3]),
        (of(None, 2, 3), [1]),
        (of(None, 57, 58), []),  # an excerpt
        (of(1999, 1), []),  # no page's total
        (plain(1, 2, 4), [3]),
        (plain(1, 4), []),  # two numbers may be anything
        (plain(3, 19, 50), []),
        (plain(12, 13, 14), []),
        (plain(1, None, 3, 4), []),
        ([None, None], []),
        ([], []),
    ],
)
def test_pages_are_missing_where_numbers_are(labels: list[Label | None], missing: list[int]) -> None:
    assert [page.number for page in missing_pages(labels)] == missing
