"""Account trouble after a batch was taken: nobody's request dies of it, nothing is created meanwhile, it ends by itself."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from llm_assets.domain.errors import BlockedError, PermanentError
from llm_assets.domain.profile import Limits, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView, Look
from llm_assets.domain.requests.money import Budget, Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.traffic.block import Block, Proof
from llm_assets.engine.rounds.nudge import nudge
from tests.support.nights.engine_night import DAY, PROFILE, STEP, Desk, assert_all_answered_once, lives, tasks

BILLING = BatchView(Look.BLOCKED, "failed", detail="billing_hard_limit_reached", kind=Refused.MONEY)
SMALL = Limits(batch_requests=3, batch_bytes=10**6, online_concurrency=1)


def without_credit(desk: Desk, batch: int, lines: range) -> None:
    """These lines of a batch at the provider say that the account has no credit; they never ran."""
    remote = list(desk.provider.remotes.values())[batch]
    for number in lines:
        answer = remote.answers[number]
        desk.provider.executed[f"mail {answer_number(answer)}"] -= 1
        remote.answers[number] = Answer(
            answer.custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), "insufficient_quota", Reason.NOT_ALLOWED
        )


def answer_number(answer: Answer) -> int:
    return int("".join(c for c in answer.text.split("mail")[1] if c.isdigit()))


def sent(desk: Desk, count: int) -> None:
    """All under way, none looked at."""
    desk.provider.looks_until_end = 1
    desk.start(tasks(count))
    desk.provider.looks_until_end = 0


def block(desk: Desk) -> Block:
    found = desk.ledger().blocks.block("fake")
    assert found is not None
    return found


def is_blocked(desk: Desk) -> bool:
    return desk.ledger().blocks.block("fake") is not None


def test_a_batch_that_fails_for_the_account_gives_its_requests_free_and_no_try_is_used_up(desk: Desk) -> None:
    sent(desk, 4)
    desk.provider.looks = [BILLING]
    desk.provider.remotes.clear()
    desk.provider.executed.clear()
    progress = desk.advance()
    assert desk.states() == {"due": 4} and desk.attempts() == 0
    assert progress.blocked == (
        f"fake refused batch {desk_batch(desk)} with billing_hard_limit_reached: raise the limit or add credit."
    )
    assert (block(desk).kind, block(desk).needs) == (Refused.MONEY, Proof.ANSWERED)
    assert desk.work().finished and not is_blocked(desk)
    assert {s.attempts for s in desk.standings().values()} == {1}
    assert_all_answered_once(desk, 4)


def desk_batch(desk: Desk) -> str:
    [why] = desk.ledger().batches.troubles(DAY).values()
    return why.split("batch ")[1].split(" ")[0]


def test_lines_without_credit_stay_due_beside_those_that_were_answered(desk: Desk) -> None:
    sent(desk, 6)
    without_credit(desk, 0, range(2, 6))
    desk.advance()
    assert desk.states() == {"ok": 2, "due": 4} and desk.attempts() == 2
    assert "answered 4 of 6 requests of batch" in block(desk).sentence
    creates = desk.provider.calls["create"]
    for _ in range(3):  # before it is time, whoever starts sends nothing
        assert desk.start().blocked is not None
    assert (desk.provider.calls["create"], desk.provider.calls["ask"]) == (creates, 0)
    assert desk.states() == {"ok": 2, "due": 4}
    assert desk.work().finished
    assert desk.provider.calls["ask"] == 1 and not is_blocked(desk)
    assert_all_answered_once(desk, 6)


def test_while_the_trouble_lasts_single_requests_are_asked_ever_more_rarely(desk: Desk) -> None:
    sent(desk, 6)
    without_credit(desk, 0, range(6))
    desk.provider.faults["ask"] = [BlockedError("fake has no credit", kind=Refused.MONEY)] * 100
    with capture_logs() as logs:
        progress = desk.work(seconds=10, rounds=100)
    assert progress.blocked is not None and desk.states() == {"due": 6}
    assert desk.provider.calls["ask"] <= 5 and desk.provider.calls["create"] == 1
    assert [e["event"] for e in logs if e["log_level"] == "error"] == ["blocked"]
    desk.provider.faults.clear()
    assert desk.work().finished
    assert_all_answered_once(desk, 6)


def test_the_sensor_tries_nothing_online_and_asks_for_a_run_when_it_is_time(desk: Desk) -> None:
    desk.provider.change(limits=SMALL)
    sent(desk, 3)
    desk.plan(tasks(6))
    desk.tasks = tasks(6)
    desk.provider.looks = [BILLING]
    desk.provider.remotes.clear()
    desk.provider.executed.clear()
    assert not nudge(desk.engine(), DAY, [STEP])  # withdrawn; the other batch waits with us
    assert not nudge(desk.engine(), DAY, [STEP])
    desk.clock.advance(16)
    assert nudge(desk.engine(), DAY, [STEP]) and not desk.provider.calls["ask"]
    assert desk.work().finished
    assert_all_answered_once(desk, 6)


def test_a_block_outlives_its_process_and_one_of_two_tries(desk: Desk) -> None:
    desk.provider.faults["create"] = [BlockedError("fake has no credit", kind=Refused.MONEY)]
    desk.start(tasks(2))
    before = desk.provider.calls["create"]
    first, second = desk.engine(ledger=desk.new_ledger().ports), desk.engine()
    for engine in (first, second):
        assert not nudge(engine, DAY, [STEP])
    assert desk.provider.calls["create"] == before
    desk.clock.advance(16)
    desk.provider.faults["create"] = [BlockedError("fake has no credit", kind=Refused.MONEY)] * 9
    for engine in (first, second):
        nudge(engine, DAY, [STEP])
    assert desk.provider.calls["create"] == before + 1


def test_answers_to_what_was_sent_before_the_trouble_do_not_end_it(desk: Desk) -> None:
    desk.provider.change(limits=SMALL)
    desk.provider.looks_until_end = 1
    desk.provider.faults["create"] = [None, BlockedError("fake has no credit", kind=Refused.MONEY)]
    desk.start(tasks(6))
    assert desk.advance().blocked is not None and desk.states() == {"ok": 3, "in_flight": 3}
    assert is_blocked(desk)
    assert desk.work().finished
    assert_all_answered_once(desk, 6)


def test_within_a_budget_one_request_is_tried_too(desk: Desk) -> None:
    desk.budget = Budget(night_usd=Decimal(1))
    sent(desk, 4)
    without_credit(desk, 0, range(4))
    desk.advance()
    assert desk.states() == {"due": 4}
    assert desk.work().finished
    assert_all_answered_once(desk, 4)


@pytest.mark.parametrize("code", ["content_filter", "too_large"])
def test_a_batch_with_one_unfit_request_is_halved_until_that_one_is_alone(desk: Desk, code: str) -> None:
    refused = desk.provider.create

    def create(batch: Batch, spool: Path) -> str:
        if b'"mail 3"' in spool.read_bytes():
            raise PermanentError("unfit", code=code)
        return refused(batch, spool)

    desk.provider.create = create  # type: ignore[method-assign]
    assert desk.work(tasks(4)).finished
    assert desk.states() == {"ok": 3, "review": 1}


def test_an_unfit_request_that_is_asked_online_goes_to_a_person(desk: Desk) -> None:
    desk.provider.faults["ask"] = [PermanentError("unfit", code="content_filter")]
    assert desk.work(tasks(1, mode=Mode.ONLINE)).finished
    assert desk.states() == {"review": 1}
    assert next(iter(desk.standings().values())).detail == "refused: content_filter"


@pytest.mark.sampled(every=3)
@pytest.mark.parametrize(
    "trouble", ["lines", *(pytest.param(each, marks=pytest.mark.soak) for each in ("batch", "create"))]
)
def test_whenever_a_process_dies_in_account_trouble_every_request_is_executed_once(
    open_desk: Callable[..., Desk], trouble: str
) -> None:
    """Dead at each moment in turn: between the block and what it gives free, in the try, between the parts of a batch."""
    desk, moment, alive = open_desk(profile=PROFILE.model_copy(update={"limits": SMALL})), 0, False
    twice = 0
    while not alive:
        moment += 1
        desk.anew()
        if trouble == "create":
            desk.tasks = tasks(3)
            desk.provider.faults["create"] = [BlockedError("fake has no credit", kind=Refused.MONEY)] * 2
        else:
            sent(desk, 3)
        if trouble == "lines":
            without_credit(desk, 0, range(1, 3))
        if trouble == "batch":
            desk.provider.looks = [BILLING]
            [remote] = desk.provider.remotes.values()
            desk.provider._take_back(remote)
            remote.answers = [replace(a, outcome=Outcome.CANCELLED, detail="") for a in remote.answers]
        alive = lives(desk, ends_at=moment)
        desk.provider.looks = []
        assert desk.work(rounds=60).finished, f"moment {moment}"
        desk.sweep_a_day_later()
        standings = desk.standings().values()
        assert [s.state.value for s in standings] == ["done"] * 3
        if trouble != "batch":
            assert {s.attempts for s in standings} == {1}, f"moment {moment}"
        ran = +desk.provider.executed
        again = ran.total() - 3
        if trouble == "create":
            assert again == 0, f"moment {moment}"
        assert set(ran) == {"mail 1", "mail 2", "mail 3"} and again <= 1, f"moment {moment}"
        twice += again
        assert not is_blocked(desk)
    assert moment > 20
    assert (
        twice <= 2
    )  # an online call cannot be looked up: only a death between it and its receipt costs one request more
    assert desk.open_batches() == [] and desk.spooled() == []


def test_a_batch_that_was_adopted_without_proof_and_failed_for_the_account_is_looked_for_again(
    desk: Desk,
) -> None:
    sent(desk, 2)
    [batch] = desk.open_batches()
    desk.ledger().batches.transition(batch.batch_id, batch.state, batch.state, provisional=True)
    desk.provider.looks = [BILLING]
    desk.advance()
    assert desk.batch().state is BatchState.CREATING
    assert is_blocked(desk)
