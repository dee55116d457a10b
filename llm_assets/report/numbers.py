"""The numbers of a night: what came in, in which state it is, what it cost, and the sums that must hold.

What belongs here: arithmetic over the lake's rows. What does not: reading them, wording and pages.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from decimal import Decimal

from llm_assets.domain.mail.document import Role
from llm_assets.domain.requests.outcome import Status
from llm_assets.report.attention import OPEN_SHARE, SHOWN_NIGHTS, PastNight, Pressing, pressing
from llm_assets.report.cases import (
    CaseLine,
    Due,
    Messages,
    Row,
    State,
    StepFacts,
    by_mail,
    case_lines,
    read_messages,
    read_step,
)
from llm_assets.report.disputed import Disputed, ReviewCase, disputed
from llm_assets.report.growth import Comparison, Growth, compare
from llm_assets.words.sentence import Sentence

MAIN_STEPS = ("extracted_fields", "categories", "drafts")
"""The steps that every case passes; when a step's table is missing, all its cases are open."""


@dataclass(frozen=True, slots=True)
class Missing:
    """What is missing in the report, and why. `step` is empty when it is not a step, e.g. a mailbox."""

    what: str
    why: str
    step: str = ""


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of messages and cases, for a queue or for the night."""

    received: int = 0
    duplicates: int = 0
    updates: int = 0
    documents: int = 0
    ok: int = 0
    review: int = 0
    dead: int = 0
    open: int = 0
    drafts_ready: int = 0
    not_needed: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(Totals)})


@dataclass(frozen=True, slots=True)
class QueueNumbers:
    totals: Totals
    by_category: Mapping[str, int]
    """Most frequent first; cases without a category count as `none`."""


@dataclass(frozen=True, slots=True)
class SpendLine:
    """The cost of one step with one model, mode and lane; or a sum of several such lines."""

    step: str = ""
    model: str = ""
    mode: str = ""
    lane: str = ""
    requests: int = 0
    succeeded: int = 0
    retried: int = 0
    failed: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    usd: Decimal = Decimal(0)

    @property
    def valid_share(self) -> float | None:
        return round(self.succeeded / self.requests, 4) if self.requests else None


@dataclass(frozen=True, slots=True)
class ReportNumbers:
    day: date
    totals: Totals
    queues: Mapping[str, QueueNumbers]
    steps: Mapping[str, Mapping[Status, int]]
    """Cases by step and status, in the order of the steps."""
    spend: Sequence[SpendLine]
    missing: Sequence[Missing]
    review: Sequence[ReviewCase]
    review_reasons: Mapping[str, int]
    """Cases by reason: a case with two reasons counts once for each, so the sum may exceed the cases that wait."""
    decided: int
    """How many doubts of the night a person has settled."""
    pressing: Sequence[Pressing]
    grew: Sequence[Growth]
    nights_compared: int
    history: Sequence[PastNight]
    languages: Mapping[str, int]
    flags: Mapping[str, int]
    models: Sequence[str]
    prompts: Mapping[str, Sequence[str]]
    strays: Mapping[str, int]
    """By step, how many of its rows belong to no case of the night."""
    failures: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Failed attempts by step and reason, most frequent first; they count even if a retry succeeded."""
    growth: Comparison = field(default_factory=Comparison)
    disputed: Sequence[Disputed] = ()

    @property
    def spent(self) -> SpendLine:
        return sum_of(self.spend)

    @property
    def with_many_reasons(self) -> int:
        """Cases that wait for more than one reason, which count once for each."""
        reasons = Counter(case_id for case_id, _ in {(r.case_id, r.reason) for r in self.review})
        return sum(count > 1 for count in reasons.values())

    @property
    def usd_per_thousand(self) -> Decimal | None:
        """USD per 1,000 cases."""
        return self.spent.usd * 1000 / self.totals.documents if self.totals.documents else None


@dataclass(frozen=True, slots=True)
class NightCases:
    """The messages and cases of a night, or of a part of it."""

    messages: Messages
    facts: Mapping[str, StepFacts]
    cases: Sequence[CaseLine]

    @property
    def by_queue(self) -> Mapping[str, QueueNumbers]:
        return _queues(self.messages, self.cases)

    @property
    def is_whole(self) -> bool:
        """Whether all but a few cases have an answer of the step that gives the category."""
        unanswered = sum(case.statuses["categories"] is Status.OPEN for case in self.cases)
        return unanswered <= OPEN_SHARE * len(self.cases)


