"""Rows that share a number are one record where the same people wrote them, and two where other people did."""

import pytest

from llm_assets.intake.records.drops import read_drop
from llm_assets.intake.records.numbering import Face, are_two_records, face_of, may_count_rows, newest_of_each


def face(headers: str, cells: str) -> Face:
    (drop,) = read_drop(f"id;{headers}\n5;{cells}\n".encode(), name="a.csv")
    return face_of(drop.data)


@pytest.mark.parametrize(
    ("headers", "one", "other", "two"),
    [
        ("text;email", "Where is it?;a@post.example", "Found, thanks;A@post.example", False),
        ("text;email", "Where is it?;a@post.example", "Where is it?;b@post.example", True),
        ("text;phone;name", "Hi;8 701 222 11 00;Dana", "Ho;+7 (701) 222-11-00;D. Oak", False),
        ("text;name", "Hi;Dana Oak", "Hi;Oak Dana", False),
        ("text;name", "Hi;Dana Oak", "Hi;Asel Kim", True),
        ("text", "Where is my parcel?", "Where is my parcel? It is late.", False),
        ("text", "Where is my parcel?", "The lift makes noise at night", True),
        ("text;date", "Where?;03.09.2026 16:07", "The lift makes noise;03.09.2026 16:07", False),
        ("text;date", "Where?;03.09.2026", "The lift makes noise;03.09.2026", True),
    ],
)
def test_people_decide_before_words(headers: str, one: str, other: str, two: bool) -> None:
    assert are_two_records(face(headers, one), face(headers, other)) is two


def test_only_short_numbers_may_count_rows() -> None:
    assert [may_count_rows(f"crm:{i}") for i in ("1", "999999", "1000000", "C-1", "5f0a", "1@a.csv")] == [
        *(True, True, False, False, False, False)
    ]


def test_numbers_that_begin_again_in_a_file_lose_no_record() -> None:
    table = "№;Текст;Email\n1;Первая;a@post.example\n2;Вторая;b@post.example\n1;Третья;c@post.example\n2;Вторая, дополнено;b@post.example\n"
    found = newest_of_each(read_drop(table.encode(), name="a.csv"))
    assert [d.place for d in found] == ["crm:1", "crm:2", "crm:1#2"]
    assert "дополнено".encode() in found[1].data
    grown = newest_of_each(read_drop((table + "3;Ещё;d@post.example\n").encode(), name="a.csv"))
    assert grown[:3] == found, "the same places when the file has grown"


def test_the_last_row_of_a_record_is_the_current_one() -> None:
    rows = "id;text\n7;First words\n7;Changed words\nC-1;One\nC-1;Two\n"
    found = newest_of_each(read_drop(rows.encode(), name="a.csv"))
    assert [d.place for d in found] == ["crm:7", "crm:C-1"]
    assert b"Changed" in found[0].data and b"Two" in found[1].data
