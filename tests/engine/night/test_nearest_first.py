"""A case whose own deadline is near is sent before ordinary ones, the nearest first."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from llm_assets.domain.desk.reply_by import ReplyBy, Source
from llm_assets.domain.mail.document import Priority
from llm_assets.engine.night.nearest_first import nearest_first, sent_as

DAY = date(2026, 3, 3)  # a Tuesday


def due(days: int) -> ReplyBy:
    return ReplyBy(datetime.combine(DAY + timedelta(days=days), time(17), UTC), Source.MAIL)


@pytest.mark.parametrize(
    ("priority", "deadline", "as_what"),
    [
        (Priority.NORMAL, due(3), Priority.URGENT),
        (Priority.LOW, due(-1), Priority.URGENT),
        (Priority.NORMAL, due(4), Priority.NORMAL),
        (Priority.LOW, None, Priority.LOW),
        (Priority.URGENT, due(90), Priority.URGENT),
    ],
)
def test_a_near_deadline_comes_first(priority: Priority, deadline: ReplyBy | None, as_what: Priority) -> None:
    placed = sent_as(priority, deadline, DAY)
    assert placed.priority is as_what
    near = deadline is not None and deadline in (due(3), due(-1))
    assert placed.reply_by == (deadline.at if near and deadline is not None else None)


def test_the_nearest_are_rendered_first_and_the_others_last() -> None:
    cases = [("a", None), ("b", due(2)), ("c", due(-9)), ("d", due(30)), ("e", due(0)), ("f", due(2))]
    assert list(nearest_first(cases, DAY)) == [{"c", "e"}, {"b", "f"}, {"a", "d"}]
