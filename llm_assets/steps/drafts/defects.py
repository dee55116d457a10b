"""The defects of a draft, found by rules: no model judges its own work here.

What belongs here: which rules run and what they are called. The rules are in the other modules of this folder.
"""

import re
from functools import lru_cache

from llm_assets.steps.drafts.amounts import made_up_amounts, made_up_numbers, other_periods
from llm_assets.steps.drafts.asks import asks_for_a_secret, asks_for_more
from llm_assets.steps.drafts.dates import made_up_dates, made_up_hours, with_hours, without_hours
from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.form import (
    greets_again,
    is_broken,
    is_cut,
    is_empty,
    is_too_generic,
    is_wrong_language,
    repeats,
)
from llm_assets.steps.drafts.links import unknown_contacts, unknown_links
from llm_assets.steps.drafts.names import made_up_names
from llm_assets.steps.drafts.number_words import digits_of_words
from llm_assets.steps.drafts.promises import unkept_promises
from llm_assets.steps.drafts.spans import names_one_working_day, without_agreed, wrong_spans

DEFECTS = (
    "empty",
    "broken",
    "repeated",
    "wrong_language",
    "made_up",
    "too_generic",
    "contradicts",
    "promises",
    "asks_secret",
    "asks_more",
    "unknown_link",
    "greets_twice",
)
"""What `drafts.defects` may name, in this order."""
_COUNTED_OFF = re.compile(
    r"(?<![\d.,])[2-9] (?:other |more |following )?(?:questions?|ways?|options?|steps?|things|points|вопрос|способ|вариант|шаг|пункт|"
    r"сұра|тәсіл|нұсқа|қадам|жолы)\w*",
    re.IGNORECASE,
)
"""What a draft counts of its own: "two questions"."""
_LONE_ONE = re.compile(r"(?<!\d)1(?!\d)")


@lru_cache(maxsize=16)
def defects_of(body: str, facts: Facts, subject: str = "") -> tuple[str, ...]:
    """The defects of a draft's body, and of its subject where a rule needs no sentence, in the order of DEFECTS.

    A row and its doubt ask for the same, so the last answers are kept.
    """
    if is_empty(body, facts):
        return ("asks_secret",) if asks_for_a_secret(body, facts) else ("empty",)
    spans = wrong_spans(body, facts)
    both = f"{subject}\n{body}" if subject else body
    found = {
        "broken": is_broken(both, facts) or is_cut(body),
        "repeated": repeats(body),
        "wrong_language": is_wrong_language(body, facts),
        "made_up": spans.unknown or _made_up(body, subject, facts),
        "too_generic": is_too_generic(body, facts),
        "contradicts": spans.contradicts,
        "promises": bool(unkept_promises(both, facts)),
        "asks_secret": asks_for_a_secret(both, facts),
        "asks_more": bool(asks_for_more(body, facts)),
        "unknown_link": bool(unknown_links(both, facts) or unknown_contacts(both, facts)),
        "greets_twice": greets_again(body, facts),
    }
    return tuple(name for name in DEFECTS if found.get(name))


def _made_up(body: str, subject: str, facts: Facts) -> bool:
    """Whether a number, amount, date or name is of nobody. A number word below two is also an article."""
    known = facts.counted
    counted = without_agreed(with_hours(digits_of_words(body)), facts)
    numbers = set(made_up_numbers(_COUNTED_OFF.sub("", without_hours(counted)), f"{known}\n{facts.known}"))
    if _LONE_ONE.search(body) is None:
        numbers.discard("1")
    return bool(
        numbers
        or made_up_hours(counted, known, facts.trusted_counted)
        or made_up_numbers(subject, facts.known)
        or made_up_amounts(counted, known)
        or other_periods(counted, facts.trusted_counted)
        or made_up_dates(body, facts.known, names_one_working_day(facts))
        or made_up_names(body, facts)
    )
