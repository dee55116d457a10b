"""Budgets: what goes first when the money is short, that no limit is ever passed, and how a night goes on."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.errors import PermanentError
from llm_assets.domain.mail.document import Priority
from llm_assets.domain.profile import Lane, Mode
from llm_assets.domain.protocol import OPENAI
from llm_assets.domain.requests.money import Budget, Committed, Limit, OverBudget, Usage
from llm_assets.domain.requests.outcome import Outcome, RequestState
from llm_assets.domain.traffic.lanes import LaneRule, Lanes
from llm_assets.engine.planning.budget import (
    OVER_BUDGET,
    Rank,
    Room,
    Wish,
    admit,
    limits_of,
    rank_of,
    shortfall,
)
from llm_assets.engine.planning.estimate import Counter, calibrate, most_usd
from llm_assets.engine.planning.task import StepPlan, Task
from llm_assets.engine.ports.spending import Billed
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.start import start
from llm_assets.engine.rounds.work import work
from tests.support.nights.engine_night import (
    DAY,
    LANES,
    MODEL,
    PROFILE,
    STEP,
    Desk,
    Echo,
    Life,
    Mortal,
    PerToken,
    assert_all_answered_once,
    lives,
    request,
    task,
    tasks,
)

NIGHT = Limit("the night", "LLM_ASSETS_BUDGET_USD", Decimal(0), DAY, DAY)
URGENT, NORMAL, LOW = (
    rank_of(LANES, Lane.NIGHTLY, p) for p in (Priority.URGENT, Priority.NORMAL, Priority.LOW)
)


def room(usd: str, *, spent: str = "0", reserved: str = "0", lane: Lane | None = None) -> Room:
    return Room(replace(NIGHT, usd=Decimal(usd), lane=lane), Committed(Decimal(spent), Decimal(reserved)))


def wish(usd: str, rank: Rank = NORMAL, lane: Lane = Lane.NIGHTLY) -> Wish:
    return Wish(rank, lane, Decimal(usd))


# What may go


@pytest.mark.parametrize(
    ("wishes", "rooms", "admitted"),
    [
        pytest.param([wish("1"), wish("2")], [room("3")], [True, True], id="all of it to the last cent"),
        pytest.param([wish("1"), wish("2")], [room("2.9")], [True, False], id="what fits goes"),
        pytest.param(
            [wish("2"), wish("1")], [room("3", spent="1", reserved="1")], [False, True], id="what is left"
        ),
        pytest.param([wish("1")], [room("3", spent="4")], [False], id="overspent"),
        pytest.param(
            [wish("2", URGENT), wish("1", LOW)], [room("1")], [False, False], id="low never takes urgent's"
        ),
        pytest.param([wish("1", URGENT), wish("1", LOW)], [room("1")], [True, False], id="urgent first"),
        pytest.param([wish("1")], [room("5"), room("0.5")], [False], id="every limit counts"),
        pytest.param(
            [wish("1"), wish("1", NORMAL, Lane.ARCHIVE)],
            [room("0.5", lane=Lane.ARCHIVE), room("2")],
            [True, False],
            id="a lane's limit is its own",
        ),
        pytest.param([wish("0")], [room("0")], [True], id="what costs nothing"),
        pytest.param([], [room("0")], [], id="nothing"),
    ],
)
def test_what_fits_is_admitted_in_order(wishes: list[Wish], rooms: list[Room], admitted: list[bool]) -> None:
    assert admit(wishes, rooms, OverBudget.CUT) == admitted
    assert all(r.left_usd >= 0 or r.committed.usd > r.limit.usd for r in rooms)


def test_a_refused_night_sends_nothing_where_one_request_does_not_fit() -> None:
    rooms = [room("2.9")]
    assert admit([wish("1"), wish("2")], rooms, OverBudget.REFUSE) == [False, False]
    assert rooms[0].admitted_usd == 0
    assert admit([wish("1"), wish("1.9")], [room("2.9")], OverBudget.REFUSE) == [True, True]


def test_the_shortfall_is_one_sentence_with_the_figures() -> None:
    rooms = [room("5"), room("1", spent="0.25", reserved="0.5")]
    wishes = [wish("0.25"), wish("2"), wish("1")]
    admit(wishes, rooms, OverBudget.CUT)
    assert shortfall(wishes[1:], 3, rooms) == (
        "over budget: 2 of 3 requests are not sent, which may cost up to 3.000000 USD; of the 1 USD for the night "
        "0.250000 are spent and 0.750000 set aside; raise LLM_ASSETS_BUDGET_USD and run the night again"
    )


def test_lanes_go_by_their_priority_and_within_one_the_cases_by_theirs() -> None:
    ranks = [
        rank_of(LANES, lane, p) for lane in Lane for p in (Priority.URGENT, Priority.NORMAL, Priority.LOW)
    ]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == 9


def test_limits_come_from_the_settings_and_from_every_lane() -> None:
    rule = LaneRule(budget_usd=Decimal(2), budget_month_usd=Decimal(30))
    limits = limits_of(Budget(Decimal(5)), Lanes(lanes={Lane.NIGHTLY: rule, Lane.ARCHIVE: LaneRule()}), DAY)
    assert [(str(x.usd), x.lane, x.first_day, x.last_day) for x in limits] == [
        ("5", None, DAY, DAY),
        ("2", Lane.NIGHTLY, DAY, DAY),
        ("30", Lane.NIGHTLY, date(2026, 11, 1), date(2026, 11, 30)),
    ]
    assert limits_of(Budget(), LANES, DAY) == ()


# Nights that are short of money

MAIL = Usage(input_tokens=100, output_tokens=30)
PAID = PerToken().usd(PROFILE, MODEL, Mode.BATCH, MAIL)
"""What the fake provider's answer costs in the end."""


