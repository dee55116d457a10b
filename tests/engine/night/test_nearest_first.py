"""A case whose own deadline is near is sent before ordinary ones."""

from datetime import date, timedelta

import pytest

from llm_assets.domain.mail.document import Priority
from llm_assets.engine.night.night import pressing

DAY = date(2026, 3, 3)
FIELDS = "extracted_fields"


@pytest.mark.parametrize(
    ("priority", "deadline", "sent_as"),
    [
        (Priority.NORMAL, DAY + timedelta(days=3), Priority.URGENT),
        (Priority.LOW, DAY - timedelta(days=1), Priority.URGENT),
        (Priority.NORMAL, DAY + timedelta(days=4), Priority.NORMAL),
        (Priority.LOW, None, Priority.LOW),
        (Priority.URGENT, DAY + timedelta(days=90), Priority.URGENT),
    ],
)
def test_a_near_deadline_comes_first(priority: Priority, deadline: date | None, sent_as: Priority) -> None:
    assert (
        pressing(priority, {"categories": {"category": "card"}, FIELDS: {"deadline": deadline}}, DAY)
        is sent_as
    )
    assert pressing(priority, {}, DAY) is priority
