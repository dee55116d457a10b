"""Answers against labels: what is right, wrong, rightly or needlessly left to a person, confused, and sure of itself."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from llm_assets.engine.answers.class_limits import ClassLimits, GroupLimits
from llm_assets.engine.answers.evaluate import Evaluation, evaluate, same_value, worst
from llm_assets.engine.answers.label import Label
from llm_assets.engine.answers.scores import Score, band_of

Answers = Mapping[str, Mapping[str, Any]]


def label(file: str, category: str | None = "card", **changes: Any) -> Label:
    return Label(file=file, queue="bank", category=category, **changes)


def answer(category: str, status: str = "ok", **changes: Any) -> dict[str, Any]:
    return {"category": category, "status": status, **changes}


def counted(score: Score) -> tuple[int, int, int, int]:
    return score.labelled, score.right, score.wrong, score.to_review


def tried(labels: list[Label], answers: Answers, fields: Answers | None = None) -> Evaluation:
    return evaluate(labels, answers, fields or {}, names=("customer_name",))


def test_categories_are_right_wrong_or_left_to_a_person() -> None:
    labels = [label("1"), label("2"), label("3"), label("4", "loan"), label("6", "lost")]
    answers = {
        "1": answer("card"),
        "2": answer("loan"),
        "3": answer("card", "review"),
        "4": answer("loan"),
    }
    result = tried(labels, answers)
    assert {n: counted(s) for n, s in result.categories.items()} == {
        "bank/card": (3, 1, 1, 1),
        "bank/loan": (1, 1, 0, 0),
        "bank/lost": (1, 0, 0, 1),
    }
    assert result.figures["accuracy"] == 2 / 3
    assert result.figures["review_share"] == result.figures["needless_review_share"] == 2 / 5
    assert [name for name, _ in worst(result.categories)] == ["bank/card", "bank/loan", "bank/lost"]


@pytest.mark.parametrize(
    ("given", "row", "counts"),
    [
        pytest.param(
            label("1", also_acceptable=("loan",)), answer("loan"), (1, 1, 0, 0), id="also acceptable"
        ),
        pytest.param(label("1", doubt="none"), answer("card", "review"), (1, 0, 0, 1), id="needless review"),
        pytest.param(
            label("1", review_also=True), answer("loan", "review"), (1, 1, 0, 0), id="a person may see it"
        ),
        pytest.param(label("1", review_also=True), answer("loan"), (1, 0, 1, 0), id="decided wrongly"),
        pytest.param(label("1", doubt="two_fit"), answer("card", "review"), (1, 1, 0, 0), id="for review"),
        pytest.param(label("1", doubt="two_fit"), answer("card"), (1, 0, 1, 0), id="for review, decided"),
        pytest.param(
            label("1", doubt="two_fit", also_acceptable=("loan",)),
            answer("loan"),
            (1, 0, 1, 0),
            id="for review, decided for the alternative",
        ),
        pytest.param(
            label("1", None, doubt="none_fits"), answer("card", "review"), (1, 1, 0, 0), id="none fits"
        ),
        pytest.param(label("1", doubt="two_fit"), answer("card", "dead"), (1, 0, 0, 1), id="no answer"),
    ],
)
def test_what_is_right(given: Label, row: Mapping[str, Any], counts: tuple[int, int, int, int]) -> None:
    result = tried([given], {"1": row})
    assert counted(result.total) == counted(result.languages["und"]) == counts
    group = result.doubts if given.is_doubtful else result.categories
    assert [counted(score) for score in group.values()] == [counts]
    assert not (result.categories if given.is_doubtful else result.doubts)


@pytest.mark.parametrize(
    ("given", "row", "same"),
    [
        (label("1", doubt="none"), answer("card"), True),
        (label("1", doubt="none"), answer("card", "review", doubt_reason="low_confidence"), True),
        (label("1", doubt="none"), answer("card", "review", doubt_reason="two_fit"), False),
        (label("1", doubt="two_fit"), answer("card"), False),
        (label("1", doubt="two_fit"), answer("card", "review", doubt_reason="two_fit"), True),
        (
            label("1", doubt="two_fit", doubt_also=("several_matters",)),
            answer("card", "review", doubt_reason="several_matters"),
            True,
        ),
        (label("1", doubt="two_fit"), answer("card", "review", doubt_reason="none_fits"), False),
        (label("1", doubt="two_fit"), answer("card", "review", doubt_reason="instructs_model"), None),
        (label("1"), answer("card"), None),
        (label("1", doubt="none"), {}, None),
    ],
)
def test_words_of_doubt_agree_where_both_have_one(
    given: Label, row: Mapping[str, Any], same: bool | None
) -> None:
    result = tried([given], {"1": row})
    assert (result.words_compared, result.words_same) == (int(same is not None), int(same is True))


def test_what_is_confused_with_what_holds_clear_cases_also_those_in_review() -> None:
    labels = [
        label("1"),
        label("2"),
        label("3", also_acceptable=("loan",)),
        label("4", doubt="two_fit"),
        label("5"),
    ]
    answers = {n: answer("loan") for n in "1345"} | {"2": answer("loan", "review"), "5": answer("card")}
    result = tried(labels, answers)
    assert result.confusion == {("bank/card", "bank/loan"): 2}
    assert result.confusion_in_review["bank/card", "bank/loan"] == 1


def test_stated_confidence_is_compared_with_what_was_right() -> None:
    labels = [label(n) for n in "1234"] + [label("5", doubt="two_fit")]
    answers = {
        "1": answer("card", confidence=0.95),
        "2": answer("loan", confidence=1.0),
        "3": answer("card", "review", confidence=0.69),
        "4": answer("card"),
        "5": answer("card", confidence=0.9),
    }
    bands = tried(labels, answers).calibration
    assert {n: (b.answers, b.right, b.stated) for n, b in bands.items()} == {
        "0.95 and over": (2, 1, 1.95),
        "under 0.70": (1, 1, 0.69),
    }


@pytest.mark.parametrize(
    ("confidence", "name"),
    [(0.0, "under 0.70"), (0.7, "0.70 to 0.85"), (0.85, "0.85 to 0.95"), (1.0, "0.95 and over")],
)
def test_bands_begin_where_they_say(confidence: float, name: str) -> None:
    assert band_of(confidence) == name


# Kinds of hardness


@pytest.mark.parametrize(
    ("given", "found", "verdict"),
    [
        pytest.param({"hard": ("sarcasm",)}, {}, True, id="a category"),
        pytest.param(
            {"hard": ("relative_date",), "fields": {"deadline": "2026-11-24"}},
            {"deadline": "2026-11-24", "status": "ok"},
            True,
            id="a field",
        ),
        pytest.param(
            {"hard": ("paid_bill",), "fields": {"deadline": None}},
            {"deadline": "2026-11-24", "status": "ok"},
            False,
            id="a date that is no deadline",
        ),
        pytest.param(
            {"hard": ("relative_date",), "fields": {"deadline": "2026-11-24"}},
            {"deadline": "2026-11-25", "status": "review"},
            None,
            id="a field that a person looks at",
        ),
        pytest.param(
            {"hard": ("wrong_total",), "fields_doubtful": True}, {"status": "review"}, True, id="doubted"
        ),
        pytest.param(
            {"hard": ("wrong_total",), "fields_doubtful": True}, {"status": "ok"}, False, id="not doubted"
        ),
    ],
)
def test_a_hard_record_is_judged_by_what_is_hard_about_it(
    given: Mapping[str, Any], found: Mapping[str, Any], verdict: bool | None
) -> None:
    result = tried([label("1", **given)], {"1": answer("card")}, {"1": found})
    [score] = result.hard.values()
    assert counted(score) == (1, int(verdict is True), int(verdict is False), int(verdict is None))


def test_plain_records_are_the_clear_ones_without_anything_hard() -> None:
    labels = [label("1"), label("2", doubt="two_fit"), label("3", hard=("scan", "forwarded"))]
    result = tried(labels, {n: answer("card") for n in "123"})
    assert {name: score.labelled for name, score in result.hard.items()} == {
        "plain": 1,
        "scan": 1,
        "forwarded": 1,
    }


# Fields


def test_fields_are_found_missing_or_wrong() -> None:
    given = label("1", fields={"amount": "12500", "topic": "card", "deadline": None, "currency": None})
    found = {"amount": 12500.00, "topic": None, "deadline": "2026-11-24", "currency": None}
    result = tried([given], {}, {"1": found})
    assert dict(result.fields.missing) == {"topic": 1}
    assert dict(result.fields.wrong) == {"deadline": 1}
    assert (result.fields.missing_share, result.fields.wrong_share) == (0.5, 0.25)
    assert {n: (s.right, s.wrong) for n, s in result.fields.by_field.items()} == {
        "amount": (1, 0),
        "topic": (0, 1),
        "deadline": (0, 1),
        "currency": (1, 0),
    }


@pytest.mark.parametrize(("found", "right"), [("delay", 1), ("complaint", 1), (None, 1), ("access", 0)])
def test_a_field_may_have_several_right_values(found: str | None, right: int) -> None:
    given = label("1", fields={"problem_type": "delay"}, fields_also={"problem_type": ("complaint", None)})
    result = tried([given], {}, {"1": {"problem_type": found}})
    assert result.fields.by_field["problem_type"].right == right


def test_only_a_name_may_be_written_shorter() -> None:
    given = label("1", fields={"customer_name": "Anna Berg", "topic": "card lost"})
    result = tried([given], {}, {"1": {"customer_name": "Anna", "topic": "card"}})
    assert dict(result.fields.wrong) == {"topic": 1}


def test_fields_for_review_are_counted_where_they_are() -> None:
    labels = [label("1", fields_doubtful=True), label("2", fields_doubtful=True), label("3")]
    result = tried(labels, {}, {"1": {"status": "review"}, "2": {"status": "ok"}, "3": {"status": "review"}})
    assert result.figures["doubtful_fields_in_review_share"] == 0.5


def test_nothing_labelled_scores_nothing() -> None:
    assert set(tried([], {}).figures.values()) == {0.0}


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        ("12500", 12500.00, True),
        ("12500.50", Decimal("12500.5"), True),
        ("№ 123-А", "№ 123-а", True),
        ("№123", "123", True),
        ("Altyn  Dala", "altyn dala", True),
        ("12500", "12501", False),
        ("2026-11-24", "2026-11-25", False),
        (None, None, True),
        (None, "", False),
        ("x", None, False),
    ],
)
def test_values_are_the_same_but_for_their_form(wanted: object, found: object, same: bool) -> None:
    assert same_value(wanted, found) is same


# Limits of classes


def scored(right: int, wrong: int, to_review: int = 0) -> Evaluation:
    labels = [label(str(i)) for i in range(right + wrong + to_review)]
    rows = [answer("card")] * right + [answer("loan")] * wrong + [answer("card", "review")] * to_review
    return tried(labels, {str(i): row for i, row in enumerate(rows)})


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param(scored(3, 1), (), id="at the limit"),
        pytest.param(scored(2, 2), ("bank/card: 2 of 4 right, at least 75% expected",), id="below it"),
        pytest.param(scored(0, 2), (), id="too few to judge"),
        pytest.param(
            scored(1, 0, 3),
            ("bank/card: 1 of 4 decided, at least 34% expected",),
            id="hardly anything decided",
        ),
        pytest.param(scored(1, 0, 1), (), id="too few to judge, in review"),
    ],
)
def test_a_class_below_its_limit_is_named(found: Evaluation, said: tuple[str, ...]) -> None:
    limits = ClassLimits(categories=GroupLimits(least=0.75))
    assert limits.below(found)["categories"] == said


def test_a_class_may_have_a_limit_of_its_own_and_an_unknown_one_is_found() -> None:
    own = GroupLimits(least=1.0, of={"bank/card": 0.25, "bank/carb": 0.5})
    limits = ClassLimits(categories=own, languages=GroupLimits(least=0))
    assert limits.below(scored(1, 3))["categories"] == ()
    assert list(limits.unknown(scored(1, 3))) == ["categories: bank/carb"]


# Labels that contradict themselves


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"category": None}, "doubt must say why"),
        ({"category": "card", "hard": ["relative_date"]}, "deadline, which has no label"),
        ({"category": "card", "hard": ["wrong_total"]}, "fields_doubtful, which is not set"),
        ({"category": "card", "hard": ["fog"]}, "Input should be"),
        ({"category": "card", "ambiguous": True}, "Extra inputs"),
        ({"category": "card", "doubt": "ambiguous"}, "Input should be"),
    ],
)
def test_a_label_that_cannot_be_judged_is_refused(given: Mapping[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Label.model_validate({"file": "1", "queue": "bank", **given})
