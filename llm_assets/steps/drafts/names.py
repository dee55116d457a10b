"""Names of a draft: people, companies and products must be named by the case or the guidance, in whatever alphabet."""

import re

from llm_assets.steps.drafts.dates import MONTHS
from llm_assets.steps.drafts.sentences import as_heard
from llm_assets.steps.drafts.words import common_names

_UPPER = "A-ZА-ЯЁӘҒҚҢӨҰҮҺІ"
_NAME = re.compile(rf"(?<![.!?:\n«\"(“]\s)(?<!^)(?<=\s)([{_UPPER}][\w-]{{2,}})", re.MULTILINE)
_COMPANY = re.compile(
    r"(?:company|firm|partner|bank|shop|carrier|service|компани\w+|фирм\w+|партн[её]р\w*|банк\w*|магазин\w*|служб\w+|ТОО|АО|ИП|ЖШС|АҚ|"
    rf"компания\w*|банкі\w*|дүкен\w*)\s+[«“\"]([{_UPPER}][\w-]+)"
)
_POLITE = re.compile(r"вы|вас|вам|вами|ваш\w*|сі[зң]\w*|өзіңі[зң]\w*|you\w*|i'\w+", re.IGNORECASE)
"""Pronouns that are written with a capital letter out of politeness, also inside a sentence."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_STEM = 5


def made_up_names(body: str, known: str) -> list[str]:
    """Capitalised words inside a sentence whose beginning no known word shares."""
    heard = {as_heard(w) for w in _WORD.findall(known)}
    beginnings = {w[:length] for w in heard for length in range(2, _STEM + 1)}
    folded = known.casefold()
    names = [*(n for n in _NAME.findall(body)), *_COMPANY.findall(body)]
    return [n for n in names if not _is_known(n, beginnings, folded)]


def _is_known(name: str, beginnings: set[str], known: str) -> bool:
    if _POLITE.fullmatch(name) or name.casefold() in common_names():
        return True
    month = _month_of(name.casefold())
    if month is not None:
        return (
            any(n in known for n in MONTHS[month - 1]) or re.search(rf"[-./]0?{month}\b", known) is not None
        )
    parts = [p for p in re.split(r"[-_\d]+", name) if len(p) > 1 and not p.islower()]
    return all(p.casefold() in common_names() or stem(as_heard(p), 3) in beginnings for p in parts)


def _month_of(word: str) -> int | None:
    return next((n for n, names in enumerate(MONTHS, 1) if word.startswith(names) and word != "mayor"), None)


def stem(word: str, shortest: int) -> str:
    """The beginning of a word that inflection does not change; in a short word even the last letter may be an ending."""
    return word[: max(shortest, min(_STEM, len(word) - 1))]
