"""Drops whose columns, charset, delimiter and dates `sources.yaml` declares; broken rows cost only themselves."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from llm_assets.domain.mail.document import Message
from llm_assets.intake.item import read_item
from llm_assets.intake.records.drops import mapping_of, read_drop
from llm_assets.intake.records.mapping import DropRule, DropRules
from llm_assets.intake.sources import RawItem, scan

RULE = {
    "match": "branch-*.txt",
    "kind": "form",
    "columns": {"id": "ClientNo", "text": ["Complaint", "Wish"], "created_at": "Opened", "phone": []},
    "encoding": "cp1251",
    "delimiter": "|",
    "dates": ["%d.%m.%y"],
    "timezone": "Europe/Moscow",
    "mailbox": "orders@shop.example",
}
TABLE = "ClientNo|Complaint|Opened|Phone\n7|Где карта?|20.11.26|+7 700\n8|Где заказ?||\n"


def rules(*declared: dict[str, Any]) -> DropRules:
    return DropRules(DropRule.model_validate(rule) for rule in declared)


def items(folder: Path, *declared: dict[str, Any]) -> list[RawItem]:
    return list(scan(folder, source="inbox", relative_to=folder, rules=rules(*declared)))


def read(data: bytes, name: str = "branch-1.txt", **changes: Any) -> list[Message]:
    mapping = mapping_of(data, name, rules(RULE | changes))
    assert mapping is not None
    return [read_item(d.data, d.kind, d.place) for d in read_drop(data, name=name, mapping=mapping)]


def problems(found: list[Message]) -> list[str]:
    return [m.error.message for m in found if m.error is not None]


def test_a_declared_file_is_read_as_declared_whatever_its_name_and_form() -> None:
    first, second = read(TABLE.encode("cp1251"))
    assert (first.kind, first.new_text) == ("form", "Где карта?\n\nPhone: +7 700")
    assert first.date == datetime(2026, 11, 20, tzinfo=timezone(timedelta(hours=3)))
    assert [a.address for a in second.to] == ["orders@shop.example"]
    assert first.sender is None, "declared to be no sender"


def test_names_that_are_known_by_themselves_are_not_looked_for_where_others_are_declared() -> None:
    (said,) = problems(read(b"ClientNo|text\n7|Where is it?\n"))
    assert said.startswith(
        "branch-1.txt lacks the column text (for example Complaint, Wish); none of its 2 columns"
    )
    assert "sources.yaml" in said


def test_a_declared_id_has_to_be_there() -> None:
    (said,) = problems(read(b"Number|Complaint\n7|Where is it?\n"))
    assert "lacks the column id (for example ClientNo)" in said


def test_no_error_quotes_a_row() -> None:
    headless = "Ким Анна|+7 700 123 45 67\nГде карта?|Жду\n".encode("cp1251")
    line = b'{"secret-name": "secret value"}\nsecret line\n'
    said = " ".join(problems(read(headless)) + problems(read(line)))
    assert all(word not in said for word in ("Ким", "700", "secret"))


def test_a_row_that_ends_early_is_a_problem_of_its_own_with_its_number() -> None:
    found = read(b"Phone|Opened|ClientNo|Complaint\n|20.11.26|7|Where\nis it?||\n+7||8|Hello\n")
    assert [m.ok for m in found] == [True, False, True]
    (said,) = problems(found)
    assert said.startswith("Line 3 of branch-1.txt has too few cells") and "drop the file again" in said


def test_a_line_break_in_a_cell_without_quotation_marks_breaks_both_halves() -> None:
    found = read(b"ClientNo|Complaint|Opened\n6|Hi|\n7|Where\nis it?|20.11.26\n8|Hello|\n")
    assert [m.new_text for m in found if m.ok] == ["Hi", "Hello"]
    assert [said.split(" of ")[0] for said in problems(found)] == ["Line 3", "Line 4"]


def test_cells_that_a_program_leaves_out_at_the_end_are_empty() -> None:
    found = read(b"ClientNo|Complaint|Opened\n7|Where is it?\n8|Hello|20.11.26\n9|Hi\n10\n")
    assert [m.new_text for m in found if m.ok] == ["Where is it?", "Hello", "Hi"]
    assert [said.split(" of ")[0] for said in problems(found)] == ["Line 5"]


def test_bytes_that_do_not_fit_the_declared_encoding_mark_their_row_only() -> None:
    first, second = read("ClientNo|Complaint\n7|Где?\n8|".encode() + b"\xff\n", encoding="utf-8")
    assert first.flags == () and second.flags == ("charset_guessed",)


def test_a_declared_file_may_hold_json_lines() -> None:
    found = read(b'{"ClientNo": 7, "Wish": "Call me"}\n{"ClientNo": 8}\n', name="branch-2.txt")
    assert [m.new_text for m in found] == ["Call me", ""]
    assert problems(found)[0].startswith("Line 2 of branch-2.txt lacks the column text")


def test_the_first_rule_that_fits_decides_by_name_or_by_the_end_of_the_path(tmp_path: Path) -> None:
    for name in ("shop/CRM-1.csv", "bank/crm-1.csv", "bank/notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("Nr;Say;Why\n1;hello;because\n")
    by_folder = {"match": "shop/*.csv", "columns": {"id": "Nr", "text": "Why"}}
    by_name = {"match": "crm-*.csv", "columns": {"id": "Nr", "text": "Say"}, "kind": "form"}
    found = {
        i.place: read_item(i.data, i.kind, i.place).new_text for i in items(tmp_path, by_folder, by_name)
    }
    assert found == {
        "form:1": "hello\n\nWhy: because",
        "bank/notes.txt": "",
        "crm:1": "because\n\nSay: hello",
    }


def test_a_mapping_that_was_corrected_brings_the_same_record_anew(tmp_path: Path) -> None:
    (tmp_path / "branch-1.txt").write_bytes(TABLE.encode("cp1251"))
    (wrong,) = items(tmp_path, RULE | {"columns": {"id": "ClientNo", "text": "Complain"}})
    right = items(tmp_path, RULE)
    assert wrong.place == "branch-1.txt" and [i.place for i in right] == ["form:7", "form:8"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/platform/export.csv", "crm"), ("web_forms.csv", "form"), ("information.csv", "crm")],
)
def test_the_files_own_name_says_what_it_holds_and_not_its_folder(path: str, kind: str) -> None:
    (drop,) = read_drop(b"id;text\n1;hello\n", name=path)
    assert drop.kind == kind


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"columns": {"txt": "A"}}, "columns.txt"),
        ({"columns": {"id": "No", "text": "no."}}, "declared twice"),
        ({"encoding": "cp12510"}, "is no encoding"),
        ({"timezone": "Almaty"}, "is no time zone"),
        ({"dates": ["%d.%m"]}, "day, month and year"),
        ({"delimiter": ";;"}, "delimiter"),
        ({"kind": "mail"}, "kind"),
        ({"separator": ";"}, "separator"),
    ],
)
def test_a_mistake_in_a_rule_is_named(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as failed:
        DropRule.model_validate(RULE | changes)
    assert says in str(failed.value)
