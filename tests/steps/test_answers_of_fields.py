"""How an answer of step `extracted_fields` is written and read: a list of what is stated, and the shapes of before."""

import json
from typing import Any

import jsonschema
import pytest
from pydantic import BaseModel, ValidationError

from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.schema_rules import schema_problem
from llm_assets.domain.desk.step import Doubt
from llm_assets.domain.requests.outcome import RequestState, Status
from llm_assets.engine.answers.rows import step_row
from llm_assets.engine.ports.work import Standing
from llm_assets.steps.extracted_fields.answer import answer_schema, stated_in
from llm_assets.steps.extracted_fields.fields import FIELDS, Field
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from resources.providers.schemas import RULES
from tests.support.nights.step_cases import PROFILE, given

OUTPUT = EXTRACTED_FIELDS.output
NOTHING = {"value": None, "quote": None}
MAIL = "Заявка 7781: перевод всё ещё не пришёл."


def read(answer: Any) -> dict[str, tuple[str, str | None]]:
    """What an answer states, from its JSON, and again from what is stored of it."""
    output = OUTPUT.model_validate_json(json.dumps(answer))
    again = OUTPUT.model_validate(json.loads(output.model_dump_json()))
    assert again == output
    return {field.name: tuple(stated) for field, stated in stated_in(FIELDS, output).items()}


def schema_of(queue: Queue) -> dict[str, Any]:
    return EXTRACTED_FIELDS.request(given(MAIL, queue=queue), PROFILE).schema


def desk(*departments: str) -> Queue:
    return Queue(
        name="desk",
        categories=tuple(Category(name=f"c{i}", department=d) for i, d in enumerate(departments)),
    )


LISTED = {
    "stated": [
        {"field": "request_number", "value": "7781", "quote": "Заявка 7781"},
        {"problem_type": "delay", "quote": "всё ещё не пришёл"},
    ]
}
STATED = {"request_number": ("7781", "Заявка 7781"), "problem_type": ("delay", "всё ещё не пришёл")}


def test_a_list_is_read_as_fields_and_what_is_left_out_is_not_stated() -> None:
    jsonschema.validate(LISTED, schema_of(desk("cards")))
    assert read(LISTED) == STATED
    assert read({"stated": []}) == {}


@pytest.mark.parametrize(
    "absent",
    [
        pytest.param({"deadline": NOTHING, "topic": NOTHING}, id="an empty object per field, as before"),
        pytest.param({"deadline": None, "topic": None}, id="null"),
        pytest.param({}, id="left out"),
    ],
)
def test_answers_of_closed_nights_are_still_read(absent: dict[str, Any]) -> None:
    """One object per field is how answers were asked for once; their words need not be in the lists of today."""
    before = {name: {"value": value, "quote": quote} for name, (value, quote) in STATED.items()}
    assert read(before | absent) == STATED
    assert read({"problem_type": {"value": "a word of old", "quote": None}} | absent) == {
        "problem_type": ("a word of old", None)
    }


def test_a_closed_nights_answer_in_the_shape_of_before_is_no_case_for_a_person() -> None:
    stored = {field.name: NOTHING for field in FIELDS}
    stored |= {name: {"value": value, "quote": quote} for name, (value, quote) in STATED.items()}
    done = Standing("case-1", "request-1", RequestState.DONE, stored, "small", "p1", "", "", 1)
    row = step_row(EXTRACTED_FIELDS, given(MAIL), done, None)
    assert (row["status"], row["doubt_reason"]) == (Status.OK, None)
    assert (row["request_number"], row["problem_type"], row["deadline"]) == ("7781", "delay", None)


