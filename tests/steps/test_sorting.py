"""Step `categories`: the answer can only be one of the queue's names, and a doubtful case goes to a person."""

import json

import pytest

from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Doubt
from llm_assets.domain.requests.outcome import Status
from llm_assets.steps.categories.step import CATEGORIES, Categorised
from tests.support.nights.step_cases import PROFILE, QUEUE, given

ABOUT = given("Где моя карта?")


def answer(category: str = "card_arrival", **changes: object) -> Categorised:
    plain = {"confidence": 0.9, "runner_up": None, "ambiguous": False, "reason": "asks for a card"}
    return Categorised.model_validate({"category": category, **plain, **changes})


def test_only_the_queues_categories_can_be_answered() -> None:
    schema = CATEGORIES.request(ABOUT, PROFILE).schema
    assert schema["$defs"]["Category"] == {"type": "string", "enum": ["card_arrival", "complaint", "thanks"]}
    assert schema["properties"]["category"] == {"$ref": "#/$defs/Category"}
    assert schema["properties"]["runner_up"] == {"anyOf": [{"$ref": "#/$defs/Category"}, {"type": "null"}]}


def test_a_long_list_of_categories_is_in_the_schema_once() -> None:
    names = [f"category_{number}" for number in range(77)]
    queue = Queue(name="shop", categories=tuple(Category(name=name) for name in names))
    schema = json.dumps(CATEGORIES.request(given("x", queue=queue), PROFILE).schema)
    assert [schema.count(f'"{name}"') for name in names] == [1] * len(names)


def test_narrowing_for_one_queue_leaves_the_others_alone() -> None:
    other = Queue(name="shop", categories=(Category(name="return"),))
    first = CATEGORIES.request(ABOUT, PROFILE)
    assert CATEGORIES.request(given("x", queue=other), PROFILE).schema["$defs"]["Category"]["enum"] == [
        "return"
    ]
    assert CATEGORIES.request(ABOUT, PROFILE) == first


def test_the_model_reads_what_each_category_means() -> None:
    assert (
        "- card_arrival: When a new card arrives\n- complaint:" in CATEGORIES.request(ABOUT, PROFILE).system
    )


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        pytest.param(answer(), None, id="sure"),
        pytest.param(answer(confidence=0.7), None, id="at the threshold"),
        pytest.param(
            answer(confidence=0.69), Doubt("low_confidence", "0.69 for card_arrival"), id="below it"
        ),
        pytest.param(
            answer(ambiguous=True, runner_up="complaint"),
            Doubt("ambiguous", "card_arrival or complaint"),
            id="two fit",
        ),
        pytest.param(
            answer(ambiguous=True), Doubt("ambiguous", "card_arrival or none"), id="none really fits"
        ),
        pytest.param(
            answer("loans"),
            Doubt("unknown_category", "the answer names a category the queue does not have"),
            id="a category of nobody",
        ),
    ],
)
def test_what_is_doubtful_goes_to_a_person(output: Categorised, expected: Doubt | None) -> None:
    assert CATEGORIES.doubt(ABOUT, output) == expected


def test_a_queue_sets_its_own_threshold() -> None:
    strict = QUEUE.model_copy(update={"review_below": 0.95})
    assert CATEGORIES.doubt(given("x", queue=strict), answer(confidence=0.9)) is not None


def test_a_doubt_never_repeats_what_the_model_made_up() -> None:
    found = CATEGORIES.doubt(ABOUT, answer("Айгерім, ИИН 900101300123"))
    assert found is not None and "Айгерім" not in found.detail


@pytest.mark.parametrize(("name", "needs"), [("card_arrival", True), ("thanks", False), ("loans", None)])
def test_a_row_says_whether_the_category_asks_for_a_reply(name: str, needs: bool | None) -> None:
    row = CATEGORIES.row(ABOUT, answer(name))
    assert (row["category"], row["needs_reply"]) == (name, needs)
    assert set(row) == set(CATEGORIES.answer_columns)


@pytest.mark.parametrize(
    ("decided", "follows"),
    [
        ({"category": "thanks"}, {"needs_reply": False}),
        ({"category": "card_arrival"}, {"needs_reply": True}),
        ({"category": "one of their own"}, {}),
        ({"reason": "x"}, {}),
    ],
)
def test_a_corrected_category_decides_about_the_reply(
    decided: dict[str, str], follows: dict[str, bool]
) -> None:
    assert CATEGORIES.follows(ABOUT, decided) == follows


def test_an_empty_case_is_not_sorted() -> None:
    skip = CATEGORIES.skip(given("", subject=""))
    assert skip is not None and skip.status is Status.REVIEW


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_is_a_share(confidence: float) -> None:
    with pytest.raises(ValueError, match="confidence"):
        answer(confidence=confidence)
