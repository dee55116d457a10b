"""Which facts a text states: every number is tied to the words and names of its own statement.

A statement begins at punctuation or a joining word and holds one number. A number whose statement is no fact is refused,
so a number cannot change its noun, its queue or its direction.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, takewhile
from typing import NamedTuple

from llm_assets.report.summary.facts import Fact, Kind
from llm_assets.report.summary.reading import Token
from llm_assets.report.summary.words import PART_OF, Idea


class Rule(NamedTuple):
    must: frozenset[Idea]
    may: frozenset[Idea]


def _rule(must: Sequence[Idea], may: Sequence[Idea]) -> Rule:
    return Rule(frozenset(must), frozenset([*must, *may]))


RULES = {
    Kind.RECEIVED: _rule([Idea.MESSAGE], [Idea.COME, Idea.TOTAL, Idea.MAKE]),
    Kind.CASES: _rule([Idea.CASE], [Idea.COME, Idea.TOTAL, Idea.MAKE]),
    Kind.QUEUE: _rule([], [Idea.CASE, Idea.COME, Idea.QUEUE, Idea.PART]),
    Kind.DRAFTS: _rule([Idea.DRAFT], [Idea.READY, Idea.CASE, Idea.REPLY, Idea.PART]),
    Kind.NO_REPLY: _rule([Idea.NOT, Idea.NEED, Idea.REPLY], [Idea.CASE, Idea.PART]),
    Kind.GREW: _rule([], [Idea.GROW, Idea.REACH, Idea.CASE, Idea.QUEUE]),
    Kind.USUAL: _rule([Idea.USUAL], [Idea.CASE, Idea.GROW]),
    Kind.WAITS: _rule([Idea.WAIT], [Idea.CASE, Idea.STILL, Idea.PART]),
    Kind.REASON: _rule([], [Idea.CASE, Idea.REASON]),
    Kind.URGENT: _rule([Idea.URGENT], [Idea.CASE, Idea.PART]),
    Kind.LATE: _rule([Idea.LATE], [Idea.CASE, Idea.PART]),
    Kind.OPEN: _rule([Idea.OPEN], [Idea.CASE, Idea.STILL, Idea.PART]),
    Kind.FAILED: _rule([Idea.FAIL], [Idea.CASE, Idea.PART]),
    Kind.MISSING: _rule([], [Idea.MISSING, Idea.STILL]),
}
"""The ideas that must and may stand in a statement of each kind."""

FIRST_MAY: Mapping[Kind, frozenset[Idea]] = {
    Kind.QUEUE: frozenset({Idea.LARGEST}),
    Kind.REASON: frozenset({Idea.OFTENEST}),
}
"""What may be said of the largest of a kind."""

NEVER_BEFORE: Mapping[Kind, frozenset[str]] = {
    Kind.RECEIVED: frozenset({Idea.MAKE}),
    Kind.CASES: frozenset({"from", "against"}),
    Kind.GREW: frozenset({"from", "against"}),
    Kind.USUAL: frozenset({"to", "into"}),
}
"""Words before a number that turn its statement round: messages make cases, a count grows from the usual to tonight's."""

AFTER_GROWING: Mapping[Kind, frozenset[str]] = {
    Kind.GREW: frozenset({"to", Idea.REACH}),
    Kind.USUAL: frozenset({"from"}),
}
"""One of these stands between "grew" and the number: to grow 74 is not to grow to 74."""

STATES = frozenset({Kind.DRAFTS, Kind.NO_REPLY, Kind.WAITS, Kind.URGENT, Kind.LATE, Kind.OPEN, Kind.FAILED})