@pytest.mark.parametrize(
    "items",
    [
        pytest.param(
            [{"field": "shoe_size", "value": "43", "quote": "43"}], id="a field that nobody asked for"
        ),
        pytest.param([{"field": "topic", "value": "card"}], id="no quote"),
        pytest.param([{"field": "topic", "value": 5, "quote": "5"}], id="a number"),
        pytest.param([{"quote": "card"}], id="no field"),
        pytest.param(["topic"], id="a text"),
        pytest.param([{"topic": "a", "deadline": "b", "quote": "c"}], id="two fields in one"),
        pytest.param([{"field": None, "value": "a", "quote": "b"}], id="a field without a name"),
    ],
)
def test_a_list_of_something_else_is_a_broken_answer(items: list[Any]) -> None:
    with pytest.raises(ValidationError):
        OUTPUT.model_validate({"stated": items})


def test_a_server_that_does_not_hold_the_model_to_the_schema_may_say_null() -> None:
    assert read({"stated": [{"field": "topic", "value": None, "quote": None}]}) == {}
    assert read({"stated": [{"field": "topic", "value": "карта", "quote": None}]}) == {
        "topic": ("карта", None)
    }
    assert read({"stated": [{"problem_type": "delay", "quote": ""}]}) == {"problem_type": ("delay", None)}


def number(*values: str) -> BaseModel:
    items = [{"field": "request_number", "value": value, "quote": value} for value in values]
    return OUTPUT.model_validate({"stated": items})


def test_a_field_with_two_values_is_looked_at_by_a_person() -> None:
    about = given("Заявка 7781, а не 7718.")
    assert EXTRACTED_FIELDS.doubt(about, number("7781", "7718")) == Doubt("two_values", "request_number")
    stored = OUTPUT.model_validate(json.loads(number("7781", "7718").model_dump_json()))
    assert EXTRACTED_FIELDS.doubt(about, stored) == Doubt("two_values", "request_number")
    assert EXTRACTED_FIELDS.doubt(about, number("7781", "7781")) is None, "the same value twice is one"


# The schema


def test_a_department_is_one_of_the_queues_own() -> None:
    asked = {"stated": [{"department": "cards", "quote": "карта"}]}
    validator = jsonschema.Draft202012Validator
    assert validator(schema_of(desk("cards", "loans", ""))).is_valid(asked)
    assert not validator(schema_of(desk("loans"))).is_valid(asked)
    assert not validator(schema_of(desk(""))).is_valid(asked), "a queue without departments asks for none"
    assert "department" not in json.dumps(schema_of(desk("")))


def test_each_closed_list_is_in_a_request_once() -> None:
    request = EXTRACTED_FIELDS.request(given(MAIL, queue=desk("cards-team")), PROFILE)
    sent = request.system + json.dumps(request.schema)
    for name in ("missing_document", "reconciliation", "cards-team"):
        assert sent.count(name) == 1


def test_no_two_shapes_of_an_item_begin_with_one_name() -> None:
    """OpenAI refuses alternatives whose first properties have one name."""
    shapes = schema_of(desk("cards"))["properties"]["stated"]["items"]["anyOf"]
    first = [next(iter(shape["properties"])) for shape in shapes]
    assert len(set(first)) == len(first) == 4


@pytest.mark.parametrize("protocol", RULES)
@pytest.mark.parametrize("departments", [(), ("",), ("cards", "loans")])
def test_every_protocol_takes_it_for_every_queue(protocol: str, departments: tuple[str, ...]) -> None:
    queue = desk(*departments) if departments else given(MAIL).queue
    assert schema_problem(schema_of(queue), RULES[protocol]) is None


def test_fields_of_one_kind_alone_need_no_alternatives() -> None:
    opened = answer_schema([Field("branch", "the branch.")])["properties"]["stated"]["items"]
    closed = answer_schema([Field("size", "the size.", choices=("s", "m"))])["properties"]["stated"]["items"]
    assert list(opened["properties"]) == ["field", "value", "quote"]
    assert list(closed["properties"]) == ["size", "quote"]


def test_an_answer_that_states_little_is_short() -> None:
    """Fields that a case does not state were more than half of an answer while each was written out."""
    before = {name: {"value": None, "quote": None} for name in (f.name for f in FIELDS)}
    before |= {name: {"value": value, "quote": quote} for name, (value, quote) in STATED.items()}
    assert len(json.dumps(LISTED)) < 0.5 * len(json.dumps(before))
