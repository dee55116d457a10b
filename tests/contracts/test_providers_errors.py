"""What goes wrong on the wire and how it is classified, through the real SDKs against a loopback server."""

import json
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from provider_kit import ANTHROPIC, KEY, MAIL, OPENAI, Wire, adapter, request, spooled, under
from provider_server import Canned, Reply, canned_server, closed_port

from llm_assets.domain.batch import Look
from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    ContractError,
    DeskError,
    PermanentError,
    TransientError,
    UnansweredError,
    UnknownBatchError,
)
from llm_assets.domain.outcome import Outcome
from llm_assets.engine.ports import Provider

BOTH = pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=lambda w: w.protocol)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_LLM_KEY", KEY)


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as running:
        yield running


def creating(wire: Wire, server: Canned, folder: Path, **options: Any) -> Callable[[], str]:
    provider = adapter(wire.protocol, server.url, **options)
    batch, spool, _ = spooled(provider, folder, [MAIL, "another"])
    return lambda: provider.create(batch, spool)


def asking(wire: Wire, provider: Provider) -> Callable[[], Any]:
    line = provider.line(request(wire.protocol), "id-1")
    return lambda: provider.ask(line)


REFUSALS = [
    (OPENAI, 400, "invalid_request_error", None, PermanentError),
    (OPENAI, 400, "invalid_request_error", "billing_hard_limit_reached", BlockedError),
    (OPENAI, 400, "invalid_request_error", "token_limit_exceeded", TransientError),
    (OPENAI, 401, "invalid_request_error", "invalid_api_key", BlockedError),
    (OPENAI, 403, "insufficient_permissions", None, BlockedError),
    (OPENAI, 404, "invalid_request_error", "model_not_found", BlockedError),
    (OPENAI, 409, "conflict", None, TransientError),
    (OPENAI, 413, "request_too_large", None, PermanentError),
    (OPENAI, 422, "invalid_request_error", None, PermanentError),
    (OPENAI, 429, "requests", "rate_limit_exceeded", TransientError),
    (OPENAI, 429, "insufficient_quota", "credit_balance_exhausted", BlockedError),
    (OPENAI, 429, "insufficient_quota", "project_spend_limit_exceeded", BlockedError),
    (OPENAI, 500, "server_error", None, TransientError),
    (OPENAI, 503, "server_error", "server_is_overloaded", TransientError),
    (ANTHROPIC, 400, "invalid_request_error", None, PermanentError),
    (ANTHROPIC, 401, "authentication_error", None, BlockedError),
    (ANTHROPIC, 402, "billing_error", None, BlockedError),
    (ANTHROPIC, 403, "permission_error", None, BlockedError),
    (ANTHROPIC, 404, "not_found_error", None, BlockedError),
    (ANTHROPIC, 409, "conflict_error", None, TransientError),
    (ANTHROPIC, 413, "request_too_large", None, PermanentError),
    (ANTHROPIC, 429, "rate_limit_error", None, TransientError),
    (ANTHROPIC, 429, "rate_limit_error", "enforced_spend_limit_reached", BlockedError),
    (ANTHROPIC, 429, "rate_limit_error", "contract_spend_limit_reached", BlockedError),
    (ANTHROPIC, 500, "api_error", None, TransientError),
    (ANTHROPIC, 504, "timeout_error", None, TransientError),
    (ANTHROPIC, 529, "overloaded_error", None, TransientError),
]
IDS = [f"{wire.protocol}-{status}-{code or kind}" for wire, status, kind, code, _ in REFUSALS]


@pytest.mark.parametrize(("wire", "status", "kind", "code", "expected"), REFUSALS, ids=IDS)
def test_a_refused_online_call_is_classified_after_one_try(
    wire: Wire, status: int, kind: str, code: str | None, expected: type[DeskError], server: Canned
) -> None:
    server.on(f"POST {wire.online}", Reply(status, wire.error(kind, code)))
    with pytest.raises(DeskError) as caught:
        asking(wire, adapter(wire.protocol, server.url))()
    assert type(caught.value) is expected
    assert len(server.calls(f"POST {wire.online}")) == 1
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(("wire", "status", "kind", "code", "expected"), REFUSALS, ids=IDS)
def test_a_refused_create_is_certain_below_500_and_open_above_and_repeats_neither_mail_nor_key(
    wire: Wire,
    status: int,
    kind: str,
    code: str | None,
    expected: type[DeskError],
    server: Canned,
    tmp_path: Path,
) -> None:
    server.on(f"POST {wire.batches}", Reply(status, wire.error(kind, code or f"{MAIL} {KEY}")))
    with pytest.raises(DeskError) as caught:
        creating(wire, server, tmp_path)()
    assert type(caught.value) is (UnansweredError if status >= 500 else expected)
    assert len(server.calls(f"POST {wire.batches}")) == 1
    told = "".join(traceback.format_exception(caught.value))
    assert "4400-1234" not in told and KEY not in told


