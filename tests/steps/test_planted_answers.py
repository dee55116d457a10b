"""How many wrong values of an answer are doubted, of every field and kind and in three languages, and how many right ones.

The cases are invented. Half `b` was not looked at while the checks were written and mended.
"""

from collections import Counter

import pytest

from llm_assets.steps.extracted_fields.fields import FIELDS
from tests.steps.field_answers.marks import LANGUAGES, doubted, noticed, reason, samples, share, table

NOTICED = 0.85
DOUBTED = 0.02


def test_the_set_holds_every_field_and_language() -> None:
    planted = Counter(wrong.field for one in samples() for wrong in one.wrong)
    assert set(planted) == {f.name for f in FIELDS}
    assert planted.total() >= 120
    assert sum(len(one.honest) for one in samples()) >= 250
    for half in "ab":
        assert {one.language for one in samples() if one.half == half} == set(LANGUAGES)


@pytest.mark.parametrize("half", ["a", "b"])
def test_planted_wrong_values_are_noticed_and_honest_answers_are_not_doubted(half: str) -> None:
    found, false_alarms = share(half)
    missed = [(one.name, wrong) for one in samples() for wrong in one.wrong if noticed(one, wrong) is None]
    alarms = [(one.name, doubt) for one in samples() if (doubt := doubted(one)) is not None]
    assert found >= NOTICED, f"{missed}\n{table(half)}"
    assert false_alarms <= DOUBTED, alarms


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_honest_value_is_doubted_alone(language: str) -> None:
    alarms = [
        (one.name, doubt)
        for one in samples()
        if one.language == language
        for name, said in one.honest.items()
        if (doubt := reason(one.about, {name: said})) is not None and not doubt.startswith("missing_fields")
    ]
    assert alarms == []