ZERO_OF = {
    Idea.WAIT: Kind.WAITS, Idea.OPEN: Kind.OPEN, Idea.FAIL: Kind.FAILED, Idea.URGENT: Kind.URGENT, Idea.LATE: Kind.LATE,
    Idea.MISSING: Kind.MISSING, Idea.GROW: Kind.GREW, Idea.COMPARE: Kind.NIGHTS, Idea.DRAFT: Kind.DRAFTS,
    Idea.MESSAGE: Kind.RECEIVED,
}  # fmt: skip
ZERO_MAY = frozenset([*ZERO_OF, Idea.CASE, Idea.STILL, Idea.READY, Idea.USUAL, Idea.COME])
"""The ideas of a statement that nothing is there."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim with the ideas and names that stand in its statement."""

    claim: Token
    ideas: frozenset[Idea]
    names: frozenset[str]
    before: frozenset[str]
    """The ideas and joining words before the claim."""
    is_clear: bool
    """Whether it holds at most one negation, that of its need or reply, and no other choice than "nothing … or …"."""


@dataclass(frozen=True, slots=True)
class Said:
    """A fact that the text states. `whole` is the number that parts named next belong to, if they may follow."""

    fact: Fact
    whole: Fact | None


def stated(sentence: Sequence[Token], facts: Sequence[Fact], before: Sequence[Said]) -> list[Said] | None:
    """The facts of the sentence in order; None when one of its statements is no fact. `before` is what was said so far."""
    claims = [place for place, token in enumerate(sentence) if token.is_claim]
    if not claims:
        return None
    missing_said = any(token.idea is Idea.MISSING for token in sentence)
    for statements in _divided(sentence, claims):
        said = _bound(statements, facts, before, missing_said=missing_said)
        if said is not None:
            return said
    return None


_MOST_DIVISIONS = 2000
"""Of an honest sentence a few; a text that needs more is refused."""


def _divided(sentence: Sequence[Token], claims: Sequence[int]) -> Iterator[list[Statement]]:
    """Every way to divide the sentence into statements of one claim each, ways that make no difference left out."""
    gaps = [_cuts(sentence, here, there) for here, there in pairwise(claims)]
    chosen = [0] * len(gaps)
    if not all(gaps):
        return
    for _ in range(_MOST_DIVISIONS):
        ends = [gap[choice] for gap, choice in zip(gaps, chosen, strict=True)]
        spans = zip([0, *ends], [*ends, len(sentence)], claims, strict=True)
        yield [_statement(sentence[start:end], sentence[claim]) for start, end, claim in spans]
        for place, gap in enumerate(gaps):
            chosen[place] = (chosen[place] + 1) % len(gap)
            if chosen[place]:
                break
        else:
            return


def _cuts(sentence: Sequence[Token], here: int, there: int) -> list[int]:
    """Where a new statement may begin between two claims."""
    found: dict[tuple[object, ...], int] = {}
    for place in range(here + 1, there + 1):
        if sentence[place].cut:
            left = _statement(sentence[here + 1 : place], sentence[here])
            joining = frozenset(token.word for token in sentence[place:there])
            found.setdefault((left.ideas, left.names, joining), place)
    return list(found.values())


def _statement(span: Sequence[Token], claim: Token) -> Statement:
    return Statement(
        claim,
        frozenset(token.idea for token in span if token.idea is not None),
        frozenset(token.name for token in span if token.name),
        frozenset(token.idea or token.word for token in takewhile(lambda t: t is not claim, span)),
        _is_clear(span, claim),
    )


def _is_clear(span: Sequence[Token], claim: Token) -> bool:
    if claim.value != 0 and any(token.word == "or" for token in span):
        return False
    said = [token for token in span if token.is_claim or token.idea is not None or token.name]
    negated = [after.idea for token, after in pairwise([*said, Token()]) if token.idea is Idea.NOT]
    return not negated or (len(negated) == 1 and negated[0] in (Idea.NEED, Idea.REPLY))


