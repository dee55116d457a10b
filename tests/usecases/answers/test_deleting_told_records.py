"""A record that only callers told is deleted by the id that they were given."""

from datetime import timedelta

import pytest

from llm_assets.domain.audit import Action
from llm_assets.domain.errors import ConfigurationError
from llm_assets.usecases.records.delete_record import check_deleted, delete, find_told, resolved
from tests.support.houses.desk_with_door import CRM, OpenDoor
from tests.support.houses.house import Emulated

CARD = "My card ending 4412 was swallowed by the machine at the airport."


def test_nothing_of_it_is_left_and_the_trail_still_holds(crm: OpenDoor, emulated: Emulated) -> None:
    found, kept = crm.ask(CARD, key="mine"), crm.ask("Another case, when is the office open?")
    assembly, record_id, spent = crm.assembly, found["record_id"], crm.use.spent_usd
    with pytest.raises(ConfigurationError):
        check_deleted(assembly, record_id)
    assert resolved(assembly, record_id) == [record_id]
    going = find_told(assembly, record_id)
    assert going is not None and (going.told, going.days) == (1, [])
    delete(assembly, going, "os:botagoz", "request 118")
    answers = assembly.ledger.answers
    gone, other = answers.answer(CRM.key_id, found["id"]), answers.answer(CRM.key_id, kept["id"])
    assert gone is not None and (gone.content, gone.cost_usd > 0) == (None, True)
    assert other is not None and other.content == kept
    assert find_told(assembly, record_id) is None
    check_deleted(assembly, record_id)
    assert list(assembly.ledger.trail.verify().findings) == []
    [entry] = assembly.ledger.trail.of_subject(Action.DELETING, record_id)
    assert entry.parsed_detail["caller_answers"] == 1
    before = emulated.answered()
    assert not crm.ask(CARD, key="mine")["reused"]
    assert emulated.answered() == before + 1 and crm.use.spent_usd > spent


def test_what_callers_were_answered_is_forgotten_in_time(crm: OpenDoor, emulated: Emulated) -> None:
    found = crm.ask(CARD, key="mine")
    before = emulated.answered()
    for days, kept in ((6, True), (2, False)):
        crm.now(crm.clock() + timedelta(days=days))
        crm.door.under_way.sweep()
        answer = crm.assembly.ledger.answers.answer(CRM.key_id, found["id"])
        assert answer is not None and (answer.content is not None) == kept
    assert emulated.answered() == before
