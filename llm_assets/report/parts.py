"""Parts of a night that an editor writes about: each queue, branch and product with its own numbers and a first text. Pure.

What belongs here: which cases a part has, and its text made by rule. What does not: storing texts and what people make of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.mail.document import Role
from llm_assets.report.cases import NO_CATEGORY, CaseLine, Messages, Row, StepFacts
from llm_assets.report.growth import Comparison, Growth
from llm_assets.report.numbers import NightCases, ReportNumbers, numbers_of
from llm_assets.report.reasons import readable
from llm_assets.report.summary.translated import summary_in
from llm_assets.words.words import Words

NAMED_CATEGORIES = 3


class PartKind(StrEnum):
    NIGHT = "night"
    """All of it: the opening lines."""
    QUEUE = "queue"
    BRANCH = "branch"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class Part:
    kind: PartKind
    name: str
    queues: tuple[str, ...]
    categories: frozenset[tuple[str, str]] | None = None
    """Queue and category of its cases; None for all of its queues."""

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.name}"

    def has(self, queue: str, category: str) -> bool:
        return queue in self.queues and (self.categories is None or (queue, category) in self.categories)


NIGHT_KEY = f"{PartKind.NIGHT}:"


def parts_of(queues: Sequence[Queue]) -> list[Part]:
    """Queues in the order of the configuration, then branches, then products."""
    branches: dict[str, list[str]] = {}
    products: dict[str, set[tuple[str, str]]] = {}
    for queue in queues:
        if queue.branch:
            branches.setdefault(queue.branch, []).append(queue.name)
        for category in queue.categories:
            if category.product:
                products.setdefault(category.product, set()).add((queue.name, category.name))
    return [
        *(Part(PartKind.QUEUE, q.name, (q.name,)) for q in queues),
        *(Part(PartKind.BRANCH, name, tuple(members)) for name, members in branches.items()),
        *(
            Part(PartKind.PRODUCT, name, tuple(sorted({q for q, _ in pairs})), frozenset(pairs))
            for name, pairs in products.items()
        ),
    ]


def part_numbers(
    day: date, night: NightCases, whole: ReportNumbers, part: Part, review: Iterable[Row]
) -> ReportNumbers:
    """The part's own numbers. What grew is judged over the whole night, so a part never says otherwise than the report."""
    cases = [case for case in night.cases if part.has(case.queue, case.category)]
    ids = {case.case_id for case in cases}
    facts: dict[str, StepFacts] = {name: StepFacts() for name in night.facts}
    own = NightCases(_messages(night.messages, part, cases), facts, cases)
    found = numbers_of(day, own, review=(row for row in review if row["case_id"] in ids))
    lines = [g for g in whole.growth.lines if part.has(g.queue, g.category)]
    growth = Comparison(lines, _nights(lines), whole.growth.weekdays)
    return replace(found, growth=growth, grew=growth.grew, nights_compared=growth.nights)


def _nights(lines: Iterable[Growth]) -> int:
    return max((g.nights for g in lines), default=0)


def _messages(messages: Messages, part: Part, cases: Sequence[CaseLine]) -> Messages:
    """A whole queue counts what arrived in it; a product the messages of its cases, in the queue of each case."""
    if part.categories is None:
        by_queue = {q: messages.by_queue[q] for q in part.queues if q in messages.by_queue}
        return replace(messages, by_queue=by_queue)
    by_queue = {q: type(c)() for q, c in messages.by_queue.items() if q in part.queues}
    for case in cases:
        by_queue[case.queue][Role.FIRST] += 1
        by_queue[case.queue].update(messages.joined.get(case.case_id, {}))
    return replace(messages, by_queue=by_queue)


def text_of(numbers: ReportNumbers, words: Words) -> str:
    """The first text about a part, made by rule from its own numbers: its sentences, then its categories."""
    counts: Counter[str] = Counter()
    for queue in numbers.queues.values():
        counts.update({name: n for name, n in queue.by_category.items() if name != NO_CATEGORY})
    named = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:NAMED_CATEGORIES]
    listed = [f"{readable(name)} ({words.number(count)})" for name, count in named]
    plain = summary_in(numbers, words)
    if len(listed) < 2:
        return plain
    most = words.say("%(one)s and %(other)s", one=", ".join(listed[:-1]), other=listed[-1])
    return f"{plain} {words.say('Most frequent: %(categories)s.', categories=most)}"
