"""The page of crash safety names tests that exist, and its tables are what those tests play."""

import re
from collections.abc import Mapping

import pytest

from tests.support.nights.gemini_cases import NEVER, OWN
from tests.support.nights.moments import MOMENTS
from tests.support.nights.outcome_cases import CASES
from tests.support.pages import rows, section, text_of

PAGE = text_of("docs/explanation/crash-safety.md")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
AT = {("openai", "anthropic"): "both", ("openai",): "OpenAI", ("anthropic",): "Anthropic"}


def _counted(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{count} `{name}`" for name, count in numbers.items()) or "–"


@pytest.mark.parametrize(("path", "test"), sorted(set(NAMED)), ids=lambda value: value)
def test_a_test_that_is_named_exists(path: str, test: str) -> None:
    assert re.search(rf"^def {test}\(", text_of(path), re.MULTILINE)


def test_every_line_of_a_table_has_its_proof() -> None:
    proofs = [row for row in rows(PAGE) if len(row) == 2 and row not in _moments()]
    assert proofs and all(re.search(r"`tests/[\w/]+\.py::\w+`", row[1]) for row in proofs)


def _moments() -> list[list[str]]:
    return [[moment.name, AT[moment.protocols]] for moment in MOMENTS]


def test_the_moments_are_those_at_which_processes_are_killed() -> None:
    table = rows(section(PAGE, "## Killed at any moment").split("Where several things")[0])
    assert table == _moments()


def test_the_answers_are_those_that_are_played_and_end_as_the_table_says() -> None:
    table = [row for row in rows(section(PAGE, "## What a provider may answer")) if len(row) == 6]
    own = [row for row in rows(section(PAGE, "## What a provider may answer")) if len(row) == 5]
    assert own == [
        [c.name, _counted(c.states), _counted(c.reasons), str(c.creates), str(c.executed)] for c in OWN
    ]
    assert list(NEVER) == [case.name for case in CASES if case.name.startswith("expired")]
    assert table == [
        [c.name, AT[c.protocols], _counted(c.states), _counted(c.reasons), str(c.creates), str(c.executed)]
        for c in CASES
    ]
