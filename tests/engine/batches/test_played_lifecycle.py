"""Batches that do not end, clocks that are wrong, lists in odd forms and files that are left, played by the emulator to the
real adapters: every answer is kept, nothing runs twice that was answered, and nothing stays at the provider."""

import json
import signal
from dataclasses import replace
from typing import Any
from urllib.request import Request, urlopen

import pytest

from llm_assets.domain.profile import Files
from llm_assets.domain.requests.batch import BatchState
from llm_assets.domain.traffic.lanes import RescueRules
from llm_assets.engine.batches.leftovers import PAUSE, clean, stored_of_ours, with_leftovers
from llm_assets.engine.batches.overdue import CONFIRMED_WITHIN
from resources.providers import provider_for
from tests.support.nights.moments import around
from tests.support.nights.real_night import TIMEOUT, ended
from tests.support.nights.stage import SETTLE, Counted, Stage

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("database", ["sqlite", "postgres"]),
    pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"]),
]
LOST = "calls:\n  - when: {operation: create_batch, calls: [1]}\n    drop: after\n"
FIRST = "batches:\n  - when: {batches: [1]}\n    "


@pytest.fixture(autouse=True)
def impatient(stage: Stage) -> None:
    """Batches are too old after half an hour."""
    lanes = stage.engine.lanes.model_copy(update={"rescue": RescueRules(max_batch_age_minutes=30)})
    stage.engine = replace(stage.engine, lanes=lanes)


def test_a_batch_that_stays_in_its_last_state_is_cancelled_and_every_answer_kept(stage: Stage) -> None:
    stage.scenario(FIRST + "stuck: finalizing")
    before = stage.counted()
    assert stage.work().finished, stage.told
    after = stage.counted()
    assert (after.creates - before.creates, after.executed - before.executed) == (1, stage.requests)
    assert stage.states == {"ok": stage.requests}
    [usage] = stage.ledger.spending.usage(stage.day)
    assert (usage.requests, usage.succeeded) == (stage.requests, stage.requests)


def test_a_batch_that_stops_halfway_costs_its_other_half_one_try(stage: Stage) -> None:
    stage.requests = 3
    stage.scenario(FIRST + "stuck: in_progress\n    stuck_share: 0.34")
    before = stage.counted()
    assert stage.work(rounds=90).finished, stage.told
    after = stage.counted()
    assert (after.creates - before.creates, after.executed - before.executed) == (2, 3)
    assert stage.states == {"ok": 3}
    [usage] = stage.ledger.spending.usage(stage.day)
    assert (usage.requests, usage.succeeded, usage.retried) == (5, 3, 2)


def test_a_batch_whose_cancel_is_never_confirmed_is_given_up_and_named(stage: Stage) -> None:
    stage.scenario(FIRST + "stuck: in_progress\n    cancel_never_ends: true")
    creates = stage.counted().creates
    rounds = 30 + CONFIRMED_WITHIN * int(SETTLE / 60) + 20
    assert stage.work(rounds=rounds).finished, stage.told
    assert stage.counted().creates - creates == 2
    assert stage.states == {"ok": stage.requests}
    lost, collected = stage.ledger.batches.listed(stage.day)
    assert (lost.state, collected.state) == (BatchState.LOST, BatchState.COLLECTED)
    assert "nor confirmed its cancel: what of it ran may be billed and is not read" in lost.detail


@pytest.mark.sampled(every=5)
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("port", "call"), [("ledger.batches", "want_cancelled"), ("provider", "cancel")])
def test_a_process_killed_while_it_cancels_costs_nothing_twice(
    stage: Stage, port: str, call: str, when: str
) -> None:
    stage.scenario(FIRST + "stuck: finalizing")
    before = stage.counted()

    def dies() -> None:
        stage.engine = around(port, call, when)(stage.engine)
        stage.work()

    assert ended(dies) == -signal.SIGKILL
    stage.advance(0)  # the clock that the other process moved
    assert_sent_once(stage, before)
    assert stage.states == {"ok": stage.requests}


def assert_sent_once(stage: Stage, before: Counted) -> None:
    assert stage.work().finished, stage.told
    after = stage.counted()
    assert (after.creates - before.creates, after.executed - before.executed) == (1, stage.requests)


@pytest.mark.sampled(every=5)
@pytest.mark.parametrize("hours", [-30, -3, 3, 30])
def test_a_clock_that_is_hours_wrong_hides_no_batch(stage: Stage, hours: int) -> None:
    stage.advance(3 * 86_400)  # what other tests left is beyond the wide margin too
    stage.skew = hours * 3600
    stage.scenario(LOST)
    assert_sent_once(stage, stage.counted())


