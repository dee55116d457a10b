"""Troubles that come together: a block while creates are unanswered, money is short, or lines say two things at once."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from llm_assets.domain.errors import (
    BlockedError,
    ContractError,
    PermanentError,
    TransientError,
    UnansweredError,
)
from llm_assets.domain.profile import Capabilities, Limits, Mode
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import Batch, BatchState, BatchView
from llm_assets.domain.requests.money import Budget, Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.traffic.block import Proof
from llm_assets.engine import blocking
from tests.support.nights.engine_night import DAY, Death, Desk, assert_all_answered_once, request, task, tasks
from tests.support.providers.fake_provider import Remote

NO_CREDIT = BlockedError("fake has no credit", kind=Refused.MONEY)
WRONG_KEY = BlockedError("fake refuses the key", kind=Refused.KEY)
SMALL = Limits(batch_requests=3, batch_bytes=10**6, online_concurrency=1)


def is_blocked(desk: Desk) -> bool:
    return desk.ledger().blocks.block("fake") is not None


def number_of(answer: Answer) -> int:
    return int("".join(c for c in answer.text if c.isdigit()))


def no_credit(answer: Answer) -> Answer:
    words = "insufficient_quota", Reason.NOT_ALLOWED
    return Answer(answer.custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), *words)


def refused_lines(desk: Desk, remote: Remote, count: int) -> list[Answer]:
    """The first lines say that the account has no credit; they never ran. Returns what they would have answered."""
    real = remote.answers[:count]
    for answer in real:
        desk.provider.executed[f"mail {number_of(answer)}"] -= 1
    remote.answers[:count] = [no_credit(a) for a in real]
    return real


def rounds(desk: Desk, count: int, seconds: float) -> None:
    for _ in range(count):
        desk.clock.advance(seconds)
        desk.advance()


def with_an_unanswered_create(desk: Desk, *, listed: bool) -> None:
    """Two batches: the create of the first was not answered, the second one runs."""
    desk.provider.change(capabilities=Capabilities(list=listed), limits=SMALL)
    desk.provider.unlisted = timedelta(days=9)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.provider.looks_until_end = 1
    desk.start(tasks(6))
    first, _ = desk.open_batches()
    assert first.state is BatchState.CREATING
    desk.ledger().batches.transition(first.batch_id, first.state, first.state, creates=3)


@pytest.mark.parametrize("listed", [True, False])
def test_a_batch_that_a_person_has_to_look_for_does_not_take_the_tries_of_a_refused_key(
    desk: Desk, listed: bool
) -> None:
    with_an_unanswered_create(desk, listed=listed)
    desk.clock.advance(700)
    desk.provider.looks = [WRONG_KEY]
    with capture_logs() as logs:
        rounds(desk, 20, 120)
    assert len([e for e in logs if e["event"] == "blocked" and "kind" in e]) == 1
    assert not is_blocked(desk) and desk.states() == {"ok": 3, "in_flight": 3}


def test_waiting_for_a_create_that_nobody_lists_does_not_show_that_a_key_is_right_again(desk: Desk) -> None:
    with_an_unanswered_create(desk, listed=False)
    desk.provider.looks = [WRONG_KEY] * 50
    with capture_logs() as logs:
        rounds(desk, 20, 20)
    assert len([e for e in logs if e["event"] == "blocked"]) == 1 and is_blocked(desk)
    assert desk.provider.calls["look"] < 8


@pytest.mark.parametrize(
    "error",
    [
        ContractError("a status that nobody knows"),
        PermanentError("no", code="odd"),
        TransientError("500", reason=Reason.SERVER_ERROR),
    ],
)
def test_a_batch_that_fails_alone_does_not_keep_the_others_from_being_read(
    desk: Desk, error: Exception
) -> None:
    desk.provider.change(limits=SMALL)
    desk.provider.looks_until_end = 1
    desk.start(tasks(6))
    desk.provider.faults["look"] = [WRONG_KEY]
    desk.advance()
    look, bad = desk.provider.look, desk.open_batches()[0].provider_batch_id

    def looks(provider_batch_id: str) -> BatchView:
        if provider_batch_id == bad:
            raise error
        return look(provider_batch_id)

    desk.provider.look = looks  # type: ignore[method-assign]
    rounds(desk, 10, 60)
    assert desk.states() == {"ok": 3, "in_flight": 3} and not is_blocked(desk)


def test_what_was_answered_online_before_a_block_is_not_asked_again_to_try(desk: Desk) -> None:
    desk.provider.change(limits=SMALL)
    desk.provider.faults["ask"] = [None, TransientError("busy", reason=Reason.OVERLOADED)]
    desk.start(tasks(3, mode=Mode.ONLINE))
    assert desk.states() == {"ok": 1, "in_flight": 2}
    blocking.block(desk.engine(), NO_CREDIT, Proof.CREATED)
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_budget_that_is_used_up_during_a_block_ends_the_try_and_no_night(desk: Desk) -> None:
    desk.budget = Budget(night_usd=Decimal(1))
    desk.provider.faults["create"] = [NO_CREDIT]
    desk.start(tasks(3))
    desk.budget = Budget(night_usd=Decimal("0.000001"))
    progress = desk.work()
    assert progress.blocked is not None and desk.states() == {"due": 3} and desk.open_batches() == []
    desk.budget = Budget(night_usd=Decimal(1))
    assert desk.work().finished
    assert_all_answered_once(desk, 3)


def test_a_paid_answer_counts_although_its_first_line_says_that_the_account_has_no_credit(desk: Desk) -> None:
    desk.provider.looks_until_end = 1
    desk.start(tasks(4))
    [remote] = desk.provider.remotes.values()
    paid, _ = refused_lines(desk, remote, 2)
    desk.provider.executed[f"mail {number_of(paid)}"] += 1
    remote.answers += [paid, no_credit(paid)]
    assert desk.work().finished
    assert_all_answered_once(desk, 4)
    assert sum(row.surplus for row in desk.ledger().spending.usage(DAY)) == 1


def test_a_death_between_the_block_and_what_it_releases_books_surplus_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.provider.looks_until_end = 1
    desk.provider.doubled = 2
    desk.start(tasks(4))
    refused_lines(desk, next(iter(desk.provider.remotes.values())), 1)

    def dies(*_: object) -> None:
        raise Death

    with monkeypatch.context() as patched:
        patched.setattr("llm_assets.engine.batches.withdraw.lose", dies)
        for _ in range(2):
            with pytest.raises(Death):
                desk.work()
    desk.provider.doubled = 0
    assert desk.work().finished
    assert sum(row.surplus for row in desk.ledger().spending.usage(DAY)) == 2
    assert_all_answered_once(desk, 4)


def test_short_results_with_doubled_lines_and_some_of_the_account_cost_a_try_of_the_missing_only(
    desk: Desk,
) -> None:
    desk.provider.looks_until_end = 1
    desk.start(tasks(6))
    [remote] = desk.provider.remotes.values()
    missing = number_of(remote.answers[0])
    refused_lines(desk, remote, 2)
    desk.provider.executed[f"mail {missing}"] += 1
    desk.provider.dropped, desk.provider.doubled = 1, 2
    assert desk.work(rounds=80).finished
    ran = +desk.provider.executed
    assert ran[f"mail {missing}"] == 2 and ran.total() == 7
    assert desk.states() == {"ok": 6} and desk.attempts() == 7


def test_a_batch_that_is_cancelled_while_the_key_is_refused_ends_and_is_sent_again(desk: Desk) -> None:
    desk.provider.looks_until_end = 5
    desk.start(tasks(4))
    desk.ledger().batches.want_cancelled(desk.batch().batch_id, "cancelled by ann", by="ann")
    desk.provider.looks = [WRONG_KEY]
    desk.provider.faults["cancel"] = [WRONG_KEY] * 3
    assert desk.work(rounds=80).finished
    assert_all_answered_once(desk, 4, attempts=8)


def test_a_request_that_is_refused_for_itself_does_not_keep_the_others_from_being_sent(desk: Desk) -> None:
    """Its batch was refused as a whole, so each try takes another of the requests that are due."""
    desk.provider.looks_until_end = 1
    desk.start(tasks(5))
    refused_lines(desk, next(iter(desk.provider.remotes.values())), 5)
    executed = desk.provider._executed

    def runs(line: bytes, *, count: bool = True) -> Answer:
        if b'"mail 1"' not in line:
            return executed(line, count=count)
        why = "the server refuses max_tokens: set `answer_limit: max_tokens` in the dialect of the profile"
        never = executed(line, count=False)
        return Answer(never.custom_id, Outcome.FAILED_TRANSIENT, "", Usage(), why, Reason.MISCONFIGURED)

    desk.provider._executed = runs  # type: ignore[method-assign]
    for _ in range(8):
        desk.work(rounds=100, seconds=120)
        desk.clock.advance(1000)
    assert desk.states() == {"ok": 4, "due": 1} and desk.attempts() == 4


def test_a_model_that_the_key_may_not_use_does_not_keep_the_batches_of_another_from_being_sent(
    desk: Desk,
) -> None:
    create = desk.provider.create

    def creates(batch: Batch, spool: Path) -> str:
        if batch.model == "large":
            raise BlockedError("fake has no such model", kind=Refused.CONFIGURATION)
        return create(batch, spool)

    desk.provider.create = creates  # type: ignore[method-assign]
    desk.tasks = [
        task(n, request=request(f"mail {n}", model="large" if n < 3 else "small")) for n in range(1, 6)
    ]
    for _ in range(8):
        desk.work(rounds=100, seconds=120)
        desk.clock.advance(1000)
    assert desk.states()["ok"] == 3 and desk.attempts() == 3


def test_a_try_at_a_blocked_provider_allows_no_more_unanswered_creates(desk: Desk) -> None:
    """Nothing lists what became of them, so each may have been paid."""
    twice = SMALL.model_copy(update={"unanswered_creates": 2})
    desk.provider.change(capabilities=Capabilities(list=False), limits=twice)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")] * 9
    desk.start(tasks(2))
    blocking.block(desk.engine(), NO_CREDIT, Proof.CREATED)
    rounds(desk, 20, 700)
    assert max(desk.provider.executed.values()) == 2


@pytest.mark.parametrize("listed", [True, False])
def test_a_person_ends_the_wait_for_a_create_that_nobody_finds_and_its_requests_use_up_a_try(
    desk: Desk, listed: bool
) -> None:
    desk.provider.change(capabilities=Capabilities(list=listed))
    desk.provider.unlisted = timedelta(days=9)
    desk.provider.faults["create.after"] = [UnansweredError("no answer")]
    desk.start(tasks(2))
    batch = desk.batch()
    desk.ledger().batches.transition(batch.batch_id, batch.state, batch.state, creates=3)
    desk.clock.advance(700)
    assert "may have been paid" in (told := desk.advance().blocked or "") or "may run and be paid" in told
    desk.ledger().batches.want_cancelled(batch.batch_id, "cancelled by ann", by="ann")
    assert desk.work().finished
    assert desk.states() == {"ok": 2} and desk.attempts() == 4
    assert {s.attempts for s in desk.standings().values()} == {2}
