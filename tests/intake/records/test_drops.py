"""CRM exports and web forms are read through declared names, and what cannot be read is said in one sentence."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import read_drop
from llm_assets.intake.records.mapping import DropMapping
from llm_assets.intake.sources import scan

TABLE = 'ИД;Дата обращения;Клиент;Телефон;Эл. почта;Ящик;Тема;Обращение;Тариф\nC-1;20.11.2026 08:05;Ким Анна;+7 700;ANNA@post.example;help@bank.example;Звонок;"Где карта?\nЖду.";Золотой\n'


def messages(data: bytes, name: str = "crm.csv", mapping: DropMapping | None = None) -> list[Message]:
    return [read_item(d.data, d.kind, d.place) for d in read_drop(data, name=name, mapping=mapping)]


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_a_csv_is_read_in_every_usual_charset_and_delimiter(charset: str, delimiter: str) -> None:
    (message,) = messages(TABLE.replace(";", delimiter).encode(charset))
    assert message.kind == "crm" and message.ok
    assert message.new_text == message.text == "Где карта?\nЖду.\n\nТелефон: +7 700\nТариф: Золотой"
    assert message.sender is not None and message.sender.address == "anna@post.example"
    assert [a.address for a in message.to] == ["help@bank.example"]
    assert message.date == datetime(2026, 11, 20, 8, 5, tzinfo=timezone(timedelta(hours=5)))
    assert (message.subject, message.language) == ("Звонок", "ru")


def test_a_kazakh_header_is_understood() -> None:
    (message,) = messages("Нөмірі,Аты-жөні,Өтініш мәтіні\n7,Айгерім,Картам қашан келеді?\n".encode())
    assert message.sender is not None and message.sender.name == "Айгерім"
    assert message.language == "kk"


def test_a_changed_record_keeps_its_id_and_gets_another_hash() -> None:
    (first,) = messages(TABLE.encode())
    (second,) = messages(TABLE.replace("Жду.", "Не жду.").encode(), name="evening.csv")
    assert first.record_id == second.record_id
    assert first.content_hash != second.content_hash


def test_a_row_without_id_gets_one_from_its_content() -> None:
    table = "text;name\nГде карта?;Анна\nГде заказ?;Анна\n".encode()
    ids = [m.record_id for m in messages(table)]
    assert len(set(ids)) == 2
    assert ids == [m.record_id for m in messages(table)]


def test_a_missing_column_is_one_clear_problem_for_the_whole_file() -> None:
    (message,) = messages("id;client;phone\n1;Анна;+7\n2;Пётр;+7\n".encode(), name="export.csv")
    assert not message.ok and message.error is not None
    assert "export.csv lacks the column text" in message.error.message
    assert "none of its 3 columns" in message.error.message and "sources.yaml" in message.error.message


def test_a_mapping_names_other_columns() -> None:
    mapping = DropMapping(text=("wish",), required=("text", "id"))
    (message,) = messages(b"id;wish\n1;Call me back\n", mapping=mapping)
    assert message.new_text == "Call me back"


def test_a_bad_line_of_a_form_file_costs_only_itself() -> None:
    lines = [
        json.dumps({"id": "F-1", "message": "Hello there"}),
        "{broken",
        "[1]",
        json.dumps({"id": "F-2", "message": "Bye"}),
    ]
    found = messages("\n".join(lines).encode(), name="forms.jsonl")
    assert [m.ok for m in found] == [True, False, False, True]
    assert found[0].kind == "form"
    assert found[1].error is not None and "Line 2 of forms.jsonl" in found[1].error.message


def test_a_csv_that_is_no_drop_is_a_document(tmp_path: Path) -> None:
    (tmp_path / "books.csv").write_text("id;name;title;price\n1;Abai;Words;3000\n")
    (tmp_path / "prices.csv").write_text("lamp;120\nkettle;300\n")
    assert [i.kind for i in scan(tmp_path, source="inbox")] == ["document", "document"]


def test_a_broken_drop_does_not_stop_the_rest_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_text("id;client\n1;Anna\n")
    (tmp_path / "2.csv").write_text("id;text\n1;Where is it?\n")
    found = [read_item(i.data, i.kind, i.place) for i in scan(tmp_path, source="inbox")]
    assert [m.ok for m in found] == [False, True]


def test_the_same_row_gives_the_same_bytes_whatever_the_order_of_its_columns() -> None:
    (one,) = read_drop(b"id;text\n1;hello\n", name="a.csv")
    (two,) = read_drop(b"text;id\nhello;1\n", name="b.csv")
    assert one == two


def test_a_cell_of_megabytes_is_cut_and_says_so() -> None:
    huge, small = messages(b'id;text\n1;"' + b"x" * 12_000_000 + b'"\n2;hi\n')
    assert huge.flags == ("truncated",) and len(huge.new_text) == 1_000_000
    assert small.flags == () and small.new_text == "hi"


def test_nul_bytes_are_left_out() -> None:
    table, line = messages(b"id;text\n1;a\0b\n"), messages(b'{"id":"1\\u0000","text":"a\\u0000b"}', "f.jsonl")
    assert [m.new_text for m in (*table, *line)] == ["ab", "ab"]


def test_an_id_with_half_a_character_is_stored_all_the_same() -> None:
    (drop,) = read_drop(b'{"id":"\\ud800","text":"hi"}', name="f.jsonl")
    assert len(drop.place.encode("utf-8")) == len("form:") + 24, "half a character identifies nothing"


def test_a_quotation_mark_that_never_closes_swallows_no_rows_in_silence() -> None:
    first, broken = messages(b'id;text\n1;fine\n2;"open\n3;swallowed\n')
    assert first.new_text == "fine"
    assert broken.error is not None and "Line 3 of crm.csv opens a quotation mark" in broken.error.message


def test_a_row_with_line_breaks_in_quotes_moves_the_numbers_of_later_lines() -> None:
    found = list(read_drop(b'sep=;\nid;text\n1;"two\nlines"\n2;"open\n', name="crm.csv"))
    assert [d.place for d in found] == ["crm:1", "crm.csv:5"]


def test_cells_beyond_the_header_and_under_a_repeated_header_are_kept() -> None:
    (longer,) = messages(b"id;text\n1;Where is it?;really;now\n")
    (repeated,) = messages(b"id;text;text\n1;first;second\n")
    assert "column 3: really" in longer.text and "column 4: now" in longer.text
    assert repeated.new_text == "first\n\ntext (2): second"


def test_a_delimiter_inside_a_quoted_header_does_not_mislead() -> None:
    (message,) = messages(b'"a;b;c;d",id,text\nq,1,hello\n')
    assert message.new_text == "hello\n\na;b;c;d: q"


def test_a_date_at_the_end_of_the_calendar_is_kept_as_text() -> None:
    (message,) = messages(b"id;text;date\n1;hello;31.12.9999 23:59\n")
    assert message.date is None and "31.12.9999" in message.text


def test_a_header_without_rows_is_no_record() -> None:
    assert messages(b"id;text\n") == []
