"""One behaviour suite for every adapter: whole lives and faults, through the real SDKs against the emulator."""

import dataclasses
import json
import time
import tracemalloc
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import ContractError, ShortResultsError, UnansweredError, UnknownBatchError
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.batch import Batch, BatchView, Look
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.emulator.process.launch import RunningEmulator, start
from llm_assets.engine.ports.provider import Provider
from resources.providers import provider_for
from resources.providers.gemini import wire as gemini_wire
from tests.support.providers.provider_kit import adapter, request, spooled, under

EVERY_PROTOCOL = pytest.mark.parametrize("protocol", PROTOCOLS)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEmulator]:
    running = start(tmp_path_factory.mktemp("emulator"), latency=0.0)
    yield running
    running.stop()


class Stage:
    """The emulator with this test's faults."""

    def __init__(self, process: RunningEmulator) -> None:
        self.url = process.url

    def _post(self, name: str, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/_emulator/{name}", data)) as answer:
            assert answer.status == 200

    def faults(self, **rules: list[dict[str, Any]]) -> None:
        self._post("scenario", rules)

    def advance(self, seconds: float) -> None:
        self._post("advance", {"seconds": seconds})


@pytest.fixture
def stage(process: RunningEmulator) -> Stage:
    fresh = Stage(process)
    fresh.faults()
    return fresh


@pytest.fixture
def stage_of_its_own(tmp_path: Path) -> Iterator[Stage]:
    """For a fault that stays in the listings of every later test."""
    running = start(tmp_path / "emulator", latency=0.0)
    yield Stage(running)
    running.stop()


_made = iter(range(1, 1 << 20))


def planned(provider: Provider, folder: Path, users: list[str]) -> tuple[Batch, Path, list[str]]:
    """A batch that is uploaded and about to be created. Its id is its own: the emulator serves all tests."""
    batch_id = f"{next(_made):012x}"
    batch, spool, ids = spooled(provider, folder, users, at=datetime.now(UTC), batch_id=batch_id)
    return dataclasses.replace(batch, provider_file_id=provider.upload(batch, spool)), spool, ids


def ended(provider: Provider, provider_batch_id: str) -> BatchView:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        view = provider.look(provider_batch_id)
        if view.look is not Look.RUNNING:
            return view
    raise AssertionError(f"{provider_batch_id} did not end")


def lived(protocol: str, stage: Stage, folder: Path, users: list[str]) -> tuple[list[Answer], list[str]]:
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, ids = planned(provider, folder, users)
    provider_batch_id = provider.create(batch, spool)
    assert ended(provider, provider_batch_id).look is Look.ENDED
    return list(provider.answers(under(batch, provider_batch_id), folder)), ids


@EVERY_PROTOCOL
def test_every_request_of_a_batch_is_answered_once(protocol: str, stage: Stage, tmp_path: Path) -> None:
    answers, ids = lived(protocol, stage, tmp_path, [f"mail {n}: моя карта" for n in range(7)])
    assert sorted(a.custom_id for a in answers) == sorted(ids)
    assert {a.outcome for a in answers} == {Outcome.SUCCEEDED}
    assert {json.loads(a.text)["category"] for a in answers} <= {"card", "loan"}
    assert all(a.usage.input_tokens > 0 and a.usage.output_tokens > 0 for a in answers)
    assert list(tmp_path.glob("*.jsonl")) == []


@EVERY_PROTOCOL
def test_a_look_counts_the_requests(protocol: str, stage: Stage, tmp_path: Path) -> None:
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, _ = planned(provider, tmp_path, ["a", "b", "c"])
    assert ended(provider, provider.create(batch, spool)).total == 3


@EVERY_PROTOCOL
def test_a_spooled_request_can_be_asked_online(protocol: str, stage: Stage) -> None:
    provider = adapter(protocol, stage.url, emulated=True)
    answer = provider.ask(provider.line(request(protocol, "Where is my card?"), "id-1"))
    assert (answer.custom_id, answer.outcome) == ("id-1", Outcome.SUCCEEDED)
    assert set(json.loads(answer.text)) == {"category", "confidence"}
    assert answer.usage.input_tokens > 0


OUTCOMES = [
    ("refusal", Outcome.REFUSED),
    ("cut", Outcome.CUT),
    ("thinking_cut", Outcome.CUT),
    ("empty", Outcome.INVALID),
    ("invalid_json", Outcome.SUCCEEDED),
]


@EVERY_PROTOCOL
@pytest.mark.parametrize(("fault", "outcome"), OUTCOMES)
def test_what_the_model_did_is_told_the_same_in_a_batch_and_online(
    protocol: str, fault: str, outcome: Outcome, stage: Stage, tmp_path: Path
) -> None:
    stage.faults(requests=[{"when": {"keyword": "odd"}, "outcome": fault}])
    answers, ids = lived(protocol, stage, tmp_path, ["odd mail", "plain mail"])
    found = {a.custom_id: a.outcome for a in answers}
    assert found == {ids[0]: outcome, ids[1]: Outcome.SUCCEEDED}
    provider = adapter(protocol, stage.url, emulated=True)
    assert provider.ask(provider.line(request(protocol, "odd mail"), "id-1")).outcome is outcome


@EVERY_PROTOCOL
@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ({"outcome": "error", "status": 500}, Outcome.FAILED_TRANSIENT),
        ({"outcome": "error", "status": 400}, Outcome.FAILED_PERMANENT),
        ({"outcome": "error", "status": 429}, Outcome.FAILED_TRANSIENT),
        ({"outcome": "expired"}, Outcome.EXPIRED),
    ],
    ids=["500", "400", "429", "expired"],
)
def test_a_request_that_failed_fails_alone(
    protocol: str, fault: dict[str, Any], outcome: Outcome, stage: Stage, tmp_path: Path
) -> None:
    stage.faults(requests=[{"when": {"keyword": "odd"}, **fault}])
    answers, ids = lived(protocol, stage, tmp_path, ["odd mail", "plain mail"])
    assert {a.custom_id: a.outcome for a in answers} == {ids[0]: outcome, ids[1]: Outcome.SUCCEEDED}


