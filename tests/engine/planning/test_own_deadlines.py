"""A queue's own deadline decides what is sent first, and changes no request."""

from dataclasses import replace
from datetime import timedelta

from llm_assets.domain.desk.queue import Queues
from llm_assets.domain.desk.reply_by import QueueDeadline
from llm_assets.domain.mail.document import Document, Priority
from llm_assets.engine.night.night import Night
from llm_assets.engine.planning.shelf import Shelf
from llm_assets.engine.planning.task import Task
from llm_assets.engine.ports.batches import Member
from tests.engine.planning.test_unchanged import ECHO, QUEUE, Masker, Rows, document
from tests.support.nights.engine_night import DAY, PROFILE, Desk
from tests.support.providers.fake_provider import FakeProvider

CALM = QUEUE.model_copy(update={"name": "calm", "default": False})
HOURS = QUEUE.model_copy(update={"deadline": QueueDeadline(within="20 hours")})


def mail(number: int, queue: str, hours: int) -> Document:
    made = document(number)
    at = made.received.arrived_at + timedelta(hours=hours)
    return replace(made, queue=queue, received=replace(made.received, arrived_at=at))


def tasks(desk: Desk, *, ruled: bool) -> list[Task]:
    desk.provider = FakeProvider(PROFILE, desk.clock)
    lake = Rows([mail(1, "calm", 0), mail(2, "bank", 9), mail(3, "calm", 1), mail(4, "bank", 2)])
    queues = Queues(queues=(HOURS if ruled else QUEUE, CALM))
    night = Night(
        day=DAY, engine=desk.engine(), lake=lake, queues=queues, steps={ECHO.name: ECHO}, mask=Masker()
    )
    return [task for task in night.plan(ECHO).tasks() if isinstance(task, Task)]


def test_cases_of_a_queue_in_a_hurry_are_rendered_first_and_asked_as_ever(desk: Desk) -> None:
    ruled, before = tasks(desk, ruled=True), tasks(desk, ruled=False)
    assert [t.case_id for t in before] == ["case-1", "case-2", "case-3", "case-4"]
    assert [t.case_id for t in ruled[2:]] == ["case-1", "case-3"]
    assert {t.case_id for t in ruled if t.priority is Priority.URGENT} == {"case-2", "case-4"}
    assert {t.request.request_id for t in ruled} == {t.request.request_id for t in before}
    assert {t.input_hash for t in ruled} == {t.input_hash for t in before}


def test_of_what_waits_for_money_or_a_rescue_the_nearest_goes_first(desk: Desk) -> None:
    with Shelf(desk.engine()) as shelf:
        put = tasks(desk, ruled=True)
        for task in put:
            shelf.put(0, task, Member(task.request.request_id, 1))
        order = [shelf.take(position).task.case_id for position in shelf.ranked()]
    assert order[:2] == ["case-4", "case-2"]
    assert sorted(order[2:]) == ["case-1", "case-3"]
