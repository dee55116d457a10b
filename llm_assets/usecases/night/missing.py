"""Missing: what a night's report says is not there yet, and why: mail that is not read, and open cases of each step.

How the report shows it belongs in `report/`: the counts in `numbers.py`, the section in `templates/`.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date

from llm_assets.domain.desk.merged import members_of
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import wording
from llm_assets.domain.mail.document import RAW_DAMAGED, RAW_MISSING
from llm_assets.domain.requests.outcome import Status
from llm_assets.domain.traffic.block import Block
from llm_assets.engine.planning.budget import OVER_BUDGET, in_words, limits_of
from llm_assets.engine.planning.plan import REGION
from llm_assets.report.numbers import Missing
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.desk.blocked import block_of, open_circuits, since_when
from llm_assets.usecases.mail.read_mailboxes import mailboxes_of
from llm_assets.usecases.night.held_back import elsewhere, stopped_queues
from llm_assets.words.sentence import Sentence

NAMED = 20
"""Records whose raw file is lost that the report names."""
_LOST = {
    RAW_MISSING: "raw file missing, restore the folder raw from a backup and run the night again: %(records)s",
    RAW_DAMAGED: "raw file damaged, restore the folder raw from a backup and run the night again: %(records)s",
}
_WHY = {
    "not_sent": "not sent yet",
    "waiting_for_retry": "waiting for another try",
    "waiting_for_provider": "waiting for the provider",
    OVER_BUDGET: "over the budget",
    REGION: "not allowed by the regions of its queue",
}


def missing(assembly: Assembly, day: date) -> Iterator[Missing]:
    """Mail that is not read, and open cases by step and reason, with the provider's reason where it gave one."""
    for mailbox in mailboxes_of(assembly).unread(day):
        yield Missing(Sentence("mailbox %(name)s", name=mailbox.name), mailbox.why)
    received = len(assembly.ledger.register.received(day))
    read = sum(1 for _ in assembly.lake.read(DOCUMENTS, day, ["day"]))
    if received != read:
        unread = Sentence("%(num)s message", "%(num)s messages", received - read)
        yield Missing(unread, "received but not read yet", "documents")
    yield from _lost(assembly, day)
    troubles = assembly.ledger.batches.troubles(day)
    details = {name: said for step, said in troubles.items() for name in members_of(step)}
    # The limits alone: with what is spent in it, each rerun would change the report it pays for.
    budget = in_words(limits_of(assembly.budget, assembly.lanes, day))
    block = block_of(assembly)
    open_cases = [
        row
        for step in assembly.steps
        for row in _open_cases(assembly, day, step, _beside(block, details.get(step.name, "")), budget)
    ]
    if block is not None and open_cases:
        provider = Sentence("provider %(name)s", name=assembly.configured_profile.name)
        yield Missing(provider, since_when(assembly, block))
    elif open_cases and _silent(assembly):
        provider = Sentence("provider %(name)s", name=assembly.configured_profile.name)
        yield Missing(provider, "does not answer and is tried again by itself")
    yield from open_cases
    for found in elsewhere(assembly, day):
        what = Sentence(
            "%(num)s request at %(provider)s",
            "%(num)s requests at %(provider)s",
            found.requests,
            provider=found.provider,
        )
        yield Missing(what, found.sentence)


def _silent(assembly: Assembly) -> bool:
    """Whether the configured provider does not answer in some lane."""
    name = assembly.configured_profile.name
    return any(provider == name for provider, _ in open_circuits(assembly))


def _beside(block: Block | None, detail: str) -> str:
    """The detail of a step, unless it only repeats the block that is named above it."""
    if block is not None and wording(detail) == wording(block.sentence):
        return "the provider is blocked"
    return detail


def _lost(assembly: Assembly, day: date) -> Iterator[Missing]:
    """Records whose raw file is missing or damaged, so that nobody could read them."""
    for flag, why in _LOST.items():
        rows = assembly.lake.read(DOCUMENTS, day, ["record_id", "flags"])
        found = sorted(row["record_id"] for row in rows if flag in row["flags"])
        if found:
            named = ", ".join(found[:NAMED]) + (
                f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            )
            yield Missing(
                Sentence("%(num)s record", "%(num)s records", len(found)),
                Sentence(why, records=named),
                "documents",
            )


def _open_cases(assembly: Assembly, day: date, step: Step, detail: str, budget: str) -> Iterator[Missing]:
    reasons: Counter[str] = Counter()
    for row in assembly.lake.read(step.table, day, ["status", "doubt_reason"]):
        if row["status"] == Status.OPEN and row["doubt_reason"] is not None:
            reasons[row["doubt_reason"]] += 1
    for reason, count in sorted(reasons.items()):
        why = _WHY.get(reason, reason)
        what = Sentence("%(num)s case in %(step)s", "%(num)s cases in %(step)s", count, step=step.name)
        said = {OVER_BUDGET: budget, REGION: "; ".join(stopped_queues(assembly))}
        more = said.get(reason, detail)
        yield Missing(what, Sentence("%(why)s: %(more)s", why=why, more=more) if more else why, step.name)