@EVERY_PROTOCOL
def test_a_batch_whose_requests_all_failed_has_ended(protocol: str, stage: Stage, tmp_path: Path) -> None:
    stage.faults(batches=[{"all_requests": "error"}])
    answers, ids = lived(protocol, stage, tmp_path, ["a", "b"])
    assert sorted(a.custom_id for a in answers) == sorted(ids)
    assert {a.outcome for a in answers} == {Outcome.FAILED_TRANSIENT}


@pytest.mark.parametrize("protocol", ["openai", "anthropic"])
def test_what_ran_before_the_window_closed_is_kept(protocol: str, stage: Stage, tmp_path: Path) -> None:
    stage.faults(batches=[{"expire_after_share": 0.5}])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, ids = planned(provider, tmp_path, ["a", "b", "c", "d"])
    provider_batch_id = provider.create(batch, spool)
    stage.advance(86_400 + 60)
    assert ended(provider, provider_batch_id).look is Look.ENDED
    answers = list(provider.answers(under(batch, provider_batch_id), tmp_path))
    assert sorted(a.custom_id for a in answers) == sorted(ids)
    assert sorted(a.outcome for a in answers) == sorted([Outcome.EXPIRED] * 2 + [Outcome.SUCCEEDED] * 2)


@EVERY_PROTOCOL
def test_a_cancelled_batch_ends_and_what_did_not_run_is_not_answered(
    protocol: str, stage: Stage, tmp_path: Path
) -> None:
    stage.faults(batches=[{"latency": 3600}])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, ids = planned(provider, tmp_path, ["a", "b"])
    provider_batch_id = provider.create(batch, spool)
    assert provider.look(provider_batch_id).look is Look.RUNNING
    provider.cancel(provider_batch_id)
    stage.advance(3600)
    assert ended(provider, provider_batch_id).look is Look.ENDED
    provider.cancel(provider_batch_id)
    answers = list(provider.answers(under(batch, provider_batch_id), tmp_path))
    assert {a.custom_id for a in answers} <= set(ids)
    assert {a.outcome for a in answers} <= {Outcome.CANCELLED, Outcome.SUCCEEDED}


