"""Several misfortunes at once, played by the emulator to the real adapters: nothing runs twice, nothing of others is touched."""

import errno
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_assets.domain.errors import DeskError
from llm_assets.domain.profile import Files, Lane
from llm_assets.domain.requests.batch import Batch, BatchState, Look
from llm_assets.domain.requests.request import CustomId
from llm_assets.engine.ports.provider import Provider
from resources.providers import json_lines, provider_for
from tests.support.nights.engine_night import DAY
from tests.support.nights.real_night import STEP, TIMEOUT, Protocol, tasks
from tests.support.nights.stage import SETTLE, Stage
from tests.support.providers.fake_provider import START

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("database", ["sqlite", "postgres"]),
    pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"]),
]
ACCEPTED = "status: 500\n    side_effect: true"
LOST_ANSWERS = f"calls:\n  - when: {{operation: create_batch, calls: [1, 3]}}\n    {ACCEPTED}\n"


def assert_each_ran_once(stage: Stage, executed_before: int, *, others: int = 0) -> None:
    assert stage.states == {"ok": stage.requests}
    assert stage.counted().executed - executed_before == stage.requests + others
    [usage] = stage.ledger.spending.usage(stage.day)
    assert (usage.requests, usage.succeeded, usage.retried) == (stage.requests, stage.requests, 0)
    assert stage.ledger.batches.open_batches(stage.day) == []


def strangers_batch(stage: Stage, folder: Path) -> str:
    """Another application's batch of as many requests as one of ours, in the same workspace."""
    provider: Provider = stage.engine.provider
    spool = folder / "strangers.jsonl"
    asked = [t.request for t in tasks(stage.model, 3, DAY.replace(year=2031))]
    spool.write_bytes(
        b"".join(
            provider.line(replace(r, user=f"theirs {n}"), str(CustomId("f" * 12, f"{n:024x}", 1)))
            for n, r in enumerate(asked)
        )
    )
    size = spool.stat().st_size
    theirs = Batch(
        "f" * 12, DAY, STEP, Lane.NIGHTLY, "x", stage.model, BatchState.CREATING, 3, size, "", START
    )
    theirs = replace(theirs, provider_file_id=provider.upload(theirs, spool))
    return provider.create(theirs, spool)


def test_answers_lost_among_batches_of_one_size_that_are_listed_just_in_time(stage: Stage) -> None:
    stage.requests = 12
    stage.scenario(f"{LOST_ANSWERS}batches:\n  - unlisted_seconds: {SETTLE - 65}\n")
    before = stage.counted()
    assert stage.work(rounds=120).finished, stage.told
    assert stage.counted().creates - before.creates == 4
    assert_each_ran_once(stage, before.executed)


def test_a_strangers_batch_of_the_same_moment_and_size_stays_theirs(stage: Stage, tmp_path: Path) -> None:
    before, cancels = stage.counted(), stage.calls("cancel_batch")
    stage.scenario(f"calls:\n  - when: {{operation: create_batch, calls: [2]}}\n    {ACCEPTED}\n")
    theirs = strangers_batch(stage, tmp_path)
    assert stage.work().finished, stage.told
    assert_each_ran_once(stage, before.executed, others=3)
    assert stage.engine.provider.look(theirs).look is Look.ENDED
    assert stage.calls("cancel_batch") == cancels
    assert theirs not in stage.ledger.batches.known_provider_ids(stage.place.profile.name)


def test_a_strangers_batch_is_all_that_is_listed_when_ours_never_arrived(
    stage: Stage, tmp_path: Path
) -> None:
    before, cancels = stage.counted(), stage.calls("cancel_batch")
    stage.scenario("calls:\n  - when: {operation: create_batch, calls: [2]}\n    drop: before\n")
    theirs = strangers_batch(stage, tmp_path)
    assert stage.work().finished, stage.told
    assert_each_ran_once(stage, before.executed, others=3)
    assert stage.engine.provider.look(theirs).look is Look.ENDED
    assert stage.calls("cancel_batch") == cancels


@pytest.mark.sampled(every=5)
@pytest.mark.parametrize("minutes", [-4, 4, 30])
def test_a_provider_whose_clock_is_minutes_off(stage: Stage, minutes: int) -> None:
    """30: a provider that is ahead has no limit; one that is behind may be by the five minutes we look back."""
    stage.skew = -60.0 * minutes
    stage.requests = 6
    stage.scenario(f"{LOST_ANSWERS}batches:\n  - unlisted_seconds: 120\n")
    before = stage.counted()
    assert stage.work(rounds=90).finished, stage.told
    assert stage.counted().creates - before.creates == 2
    assert_each_ran_once(stage, before.executed)


