"""Step `categories`: the answer can only be one of the queue's names, and a doubtful case goes to a person."""

import json
import re
from typing import get_args

import pytest

from llm_assets.domain.desk.queue import Category, Queue
from llm_assets.domain.desk.step import Doubt
from llm_assets.domain.requests.outcome import RequestState, Status
from llm_assets.engine.answers.rows import step_row
from llm_assets.engine.ports.work import Standing
from llm_assets.steps.categories.step import CATEGORIES, Categorised, DoubtWord
from tests.support.nights.step_cases import PROFILE, QUEUE, given

ABOUT = given("Где моя карта?")
DOUBTS = get_args(DoubtWord)[1:]


def answer(category: str = "card_arrival", **changes: object) -> Categorised:
    plain = {"reason": "asks for a card", "confidence": 0.9, "runner_up": None, "doubt": "none"}
    return Categorised.model_validate({"category": category, **plain, **changes})


def former(ambiguous: object, runner_up: str | None = None) -> dict[str, object]:
    """An answer as it was stored before a doubt had a name."""
    return {
        "category": "card_arrival",
        "confidence": 0.9,
        "runner_up": runner_up,
        "ambiguous": ambiguous,
        "reason": "asks for a card",
    }


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
            answer(doubt="two_fit", runner_up="complaint"),
            Doubt("two_fit", "card_arrival or complaint"),
            id="two fit",
        ),
        pytest.param(
            answer(doubt="several_matters", runner_up="complaint", confidence=1.0),
            Doubt("several_matters", "card_arrival and complaint"),
            id="two matters, however sure",
        ),
        pytest.param(
            answer(doubt="none_fits", runner_up="complaint", confidence=1.0),
            Doubt("none_fits", "nearest: card_arrival or complaint"),
            id="none fits, however sure",
        ),
        pytest.param(
            answer(doubt="too_little"), Doubt("too_little", "nearest: card_arrival"), id="too little"
        ),
        pytest.param(
            answer(doubt="two_fit", runner_up="card_arrival"),
            Doubt("two_fit", "card_arrival"),
            id="a runner-up that is the same",
        ),
        pytest.param(
            answer(doubt="too_little", confidence=0.1, runner_up="thanks"),
            Doubt("too_little", "nearest: card_arrival or thanks"),
            id="a named doubt says more than a low confidence",
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
    found = CATEGORIES.doubt(ABOUT, answer(doubt="two_fit", runner_up="Айгерім, ИИН 900101300123"))
    assert found == Doubt("two_fit", "card_arrival")


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


def test_a_queue_that_trusts_every_confidence_still_gets_named_doubts() -> None:
    lenient = given("x", queue=QUEUE.model_copy(update={"review_below": 0.0}))
    assert CATEGORIES.doubt(lenient, answer(confidence=0.0)) is None
    for word in DOUBTS:
        found = CATEGORIES.doubt(lenient, answer(doubt=word, confidence=1.0))
        assert found is not None and found.reason == word


def test_the_answer_gives_the_reason_before_the_choice_and_the_doubt_last() -> None:
    schema = CATEGORIES.request(ABOUT, PROFILE).schema
    order = ["reason", "category", "confidence", "runner_up", "doubt"]
    assert list(schema["properties"]) == schema["required"] == order
    assert schema["properties"]["doubt"]["enum"] == ["none", *DOUBTS]


def test_the_prompt_explains_every_part_of_the_answer_in_its_order_and_every_doubt() -> None:
    system = CATEGORIES.request(ABOUT, PROFILE).system
    asked = re.findall(r"^- (\w+): ", system.partition("<categories>")[0], re.MULTILINE)
    assert asked == list(Categorised.model_fields)
    assert set(re.findall(r"^  - (\w+): ", system, re.MULTILINE)) == set(DOUBTS)
    assert "doubt: none, or " in system


def test_the_prompt_says_what_a_confidence_means_on_both_sides_of_the_usual_threshold() -> None:
    system = CATEGORIES.request(ABOUT, PROFILE).system
    stated = [float(n) for n in re.findall(r"\b(0\.\d+): ", system)]
    assert stated == [0.95, 0.8, 0.6, 0.4]
    assert stated[1] >= QUEUE.review_below > stated[2]


@pytest.mark.parametrize(
    ("stored", "doubt"),
    [
        (former(False), None),
        (former(True, "complaint"), Doubt("two_fit", "card_arrival or complaint")),
        (former(True), Doubt("too_little", "nearest: card_arrival")),
    ],
)
def test_an_answer_of_a_closed_night_is_read_in_the_words_of_today(
    stored: dict[str, object], doubt: Doubt | None
) -> None:
    standing = Standing("c", "q", RequestState.DONE, stored, "m", "v", "", "", 1)
    row = step_row(CATEGORIES, ABOUT, standing, None)
    assert (row["status"], row["category"], row["reason"]) == (
        "ok" if doubt is None else "review",
        "card_arrival",
        "asks for a card",
    )
    said = (row["doubt_reason"], row["doubt_detail"])
    assert said == ((doubt.reason, doubt.detail) if doubt is not None else (None, None))


@pytest.mark.parametrize(
    "wrong",
    [former("yes"), former(1), {**former(True), "doubt": "none"}, answer().model_dump() | {"doubt": "maybe"}],
)
def test_an_answer_of_neither_form_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="ambiguous|doubt"):
        Categorised.model_validate(wrong)