@EVERY_PROTOCOL
@pytest.mark.parametrize(
    "fault",
    [{"drop": "after"}, {"status": 500, "side_effect": True}],
    ids=["connection lost", "answered 500"],
)
def test_a_batch_whose_create_was_not_answered_is_found_in_the_list(
    protocol: str, fault: dict[str, Any], stage: Stage, tmp_path: Path
) -> None:
    stage.faults(calls=[{"when": {"operation": "create_batch", "calls": [1]}, **fault}])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, ids = planned(provider, tmp_path, [f"{protocol} {fault} {n}" for n in range(11)])
    with pytest.raises(UnansweredError):
        provider.create(batch, spool)
    found = provider.candidates(batch)
    if provider.profile.keeps_metadata:
        assert [c.proven for c in found] == [True]
    else:
        assert {(c.requests, c.proven) for c in found} == {(11, False)}
    newest = found[-1].provider_batch_id
    assert ended(provider, newest).look is Look.ENDED
    assert {a.custom_id for a in provider.answers(under(batch, newest), tmp_path)} == set(ids)


@EVERY_PROTOCOL
def test_a_create_lost_on_the_way_leaves_nothing_to_find(protocol: str, stage: Stage, tmp_path: Path) -> None:
    stage.faults(calls=[{"when": {"operation": "create_batch"}, "drop": "before"}])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, _ = planned(provider, tmp_path, [str(n) for n in range(13)])
    with pytest.raises(UnansweredError):
        provider.create(batch, spool)
    assert provider.candidates(batch) == []


@EVERY_PROTOCOL
def test_a_batch_missing_from_the_list_shows_up_later(protocol: str, stage: Stage, tmp_path: Path) -> None:
    stage.faults(batches=[{"unlisted_seconds": 120}])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, _ = planned(provider, tmp_path, [str(n) for n in range(17)])
    provider_batch_id = provider.create(batch, spool)
    assert provider.candidates(batch) == []
    stage.advance(121)
    assert [c.provider_batch_id for c in provider.candidates(batch)] == [provider_batch_id]


@EVERY_PROTOCOL
def test_a_batch_that_cannot_be_read_yet_is_unknown(protocol: str, stage: Stage, tmp_path: Path) -> None:
    stage.faults(batches=[{"missing_looks": 1}])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, _ = planned(provider, tmp_path, ["a"])
    provider_batch_id = provider.create(batch, spool)
    assert provider.look(provider_batch_id).look is Look.UNKNOWN
    assert ended(provider, provider_batch_id).look is Look.ENDED


@EVERY_PROTOCOL
def test_a_status_nobody_named_is_an_error(protocol: str, stage_of_its_own: Stage, tmp_path: Path) -> None:
    stage_of_its_own.faults(batches=[{"status": "hibernating"}])
    strict = adapter(protocol, stage_of_its_own.url, emulated=True)
    provider = provider_for(strict.profile, timeout_seconds=10)
    batch, spool, _ = planned(provider, tmp_path, ["a"])
    provider_batch_id = provider.create(batch, spool)
    with pytest.raises(ContractError, match=f"{provider_batch_id}.*hibernating"):
        provider.look(provider_batch_id)