def most(mode: Mode = Mode.BATCH) -> Decimal:
    """What is set aside for one of the numbered mails before there is a history."""
    asked = request("mail 1")
    return most_usd(PerToken(), PROFILE, asked, mode, Counter()(asked), calibrate(OPENAI, []))


def short(desk: Desk, usd: Decimal, over: OverBudget = OverBudget.CUT) -> Desk:
    desk.budget = Budget(usd, over)
    return desk


def committed(desk: Desk) -> Committed:
    [found] = desk.ledger().spending.committed([NIGHT])
    return found


def held(desk: Desk) -> int:
    return sum(s.held == OVER_BUDGET for s in desk.standings().values())


def test_a_night_within_its_budget_is_worked_as_one_without(desk: Desk) -> None:
    assert short(desk, 20 * most()).work(tasks(20)).finished
    assert_all_answered_once(desk, 20)
    assert committed(desk) == Committed(20 * PAID, Decimal(0))


def test_without_a_budget_nothing_is_set_aside_but_every_request_is_estimated(desk: Desk) -> None:
    desk.work(tasks(3))
    asked = Counter()(request("mail 1"))
    assert desk.ledger().spending.billed("fake", STEP, MODEL, 10) == [Billed(asked, 100, 30)] * 3
    desk.provider.looks_until_end = 5
    desk.start([*tasks(3), task(4)])
    assert committed(desk).reserved_usd == 0


def test_a_batch_under_way_sets_aside_the_most_it_may_cost(desk: Desk) -> None:
    desk.provider.looks_until_end = 5
    short(desk, Decimal(1)).start(tasks(7))
    assert committed(desk) == Committed(Decimal(0), 7 * most())


def test_a_batch_cut_in_two_keeps_what_was_set_aside_for_it(desk: Desk) -> None:
    desk.provider.looks_until_end = 5
    desk.provider.faults["upload"] = [PermanentError("too large", code="too_large")]
    short(desk, Decimal(1)).start(tasks(7))
    desk.advance()
    assert sorted(b.requests for b in desk.open_batches()) == [3, 4]
    assert committed(desk) == Committed(Decimal(0), 7 * most())