def test_a_batch_stopped_by_a_person_half_way_keeps_what_ran_and_sends_the_rest(stage: Stage) -> None:
    before = stage.counted()
    stage.scenario("batches:\n  - when: {times: 1}\n    latency: 100\n")
    assert not stage.work(rounds=1).finished
    [batch] = stage.ledger.batches.open_batches(stage.day)
    assert batch.provider_batch_id is not None
    stage.engine.provider.cancel(batch.provider_batch_id)
    stage.advance(120)
    assert stage.work().finished, stage.told
    ran = stage.counted().executed - before.executed
    cancelled = stage.ledger.spending.failures(stage.day)[STEP]["cancelled"]
    assert 0 < cancelled < 3
    assert (stage.states, ran) == ({"ok": 3}, 3)
    [usage] = stage.ledger.spending.usage(stage.day)
    assert (usage.requests, usage.succeeded, usage.retried) == (3 + cancelled, 3, cancelled)


@pytest.mark.sampled(every=5)
def test_a_queue_that_is_full_for_an_hour_costs_nothing_and_is_waited_for(
    stage: Stage, protocol: Protocol
) -> None:
    if protocol == "anthropic":
        stage.scenario("calls:\n  - when: {operation: create_batch}\n    status: 429\n")
    elif protocol == "gemini":
        stage.scenario("batches:\n  - fail: RESOURCE_EXHAUSTED\n")
    else:
        stage.scenario("batches:\n  - fail: token_limit_exceeded\n")
    before = stage.counted()
    assert not stage.work(rounds=60).finished
    assert stage.states == {"in_flight": 3}
    assert stage.counted().executed == before.executed
    stage.scenario("{}")
    assert stage.work(rounds=20).finished, stage.told
    assert_each_ran_once(stage, before.executed)


def test_a_dead_letter_names_its_call_and_requeue_sends_exactly_those(
    stage: Stage, protocol: Protocol
) -> None:
    kept = stage.place.profile.model_copy(
        update={"files": Files(remove=False)}
    )  # Anthropic's hold the batch itself
    stage.engine = replace(stage.engine, provider=provider_for(kept, timeout_seconds=TIMEOUT))
    error = "outcome: error\n    status: 400\n    type: invalid_request_error"
    stage.scenario(f"requests:\n  - when: {{keyword: number 1 of}}\n    {error}\n")
    assert stage.work().finished
    [letter] = stage.ledger.review.dead_letters(stage.day)
    assert (letter.provider, letter.outcome) == (protocol, "failed_permanent")
    assert letter.detail.lower() in ("rejected: invalid_request_error", "rejected: invalid_argument")
    assert letter.custom_id in stage.executed_ids()
    assert stage.engine.provider.look(letter.provider_batch_id).look is Look.ENDED
    stage.scenario("{}")
    before = stage.executed_ids()
    assert stage.work().finished and stage.executed_ids() == before, "not without being asked"
    assert stage.ledger.review.requeue(stage.day) == 1
    assert stage.work().finished
    [again] = stage.executed_ids() - before
    assert letter.request_id in again
    assert (stage.states, stage.ledger.review.dead_letters(stage.day)) == ({"ok": 3}, [])


def fails_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, fault: Callable[[], None]) -> None:
    """The next call of a function does its work and then meets the fault; later ones do not."""
    real, left = getattr(owner, name), [1]

    def struck(*args: Any, **kwargs: Any) -> Any:
        found = real(*args, **kwargs)
        if left[0] > 0:
            left[0] -= 1
            fault()
        return found

    monkeypatch.setattr(owner, name, struck)


def test_a_disk_that_fills_up_while_results_come_in_costs_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = stage.counted()
    fails_once(monkeypatch, json_lines, "save", full)
    with pytest.raises(OSError, match="No space left"):
        stage.work()
    assert stage.work().finished
    assert_each_ran_once(stage, before.executed)


def test_a_ledger_that_locks_up_right_after_the_create_costs_nothing_twice(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider has accepted, and its id cannot be written down."""

    def locked() -> None:
        def refuse(*_: object, **__: object) -> None:
            raise DeskError("Another process has been writing to the ledger")

        monkeypatch.setattr(stage.ledger.batches, "transition", refuse)

    before = stage.counted()
    fails_once(monkeypatch, type(stage.engine.provider), "create", locked)
    with pytest.raises(DeskError, match="Another process"):
        stage.work()
    monkeypatch.undo()
    assert stage.work().finished
    assert stage.counted().creates - before.creates == 1
    assert_each_ran_once(stage, before.executed)


def test_a_line_of_forty_megabytes_is_one_bad_answer_among_good_ones(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = json_lines.read_lines

    def with_a_large_one(path: Path) -> Iterator[Any]:
        found = [line for line in lines(path) if line is not None]
        if found and not done:
            done.append(True)
            large = orjson.dumps(found[0]).replace(b'\\"topic\\"', b'\\"' + b"x" * 40_000_000 + b'\\"', 1)
            path.write_bytes(b"\n".join([large, *map(orjson.dumps, found[1:])]) + b"\n")
        yield from lines(path)

    done: list[bool] = []
    monkeypatch.setattr(json_lines, "read_lines", with_a_large_one)
    assert stage.work().finished
    assert stage.states == {"ok": 3}
    assert stage.ledger.spending.failures(stage.day) == {STEP: {"schema": 1}}
