"""The opening lines in the reader's language, made by rule from the same facts; in English they are those of `sentences.py`."""

from collections.abc import Iterator, Sequence

from llm_assets.report.cases import NO_CATEGORY
from llm_assets.report.numbers import ReportNumbers
from llm_assets.report.reasons import in_words, readable
from llm_assets.report.summary.facts import LISTED_MISSING, LISTED_QUEUES, Fact, Kind, facts_of
from llm_assets.report.summary.sentences import plain_summary
from llm_assets.words.words import Words


def summary_in(numbers: ReportNumbers, words: Words) -> str:
    """One sentence each for what came in, is done, grew, waits, presses and is open."""
    if words.language == "en":
        return plain_summary(numbers)
    return " ".join(_sentences(numbers, facts_of(numbers), words))


def _sentences(numbers: ReportNumbers, facts: Sequence[Fact], words: Words) -> Iterator[str]:
    count = {fact.kind: int(fact.value) for fact in facts if not fact.names}
    counted = words.counted
    if not count[Kind.RECEIVED]:
        yield words.say("No messages came in.")
    else:
        yield _came_in(numbers, facts, count, words)
    if count[Kind.CASES]:
        drafts = counted("%(num)s draft is ready", "%(num)s drafts are ready", count[Kind.DRAFTS])
        silent = counted("%(num)s case needs no reply", "%(num)s cases need no reply", count[Kind.NO_REPLY])
        yield words.say("%(one)s; %(other)s.", one=drafts, other=silent)
    yield from _grew(facts, words)
    yield from _waits(facts, count, words)
    if count[Kind.URGENT]:
        yield counted("%(num)s case is urgent.", "%(num)s cases are urgent.", count[Kind.URGENT])
    if count[Kind.LATE]:
        late = count[Kind.LATE]
        yield counted("%(num)s case is past its deadline.", "%(num)s cases are past their deadline.", late)
    yield from _open(numbers, facts, count, words)


def _came_in(numbers: ReportNumbers, facts: Sequence[Fact], count: dict[Kind, int], words: Words) -> str:
    messages = words.counted("%(num)s message came in", "%(num)s messages came in", count[Kind.RECEIVED])
    cases = words.counted("%(num)s case", "%(num)s cases", count[Kind.CASES])
    queues = ", ".join(f"{f.names[0]} {words.number(f.value)}" for f in facts if f.kind is Kind.QUEUE)
    if not queues:
        return words.say("%(messages)s: %(cases)s.", messages=messages, cases=cases)
    many = sum(1 for queue in numbers.queues.values() if queue.totals.documents) > LISTED_QUEUES
    if many:
        return words.say(
            "%(messages)s: %(cases)s, most of them in %(queues)s.",
            messages=messages,
            cases=cases,
            queues=queues,
        )
    return words.say("%(messages)s: %(cases)s (%(queues)s).", messages=messages, cases=cases, queues=queues)


def _grew(facts: Sequence[Fact], words: Words) -> Iterator[str]:
    if any(f.kind is Kind.NIGHTS for f in facts):
        yield words.say("There are no earlier nights to compare with.")
        return
    usual = {f.names: f.value for f in facts if f.kind is Kind.USUAL}
    grown = [
        words.say(
            "%(category)s in %(queue)s, %(tonight)s (usually %(usual)s)",
            category=words.say("no category") if f.names[0] == NO_CATEGORY else readable(f.names[0]),
            queue=f.names[1],
            tonight=words.number(f.value),
            usual=words.number(usual[f.names]),
        )
        for f in facts
        if f.kind is Kind.GREW and f.names
    ]
    if grown:
        yield words.say("Grown: %(what)s.", what="; ".join(grown))
    else:
        yield words.say("Nothing grew beyond the usual.")


def _waits(facts: Sequence[Fact], count: dict[Kind, int], words: Words) -> Iterator[str]:
    waiting = count[Kind.WAITS]
    if not waiting:
        if count[Kind.CASES]:
            yield words.say("No case waits for a person.")
        return
    said = words.counted("%(num)s case waits for a person", "%(num)s cases wait for a person", waiting)
    reason = next((f for f in facts if f.kind is Kind.REASON), None)
    if reason is None:
        yield f"{said}."
        return
    yield words.say(
        "%(waiting)s; the most frequent reason: %(reason)s (%(count)s).",
        waiting=said,
        reason=words.say(in_words(reason.names[0])),
        count=words.number(reason.value),
    )


def _open(
    numbers: ReportNumbers, facts: Sequence[Fact], count: dict[Kind, int], words: Words
) -> Iterator[str]:
    missing = [words.sentence(f.names[0]) for f in facts if f.kind is Kind.MISSING and f.names]
    if not (count[Kind.OPEN] or count[Kind.FAILED] or missing):
        yield words.say("Nothing is open or missing.")
        return
    if count[Kind.OPEN]:
        yield words.counted("%(num)s case is still open.", "%(num)s cases are still open.", count[Kind.OPEN])
    if count[Kind.FAILED]:
        failed = count[Kind.FAILED]
        yield words.counted("%(num)s case failed for good.", "%(num)s cases failed for good.", failed)
    if missing:
        what = ", ".join(missing)
        if len(numbers.missing) > LISTED_MISSING:
            yield words.say("Missing: %(what)s and others named below.", what=what)
        else:
            yield words.say("Missing: %(what)s.", what=what)
