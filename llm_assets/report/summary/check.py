"""Whether a model's opening lines may stand in place of those made by rule."""

from typing import NamedTuple

from llm_assets.report.numbers import ReportNumbers
from llm_assets.report.summary.claims import Said, stated
from llm_assets.report.summary.facts import facts_of
from llm_assets.report.summary.reading import NewWordError, read
from llm_assets.report.summary.sentences import plain_summary

SHORTER, LONGER, ADDED = 0.5, 1.5, 60
"""A smoothed text has at least half the length of the sentences, and at most half as much again and some characters."""


class Opening(NamedTuple):
    text: str
    is_smoothed: bool
    """Whether a model wrote it."""
    refused: str | None = None
    """Why the model's text is not shown."""


def opening(smoothed: str | None, numbers: ReportNumbers) -> Opening:
    """The model's text where it may be shown, else the sentences made by rule. None: the model is silent."""
    refused = refusal(smoothed, numbers) if smoothed is not None else None
    if smoothed is None or refused is not None:
        return Opening(plain_summary(numbers), is_smoothed=False, refused=refused)
    return Opening(smoothed, is_smoothed=True)


def refusal(text: str, numbers: ReportNumbers) -> str | None:
    """Why the text may not be shown; None when it states facts of the night alone and hides none that is needed.

    The answer holds no word of the text.
    """
    line = " ".join(text.split())
    if not line:
        return "it is empty"
    usual = len(plain_summary(numbers))
    if not SHORTER * usual <= len(line) <= LONGER * usual + ADDED:
        return "it is too short or too long"
    facts = facts_of(numbers)
    said: list[Said] = []
    try:
        for sentence in read(line, facts):
            found = stated(sentence, facts, said)
            if found is None:
                return "a number, name or word stands where the facts do not have it"
            said += found
    except NewWordError as err:
        return f"it holds {err} that the sentences do not have"
    shown = {s.fact for s in said}
    left_out = {str(fact.kind) for fact in facts if fact.needed and fact not in shown}
    return f"it leaves out {', '.join(sorted(left_out))}" if left_out else None