@BOTH
@pytest.mark.parametrize("status", [408, 499])
def test_a_create_that_a_proxy_gave_up_on_is_open(
    wire: Wire, status: int, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.batches}", Reply(status, b"<html>timeout</html>"))
    with pytest.raises(UnansweredError):
        creating(wire, server, tmp_path)()


@BOTH
def test_a_create_whose_connection_is_reset_is_open_and_was_sent_once(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.batches}", Reply(cut=True))
    with pytest.raises(UnansweredError, match="reconcile decides"):
        creating(wire, server, tmp_path)()
    assert len(server.calls(f"POST {wire.batches}")) == 1


@BOTH
def test_a_create_that_is_not_answered_in_time_is_open(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"POST {wire.batches}", Reply(silent=True))
    with pytest.raises(UnansweredError, match="did not answer in time"):
        creating(wire, server, tmp_path, timeout=0.3)()


@BOTH
@pytest.mark.parametrize(
    "reply",
    [Reply(200, {"object": "odd"}), Reply(200, b'{"id": "batc'), Reply(200, b"OK", {"content-type": "text/plain"}), Reply(200, [])],
    ids=["no id", "cut JSON", "no JSON", "a list"],
)  # fmt: skip
def test_a_create_answered_without_an_id_is_open(
    wire: Wire, reply: Reply, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.batches}", reply)
    with pytest.raises(UnansweredError):
        creating(wire, server, tmp_path)()


@BOTH
def test_a_create_that_nobody_listens_to_certainly_did_not_happen(wire: Wire, tmp_path: Path) -> None:
    provider = adapter(wire.protocol, closed_port())
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(TransientError, match="cannot be reached at 127.0.0.1"):
        provider.create(batch, spool)


def test_an_input_file_the_provider_does_not_see_yet_is_waited_for(server: Canned, tmp_path: Path) -> None:
    server.on("POST /v1/batches", Reply(404, OPENAI.error("invalid_request_error")))
    with pytest.raises(TransientError):
        creating(OPENAI, server, tmp_path)()


@BOTH
@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "86400"}, 86400.0),
        ({}, None),
        ({"retry-after-ms": "250"}, 0.25),
    ],
)
def test_the_pause_a_provider_asks_for_is_passed_on_and_not_slept(
    wire: Wire, headers: dict[str, str], seconds: float | None, server: Canned
) -> None:
    server.on(f"POST {wire.online}", Reply(429, wire.error("rate_limit_error"), headers))
    with pytest.raises(TransientError) as caught:
        asking(wire, adapter(wire.protocol, server.url))()
    assert caught.value.retry_after == seconds


