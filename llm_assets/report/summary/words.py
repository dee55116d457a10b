"""The words that opening lines may use, by what they mean. A word that is not here is something new.

What may stand beside which number belongs in `claims.py`.
"""

from enum import StrEnum


class Idea(StrEnum):
    MESSAGE = "message"
    COME = "come"
    CASE = "case"
    MAKE = "make"
    DRAFT = "draft"
    READY = "ready"
    REPLY = "reply"
    NEED = "need"
    NOT = "not"
    WAIT = "wait"
    URGENT = "urgent"
    LATE = "late"
    OPEN = "open"
    STILL = "still"
    FAIL = "fail"
    GROW = "grow"
    REACH = "reach"
    USUAL = "usual"
    COMPARE = "compare"
    LARGEST = "largest"
    OFTENEST = "most often"
    REASON = "reason"
    QUEUE = "queue"
    MISSING = "missing"
    PART = "part"
    """The number counts some of those named just before."""
    TOTAL = "total"


PHRASES = {
    r"failed for good": Idea.FAIL,
    r"(?:past|passed|beyond|missed) (?:the|their|its) deadlines?": Idea.LATE,
    r"of (?:which|these|them|those)|among (?:them|these|which)|including": Idea.PART,
    r"in (?:all|total)|a total of|in sum|altogether|overall": Idea.TOTAL,
    r"(?:compared (?:with|to)|against|versus) (?:a|the|its) usual|up from|beyond the usual": Idea.USUAL,
    r"(?:the )?most (?:often|frequent|frequently|common)": Idea.OFTENEST,
    r"(?:waits? for|waiting for|awaits?|awaiting|needs?) (?:a|review by a) person": Idea.WAIT,
    r"earlier nights?": Idea.COMPARE,
    r"others named below": Idea.STILL,
}
"""Patterns of several words, looked for before single words."""

CUTTING = frozenset({Idea.PART, Idea.USUAL})
"""Phrases that begin a new statement."""

WORDS = {
    Idea.MESSAGE: "message messages mail mails",
    Idea.COME: "came come comes coming arrived received",
    Idea.CASE: "case cases",
    Idea.MAKE: "made make makes making became become becoming",
    Idea.DRAFT: "draft drafts",
    Idea.READY: "ready",
    Idea.REPLY: "reply replies answer",
    Idea.NEED: "need needs needed needing require requires required requiring",
    Idea.NOT: "not doesn't don't",
    Idea.WAIT: "wait waits waiting",
    Idea.URGENT: "urgent",
    Idea.LATE: "late overdue",
    Idea.OPEN: "open",
    Idea.STILL: "still remain remains remaining",
    Idea.FAIL: "failed",
    Idea.GROW: "grew grow grows growing growth grown rose",
    Idea.REACH: "reached",
    Idea.USUAL: "usual usually normally",
    Idea.COMPARE: "compare compared comparison",
    Idea.LARGEST: "largest busiest biggest",
    Idea.REASON: "reason reasons",
    Idea.QUEUE: "queue queues",
    Idea.MISSING: "missing",
}
IDEA_OF = {word: idea for idea, words in WORDS.items() for word in words.split()}

_JOINING = (
    "a an the and or but while with of in on for to at from into that which there their they it its is are was were be been "
    "being has have had having do does where against overnight tonight meanwhile also namely saw seen desk what"
)
JOINING = frozenset(_JOINING.split())
"""Words that join and say nothing of their own. No word of cause, advice, judgement or amount."""

_CUTS = (
    "and or but while with where which from to against made make making became came come including among of"
)
CUTS = frozenset(_CUTS.split())
"""Words before which a new statement may begin, beside punctuation."""

PART_OF = frozenset({"with", "where", "("})
"""Before a state of cases these say, as "of which" does, that it is a part of the number before."""

NONE = frozenset({"no", "none", "nothing", "nobody", "zero"})

_UNITS = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
NUMBER_OF = {word: n for n, word in enumerate(_UNITS.split(), start=1)} | {
    word: n * 10 for n, word in enumerate(_TENS.split(), start=2)
}
