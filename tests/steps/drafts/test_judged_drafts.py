"""Broken and good drafts in three languages: nearly all broken ones are caught, hardly any good one is doubted.

`mending.yaml` and `second.yaml` are those by which the rules were mended; by `unseen.yaml` no rule was.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from llm_assets.domain.desk.queue import Category
from llm_assets.domain.desk.step import StepInput
from llm_assets.steps.drafts.step import DRAFTS, Draft
from tests.support.nights.step_cases import QUEUE, given

HALVES = ("mending", "second", "unseen")
NAMED_FOR = {
    "account": "unknown_link",
    "amount": "made_up",
    "asks_more": "asks_more",
    "asks_secret": "asks_secret",
    "contradicts": "contradicts",
    "date": "made_up",
    "empty": "empty",
    "greets_twice": "greets_twice",
    "link": "unknown_link",
    "markup": "broken",
    "mask": "broken",
    "name": "made_up",
    "phishing_link": "unknown_link",
    "placeholders": "broken",
    "promises": "promises",
    "repeated": "repeated",
    "signs": "greets_twice",
    "too_generic": "too_generic",
    "truncated": "broken",
    "wrong_language": "wrong_language",
}
"""Kind of a broken draft -> the defect that most of that kind must be named for; the kinds of numbers have several."""


class Judged(NamedTuple):
    language: str
    kind: str
    """What is wrong with it; empty for a good draft."""
    defects: list[str]
    body: str


def _about(matter: dict[str, str], may_ask: tuple[str, ...]) -> StepInput:
    category = Category(name="matter", reply_guidance=matter["guidance"], may_ask=may_ask)
    queue = QUEUE.model_copy(update={"categories": (category,)})
    rows: dict[str, dict[str, Any]] = {
        "categories": {"status": "ok", "category": "matter", "needs_reply": True},
        "extracted_fields": {"status": "ok"},
    }
    return given(matter["case"], queue=queue, upstream=rows, language=matter["language"], subject="")


def judged(half: str) -> Iterator[Judged]:
    for matter in yaml.safe_load(Path(__file__).with_name(f"{half}.yaml").read_text(encoding="utf-8")):
        about = _about(matter, tuple(matter["may_ask"]))
        drafts = [("", body) for body in matter["good"]]
        drafts += [(kind, body) for kind, bodies in matter["broken"].items() for body in bodies]
        for kind, body in drafts:
            row = DRAFTS.row(about, Draft(subject="", body=body))
            yield Judged(matter["language"], kind, row["defects"], body)


ALL = [each for half in HALVES for each in judged(half)]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_in_each_language_broken_drafts_are_caught_and_good_ones_pass(language: str) -> None:
    broken = [d for d in ALL if d.kind and d.language == language]
    good = [d for d in ALL if not d.kind and d.language == language]
    missed = [d for d in broken if not d.defects]
    doubted = [d for d in good if d.defects]
    assert len(missed) <= 0.05 * len(broken), missed
    assert len(doubted) <= 0.03 * len(good), doubted


def test_the_set_is_large_and_holds_every_kind_in_every_language() -> None:
    assert sum(bool(d.kind) for d in ALL) >= 150 and sum(not d.kind for d in ALL) >= 120
    for kind in ("promises", "asks_secret", "asks_more", "contradicts", "relative", "amount", "name", "mask"):
        assert {d.language for d in ALL if d.kind == kind} == {"en", "ru", "kk"}, kind


@pytest.mark.parametrize("kind", sorted(NAMED_FOR))
def test_a_broken_draft_is_named_for_what_is_wrong_with_it(kind: str) -> None:
    of_kind = [d for d in ALL if d.kind == kind]
    unnamed = [d for d in of_kind if NAMED_FOR[kind] not in d.defects]
    assert len(unnamed) <= 0.25 * len(of_kind), unnamed