def _bound(
    statements: Sequence[Statement], facts: Sequence[Fact], before: Sequence[Said], *, missing_said: bool
) -> list[Said] | None:
    said: list[Said] = []
    for statement in statements:
        found = _facts_for(statement, facts, said, missing_said=missing_said)
        used = {s.fact for s in (*before, *said) if s.fact.kind is not Kind.CASES}
        found = [fact for fact in found if fact not in used]
        if not found:
            return None
        last = (*before, *said)[-1] if before or said else None
        whole = last.whole if last is not None else None
        part = Idea.PART in statement.ideas
        listing = bool(said) and said[-1].fact.kind is Kind.QUEUE and ")" not in statement.before
        of_queue = listing and found[0].kind in STATES
        if (whole is None or of_queue) and (part or _is_part(statement, found[0])):
            return None
        for fact in found:
            keeps = fact.kind is Kind.QUEUE or part
            said.append(Said(fact, fact if fact.kind is Kind.CASES else whole if keeps else None))
    return said


def _is_part(statement: Statement, fact: Fact) -> bool:
    return bool(fact.value) and fact.kind in STATES and not statement.before.isdisjoint(PART_OF)


def _facts_for(
    statement: Statement, facts: Sequence[Fact], said: Sequence[Said], *, missing_said: bool
) -> list[Fact]:
    claim = statement.claim
    if not statement.is_clear:
        return []
    if claim.missing:
        fits = missing_said and not statement.names and statement.ideas <= RULES[Kind.MISSING].may
        return [f for f in facts if f.names == (claim.missing,)] if fits else []
    zeros = _zeros(statement.ideas, facts) if claim.value == 0 and not statement.names else []
    fitting = (f for f in facts if f.value == claim.value and _fits(statement, f, [s.fact for s in said]))
    return zeros or list(islice(fitting, 1))


def _zeros(ideas: frozenset[Idea], facts: Sequence[Fact]) -> list[Fact]:
    """The facts of a statement that nothing waits, is open or missing: all of them must be zero."""
    kinds = {ZERO_OF[idea] for idea in ideas if idea in ZERO_OF}
    zeros = {f.kind: f for f in facts if f.value == 0 and not f.names}
    if not ideas <= ZERO_MAY or not kinds <= zeros.keys() or (Idea.GROW in ideas) != (Idea.USUAL in ideas):
        return []
    return [zeros[kind] for kind in kinds]


def _fits(statement: Statement, fact: Fact, said: Sequence[Fact]) -> bool:
    rule = RULES.get(fact.kind)
    if rule is None or not _names_fit(statement, fact, said):
        return False
    if statement.before & NEVER_BEFORE.get(fact.kind, frozenset()):
        return False
    if Idea.GROW in statement.before and statement.before.isdisjoint(AFTER_GROWING.get(fact.kind, ())):
        return False
    may = rule.may | FIRST_MAY.get(fact.kind, frozenset()) if fact.first else rule.may
    return rule.must <= statement.ideas <= may


def _names_fit(statement: Statement, fact: Fact, said: Sequence[Fact]) -> bool:
    names, last = statement.names, said[-1] if said else None
    if fact.kind is Kind.USUAL or fact.kind is Kind.GREW:
        return bool(fact.names) and _growth_fits(names, fact, said, last)
    return names == set(fact.names) and fact.kind is not Kind.MISSING


def _growth_fits(names: frozenset[str], fact: Fact, said: Sequence[Fact], last: Fact | None) -> bool:
    """A growth is named by category and queue; what the sentence named before may be left out."""
    category, queue = fact.names
    other = Kind.USUAL if fact.kind is Kind.GREW else Kind.GREW
    if not names:
        return last is not None and last.kind is other and last.names == fact.names
    grown = next((f.names for f in reversed(said) if f.kind in (Kind.GREW, Kind.USUAL)), None)
    place = next((f.names[-1] for f in reversed(said) if f.kind in (Kind.GREW, Kind.USUAL, Kind.QUEUE)), None)
    if names == {queue}:
        return grown is not None and grown[0] == category
    if names == {category}:
        return place == queue
    return names == {category, queue}
