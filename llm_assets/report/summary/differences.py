"""What changed since the revision before, as sentences in the reader's language. The differences are found elsewhere. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from llm_assets.report.reasons import readable
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
        yield words.say("no longer missing: %(what)s", what=words.say(what))
    for what in changes.get("newly_missing", ()):
        yield words.say("newly missing: %(what)s", what=words.say(what))
    texts = [
        each["part"].partition(":")[2] or each["part"].partition(":")[0] for each in changes.get("texts", ())
    ]
    if texts:
        yield words.say("texts changed or approved: %(parts)s", parts=", ".join(texts))


def _pair(words: Words, what: str, before: str, now: str) -> str:
    return words.say("%(what)s: %(before)s before, now %(now)s", what=what, before=before, now=now)