def read_cases(
    documents: Iterable[Row], steps: Mapping[str, Iterable[Row]], due: Due = by_mail
) -> NightCases:
    """From rows of the lake's tables. `report_columns` names the columns it needs."""
    messages = read_messages(documents)
    facts = {name: read_step(steps.get(name, ())) for name in dict.fromkeys((*MAIN_STEPS, *steps))}
    return NightCases(messages, facts, case_lines(messages, facts, due))


def compute(
    day: date,
    *,
    documents: Iterable[Row],
    steps: Mapping[str, Iterable[Row]],
    review: Iterable[Row] = (),
    usage: Iterable[Row] = (),
    missing: Sequence[Missing] = (),
    history: Sequence[PastNight] = (),
) -> ReportNumbers:
    """The night's numbers from rows of the lake's tables. `report_columns` names the columns it needs.

    `steps` holds the rows of every step with a table. A case without a row in one of them, or in one of
    MAIN_STEPS, is open there. Open cases are named in `missing` where the caller has not named their step.
    """
    night = read_cases(documents, steps)
    return numbers_of(day, night, review=review, usage=usage, missing=missing, history=history)


def numbers_of(
    day: date,
    night: NightCases,
    *,
    review: Iterable[Row] = (),
    usage: Iterable[Row] = (),
    missing: Sequence[Missing] = (),
    history: Sequence[PastNight] = (),
    contested: Iterable[ReviewCase] = (),
) -> ReportNumbers:
    """As `compute`, of cases that are read already."""
    messages, cases, facts, queues = night.messages, night.cases, night.facts, night.by_queue
    waiting, decided = _review(review, messages)
    counts = {name: q.by_category for name, q in queues.items()}
    growth = compare(counts, day, history, is_whole=night.is_whole)
    return ReportNumbers(
        day=day,
        totals=sum((q.totals for q in queues.values()), Totals()),
        queues=queues,
        steps={name: _by_status(name, cases) for name in facts},
        spend=_spend(usage),
        missing=(*missing, *_open_steps(cases, {m.step for m in missing})),
        review=waiting,
        review_reasons=_most_first(Counter(reason for _, reason in {(r.case_id, r.reason) for r in waiting})),
        decided=decided,
        pressing=pressing(day, cases),
        grew=growth.grew,
        nights_compared=growth.nights,
        history=sorted((n for n in history if n.day < day), key=lambda n: n.day)[1 - SHOWN_NIGHTS :],
        languages=_most_first(Counter(c.language for c in cases)),
        flags=_most_first(messages.flags),
        models=sorted(set().union(*(f.models for f in facts.values()))),
        prompts={name: sorted(f.prompts) for name, f in facts.items() if f.prompts},
        strays=_strays(facts, messages),
        growth=growth,
        disputed=disputed(waiting, contested),
    )


def with_spend(
    numbers: ReportNumbers, usage: Iterable[Row], failures: Mapping[str, Mapping[str, int]] | None = None
) -> ReportNumbers:
    """The same numbers with the costs after the summary was paid for, and with the reasons of failed attempts."""
    counted = {step: _most_first(Counter(reasons)) for step, reasons in sorted((failures or {}).items())}
    return replace(numbers, spend=_spend(usage), failures=counted)


def sums_hold(numbers: ReportNumbers) -> list[str]:
    """The sums of the report that do not hold, as sentences; empty when nothing is lost or counted twice."""
    broken = list(_broken_sums("the night", numbers.totals))
    for name, queue in numbers.queues.items():
        broken += _broken_sums(f"queue {name}", queue.totals)
        broken += _differs(
            f"queue {name}",
            "by_category",
            sum(queue.by_category.values()),
            "documents",
            queue.totals.documents,
        )
    summed = sum((q.totals for q in numbers.queues.values()), Totals())
    for f in fields(Totals):
        pair = getattr(numbers.totals, f.name), getattr(summed, f.name)
        broken += _differs("the night", f.name, pair[0], "the sum of its queues", pair[1])
    for name, counts in numbers.steps.items():
        broken += _differs(
            f"step {name}", "cases", sum(counts.values()), "documents", numbers.totals.documents
        )
    broken += [
        f"{count} rows of {name} belong to no case of the night" for name, count in numbers.strays.items()
    ]
    if numbers.totals.open and not numbers.missing:
        broken.append(f"{numbers.totals.open} cases are open and nothing is named as missing")
    return broken


