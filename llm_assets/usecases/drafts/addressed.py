"""Drafts with what a mail needs besides: who is answered, from which mailbox, in which thread. From the case's messages."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple

from llm_assets.domain.desk.queue import Queue
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.mail.document import Case, Message, cases_of
from llm_assets.domain.mail.document_rows import DOCUMENT_COLUMNS, document_of
from llm_assets.engine.chunks import chunks
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.drafts.ready import Draft
from llm_assets.usecases.drafts.reply import Reply, mail_address, message_id_for

TOGETHER = 200
"""Cases whose messages are in memory at a time."""


class Addressed(NamedTuple):
    draft: Draft
    reply: Reply
    source: str
    """Where the message that is answered came from."""
    asked: str
    """What the customer newly wrote in that message."""


def addressed(assembly: Assembly, day: date, drafts: Iterable[Draft]) -> Iterator[Addressed]:
    """In the order given; without those whose case the day no longer has."""
    queues = assembly.queues_of(day)
    for chunk in chunks(drafts, TOGETHER):
        rows = list(assembly.lake.read(DOCUMENTS, day, DOCUMENT_COLUMNS, [d.case_id for d in chunk]))
        cases = {c.case_id: c for c in cases_of([document_of(row) for row in rows])}
        for draft in chunk:
            case = cases.get(draft.case_id)
            if case is not None:
                queue = queues.named_or_default(draft.queue)
                newest = case.documents[-1]
                asked = newest.message.new_text or newest.message.text
                yield Addressed(draft, reply_to(draft, case, queue), newest.received.source, asked)


def reply_to(draft: Draft, case: Case, queue: Queue) -> Reply:
    """Answers the newest message of the case. Pure."""
    message = case.documents[-1].message
    customer = message.customer
    known = mail_address(customer.address) if customer is not None else ""
    thread = [*message.references] or [message.in_reply_to or ""]
    return Reply(
        message_id=message_id_for(draft.day.isoformat(), draft.case_id, draft.text),
        sender=_mailbox(message, queue),
        to=customer if known else None,
        subject=draft.subject,
        body=draft.body,
        topic=message.subject,
        answers=message.message_id or "",
        references=[each for each in (*thread, message.message_id or "") if each],
        at=draft.released.decided_at
        if draft.released is not None
        else case.documents[-1].received.arrived_at,
    )


def _mailbox(message: Message, queue: Queue) -> str:
    """The one of the queue's mailboxes that the customer wrote to, else its first."""
    written_to = {*message.delivered_to, *(a.address for a in (*message.to, *message.cc))}
    own = [m.lower() for m in queue.mailboxes]
    return next((m for m in own if m in written_to), own[0] if own else "")
