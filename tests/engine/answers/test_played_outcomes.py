"""Every answer that a provider may give, played by the emulator to the real adapters, on both databases: what becomes of
the requests, how often each was executed, how failed attempts are counted."""

from collections.abc import Iterator
from typing import Any

import pytest

from llm_assets.domain.requests.batch import BatchState
from tests.support.nights.gemini_cases import OWN, SHARED
from tests.support.nights.outcome_cases import CASES, CORE, Case
from tests.support.nights.real_night import STEP, Protocol
from tests.support.nights.stage import REQUESTS, Stage


def _at_each_protocol() -> Iterator[tuple[Case, Protocol]]:
    yield from ((case, protocol) for case in CASES for protocol in case.protocols)
    yield from ((case, "gemini") for case in (*SHARED, *OWN))


def _played() -> list[Any]:
    """Every case at every protocol and database; Postgres beyond the core belongs to the soak."""
    return [
        pytest.param(
            case,
            protocol,
            database,
            id=f"{database}-{protocol}: {case.name}",
            marks=pytest.mark.soak if database == "postgres" and case.name not in CORE else pytest.mark.slow,
        )
        for case, protocol in _at_each_protocol()
        for database in ("sqlite", "postgres")
    ]


@pytest.mark.sampled(every=5)
@pytest.mark.parametrize(("case", "protocol", "database"), _played())
def test_what_a_provider_answers_has_one_outcome(case: Case, stage: Stage) -> None:
    stage.scenario(case.scenario)
    before = stage.counted()
    progress = stage.work()
    assert progress.finished, (progress, stage.told)
    assert stage.states == case.states
    assert stage.ledger.spending.failures(stage.day).get(STEP, {}) == case.reasons
    after = stage.counted()
    assert (after.creates - before.creates, after.executed - before.executed) == (case.creates, case.executed)
    assert sum(u.requests for u in stage.ledger.spending.usage(stage.day)) == REQUESTS * (
        "ok" in case.states
    ) + sum(case.reasons.values())


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("protocol", ["openai", "anthropic", "gemini"])
def test_an_unknown_status_is_told_with_its_batch_and_nothing_is_sent_again(stage: Stage) -> None:
    stage.scenario("batches:\n  - status: resting\n")
    before = stage.counted()
    assert not stage.work(rounds=15).finished
    [batch] = stage.ledger.batches.open_batches(stage.day)
    assert batch.state is BatchState.SUBMITTED
    assert stage.told and all("resting" in t and str(batch.provider_batch_id) in t for t in stage.told)
    assert stage.counted().creates - before.creates == 1
