"""A record deleted at the online door: its kept answers lose what they say, and what was asked for it is no longer kept.

A kept answer is no reason to keep a request: what no case of a night is answered by goes with the record.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, or_, select, update

from llm_assets.domain.callers.answer import AnswerState
from llm_assets.domain.errors import DeskError
from resources.ledger.database.caller_tables import answer_requests, kept_answers
from resources.ledger.database.sql import chunks, is_among


def requests_of(connection: Connection, record_id: str) -> set[str]:
    """What was asked for a record that callers told."""
    query = (
        select(answer_requests.c.request_id)
        .join(kept_answers, kept_answers.c.answer_id == answer_requests.c.answer_id)
        .where(kept_answers.c.record_id == record_id)
    )
    return set(connection.execute(query).scalars())


def forget(connection: Connection, record_id: str, wiped: Sequence[str]) -> int:
    """Empties the answers about a record, and those that were made from requests whose answers go; returns their number.

    Raises DeskError while one of them is under way: its answer would bring back what was deleted.
    """
    ids = set(
        connection.execute(
            select(kept_answers.c.answer_id).where(kept_answers.c.record_id == record_id)
        ).scalars()
    )
    for chunk in chunks(wiped):
        made_from = select(answer_requests.c.answer_id).where(
            is_among(connection, answer_requests.c.request_id, chunk)
        )
        ids.update(connection.execute(made_from).scalars())
    emptied = 0
    for chunk in chunks(sorted(ids)):
        among = is_among(connection, kept_answers.c.answer_id, chunk)
        under_way = select(kept_answers.c.answer_id).where(
            among, kept_answers.c.state == AnswerState.ADMITTED
        )
        if connection.execute(under_way.limit(1)).first() is not None:
            raise DeskError(
                "The online door answers a caller about the record now, and its answer would bring back what is deleted: "
                "delete again in a minute."
            )
        held = or_(kept_answers.c.content.is_not(None), kept_answers.c.idempotency_key.is_not(None))
        statement = update(kept_answers).where(among, held).values(content=None, idempotency_key=None)
        emptied += connection.execute(statement).rowcount
    about = kept_answers.c.record_id == record_id
    connection.execute(update(kept_answers).where(about).values(record_id=None))
    return emptied
