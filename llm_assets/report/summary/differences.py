"""What changed since the revision before, as sentences in the reader's language. The differences are found elsewhere. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from llm_assets.report.reasons import readable
from llm_assets.words.sentence import Sentence
from llm_assets.words.words import Words

LISTED = 8
"""Categories that are named; of more only the number is said."""
TOTALS = {
    "received": "messages received",
    "documents": "cases",
    "drafts_ready": "drafts ready",
    "not_needed": "no reply needed",
    "review": "waiting for a person",
    "open": "open cases",
    "dead": "dead letters",
}
_MISSING = (
    ("%(num)s case in %(step)s", "%(num)s cases in %(step)s"),
    ("%(step)s of %(num)s case", "%(step)s of %(num)s cases"),
    ("%(num)s message", "%(num)s messages"),
    ("%(num)s record", "%(num)s records"),
    ("%(num)s request at %(provider)s", "%(num)s requests at %(provider)s"),
    ("mailbox %(name)s", ""),
    ("provider %(name)s", ""),
)
"""Forms of what may be missing: a revision keeps the English text alone."""
_VALUE = re.compile(r"%\((\w+)\)s")
Cost = Callable[[float], str]


def changes_in_words(changes: Mapping[str, Any], words: Words, cost: Cost) -> Iterator[str]:  # of report.json
    for name, said in TOTALS.items():
        if name in changes.get("totals", {}):
            yield _pair(words, words.say(said), *map(words.number, changes["totals"][name]))
    categories = changes.get("categories", [])
    for each in categories[:LISTED]:
        what = f"{readable(each['category'])} ({each['queue']})"
        yield _pair(words, what, *map(words.number, each["cases"]))
    if len(categories) > LISTED:
        left = len(categories) - LISTED
        yield words.counted("%(num)s more category changed", "%(num)s more categories changed", left)
    if "usd" in changes.get("spend", {}):
        yield _pair(words, words.say("spent"), *map(cost, changes["spend"]["usd"]))
    if "decided" in changes:
        yield _pair(words, words.say("doubts settled"), *map(words.number, changes["decided"]))
    if "released" in changes.get("drafts", {}):
        yield _pair(words, words.say("drafts released"), *map(words.number, changes["drafts"]["released"]))
    for what in changes.get("no_longer_missing", ()):
        yield words.say("no longer missing: %(what)s", what=words.sentence(_sentence(what)))
    for what in changes.get("newly_missing", ()):
        yield words.say("newly missing: %(what)s", what=words.sentence(_sentence(what)))
    texts = [
        each["part"].partition(":")[2] or each["part"].partition(":")[0] for each in changes.get("texts", ())
    ]
    if texts:
        yield words.say("texts changed or approved: %(parts)s", parts=", ".join(texts))


def _pair(words: Words, what: str, before: str, now: str) -> str:
    return words.say("%(what)s: %(before)s before, now %(now)s", what=what, before=before, now=now)


def _sentence(text: str) -> str:
    """The text of an earlier revision with its form again, so that it can be said in another language."""
    for singular, plural in _MISSING:
        for form in filter(None, (singular, plural)):
            if found := _pattern(form).fullmatch(text):
                values = found.groupdict()
                num = values.pop("num", None)
                return Sentence(singular, plural, int(num.replace(",", "")) if num else None, **values)
    return text


def _pattern(form: str) -> re.Pattern[str]:
    parts = _VALUE.split(form)  # text and names by turns
    kinds = (r"(?P<num>[0-9,]+)" if name == "num" else f"(?P<{name}>.+)" for name in parts[1::2])
    return re.compile(
        parts[0] + "".join(kind + re.escape(text) for kind, text in zip(kinds, parts[2::2], strict=True))
    )
