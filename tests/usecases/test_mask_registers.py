"""`mask` shows what leaves the house of a register record by record, in every form that a register has."""

import json
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.mail.mask import mask_file
from tests.support.mail.written_mail import mail
from tests.support.mail.written_workbook import workbook

HEADERS = ("Номер", "Суть обращения", "Клиент", "Телефон", "Сумма")
ROWS = (
    ("K-1", "Верните комиссию", "Оспан Дана", "8 701 222 11 00", "4500,50"),
    ("K-2", "Не греет батарея", "Сыдыков Арман", "8 702 333 44 55", "700"),
)
FILES = {
    "a.csv": "\n".join(";".join(row) for row in (HEADERS, *ROWS)).encode("cp1251"),
    "a.tsv": "\n".join("\t".join(row) for row in (HEADERS, *ROWS)).encode("utf-16"),
    "a.xlsx": workbook([HEADERS, *ROWS]),
    "crm.jsonl": "\n".join(json.dumps(dict(zip(HEADERS, row, strict=True))) for row in ROWS).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_each_record_is_shown_under_its_number_and_id(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(FILES[name])
    first, second = mask_file(tmp_path / name)
    assert first.startswith("[1. crm:K-1]\n<case>") and second.startswith("[2. crm:K-2]\n<case>")
    assert "Верните комиссию\n\nСумма: 4500,50" in first and "Сумма: 700" in second
    assert [word for word in ("Оспан", "Сыдыков", "222", "333") if word in first + second] == []


def test_a_row_that_cannot_be_read_says_why_and_the_next_one_is_shown(tmp_path: Path) -> None:
    (tmp_path / "crm.jsonl").write_bytes(
        b'{"id": "1", "text": "One"}\n{"id":\n{"id": "3", "text": "Three"}\n'
    )
    first, broken, third = mask_file(tmp_path / "crm.jsonl")
    assert "One" in first and "Three" in third
    assert broken.startswith(f"[2. nothing is sent: Line 2 of {tmp_path}/crm.jsonl is not a JSON object")


def test_a_declared_register_is_shown_as_declared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sources.yaml").write_text("drops: [{match: '*.txt', columns: {id: Nr, text: Wish}}]")
    monkeypatch.setenv("LLM_ASSETS_CONFIG", str(tmp_path))
    (tmp_path / "a.txt").write_text("Nr|Wish|Colour\n5|A lamp|red\n")
    (only,) = mask_file(tmp_path / "a.txt")
    assert only.startswith("[1. crm:5]") and "A lamp\n\nColour: red" in only


def test_a_mail_has_no_heading_and_a_missing_file_is_one_error(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(mail("Hello"))
    assert next(mask_file(tmp_path / "a.eml")).startswith("<case>")
    with pytest.raises(ConfigurationError, match=r"nowhere\.csv"):
        list(mask_file(tmp_path / "nowhere.csv"))


QUEUES_YAML = (
    "queues: [{name: one, default: true, mask_bare_names: %s, categories: [{name: a}]},"
    " {name: open, mailboxes: [open@bank.example], mask: false, categories: [{name: a}]}]"
)


@pytest.mark.parametrize(("bare", "hidden"), [("true", True), ("false", False)])
def test_names_alone_are_shown_as_the_queue_of_the_mail_sends_them(
    bare: str, hidden: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queues.yaml").write_text(QUEUES_YAML % bare)
    monkeypatch.setenv("LLM_ASSETS_CONFIG", str(tmp_path))
    (tmp_path / "a.eml").write_bytes(mail("The parcel is with Michael Turner now."))
    [shown] = mask_file(tmp_path / "a.eml")
    assert ("Michael Turner" not in shown) is hidden


@pytest.mark.parametrize(("to", "masked"), [("open@bank.example", False), ("other@bank.example", True)])
def test_a_queue_that_masks_nothing_is_named_and_its_text_is_shown_as_it_leaves(
    to: str, masked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queues.yaml").write_text(QUEUES_YAML % "true")
    monkeypatch.setenv("LLM_ASSETS_CONFIG", str(tmp_path))
    (tmp_path / "a.eml").write_bytes(f"From: a@post.example\nTo: {to}\n\nCall +44 20 7946 0018\n".encode())
    (tmp_path / "a.csv").write_text(f"id;text;mailbox\n7;Call +44 20 7946 0018;{to}\n")
    for name in ("a.eml", "a.csv"):
        [shown] = mask_file(tmp_path / name)
        assert ("+44 20 7946 0018" not in shown) is masked
        assert ("[queue open has `mask: false`: sent as it is]\n<case>" not in shown) is masked