def test_money_that_was_set_aside_and_not_needed_sends_what_was_held_back(desk: Desk) -> None:
    progress = short(desk, 6 * most()).work(tasks(10))
    assert desk.states() == {"ok": 7, "due": 3}
    assert committed(desk) == Committed(7 * PAID, Decimal(0))
    assert committed(desk).usd <= 6 * most()
    assert (progress.sent, held(desk)) == (7, 3)
    assert progress.halted and progress.blocked is not None
    assert "3 of 3 requests are not sent" in progress.blocked
    assert "LLM_ASSETS_BUDGET_USD" in progress.blocked


def test_the_limit_is_never_passed_whatever_has_to_be_tried_again(desk: Desk) -> None:
    for n in range(1, 9):
        desk.provider.script[f"mail {n}"] = [Outcome.INVALID, Outcome.EXPIRED, Outcome.CUT]
    limit = 9 * most()
    engine = short(desk, limit).engine()
    seen: list[Decimal] = []

    def pause(_: Progress) -> bool:
        seen.append(committed(desk).usd)
        desk.clock.advance(60)
        return len(seen) < 50

    work(engine, DAY, [StepPlan(STEP, lambda: tasks(12))], Rework.STALE, pause=pause)
    assert 1 < len(seen) < 50
    assert max(*seen, committed(desk).usd) <= limit


def test_a_raised_budget_continues_and_pays_nothing_twice(desk: Desk) -> None:
    short(desk, 4 * most()).work(tasks(10))
    before = desk.attempts()
    assert desk.work(tasks(10)).sent == 0
    assert desk.attempts() == before
    assert short(desk, 40 * most()).work(tasks(10)).finished
    assert_all_answered_once(desk, 10)
    assert held(desk) == 0


def test_a_budget_of_nothing_calls_nobody(desk: Desk) -> None:
    progress = short(desk, Decimal(0)).work(tasks(3))
    assert progress.halted and progress.sent == 0
    assert not desk.provider.calls
    assert desk.states() == {"due": 3}


def test_a_refused_night_sends_nothing_before_the_first_paid_call(desk: Desk) -> None:
    progress = short(desk, 9 * most(), OverBudget.REFUSE).work(tasks(10))
    assert progress.halted and not desk.provider.calls
    assert held(desk) == 10
    assert short(desk, 10 * most(), OverBudget.REFUSE).work(tasks(10)).finished


def test_urgent_cases_get_all_their_steps_before_others_get_any(desk: Desk) -> None:
    order = [Priority.LOW, Priority.NORMAL, Priority.URGENT]
    items = [replace(task(n), priority=order[n % 3]) for n in range(9)]
    twice = [replace(t, request=replace(t.request, step="other")) for t in items]
    engine = replace(short(desk, Decimal("8.5") * most()).engine(), outputs={STEP: Echo, "other": Echo})
    desk.provider.looks_until_end = 9
    start(engine, DAY, [StepPlan(STEP, lambda: items), StepPlan("other", lambda: twice)], Rework.STALE)
    for step in (STEP, "other"):
        going = {
            s.case_id for s in desk.ledger().work.standings(DAY, step) if s.state is RequestState.IN_FLIGHT
        }
        assert going == {"case-0002", "case-0005", "case-0008", "case-0001"}


def test_the_urgent_lane_goes_first_and_its_own_limit_binds_it_alone(desk: Desk) -> None:
    items = [*tasks(4), *(task(n, lane=Lane.URGENT) for n in range(5, 8))]
    rules = {
        **LANES.lanes,
        Lane.URGENT: LaneRule(mode=Mode.ONLINE, priority=10, budget_usd=2 * most(Mode.ONLINE)),
    }
    desk.lanes = Lanes(lanes=rules)
    desk.provider.looks_until_end = 9
    short(desk, 2 * most(Mode.ONLINE) + 3 * most()).start(items)
    waiting = [s.case_id for s in desk.standings().values() if s.held]
    assert waiting == ["case-0004", "case-0007"]