def sum_of(lines: Iterable[SpendLine]) -> SpendLine:
    total = SpendLine()
    for line in lines:
        total = SpendLine(**{name: getattr(total, name) + getattr(line, name) for name in _SUMMED})
    return total


_SUMMED = (
    "requests", "succeeded", "retried", "failed", "input_tokens", "cached_tokens", "output_tokens", "usd",
)  # fmt: skip


def _broken_sums(where: str, t: Totals) -> list[str]:
    return [
        *_differs(
            where,
            "documents",
            t.documents,
            "received - duplicates - updates",
            t.received - t.duplicates - t.updates,
        ),
        *_differs(
            where, "documents", t.documents, "ok + review + dead + open", t.ok + t.review + t.dead + t.open
        ),
        *_differs(where, "ok", t.ok, "drafts_ready + not_needed", t.drafts_ready + t.not_needed),
    ]


def _differs(where: str, left: str, a: int, right: str, b: int) -> list[str]:
    return [] if a == b else [f"{where}: {left} is {a}, {right} is {b}"]


def _queues(messages: Messages, cases: Sequence[CaseLine]) -> dict[str, QueueNumbers]:
    """Numbers by queue. A message counts in the queue where it arrived, a case in the queue of its first message."""
    members: dict[str, list[CaseLine]] = {name: [] for name in sorted(messages.by_queue)}
    for case in cases:
        members[case.queue].append(case)
    return {name: _queue(messages.by_queue[name], members[name]) for name in members}


def _queue(roles: Counter[Role], cases: Sequence[CaseLine]) -> QueueNumbers:
    states = Counter(case.state for case in cases)
    not_needed = sum(case.state is State.OK and not case.reply_needed for case in cases)
    totals = Totals(
        received=roles.total(),
        duplicates=roles[Role.DUPLICATE],
        updates=roles[Role.UPDATE],
        documents=len(cases),
        ok=states[State.OK],
        review=states[State.REVIEW],
        dead=states[State.DEAD],
        open=states[State.OPEN],
        drafts_ready=sum(case.state is State.OK and case.reply_needed for case in cases),
        not_needed=not_needed,
    )
    return QueueNumbers(totals, _most_first(Counter(case.category for case in cases)))


def _by_status(step: str, cases: Iterable[CaseLine]) -> dict[Status, int]:
    counts = Counter(case.statuses[step] for case in cases)
    return {status: counts[status] for status in Status if counts[status]}


def _spend(usage: Iterable[Row]) -> list[SpendLine]:
    """One line per step, model, mode and lane, in the order of `usage`."""
    groups: dict[tuple[str, str, str, str], list[SpendLine]] = {}
    for row in usage:
        key = (row["step"], row["model"], row["mode"], row["lane"])
        counted = {name: row[name] for name in _SUMMED if name != "usd"}
        groups.setdefault(key, []).append(SpendLine(**counted, usd=Decimal(row["cost_usd"])))
    lines = []
    for (step, model, mode, lane), members in groups.items():
        total = sum_of(members)
        lines.append(SpendLine(step, model, mode, lane, **{name: getattr(total, name) for name in _SUMMED}))
    return lines


def _review(rows: Iterable[Row], messages: Messages) -> tuple[list[ReviewCase], int]:
    waiting, decided = [], 0
    for row in rows:
        if row.get("decided_at") is not None:
            decided += 1
            continue
        first = messages.first.get(row["case_id"], {})
        waiting.append(
            ReviewCase(
                case_id=row["case_id"],
                record_id=row["record_id"],
                queue=row["queue"],
                step=row["step"],
                reason=row["reason"],
                detail=row.get("detail") or "",
                subject=first.get("subject") or "",
            )
        )
    return waiting, decided


def _open_steps(cases: Iterable[CaseLine], named: set[str]) -> list[Missing]:
    """Open cases by step. A case counts for the first step in which it is open, because later steps wait for that one."""
    counts: Counter[str] = Counter()
    for case in cases:
        if case.state is State.OPEN:
            counts[next(name for name, status in case.statuses.items() if status is Status.OPEN)] += 1
    return [
        Missing(
            Sentence("%(step)s of %(num)s case", "%(step)s of %(num)s cases", count, step=step),
            "no result yet",
            step,
        )
        for step, count in counts.items()
        if step not in named
    ]


def _strays(facts: Mapping[str, StepFacts], messages: Messages) -> dict[str, int]:
    counts = {name: len(f.statuses.keys() - messages.first.keys()) for name, f in facts.items()}
    return {name: count for name, count in counts.items() if count}


def _most_first(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
