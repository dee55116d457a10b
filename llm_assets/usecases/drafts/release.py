"""A lead releases drafts, and takes a release back. Released is a text, not a case: another text has to be released anew."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from llm_assets.domain.errors import ConfigurationError
from llm_assets.engine.answers.decisions import newest_numbers, releases
from llm_assets.engine.chunks import chunks
from llm_assets.engine.ports.review import TEXT, UNDOES, AlreadyDecidedError, Decision, DecisionKind
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.drafts.ready import DRAFTS, Draft, Drafts, State, release_all_stamp
from llm_assets.usecases.review.decide import NothingToDecideError, UnknownRecordError
from llm_assets.words.sentence import Sentence

TOGETHER = 200
"""Releases of one transaction: other writers wait for a tenth of a second."""

__all__ = [
    "Drafts",
    "Released",
    "State",
    "check_queue",
    "find",
    "release",
    "release_queue",
    "release_text",
    "take_back",
]


@dataclass(frozen=True, slots=True)
class Released:
    """What became of the drafts that were to be released."""

    released: int
    overtaken: Sequence[AlreadyDecidedError]
    """Cases that somebody else has decided meanwhile; nothing is released of them."""


def release(assembly: Assembly, drafts: Sequence[Draft], by: str) -> Released:
    """Releases these texts, as they were seen. Those that are not ready are left out."""
    at = assembly.clock()
    ready = [d for d in drafts if d.state is State.READY]
    made: list[Decision | AlreadyDecidedError] = []
    for day in dict.fromkeys(d.day for d in ready):
        for chunk in chunks((d for d in ready if d.day == day), TOGETHER):
            given = [
                (
                    Decision(
                        d.case_id,
                        DRAFTS,
                        {TEXT: d.text},
                        by,
                        at,
                        DecisionKind.RELEASE,
                        prompt_version=d.prompt_version,
                    ),
                    d.seen,
                )
                for d in chunk
            ]
            made += assembly.ledger.review.decide_all(day, given)
    late = [each for each in made if isinstance(each, AlreadyDecidedError)]
    return Released(len(made) - len(late), late)


def release_text(assembly: Assembly, drafts: Drafts, day: date, case_id: str, text: str, by: str) -> Released:
    """Releases one draft whose text the person saw. Raises UnknownRecordError, and NothingToDecideError when it says
    something else now."""
    draft = find(drafts, day, case_id)
    if draft.state is State.RELEASED and draft.text == text:
        return Released(0, ())  # sent twice
    if draft.state is not State.READY:
        raise NothingToDecideError(
            Sentence("this draft cannot be released: it is %(state)s", state=str(draft.state))
        )
    if draft.text != text:
        raise NothingToDecideError("this draft has been changed since it was shown: read it again")
    return release(assembly, [draft], by)


def release_queue(
    assembly: Assembly, drafts: Drafts, day: date, queue: str, stamp: str | None, by: str
) -> Released:
    """Releases everything that is ready in a queue. `stamp` names the texts that the person saw; None is not compared.

    Raises NothingToDecideError when others are ready now.
    """
    ready = [d for d in drafts.of(day) if d.queue == queue and d.state is State.READY]
    if stamp is not None and release_all_stamp(ready) != stamp:
        raise NothingToDecideError("the drafts of this queue have changed since they were shown: look again")
    return release(assembly, ready, by)


def take_back(assembly: Assembly, day: date, case_id: str, by: str) -> Decision:
    """The release no longer holds. Raises NothingToDecideError when there is none, or somebody has decided meanwhile."""
    made = [d for d in assembly.ledger.review.decisions(day, case_id) if d.step == DRAFTS]
    held = releases(made).get(case_id)
    if held is None:
        raise NothingToDecideError("this draft is not released: nothing can be taken back")
    undo = Decision(case_id, DRAFTS, {UNDOES: held.number}, by, assembly.clock(), DecisionKind.UNDO)
    try:
        return assembly.ledger.review.decide(day, undo, seen=newest_numbers(made)[case_id, DRAFTS])
    except AlreadyDecidedError as err:
        raise NothingToDecideError(str(err)) from err


def check_queue(assembly: Assembly, day: date, queue: str) -> None:
    """Raises ConfigurationError for a queue that nobody knows."""
    known = [q.name for q in assembly.queues_of(day).queues]
    if queue not in known:
        raise ConfigurationError(f"queue {queue} is not known; use one of: {', '.join(known)}")


def find(drafts: Drafts, day: date, case_id: str) -> Draft:
    """Raises UnknownRecordError."""
    found = next((d for d in drafts.of(day) if case_id in (d.case_id, d.record_id)), None)
    if found is None:
        raise UnknownRecordError(
            Sentence("%(day)s has no draft of %(case)s", day=str(day), case=case_id[:80])
        )
    return found