@EVERY_PROTOCOL
@pytest.mark.parametrize(
    ("fault", "then"),
    [({"truncate_after_lines": 2, "truncate_times": 1}, 3), ({"missing_results": 1}, 2)],
    ids=["cut once", "lost for good"],
)
def test_results_that_come_short_are_read_when_they_are_whole_or_believed(
    protocol: str, fault: dict[str, Any], then: int, stage: Stage, tmp_path: Path
) -> None:
    stage.faults(batches=[fault])
    provider = adapter(protocol, stage.url, emulated=True)
    batch, spool, ids = planned(provider, tmp_path, ["a", "b", "c"])
    batch = under(batch, provider.create(batch, spool))
    assert batch.provider_batch_id is not None
    seen = ended(provider, batch.provider_batch_id)
    assert seen.look is Look.ENDED
    if then == 3 and protocol == "gemini":  # whose looks carry the answers and were cut instead
        stage.faults(batches=[fault])
    else:
        with pytest.raises(ShortResultsError, match="2 lines of 3"):
            list(provider.answers(batch, tmp_path))
    answers = list(provider.answers(batch, tmp_path, partial=True))
    assert len(answers) == then and {a.custom_id for a in answers} <= set(ids)


@EVERY_PROTOCOL
def test_strangers_and_repeats_are_handed_on_as_they_are(protocol: str, stage: Stage, tmp_path: Path) -> None:
    stage.faults(batches=[{"unknown_results": 1, "duplicate_results": 1}])
    answers, ids = lived(protocol, stage, tmp_path, ["a", "b"])
    assert len(answers) == 4
    assert {a.custom_id for a in answers} - set(ids) == {"unknown-0"}


@EVERY_PROTOCOL
def test_results_that_exist_but_are_not_named_are_waited_for(
    protocol: str, stage: Stage, tmp_path: Path
) -> None:
    stage.faults(batches=[{"null_output": True}])
    with pytest.raises(UnknownBatchError):
        lived(protocol, stage, tmp_path, ["a"])


@pytest.mark.parametrize(
    ("code", "look"),
    [
        ("invalid_json_line", Look.REJECTED),
        ("duplicate_custom_id", Look.REJECTED),
        ("url_mismatch", Look.REJECTED),
        ("model_mismatch", Look.REJECTED),
        ("empty_file", Look.REJECTED),
        ("too_many_tasks", Look.TOO_LARGE),
        ("token_limit_exceeded", Look.LATER),
    ],
)
def test_a_batch_that_did_not_validate_is_rejected_or_later(
    code: str, look: Look, stage: Stage, tmp_path: Path
) -> None:
    stage.faults(batches=[{"when": {"batches": [1]}, "fail": code}])
    provider = adapter("openai", stage.url, emulated=True)
    batch, spool, _ = planned(provider, tmp_path, ["a"])
    view = ended(provider, provider.create(batch, spool))
    assert view.look is look and code in view.detail
    assert provider.candidates(batch) == []
    assert provider.upload(batch, spool) == batch.provider_file_id
    assert ended(provider, provider.create(batch, spool)).look is Look.ENDED
    assert len(provider.candidates(batch)) == 1


@EVERY_PROTOCOL
def test_memory_does_not_grow_with_the_batch(protocol: str, stage: Stage, tmp_path: Path) -> None:
    provider = adapter(protocol, stage.url, emulated=True)
    lived(protocol, stage, tmp_path, ["first, so that the SDK is loaded"])
    batch, spool, ids = planned(provider, tmp_path, [f"{n} " + "x" * 60_000 for n in range(300)])
    tracemalloc.start()
    try:
        again = dataclasses.replace(batch, batch_id="f" * 11 + protocol[0].replace("o", "0"))
        provider.upload(again, spool)
        provider_batch_id = provider.create(batch, spool)
        ended(provider, provider_batch_id)
        count = sum(1 for _ in provider.answers(under(batch, provider_batch_id), tmp_path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == len(ids)
    assert batch.bytes > 18_000_000 and peak < 6_000_000


def test_memory_does_not_grow_with_an_input_file_at_gemini(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gemini_wire, "INLINE_BYTES", 0)
    test_memory_does_not_grow_with_the_batch("gemini", stage, tmp_path)
