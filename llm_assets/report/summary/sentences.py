"""The opening lines made by rule: one sentence each for what came in, is done, grew, waits, presses and is open.

They are the report's text where no model writes them, and what a model gets to join and smooth.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from llm_assets.report.numbers import ReportNumbers
from llm_assets.report.reasons import in_words, readable
from llm_assets.report.summary.facts import LISTED_MISSING, LISTED_QUEUES, Fact, Kind, facts_of


def plain_summary(numbers: ReportNumbers) -> str:
    """The opening lines as one text."""
    return " ".join(sentences(numbers))


def sentences(numbers: ReportNumbers) -> list[str]:
    facts = facts_of(numbers)
    many = sum(1 for queue in numbers.queues.values() if queue.totals.documents) > LISTED_QUEUES
    said = [
        _came_in(facts, many=many),
        _done(facts),
        _grew(facts),
        _waits(facts),
        _presses(facts),
        *_open(facts, more=len(numbers.missing) > LISTED_MISSING),
    ]
    return [sentence for sentence in said if sentence]


def stated_numbers(numbers: ReportNumbers) -> dict[str, str]:
    """Every number of the sentences with its noun and name: what the model sees beside them."""
    return {
        " ".join([fact.kind, *map(readable, fact.names)]): _shown(fact.value)
        for fact in facts_of(numbers)
        if fact.kind is not Kind.MISSING
    }


def _came_in(facts: Sequence[Fact], *, many: bool) -> str:
    received, cases = (_only(facts, kind) for kind in (Kind.RECEIVED, Kind.CASES))
    if not received:
        return "No messages came in."
    said = f"{_count(received, 'message')} came in and made {_count(cases, 'case') if cases else 'no cases'}"
    queues = _joined([f"{_shown(f.value)} in {f.names[0]}" for f in facts if f.kind is Kind.QUEUE])
    if not queues:
        return f"{said}."
    return f"{said}, among them {queues}." if many else f"{said}: {queues}."


def _done(facts: Sequence[Fact]) -> str:
    drafts, not_needed = _only(facts, Kind.DRAFTS), _only(facts, Kind.NO_REPLY)
    if not _only(facts, Kind.CASES):
        return ""
    ready = f"{_count(drafts, 'draft')} {_are(drafts)} ready" if drafts else "No draft is ready"
    if not not_needed:
        return f"{ready}."
    return f"{ready} and {_count(not_needed, 'case')} need{_s(not_needed)} no reply."


def _grew(facts: Sequence[Fact]) -> str:
    if any(f.kind is Kind.NIGHTS for f in facts):
        return "There are no earlier nights to compare with."
    usual = {f.names: f.value for f in facts if f.kind is Kind.USUAL}
    said = []
    for growth in (f for f in facts if f.kind is Kind.GREW and f.names):
        category, queue = growth.names
        before = _shown(usual[growth.names]) if usual[growth.names] else "none"
        said.append(
            f"in {queue}, {readable(category)} grew to {_count(growth.value, 'case')} (usually {before})"
        )
    return _capital(f"{'; '.join(said)}.") if said else "Nothing grew beyond the usual."


def _waits(facts: Sequence[Fact]) -> str:
    waiting = _only(facts, Kind.WAITS)
    if not waiting:
        return "No case waits for a person." if _only(facts, Kind.CASES) else ""
    said = f"{_count(waiting, 'case')} wait{_s(waiting)} for a person"
    for reason in (f for f in facts if f.kind is Kind.REASON):
        said += f"; the most frequent reason is: {in_words(reason.names[0])} ({_count(reason.value, 'case')})"
    return f"{said}."


def _presses(facts: Sequence[Fact]) -> str:
    urgent, late = _only(facts, Kind.URGENT), _only(facts, Kind.LATE)
    if urgent and late:
        return f"{_count(urgent, 'case')} {_are(urgent)} urgent and {_shown(late)} {_past(late)}."
    if urgent:
        return f"{_count(urgent, 'case')} {_are(urgent)} urgent."
    return f"{_count(late, 'case')} {_past(late)}." if late else ""


def _past(late: Decimal) -> str:
    return f"{_are(late)} past {'its' if late == 1 else 'their'} deadline"


def _open(facts: Sequence[Fact], *, more: bool) -> Iterator[str]:
    open_, failed = _only(facts, Kind.OPEN), _only(facts, Kind.FAILED)
    missing = [f.names[0] for f in facts if f.kind is Kind.MISSING and f.names]
    if not (open_ or failed or missing):
        yield "Nothing is open or missing."
        return
    waiting = f"{_count(open_, 'case')} {_are(open_)} still open" if open_ else "No case is open"
    good = f" and {_shown(failed) if open_ else _count(failed, 'case')} failed for good" if failed else ""
    yield f"{waiting}{good}."
    if missing:
        yield (
            f"Missing: {', '.join(missing)} and others named below."
            if more
            else f"Missing: {_joined(missing)}."
        )


def _only(facts: Sequence[Fact], kind: Kind) -> Decimal:
    return next(f.value for f in facts if f.kind is kind)


def _joined(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def _shown(value: Decimal) -> str:
    whole = value.to_integral_value()
    return f"{whole:,}" if value == whole else f"{value:,}"


def _count(count: Decimal, noun: str) -> str:
    return f"{_shown(count)} {noun}{'s' if count != 1 else ''}"


def _are(count: Decimal) -> str:
    return "is" if count == 1 else "are"


def _s(count: Decimal) -> str:
    return "s" if count == 1 else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
