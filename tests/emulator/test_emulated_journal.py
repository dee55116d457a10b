"""The journal: requests are identified by their bodies, whatever their custom_ids, and their text is not kept."""

from pathlib import Path

import anthropic
import pytest

from llm_assets.emulator import start
from llm_assets.emulator.journal import Call, Execution, calls, executions, request_digest
from tests.support.providers.emulator_kit import Played, chat_line, message, message_item, played


def noted(instant: Played, batch_id: str) -> list[Execution]:
    return executions(home(instant) / f"{batch_id}.jsonl")


def home(instant: Played) -> Path:
    return Path(instant.get("/_emulator/health")["home"]) / "journal"


def last_call(instant: Played) -> Call:
    return calls(home(instant))[-1]


def test_the_same_body_is_the_same_request_in_any_order_of_keys_and_with_any_room_for_its_answer() -> None:
    assert request_digest({"a": 1, "b": 2}) == request_digest({"b": 2, "a": 1})
    assert request_digest({"a": 1, "max_tokens": 5}) == request_digest({"a": 1, "max_tokens": 10})
    assert request_digest({"a": 1}) != request_digest({"a": 2})


def test_two_custom_ids_with_one_body_are_one_request(instant: Played) -> None:
    batch = instant.openai_batch([chat_line("x", "Hello"), chat_line("y", "Hello"), chat_line("z", "Bye")])
    instant.openai.batches.retrieve(batch.id)
    found = noted(instant, batch.id)
    assert len({one.request for one in found}) == 2
    assert {one.fate for one in found} == {"usable"}


def test_a_request_is_struck_on_the_tries_that_a_rule_names(instant: Played) -> None:
    instant.scenario("requests: [{when: {keyword: try me, tries: [2]}, outcome: error}]")
    fates = []
    for name in ("a", "b", "c"):
        made = instant.anthropic.messages.batches.create(requests=[message_item(name, "Try me often")])
        instant.anthropic.messages.batches.retrieve(made.id)
        fates += [one.fate for one in noted(instant, made.id)]
    assert fates == ["usable", "transient", "usable"]


def test_sync_calls_are_tries_too(instant: Played) -> None:
    instant.scenario("requests: [{when: {keyword: by phone, tries: [2]}, outcome: error}]")
    instant.anthropic.messages.create(**message("By phone"))
    with pytest.raises(anthropic.InternalServerError):
        instant.anthropic.messages.create(**message("By phone"))


def test_a_line_kept_from_the_client_was_executed_all_the_same(instant: Played) -> None:
    instant.scenario("batches: [{missing_results: 1}]")
    made = instant.anthropic.messages.batches.create(
        requests=[message_item(f"c{i}", f"{i}") for i in range(3)]
    )
    instant.anthropic.messages.batches.retrieve(made.id)
    assert sorted(one.shown for one in noted(instant, made.id)) == [False, True, True]


def test_what_was_refused_with_its_batch_never_ran(instant: Played) -> None:
    batch = instant.openai_batch([chat_line("a"), chat_line("a")])
    assert instant.openai.batches.retrieve(batch.id).status == "failed"
    assert [one.fate for one in noted(instant, batch.id)] == ["refused", "refused"]


def test_a_batch_may_be_cancelled_from_outside(waiting: Played) -> None:
    waiting.scenario("batches: [{cancel_after_share: 0.5}]")
    batch = waiting.openai_batch([chat_line(f"c{i}") for i in range(4)])
    waiting.advance(2000)
    done = waiting.openai.batches.retrieve(batch.id)
    assert done.status == "cancelled"
    assert len(waiting.lines(done.output_file_id)) == 2
    assert {line["error"]["code"] for line in waiting.lines(done.error_file_id)} == {"batch_cancelled"}


def test_calls_carry_what_a_judge_needs_and_no_key(instant: Played) -> None:
    instant.scenario('calls: [{when: {operation: list_batches}, status: 429, headers: {Retry-After: "7"}}]')
    with pytest.raises(anthropic.RateLimitError):
        instant.anthropic.messages.batches.list()
    call = last_call(instant)
    assert (call.operation, call.status, call.retry_after, call.keyed) == ("list_batches", 429, 7.0, True)
    text = b"".join(path.read_bytes() for path in home(instant).iterdir())
    assert b"test" not in text and b"Hello" not in text


def test_the_journal_survives_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        running = start(tmp_path / "home", latency=0.0)
        played(running).anthropic.messages.create(**message("Hello"))
        running.stop()
    assert [call.operation for call in calls(tmp_path / "home" / "journal")] == ["create_message"] * 2
    assert len(executions(tmp_path / "home" / "journal" / "online.jsonl")) == 2