def test_a_month_is_a_limit_too(desk: Desk) -> None:
    rule = LaneRule(budget_month_usd=Decimal("5.5") * most())
    desk.lanes = Lanes(lanes={**LANES.lanes, Lane.NIGHTLY: rule})
    desk.work(tasks(4))
    progress = start(
        desk.engine(),
        date(2026, 11, 29),
        [StepPlan(STEP, lambda: [task(n) for n in (5, 6, 7)])],
        Rework.STALE,
    )
    assert (progress.sent, progress.blocked is not None) == (2, False)
    december = start(desk.engine(), date(2026, 12, 1), [StepPlan(STEP, lambda: tasks(9)[6:])], Rework.STALE)
    assert december.sent == 3


def test_waiting_for_money_plans_again_only_when_an_answer_has_come(desk: Desk) -> None:
    rendered = 0

    def rendering() -> list[Task]:
        nonlocal rendered
        rendered += 1
        return tasks(10)

    def pause(_: Progress) -> bool:
        desk.clock.advance(60)
        return True

    desk.provider.looks_until_end = 40
    engine = short(desk, 9 * most()).engine()
    progress = work(engine, DAY, [StepPlan(STEP, rendering)], Rework.STALE, pause=pause)
    assert progress.finished
    assert rendered == 3


def test_money_that_another_process_takes_between_choice_and_intent_is_not_spent_twice(desk: Desk) -> None:
    batches, rival = desk.ledger().batches, []

    class Overtaken(Mortal):
        def __init__(self) -> None:
            super().__init__(batches, Life(), frozenset())

        def intend(self, *given: Any, **more: Any) -> None:
            if not rival:
                rival.append(
                    start(short(desk, limit).engine(), DAY, [StepPlan("other", lambda: others)], Rework.STALE)
                )
            batches.intend(*given, **more)

    limit = 5 * most()
    others = [replace(t, request=replace(t.request, step="other")) for t in tasks(4)]
    desk.provider.looks_until_end = 9
    ports = replace(desk.ledger().ports, batches=Overtaken())  # type: ignore[arg-type]
    engine = short(desk, limit).engine(ledger=ports)
    progress = start(engine, DAY, [StepPlan(STEP, lambda: tasks(3))], Rework.STALE)
    assert (rival[0].sent, progress.sent) == (4, 0)
    assert progress.failure is not None
    assert committed(desk).usd <= limit


def test_texts_come_back_from_the_shelf_as_they_were(desk: Desk) -> None:
    texts = ["ә" * 3000, "a long night \U0001f319", "mail"]
    short(desk, Decimal(1)).start([task(n, text) for n, text in enumerate(texts)])
    assert desk.provider.executed == dict.fromkeys(texts, 1)
    assert list(desk.engine().spool.scratch().iterdir()) == []


def test_whenever_a_process_dies_the_limit_holds_and_nothing_stays_set_aside(desk: Desk) -> None:
    limit, moment, alive = 4 * most(), 0, False
    while not alive:
        moment += 1
        desk.anew()
        short(desk, limit).tasks = tasks(6)
        alive = lives(desk, ends_at=moment)
        assert committed(desk).usd <= limit, f"moment {moment}"
        assert desk.work(rounds=60).halted, f"moment {moment}"
        assert committed(desk) == Committed(4 * PAID, Decimal(0)), f"moment {moment}"
        assert sum(desk.provider.executed.values()) == 4
        assert short(desk, 100 * limit).work().finished
        desk.sweep_a_day_later()
        assert_all_answered_once(desk, 6)
    assert moment > 15
