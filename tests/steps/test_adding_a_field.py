"""A field is one row: the row that docs/how-to/add-a-field.md shows is added to the shipped ones, and nothing else changes."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from pydantic import BaseModel

from llm_assets.domain.desk.step import Doubt, StepInput, strict_schema
from llm_assets.emulator.prompts import Prompt
from llm_assets.emulator.rules.answer import answer as emulated
from llm_assets.engine.answers.evaluate import evaluate
from llm_assets.engine.answers.label import Label
from llm_assets.steps.drafts.step import DRAFTS
from llm_assets.steps.extracted_fields import fields as rows
from llm_assets.steps.extracted_fields.answer import Found
from llm_assets.steps.extracted_fields.fields import FIELDS, Field, Kind, Proof
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS, step_for
from resources.lake.lake import Lake
from tests.support.nights.step_cases import DAY, PROFILE, given
from tests.support.repository import DOCS

PAGE = DOCS / "how-to" / "add-a-field.md"
BRANCH: Field = eval(PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0], vars(rows))
STEP = step_for((*FIELDS, BRANCH))
MAIL = "Договор № 45 заключён в отделении Достык."


def said(**found: tuple[str, str | None]) -> BaseModel:
    nothing = {name: Found(value=None, quote=None) for name in STEP.output.model_fields}
    told = {name: Found(value=value, quote=quote) for name, (value, quote) in found.items()}
    return STEP.output(**nothing | told)


def named_in(schema: dict[str, Any]) -> set[str]:
    """The fields that an answer to the schema may state."""
    shapes = [shape["properties"] for shape in schema["properties"]["stated"]["items"]["anyOf"]]
    opened = [name for shape in shapes if "field" in shape for name in shape["field"]["enum"]]
    return {*opened, *(name for shape in shapes for name in shape)} - {"field", "value", "quote"}


SEEN = said(document_type=("contract", "Договор"), branch=("Достык", "отделении Достык"))


def full_row(about: StepInput, output: BaseModel) -> dict[str, Any]:
    case = {"day": DAY, "case_id": "case-1", "record_id": "record-1", "queue": "bank-support", "status": "ok"}
    return case | STEP.row(about, output)


def test_the_row_is_new() -> None:
    assert BRANCH.name == "branch"
    assert BRANCH.name not in EXTRACTED_FIELDS.output.model_fields


def test_the_prompt_asks_for_it_in_a_line_of_its_own() -> None:
    before = EXTRACTED_FIELDS.request(given(MAIL), PROFILE).system.splitlines()
    after = STEP.request(given(MAIL), PROFILE).system.splitlines()
    assert [line for line in after if line not in before] == [f"- branch: {BRANCH.prompt}"]
    assert [line for line in after if line in before] == before
    assert STEP.code_version != EXTRACTED_FIELDS.code_version, "its cases are due again"


def test_the_schema_names_it() -> None:
    assert named_in(STEP.request(given(MAIL), PROFILE).schema) == {*(f.name for f in FIELDS), "branch"}


def test_the_table_has_its_column_and_no_preview_shows_it() -> None:
    added = set(STEP.table.columns) - set(EXTRACTED_FIELDS.table.columns)
    assert [(c.name, c.type, c.description, c.personal) for c in added] == [
        ("branch", "VARCHAR", "Branch", True)
    ]
    assert "branch" not in STEP.table.shown_columns


@pytest.mark.parametrize(
    ("kind", "value", "column", "held"),
    [(Kind.DATE, "20261118", "DATE", "2026-11-18"), (Kind.AMOUNT, "12.50", "DECIMAL(18,2)", "12.50")],
)
def test_its_kind_decides_the_column_and_what_is_no_such_value_is_read_by_a_person(
    kind: Kind, value: str, column: str, held: str
) -> None:
    step = step_for((*FIELDS, replace(BRANCH, kind=kind, proof=Proof.OWN_TERMS)))
    assert step.table.column_types["branch"] == column
    assert step.row(given(MAIL), said(branch=(value, None)))["branch"] == held
    assert step.doubt(given(MAIL), said(branch=("Достык", None))) == Doubt("unreadable_value", "branch")


def test_a_row_holds_its_value_and_where_it_is() -> None:
    found = STEP.row(given(MAIL), SEEN)
    place = found["evidence"]["branch"]
    assert found["branch"] == "Достык"
    assert MAIL[place["start"] : place["end"]] == "отделении Достык"
    assert set(found) == set(STEP.answer_columns)


def test_an_analyst_finds_it_and_nights_from_before_have_none(tmp_path: Path) -> None:
    before = {name: value for name, value in full_row(given(MAIL), SEEN).items() if name != "branch"}
    Lake(tmp_path, [EXTRACTED_FIELDS.table]).write(EXTRACTED_FIELDS.table, DAY, [before])
    lake = Lake(tmp_path, [STEP.table])
    assert lake.query("select branch from extracted_fields") == [{"branch": None}]
    lake.write(STEP.table, DAY, [full_row(given(MAIL), SEEN)])
    assert lake.problems(STEP.table, DAY) == []
    assert lake.query("select branch from extracted_fields") == [{"branch": "Достык"}]


def test_a_made_up_or_missing_one_is_looked_at_by_a_person() -> None:
    assert STEP.doubt(given(MAIL), SEEN) is None
    made_up = said(branch=("Алматы", "отделении Достык"))
    assert STEP.doubt(given(MAIL), made_up) == Doubt("value_not_in_quote", "branch")
    missing = said(document_type=("contract", "Договор"))
    assert STEP.doubt(given(MAIL), missing) == Doubt("missing_fields", "branch")


@pytest.mark.parametrize(
    ("wanted", "output", "labelled", "missing", "wrong"),
    [
        pytest.param("Достык", SEEN, 1, 0, 0, id="right"),
        pytest.param("Достык", said(), 1, 1, 0, id="missing"),
        pytest.param("Алматы", SEEN, 1, 0, 1, id="wrong"),
        pytest.param(None, SEEN, 0, 0, 1, id="not stated"),
    ],
)
def test_the_control_set_judges_it(
    wanted: str | None, output: BaseModel, labelled: int, missing: int, wrong: int
) -> None:
    label = Label(file="1", queue="bank-support", category="thanks", fields={"branch": wanted})
    result = evaluate([label], {}, {"1": STEP.row(given(MAIL), output)}, names=())
    counts = (
        result.fields.labelled["branch"],
        result.fields.missing["branch"],
        result.fields.wrong["branch"],
    )
    assert counts == (labelled, missing, wrong)


@pytest.mark.parametrize("in_reply", [True, False])
def test_a_draft_is_written_from_it_where_its_row_says_so(
    in_reply: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llm_assets.steps.drafts.step.FIELDS", (*FIELDS, replace(BRANCH, in_reply=in_reply)))
    upstream = {"categories": {"category": "thanks"}, "extracted_fields": {"branch": "Достык"}}
    user = DRAFTS.request(given("Спасибо", upstream=upstream), PROFILE).user
    assert (json.dumps({"branch": "Достык"}, ensure_ascii=False) in user) is in_reply


def test_the_emulator_leaves_out_a_field_its_rules_do_not_know() -> None:
    request = STEP.request(given(MAIL), PROFILE)
    prompt = Prompt("small", request.system, request.user, orjson.dumps(request.schema), request.max_tokens)
    output = STEP.output.model_validate_json(emulated(prompt))
    assert output.model_dump()["branch"] is None
    assert output.model_dump()["document_number"]["value"] == "45", "the others are still found"


# Single rows


def test_no_two_columns_of_the_table_have_one_name() -> None:
    names = [column.name for column in EXTRACTED_FIELDS.table.columns]
    assert len(names) == len(set(names))


def test_fields_that_share_their_text_share_a_line_and_say_their_form() -> None:
    [shared] = [
        line for line in EXTRACTED_FIELDS.prompt.system.splitlines() if line.startswith("- document_number")
    ]
    assert shared.startswith(
        "- document_number, document_date (YYYY-MM-DD), amount (the total, digits and a decimal point only), currency"
        " (ISO 4217 code): of that business document;"
    )


def test_only_an_amount_can_be_proven_as_one() -> None:
    with pytest.raises(ValueError, match="its kind must be amount, not text"):
        Field("branch", "the branch.", proof=Proof.AMOUNT)


def test_the_model_answers_a_value_and_a_quote_for_each_field_it_states_and_nothing_else() -> None:
    schema = strict_schema(EXTRACTED_FIELDS.output)
    assert named_in(schema) == {field.name for field in FIELDS}
    assert schema["additionalProperties"] is False
    for shape in schema["properties"]["stated"]["items"]["anyOf"]:
        assert shape["required"] == list(shape["properties"]) and shape["required"][-1] == "quote"