@BOTH
def test_a_pause_until_a_date_in_the_past_is_none(wire: Wire, server: Canned) -> None:
    past = {"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}
    server.on(f"POST {wire.online}", Reply(429, wire.error("rate_limit_error"), past))
    with pytest.raises(TransientError) as caught:
        asking(wire, adapter(wire.protocol, server.url))()
    assert caught.value.retry_after == 0.0


def test_a_spend_limit_the_customer_set_blocks_although_it_is_a_plain_400(server: Canned) -> None:
    words = "You have reached your specified API usage limits. You will regain access on 2026-12-01."
    server.on("POST /v1/messages", Reply(400, ANTHROPIC.error("invalid_request_error", message=words)))
    with pytest.raises(BlockedError, match="spend limit"):
        asking(ANTHROPIC, adapter("anthropic", server.url))()


@BOTH
def test_an_input_that_is_too_large_says_so_even_in_html(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"POST {wire.batches}", Reply(413, b"<html>413</html>", {"content-type": "text/html"}))
    with pytest.raises(PermanentError) as caught:
        creating(wire, server, tmp_path)()
    assert caught.value.code == "too_large"


@BOTH
def test_a_wrong_key_is_named_by_its_variable(wire: Wire, server: Canned) -> None:
    server.on(f"POST {wire.online}", Reply(401, wire.error("authentication_error", "invalid_api_key")))
    with pytest.raises(BlockedError, match=r"refused the key \(401 invalid_api_key.*\): check TEST_LLM_KEY"):
        asking(wire, adapter(wire.protocol, server.url))()


@BOTH
def test_the_sdk_logs_no_mail_even_when_debugging(
    wire: Wire, server: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger(wire.protocol).setLevel(logging.DEBUG)
    server.on(f"POST {wire.online}", Reply(200, wire.online_answer("{}")))
    asking(wire, adapter(wire.protocol, server.url))()
    assert "4400-1234" not in caplog.text and KEY not in caplog.text


@BOTH
def test_an_unknown_batch_is_not_gone_but_unknown(wire: Wire, server: Canned) -> None:
    server.on(f"GET {wire.one}", Reply(404, wire.error("not_found_error")))
    assert adapter(wire.protocol, server.url).look(wire.batch_id).look is Look.UNKNOWN


@BOTH
def test_a_proxy_that_knows_no_such_address_is_not_taken_for_an_unknown_batch(
    wire: Wire, server: Canned
) -> None:
    server.on(f"GET {wire.one}", Reply(404, b"<html>nginx</html>", {"content-type": "text/html"}))
    with pytest.raises(BlockedError, match="base URL"):
        adapter(wire.protocol, server.url).look(wire.batch_id)


@BOTH
def test_a_gateway_that_answers_500_for_an_unknown_batch_is_asked_again(wire: Wire, server: Canned) -> None:
    server.on(f"GET {wire.one}", Reply(500, wire.error("api_error")))
    with pytest.raises(TransientError):
        adapter(wire.protocol, server.url).look(wire.batch_id)
    assert len(server.calls(f"GET {wire.one}")) == 1


@BOTH
def test_an_unknown_status_is_an_error_with_the_batchs_id(wire: Wire, server: Canned) -> None:
    provider = adapter(wire.protocol, server.url)
    lenient = type(provider)(provider.profile, timeout_seconds=5)  # type: ignore[call-arg]
    server.on(f"GET {wire.one}", Reply(200, wire.batch("hibernating")))
    with pytest.raises(ContractError, match=f"{wire.batch_id}.*hibernating"):
        lenient.look(wire.batch_id)


@BOTH
def test_strict_mode_has_the_sdk_check_every_answer(wire: Wire, server: Canned) -> None:
    broken = wire.batch()
    del broken["created_at"]
    server.on(f"GET {wire.one}", Reply(200, broken))
    with pytest.raises(ContractError):
        adapter(wire.protocol, server.url).look(wire.batch_id)


@BOTH
def test_cancelling_what_has_ended_is_no_error(wire: Wire, server: Canned) -> None:
    ended = wire.batch("completed" if wire is OPENAI else "ended")
    server.on(f"POST {wire.one}/cancel", Reply(400, wire.error("invalid_request_error")))
    server.on(f"GET {wire.one}", Reply(200, ended))
    adapter(wire.protocol, server.url).cancel(wire.batch_id)
    assert len(server.calls(f"POST {wire.one}/cancel")) == 1


@BOTH
def test_cancelling_what_still_runs_and_is_refused_is_an_error(wire: Wire, server: Canned) -> None:
    server.on(f"POST {wire.one}/cancel", Reply(400, wire.error("invalid_request_error")))
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    with pytest.raises(PermanentError):
        adapter(wire.protocol, server.url).cancel(wire.batch_id)


def test_results_on_another_host_are_refused_before_the_key_is_sent(server: Canned, tmp_path: Path) -> None:
    with canned_server() as stranger:
        url = f"{stranger.url}/v1/messages/batches/msgbatch_1/results"
        server.on(f"GET {ANTHROPIC.one}", Reply(200, ANTHROPIC.batch("ended", results_url=url)))
        provider = adapter("anthropic", server.url)
        batch, _, _ = spooled(provider, tmp_path, [MAIL])
        with pytest.raises(ContractError, match="the key is not sent there"):
            list(provider.answers(under(batch, "msgbatch_1"), tmp_path))
        assert stranger.asked == []


def test_results_that_redirect_to_another_host_are_not_followed(server: Canned, tmp_path: Path) -> None:
    with canned_server() as stranger:
        path = f"{ANTHROPIC.one}/results"
        server.on(f"GET {ANTHROPIC.one}", Reply(200, ANTHROPIC.batch("ended", results_url=server.url + path)))
        server.on(f"GET {path}", Reply(302, None, {"location": f"{stranger.url}/elsewhere"}))
        provider = adapter("anthropic", server.url)
        batch, _, _ = spooled(provider, tmp_path, [MAIL])
        with pytest.raises(BlockedError):
            list(provider.answers(under(batch, "msgbatch_1"), tmp_path))
        assert stranger.asked == []


@pytest.mark.parametrize(
    ("archived", "expected"), [(None, TransientError), ("2026-12-20T00:00:00Z", UnknownBatchError)]
)
def test_results_that_are_not_there_are_late_or_gone(
    archived: str | None, expected: type[DeskError], server: Canned, tmp_path: Path
) -> None:
    server.on(f"GET {ANTHROPIC.one}", Reply(200, ANTHROPIC.batch("ended", archived_at=archived)))
    provider = adapter("anthropic", server.url)
    batch, _, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(expected):
        list(provider.answers(under(batch, "msgbatch_1"), tmp_path))


@BOTH
def test_a_batch_that_still_runs_is_not_collected(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(TransientError, match="in_progress"):
        list(provider.answers(under(batch, wire.batch_id), tmp_path))


def finished(wire: Wire, server: Canned, *downloads: Reply) -> None:
    """A batch of two answers whose results are downloaded so."""
    if wire is OPENAI:
        counts = {"total": 2, "completed": 2, "failed": 0}
        ended = wire.batch("completed", output_file_id="file-out", request_counts=counts)
        server.on("GET /v1/files/file-out/content", *downloads)
    else:
        none = {"processing": 0, "errored": 0, "canceled": 0, "expired": 0}
        url = f"{server.url}{wire.one}/results"
        ended = wire.batch("ended", results_url=url, request_counts={**none, "succeeded": 2})
        server.on(f"GET {wire.one}/results", *downloads)
    server.on(f"GET {wire.one}", Reply(200, ended))


def collected(wire: Wire, server: Canned, folder: Path) -> list[Any]:
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, folder, ["a", "b"])
    return list(provider.answers(under(batch, wire.batch_id), folder))


@BOTH
def test_results_cut_at_a_lines_end_are_fetched_again(wire: Wire, server: Canned, tmp_path: Path) -> None:
    first, second = wire.result_line("one", "{}"), wire.result_line("two", "{}")
    finished(wire, server, Reply(200, first), Reply(200, first + second))
    assert [a.custom_id for a in collected(wire, server, tmp_path)] == ["one", "two"]
    assert list(tmp_path.glob("*.jsonl")) == []


@BOTH
def test_results_that_keep_coming_short_in_different_ways_are_not_believed(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    line = wire.result_line("one", "{}")
    finished(wire, server, Reply(200, line), Reply(200, b""), Reply(200, line))
    with pytest.raises(TransientError, match="cut"):
        collected(wire, server, tmp_path)


@BOTH
def test_a_line_the_provider_itself_lost_leaves_the_others(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    finished(wire, server, Reply(200, wire.result_line("one", "{}")))
    assert [a.custom_id for a in collected(wire, server, tmp_path)] == ["one"]


@BOTH
def test_results_cut_inside_a_line_are_never_believed(wire: Wire, server: Canned, tmp_path: Path) -> None:
    whole = wire.result_line("one", "{}") + wire.result_line("two", "{}")
    finished(wire, server, Reply(200, whole[:-9]))
    with pytest.raises(TransientError, match="cut"):
        collected(wire, server, tmp_path)


@BOTH
def test_results_shorter_than_announced_are_transient(wire: Wire, server: Canned, tmp_path: Path) -> None:
    line = wire.result_line("one", "{}")
    finished(wire, server, Reply(200, line, announced=len(line) * 2))
    with pytest.raises(TransientError):
        collected(wire, server, tmp_path)


@BOTH
def test_a_line_that_is_no_json_names_nobody(wire: Wire, server: Canned, tmp_path: Path) -> None:
    finished(wire, server, Reply(200, b"\n<oops>\n" + wire.result_line("two", "{}")))
    answers = collected(wire, server, tmp_path)
    assert [(a.custom_id, a.outcome) for a in answers] == [("", Outcome.INVALID), ("two", Outcome.SUCCEEDED)]


def test_completed_requests_without_an_output_file_are_waited_for(server: Canned, tmp_path: Path) -> None:
    counts = {"total": 2, "completed": 2, "failed": 0}
    server.on(f"GET {OPENAI.one}", Reply(200, OPENAI.batch("completed", request_counts=counts)))
    with pytest.raises(TransientError, match="no output file"):
        collected(OPENAI, server, tmp_path)


def test_an_upload_whose_answer_was_lost_is_found_again(server: Canned, tmp_path: Path) -> None:
    provider = adapter("openai", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    file = {
        "id": "file-7",
        "object": "file",
        "bytes": batch.bytes,
        "created_at": int(batch.created_at.timestamp()) + 1,
        "filename": f"{batch.batch_id}.jsonl",
        "purpose": "batch",
        "status": "processed",
    }
    listed = {"object": "list", "has_more": False, "first_id": "", "last_id": ""}
    server.on("GET /v1/files", Reply(200, {**listed, "data": [{**file, "bytes": 1, "id": "file-6"}, file]}))
    assert provider.upload(batch, spool) == "file-7"
    assert server.calls("POST /v1/files") == []


@pytest.mark.parametrize("status", [404, 405, 500, 501])
def test_a_gateway_that_lists_no_files_gets_the_upload(status: int, server: Canned, tmp_path: Path) -> None:
    provider = adapter("openai", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    file = {
        "id": "file-7",
        "object": "file",
        "bytes": 1,
        "created_at": 1,
        "filename": "x",
        "purpose": "batch",
    }
    server.on("GET /v1/files", Reply(status, OPENAI.error("not_supported")))
    server.on("POST /v1/files", Reply(200, {**file, "status": "processed"}))
    assert provider.upload(batch, spool) == "file-7"
    assert spool.read_bytes() in server.calls("POST /v1/files")[0].body


def test_a_profile_without_metadata_sends_none(server: Canned, tmp_path: Path) -> None:
    server.on("POST /v1/batches", Reply(200, OPENAI.batch("validating")))
    creating(OPENAI, server, tmp_path)()
    plain = adapter("openai", server.url, capabilities={"metadata": False})
    batch, spool, _ = spooled(plain, tmp_path, [MAIL])
    assert plain.create(batch, spool) == "batch_1"
    marked, unmarked = (json.loads(a.body) for a in server.calls("POST /v1/batches"))
    assert marked["metadata"]["batch_id"] == batch.batch_id and len(marked["metadata"]["sha256"]) == 64
    assert "metadata" not in unmarked


@BOTH
def test_the_list_is_read_back_to_the_intent_and_no_further(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    def aged(number: int, hours: int) -> dict[str, Any]:
        made = 1_795_222_801 - 3600 * hours
        spelled = datetime.fromtimestamp(made, UTC).isoformat()
        return {**wire.batch(id=f"b{number}"), "created_at": made if wire is OPENAI else spelled}

    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    frame = {"object": "list", "has_more": True}
    pages = [
        {**frame, "data": [aged(1, 0), aged(2, 0)], "first_id": "b1", "last_id": "b2"},
        {**frame, "data": [aged(3, 0), aged(4, 1)], "first_id": "b3", "last_id": "b4"},
        {**frame, "data": [aged(5, 1)], "first_id": "b5", "last_id": "b5"},
    ]
    server.on(f"GET {wire.batches}", *(Reply(200, page) for page in pages))
    assert [c.provider_batch_id for c in provider.candidates(batch)] == ["b1", "b2", "b3"]
    assert len(server.calls(f"GET {wire.batches}")) == 3


@BOTH
def test_a_list_that_repeats_its_first_page_ends(wire: Wire, server: Canned, tmp_path: Path) -> None:
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    page = {"object": "list", "has_more": True, "data": [wire.batch()], "first_id": "x", "last_id": "x"}
    server.on(f"GET {wire.batches}", Reply(200, page))
    assert [c.provider_batch_id for c in provider.candidates(batch)] == [wire.batch_id]


@BOTH
def test_planning_needs_no_key_but_the_first_call_does(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_LLM_KEY")
    provider = adapter(wire.protocol, server.url)
    assert provider.line(request(wire.protocol), "id-1")
    with pytest.raises(ConfigurationError, match="set TEST_LLM_KEY"):
        provider.look(wire.batch_id)
    assert server.asked == []


@BOTH
def test_an_emulated_profile_never_sends_a_real_key(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    adapter(wire.protocol, server.url, emulated=True, api_key_env=None).look(wire.batch_id)
    assert server.asked[0].headers["authorization"] == "Bearer emulator"


@BOTH
def test_an_emulated_profile_without_an_address_reaches_no_real_provider(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="start the emulator"):
        adapter(wire.protocol, None, emulated=True).look(wire.batch_id)


@BOTH
def test_a_profiles_own_address_wins_over_the_sdks_variable(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, name = server.url, f"{wire.protocol.upper()}_BASE_URL"
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    monkeypatch.setenv(name, closed_port())
    assert adapter(wire.protocol, own).look(wire.batch_id).look is Look.RUNNING
    monkeypatch.setenv(name, f"{own}/v1" if wire is OPENAI else own)
    assert adapter(wire.protocol, None).look(wire.batch_id).look is Look.RUNNING


@BOTH
def test_an_address_that_is_none_is_a_configuration_error(wire: Wire) -> None:
    with pytest.raises(ConfigurationError, match="base URL"):
        adapter(wire.protocol, "llm.house.example").look(wire.batch_id)