def test_a_clock_that_is_put_right_after_the_create_hides_no_batch(stage: Stage) -> None:
    """It was three hours ahead when the batch was created, which is listed late."""
    stage.advance(3 * 86_400)
    stage.scenario(LOST + "batches:\n  - unlisted_seconds: 300\n")
    before = stage.counted()
    stage.skew = 3 * 3600
    stage.work(rounds=1)
    [batch] = stage.ledger.batches.open_batches(stage.day)
    assert batch.state is BatchState.CREATING
    stage.skew = 0
    assert_sent_once(stage, before)


@pytest.mark.sampled(every=5)
@pytest.mark.parametrize(
    "lists",
    [
        "{oldest_first: true, page_size: 2, older: 5}",
        "{pages: false, nulls: 2, older: 3}",
        "{repeats: true, nulls: 1}",
        "{created_at: float}",
        "{created_at: iso}",
        "{created_at: missing}",
    ],
)
def test_a_list_in_an_odd_form_hides_no_batch(stage: Stage, lists: str) -> None:
    if "missing" in lists and not stage.place.profile.keeps_metadata:
        pytest.skip(
            "without a time or a mark, batches of other tests are candidates; the conformance suite has this case"
        )
    stage.scenario(f"{LOST}lists: {lists}\n")
    assert_sent_once(stage, stage.counted())


# Files


def at_the_provider(stage: Stage) -> set[str]:
    """Names of our input files, and ids of our batches where they hold the results."""
    protocol, ours = stage.place.profile.protocol, stage.ledger.batches.listed(stage.day)
    if protocol == "openai":
        listed = _get(stage, "/v1/files?limit=10000")
        return {f"{b.batch_id}.jsonl" for b in ours} & {file["filename"] for file in listed}
    if protocol == "gemini":
        listed = _get(stage, "/v1beta/batches?pageSize=1000", "operations")
        return {f"batches/{b.provider_batch_id}" for b in ours} & {batch["name"] for batch in listed}
    listed = _get(stage, "/v1/messages/batches?limit=1000")
    return {b.provider_batch_id or "" for b in ours} & {batch["id"] for batch in listed}


def _get(stage: Stage, path: str, field: str = "data") -> list[dict[str, Any]]:
    headers = {"authorization": "Bearer x", "x-goog-api-key": "x"}
    if "messages" in path:
        headers = {"x-api-key": "x", "anthropic-version": "2023-06-01"}
    with urlopen(Request(stage.running.url + path, headers=headers)) as answer:
        found: list[dict[str, Any]] = json.loads(answer.read()).get(field, [])
    return found


def results_left(stage: Stage) -> bool:
    if stage.place.profile.protocol != "openai":
        return bool(at_the_provider(stage))
    names = {f"{b.provider_batch_id}_output.jsonl" for b in stage.ledger.batches.listed(stage.day)}
    return bool(names & {file["filename"] for file in _get(stage, "/v1/files?limit=10000")})


def test_what_a_collected_batch_leaves_is_removed(stage: Stage) -> None:
    assert stage.work().finished
    assert (at_the_provider(stage), results_left(stage)) == (set(), False)
    [batch] = stage.ledger.batches.listed(stage.day)
    assert batch.files_removed_at is not None
    assert with_leftovers(stage.engine) == []


def test_a_removal_that_fails_fails_no_night_and_is_made_up_for(stage: Stage) -> None:
    stage.scenario(
        "calls:\n  - when: {operation: delete_file}\n    status: 500\n  - when: {operation: delete_batch}\n    status: 500\n"
    )
    assert stage.work().finished
    assert stage.states == {"ok": stage.requests}
    assert len(at_the_provider(stage)) == len(with_leftovers(stage.engine)) == 1
    stage.scenario("{}")
    assert stage.work().finished
    assert len(at_the_provider(stage)) == 1, "tried again too soon"
    stage.advance(PAUSE.total_seconds())
    assert stage.work().finished
    assert (at_the_provider(stage), results_left(stage)) == (set(), False)


def test_a_profile_may_keep_them_until_somebody_cleans(stage: Stage) -> None:
    kept = stage.place.profile.model_copy(update={"files": Files(remove=False)})
    stage.engine = replace(stage.engine, provider=provider_for(kept, timeout_seconds=TIMEOUT))
    assert stage.work().finished
    assert stage.work().finished
    assert len(at_the_provider(stage)) == 1
    by_name = 1 if stage.place.profile.protocol == "openai" else 0
    assert len(stored_of_ours(stage.engine)) == by_name
    assert clean(stage.engine).failed == 0
    assert (at_the_provider(stage), results_left(stage)) == (set(), False)
    assert stored_of_ours(stage.engine) == []
