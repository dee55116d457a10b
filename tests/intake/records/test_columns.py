"""What a record says beside its text is a part of its text, each value under its column's name."""

import json
from typing import Any

import pytest

from llm_assets.domain.mail.document import Message
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import read_drop
from llm_assets.intake.records.entry import Entry
from llm_assets.intake.records.submission import read_submission


def read(data: str | bytes, name: str = "crm.csv") -> list[Message]:
    raw = data.encode() if isinstance(data, str) else data
    return [read_item(d.data, d.kind, d.place) for d in read_drop(raw, name=name)]


def one(headers: str, cells: str) -> Message:
    (message,) = read(f"{headers}\n{cells}\n")
    return message


def test_every_further_column_is_in_the_text_by_its_name_and_in_the_order_of_the_register() -> None:
    found = one("Ветка;id;text;Оплата;Акт;Пусто", "Сайран;K-7;Не открывается дверь;12 400,90;№ 31/05;")
    assert found.new_text == found.text
    assert found.text == "Не открывается дверь\n\nВетка: Сайран\nОплата: 12 400,90\nАкт: № 31/05"


def test_a_changed_column_changes_the_record_and_a_number_of_the_row_does_not() -> None:
    first = one("id;text;Status;Row", "K-7;Where is it?;open;1")
    status = one("id;text;Status;Row", "K-7;Where is it?;closed;1")
    row = one("id;text;Status;Row", "K-7;Where is it?;open;9")
    assert first.record_id == status.record_id
    assert first.content_hash != status.content_hash and first.content_hash == row.content_hash
    assert "9" not in row.text


def test_the_language_is_that_of_the_customer_and_not_of_the_columns() -> None:
    found = one(
        "id;text;Ответственный отдел;Комментарий оператора",
        "1;When will my parcel come?;Склад;Перезвонить клиенту до вечера",
    )
    assert found.language == "en" and "Перезвонить" in found.new_text


@pytest.mark.parametrize("empty", ["", "  ", "NULL", "\\N"])
def test_what_a_database_writes_for_nothing_is_left_out(empty: str) -> None:
    found = one("id;text;Branch", f"1;Hello;{empty}")
    assert found.text == "Hello"


def test_an_id_that_says_nothing_identifies_no_record() -> None:
    rows = read("id;text\nNULL;First\n-;Second\nNULL;Third\n")
    assert len({m.record_id for m in rows}) == 3


def test_a_product_and_a_second_way_to_reach_somebody_have_their_names_too() -> None:
    found = one("id;text;email;Телефон;Товар", "1;Где?;a@post.example;+7 701 222 11 00;Чайник")
    assert found.text == "Где?\n\nТелефон: +7 701 222 11 00\nТовар: Чайник"


@pytest.mark.parametrize(
    ("headers", "cells", "name", "address"),
    [
        ("id;text;email", "1;Hi;Dana Oak <Dana@Post.example>", "Dana Oak", "dana@post.example"),
        ("id;text;From", '1;Hi;"""Oak, Dana"" <dana@post.example>"', "Oak, Dana", "dana@post.example"),
        ("id;text;Клиент", "1;Да;Дана <dana@post.example>", "Дана", "dana@post.example"),
        ("id;text;Contact", "1;Hi;dana@post.example", "", "dana@post.example"),
        ("id;text;Contact", "1;Hi;+7 701 222 11 00", "", "+7 701 222 11 00"),
        ("id;text;From", "1;Hi;Dana Oak", "Dana Oak", ""),
        ("id;text;Имя;Отчество;Фамилия", "1;Да;Дана;Ержановна;Оспан", "Дана Ержановна Оспан", ""),
        ("id;text;First Name;Last Name;email", "1;Hi;Dana;Oak;d@post.example", "Dana Oak", "d@post.example"),
        ("id;text;email", "1;Hi;mailto:dana@post.example", "", "dana@post.example"),
    ],
)
def test_who_wrote_is_found_in_what_the_cell_holds(headers: str, cells: str, name: str, address: str) -> None:
    found = one(headers, cells)
    assert found.sender is not None
    assert (found.sender.name, found.sender.address) == (name, address)


def test_of_several_addresses_the_first_is_the_sender_and_all_stay_in_the_text() -> None:
    found = one("id;text;email", '1;Hi;"a@post.example; b@post.example"')
    assert found.sender is not None and found.sender.address == "a@post.example"
    assert "email: a@post.example; b@post.example" in found.text


def test_the_same_row_is_stored_alike_and_its_columns_in_their_order() -> None:
    (drop,) = read_drop(b"id;text;Zone;Area\n1;hi;9;5\n", name="a.csv")
    assert list(Entry.model_validate_json(drop.data).extra) == ["Zone", "Area"]
    assert [drop] == list(read_drop(b"id;text;Zone;Area\n1;hi;9;5\n", name="b.csv"))


POSTED: dict[str, Any] = {
    "message": "Where is it?",
    "city": "Oral",
    "answers": {"q1": "yes", "colour": "red"},
}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (json.dumps(POSTED).encode(), "application/json"),
        (b"message=Where+is+it%3F&city=Oral&answers[q1]=yes&answers[colour]=red", "application/x-www-form-urlencoded"),
        (
            b"".join(
                b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n' % pair
                for pair in (
                    (b"message", b"Where is it?"), (b"city", b"Oral"), (b"answers[q1]", b"yes"), (b"answers[colour]", b"red"),
                )
            )
            + b"--x--\r\n",
            "multipart/form-data; boundary=x",
        ),
    ],
)  # fmt: skip
def test_a_posted_form_has_the_same_fields_in_every_encoding(body: bytes, content_type: str) -> None:
    fields = read_submission(body, content_type).fields
    assert dict(fields) == {"message": "Where is it?", "city": "Oral", "q1": "yes", "colour": "red"}


def test_guards_of_spreadsheets_are_no_part_of_a_cell() -> None:
    found = one("id;text;Телефон;Акт", '1;Не греет батарея;\'+77012221100;="0031"')
    assert found.new_text == "Не греет батарея\n\nАкт: 0031"
    assert found.sender is not None and found.sender.address == "+77012221100"


def test_words_in_quotation_marks_keep_them() -> None:
    assert one("id;text;Ярлык", "1;'tis cold;'срочно'").text == "'tis cold\n\nЯрлык: 'срочно'"


def test_a_contact_with_the_address_in_brackets_is_the_sender() -> None:
    found = one("Ticket ID;Ticket description;Associated Contact", "7;It is cold;Dana Li (dana@post.example)")
    assert found.sender is not None and (found.sender.name, found.sender.address) == (
        "Dana Li",
        "dana@post.example",
    )


def test_a_column_of_moments_in_utc_is_read_so() -> None:
    found = one("id;text;Submit Date (UTC)", "1;It is cold;2026-09-03 11:07:00")
    assert found.date is not None and found.date.isoformat() == "2026-09-03T11:07:00+00:00"
