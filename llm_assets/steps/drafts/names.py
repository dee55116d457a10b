"""Names of a draft: people, companies and products must be named by the case or the guidance, in whatever alphabet."""

import re

from llm_assets.steps.drafts.dates import MONTHS, days_in
from llm_assets.steps.drafts.facts import Facts
from llm_assets.steps.drafts.sentences import as_heard, stem
from llm_assets.steps.drafts.words import common_names, named

_UPPER = "A-ZА-ЯЁӘҒҚҢӨҰҮҺІ"
_NAME = re.compile(rf"(?<![.!?:\n«\"(“]\s)(?<!^)(?<=\s)([{_UPPER}][\w-]{{2,}})", re.MULTILINE)
_COMPANY = re.compile(
    r"(?:company|firm|partner|bank|shop|carrier|service|компани\w+|фирм\w+|партн[её]р\w*|банк\w*|магазин\w*|служб\w+|ТОО|АО|ИП|ЖШС|АҚ|"
    rf"компания\w*|банкі\w*|дүкен\w*)\s+[«“\"]([{_UPPER}][\w-]+)"
)
_POLITE = re.compile(r"вы|вас|вам|вами|ваш\w*|сі[зң]\w*|өзіңі[зң]\w*|you\w*|i'\w+", re.IGNORECASE)
"""Pronouns that are written with a capital letter out of politeness, also inside a sentence."""


_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
"""Numbers of quarters, months and chapters: "III квартал" is the customer's "3 квартал"."""


def made_up_names(body: str, facts: Facts) -> list[str]:
    """Capitalised words inside a sentence whose beginning no known word shares."""
    names = [n for n in (*_NAME.findall(body), *_COMPANY.findall(body)) if not _is_common(n)]
    if not names:
        return []
    folded = facts.known.casefold()
    return [n for n in names if not _is_known(n, facts.beginnings, folded)]


def _is_common(name: str) -> bool:
    folded = name.casefold()
    plural = name[-1] == "s" and name[:-1].isupper() and folded[:-1] in common_names()
    return plural or _POLITE.fullmatch(name) is not None or folded in common_names()


def _is_known(name: str, beginnings: frozenset[str], known: str) -> bool:
    month = _month_of(name.casefold())
    if month is not None:
        return (
            any(n in known for n in MONTHS[month - 1])
            or re.search(rf"[-./]0?{month}\b", known) is not None
            or any(m == month for m, _ in days_in(known))
        )
    if name in _ROMAN:
        return (
            re.search(rf"(?<!\d){_ROMAN.index(name) + 1}(?!\d)", known) is not None
            or name.casefold() in known.split()
        )
    topics = named("topics", name)
    if topics and topics & named("topics", known):
        return True
    parts = [p for p in re.split(r"[-_\d]+", name) if len(p) > 1 and not p.islower()]
    return all(p.casefold() in common_names() or stem(as_heard(p), 3) in beginnings for p in parts)


def _month_of(word: str) -> int | None:
    return next((n for n, names in enumerate(MONTHS, 1) if word.startswith(names) and word != "mayor"), None)
