"""`mask --step` prints the request that a night sends: same text, same schema, same id. It needs no key and sends nothing."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from llm_assets.domain.protocol import PROTOCOLS
from tests.support.houses.house import TODAY, House, Ran, Worked
from tests.support.mail.invented_inbox import mail, mails, put

STOLEN = mails()["12.eml"]


def shown(ran: Ran) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def asked_of(house: House, record: str, step: str) -> str:
    """The id of the request that the night sent for a record."""
    engine = sa.create_engine(f"sqlite:///{house.home}/ledger.db")
    with engine.connect() as connection:
        query = sa.text("SELECT request_id FROM work WHERE step = :step AND case_id = :case")
        return str(connection.execute(query, {"step": step, "case": record}).scalar_one())


def row_of(house: House, step: str, sender: str) -> dict[str, Any]:
    with duckdb.connect(str(house.home / "analytics.duckdb"), read_only=True) as views:
        query = (
            f"SELECT s.* FROM {step} s JOIN documents d USING (case_id) WHERE d.sender LIKE '%' || ? || '%'"
        )
        found = views.execute(query, [sender])
        names = [column[0] for column in found.description or ()]
        return dict(zip(names, found.fetchone() or (), strict=True))


@pytest.mark.parametrize("step", ["extracted_fields", "categories", "drafts"])
def test_the_request_shown_is_the_one_that_a_night_sent(worked: Worked, tmp_path: Path, step: str) -> None:
    file, options = put(tmp_path, "12.eml", STOLEN, TODAY), []
    rows = {
        name: row_of(worked.house, name, "customer12@post.example")
        for name in ("extracted_fields", "categories")
    }
    if step == "drafts":
        (tmp_path / "rows.json").write_text(json.dumps(rows, default=str))
        options = ["--upstream", str(tmp_path / "rows.json")]
    [case] = shown(worked.house.run("mask", str(file), "--step", step, "--json", *options))
    assert case["request_id"] == asked_of(worked.house, rows["categories"]["case_id"], step)
    assert case["queue"] == rows["categories"]["queue"] and case["notes"] == []
    body = case["line"]["body"]
    assert case["line"]["custom_id"] == f"{'0' * 12}-{case['request_id']}-1"
    assert body["model"] == case["model"] and "My card was stolen" in body["messages"][1]["content"]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_each_protocol_has_its_own_line_and_nobody_needs_a_key(
    house: House, tmp_path: Path, protocol: str
) -> None:
    file = put(tmp_path, "1.eml", mail("Where is my card? anna.kim@post.example", 1), TODAY)
    keys = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"), "")
    ran = house.run("mask", str(file), "--step", "categories", "--json", LLM_ASSETS_PROVIDER=protocol, **keys)
    [case] = shown(ran)
    sent = {"openai": "body", "anthropic": "params", "gemini": "request"}[protocol]
    line = json.dumps(case["line"][sent], ensure_ascii=False)
    assert case["model"] in line and "Where is my card?" in line and "anna.kim" not in ran.out
    assert not house.home.exists()


def test_people_get_the_parts_under_headings(house: House, tmp_path: Path) -> None:
    file = put(tmp_path, "1.eml", mail("Where is my card?", 1), TODAY)
    ran = house.run("mask", str(file), "--step", "categories", "--queue", "office")
    heads = [line for line in ran.out.splitlines() if line.startswith("#")]
    assert heads == [f"# 1. {file} (queue office)", "## System", "## Case", "## Schema"]
    assert "at most 2048 tokens of answer" in ran.out and '"general_question"' in ran.out


def test_a_draft_without_its_earlier_answers_says_what_is_absent(house: House, tmp_path: Path) -> None:
    file = put(tmp_path, "1.eml", mail("Where is my card?", 1), TODAY)
    [case] = shown(house.run("mask", str(file), "--step", "drafts", "--json"))
    assert case["notes"] == [
        "drafts reads extracted_fields and categories, absent here: give the rows with --upstream"
    ]
    assert "<category>(categories.category)</category>" in case["line"]["body"]["messages"][1]["content"]


def test_a_case_that_a_step_leaves_out_has_no_request(house: House, tmp_path: Path) -> None:
    file = put(tmp_path, "1.eml", mail("Thank you!", 1), TODAY)
    rows = {"extracted_fields": {}, "categories": {"category": "thanks", "needs_reply": False}}
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    ran = house.run(
        *("mask", str(file), "--step", "drafts", "--queue", "bank-support", "--json"),
        *("--upstream", str(tmp_path / "rows.json")),
    )
    [case] = shown(ran)
    assert case["notes"] == ["nothing is sent: the row is made without a model, with the status not_needed"]
    assert "line" not in case


def test_a_row_that_a_rule_makes_says_what_and_a_category_of_another_queue_is_noticed(
    house: House, tmp_path: Path
) -> None:
    file = put(tmp_path, "1.eml", mail("Where is my card?", 1), TODAY)
    rows = {"extracted_fields": {}, "categories": {"category": "card_arrivals"}}
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    words = ("mask", str(file), "--step", "drafts", "--queue", "office", "--json", "--upstream")
    [case] = shown(house.run(*words, str(tmp_path / "rows.json")))
    unknown, by_rule = case["notes"]
    assert unknown.startswith("queue office has no category card_arrivals") and "general_question" in unknown
    assert "with the status ok, and a rule answers" in by_rule and "A colleague will look into it" in by_rule


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--step", "poems"), "choose one of: extracted_fields, categories, drafts"),
        (("--step", "categories", "--queue", "nowhere"), "--queue nowhere is not in queues.yaml"),
        (("--json",), "name a --step"),
        (
            ("--step", "categories", "--upstream", "rows.json"),
            "categories reads no step, not extracted_fields",
        ),
        (("--step", "drafts", "--upstream", "rows.json"), "extracted_fields has no column colour"),
        (("--step", "drafts", "--upstream", "nothing.json"), "cannot be read as JSON"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(
    house: House, tmp_path: Path, words: tuple[str, ...], named: str
) -> None:
    file = put(tmp_path, "1.eml", mail("Hello", 1), TODAY)
    (tmp_path / "rows.json").write_text('{"extracted_fields": {"colour": "red"}}')
    ran = house.run("mask", str(file), *(str(tmp_path / w) if w.endswith(".json") else w for w in words))
    assert ran.code == 2 and ran.said_one_sentence(named)
