"""Texts for an editor: made by rule of each part's own numbers, changed and approved by a lead, kept in the ledger."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from llm_assets.domain.desk.part_text import PartText, Standing, TextState, standings
from llm_assets.domain.desk.tables import Row
from llm_assets.domain.digest import digest
from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.people import Person
from llm_assets.report.numbers import NightCases, ReportNumbers
from llm_assets.report.parts import NIGHT_KEY, part_numbers, parts_of, text_of
from llm_assets.report.summary.sentences import plain_summary
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.words.sentence import Sentence
from llm_assets.words.words import Words, words_in

LONGEST = 5000
"""Characters of a text; more is no text of a report."""


def propose_texts(
    assembly: Assembly,
    night: NightCases,
    numbers: ReportNumbers,
    review: Sequence[Row],
    opening: str,
    words: Words,
) -> dict[str, Standing]:
    """Stores the first text of each part that has mail, and returns what holds about each of them now."""
    day = numbers.day
    queues = tuple(q.name for q in assembly.queues_of(day).known if q.name in numbers.queues)
    made = [PartText(day, NIGHT_KEY, queues, opening, digest(plain_summary(numbers)))]
    made += _of_parts(assembly, night, numbers, review, words)
    assembly.ledger.part_texts.propose(made)
    now = {text.part for text in made}
    return {part: each for part, each in standings_on(assembly, day).items() if part in now}


def _of_parts(
    assembly: Assembly, night: NightCases, numbers: ReportNumbers, review: Sequence[Row], words: Words
) -> Iterator[PartText]:
    for part in parts_of(assembly.queues_of(numbers.day).known):
        found = part_numbers(numbers.day, night, numbers, part, review)
        if found.totals.received or found.totals.documents:
            text = text_of(found, words)
            yield PartText(numbers.day, part.key, part.queues, text, digest(text_of(found, words_in("en"))))


def approved_opening(found: dict[str, Standing]) -> PartText | None:
    """The opening lines as a lead approved them, as long as the figures are those that the lead saw."""
    standing = found[NIGHT_KEY]
    return standing.text if standing.approved and not standing.outdated else None


def standings_on(assembly: Assembly, day: date) -> dict[str, Standing]:
    return standings(assembly.ledger.part_texts.versions(day))


def days_with_texts(assembly: Assembly) -> list[date]:
    """Newest first."""
    return assembly.ledger.part_texts.days()


def texts_for(assembly: Assembly, day: date, person: Person) -> list[Standing]:
    """The texts that the person may change: those about queues of which the person sees all."""
    found = standings_on(assembly, day).values()
    return [s for s in found if all(person.sees(queue) for queue in s.made.queues)]


def word(
    assembly: Assembly, day: date, part: str, person: Person, text: str, state: TextState, seen: int
) -> PartText:
    """Stores a text as this person wrote, approved or withdrew it.

    Raises ConfigurationError for a text that nobody can use or a part that the person does not see, TextChangedError when
    there is a version that the person has not seen.
    """
    standing = next((s for s in texts_for(assembly, day, person) if s.made.part == part), None)
    if standing is None:
        raise ConfigurationError(
            Sentence("%(day)s has no text %(part)s in your queues", day=str(day), part=part)
        )
    line = " ".join(text.split())
    if state is not TextState.WITHDRAWN and not line:
        raise ConfigurationError("the text is empty; write one, or go back to the one made by rule")
    if len(line) > LONGEST:
        raise ConfigurationError(
            Sentence("the text has more than %(most)s characters; shorten it", most=str(LONGEST))
        )
    own = replace(standing.made, text=line, state=state, by=person.name, number=0)
    return assembly.ledger.part_texts.write(own, seen=seen)


def texts_as_json(found: dict[str, Standing]) -> list[dict[str, Any]]:
    """`report.json["texts"]`: the opening lines first, then queues, branches and products."""
    order = ("night", "queue", "branch", "product")
    listed = sorted(
        found.items(), key=lambda item: (order.index(item[0].partition(":")[0]), item[0].partition(":")[2])
    )
    return [_as_json(part, standing) for part, standing in listed]


def _as_json(part: str, standing: Standing) -> dict[str, Any]:
    text = standing.text
    kind, _, name = part.partition(":")
    return {
        "part": part,
        "kind": kind,
        "name": name,
        "text": text.text,
        "state": str(TextState.APPROVED if standing.approved else TextState.DRAFT),
        "by": text.by or None,
        "at": text.at.isoformat() if text.by and text.at is not None else None,
        "outdated": standing.outdated,
    }
