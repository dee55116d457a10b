"""Whether a text that two choices describe asks for two things, or for one thing that either choice may be about."""

import re

from llm_assets.emulator.rules.choices import Verdict, Vocabulary

SENTENCE = re.compile(r"[^.!?…\n]+[.!?…]*")
MORE = frozenset(
    [
        "also",
        "additionally",
        "besides",
        "second",
        "secondly",
        "moreover",
        "также",
        "кроме",
        "ещё",
        "еще",
        "заодно",
        "второй",
        "второе",
        "во-вторых",
        "отдельно",
        "тағы",
        "сондай-ақ",
        "бұған",
        "екінші",
        "екіншіден",
        "сонымен",
    ]
)
"""Words with which people begin another matter."""
LONGEST = 4000
"""Characters that are looked at: people name their matters early."""


def several_matters(text: str, known: Vocabulary, verdict: Verdict) -> bool:
    """Whether one sentence is clearly about the best choice, one about the second, and they are two questions or the
    text says that another matter begins."""
    wanted = {verdict.best, verdict.runner_up}
    asked: dict[str, bool] = {}
    added = False
    for sentence in SENTENCE.findall(text[:LONGEST].lower()):
        words = frozenset(sentence.split())
        found = known.judge(words)
        if found.doubt == "none" and found.best in wanted:
            asked[found.best] = asked.get(found.best, False) or sentence.rstrip().endswith("?")
            added = added or any(word.strip(",;:") in MORE for word in words)
    return asked.keys() == wanted and (added or all(asked.values()))
