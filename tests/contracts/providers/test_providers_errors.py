"""What goes wrong on the wire and how it is classified, through the real SDKs against a loopback server."""

import logging
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import (
    BlockedError,
    ConfigurationError,
    ContractError,
    DeskError,
    PermanentError,
    TransientError,
    UnansweredError,
)
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Look
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.ports.provider import Provider
from resources.providers.anthropic import wire as anthropic_wire
from tests.support.providers.provider_kit import (
    ANTHROPIC,
    EVERY,
    GEMINI,
    KEY,
    MAIL,
    OPENAI,
    Wire,
    adapter,
    fresh_adapter,
    request,
    spooled,
)
from tests.support.providers.provider_server import Canned, Reply, closed_port

pytestmark = pytest.mark.usefixtures("key")


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
    (GEMINI, 400, "INVALID_ARGUMENT", None, PermanentError),
    (GEMINI, 401, "UNAUTHENTICATED", None, BlockedError),
    (GEMINI, 403, "PERMISSION_DENIED", None, BlockedError),
    (GEMINI, 403, "PERMISSION_DENIED", "BILLING_DISABLED", BlockedError),
    (GEMINI, 404, "NOT_FOUND", None, BlockedError),
    (GEMINI, 429, "RESOURCE_EXHAUSTED", None, TransientError),
    (GEMINI, 500, "INTERNAL", None, TransientError),
    (GEMINI, 503, "UNAVAILABLE", None, TransientError),
    (GEMINI, 504, "DEADLINE_EXCEEDED", None, TransientError),
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
    server.on(f"POST {wire.create}", Reply(status, wire.error(kind, code or f"{MAIL} {KEY}")))
    with pytest.raises(DeskError) as caught:
        creating(wire, server, tmp_path)()
    assert type(caught.value) is (UnansweredError if status >= 500 else expected)
    assert len(server.calls(f"POST {wire.create}")) == 1
    told = "".join(traceback.format_exception(caught.value))
    assert "4400-1234" not in told and KEY not in told


def test_a_prompt_beyond_anthropics_context_is_too_large_though_its_refusal_has_no_code(
    server: Canned,
) -> None:
    told = ANTHROPIC.error(
        "invalid_request_error", message="prompt is too long: 209353 tokens > 200000 maximum"
    )
    server.on(f"POST {ANTHROPIC.online}", Reply(400, told))
    with pytest.raises(PermanentError) as caught:
        asking(ANTHROPIC, adapter("anthropic", server.url))()
    assert caught.value.code == "too_large"
    line = {"custom_id": "a", "result": {"type": "errored", "error": told}}
    answer = anthropic_wire.answer_of(line)
    assert (answer.outcome, answer.detail) == (Outcome.TOO_LARGE, "context_length_exceeded")


@EVERY
@pytest.mark.parametrize("status", [408, 499])
def test_a_create_that_a_proxy_gave_up_on_is_open(
    wire: Wire, status: int, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.create}", Reply(status, b"<html>timeout</html>"))
    with pytest.raises(UnansweredError):
        creating(wire, server, tmp_path)()


@EVERY
def test_a_create_whose_connection_is_reset_is_open_and_was_sent_once(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.create}", Reply(cut=True))
    with pytest.raises(UnansweredError, match="reconcile decides"):
        creating(wire, server, tmp_path)()
    assert len(server.calls(f"POST {wire.create}")) == 1


@EVERY
def test_a_create_that_is_not_answered_in_time_is_open(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"POST {wire.create}", Reply(silent=True))
    with pytest.raises(UnansweredError, match="did not answer in time"):
        creating(wire, server, tmp_path, timeout=0.3)()


@EVERY
@pytest.mark.parametrize(
    "reply",
    [Reply(200, {"object": "odd"}), Reply(200, b'{"id": "batc'), Reply(200, b"OK", {"content-type": "text/plain"}), Reply(200, [])],
    ids=["no id", "cut JSON", "no JSON", "a list"],
)  # fmt: skip
def test_a_create_answered_without_an_id_is_open(
    wire: Wire, reply: Reply, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.create}", reply)
    with pytest.raises(UnansweredError):
        creating(wire, server, tmp_path)()


@EVERY
def test_a_create_that_nobody_listens_to_certainly_did_not_happen(wire: Wire, tmp_path: Path) -> None:
    provider = adapter(wire.protocol, closed_port())
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(TransientError, match="cannot be reached at 127.0.0.1") as caught:
        provider.create(batch, spool)
    assert caught.value.reason is Reason.UNREACHABLE


def test_an_input_file_the_provider_does_not_see_yet_is_waited_for(server: Canned, tmp_path: Path) -> None:
    server.on("POST /v1/batches", Reply(404, OPENAI.error("invalid_request_error")))
    with pytest.raises(TransientError):
        creating(OPENAI, server, tmp_path)()


@EVERY
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


@EVERY
@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(429, b"{}"), Reason.RATE_LIMIT),
        (Reply(500, b"{}"), Reason.SERVER_ERROR),
        (Reply(503, b"<html>busy</html>"), Reason.OVERLOADED),
        (Reply(504, b"<html>timeout</html>"), Reason.TIMEOUT),
        (Reply(408, b"{}"), Reason.TIMEOUT),
        (Reply(silent=True), Reason.TIMEOUT),
        (Reply(cut=True), Reason.SERVER_ERROR),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_failures_that_pass_are_told_apart(wire: Wire, reply: Reply, reason: Reason, server: Canned) -> None:
    server.on(f"POST {wire.online}", reply)
    with pytest.raises(TransientError) as caught:
        asking(wire, adapter(wire.protocol, server.url, timeout=0.3))()
    assert caught.value.reason is reason


def test_a_request_longer_than_the_model_reads_is_too_large(server: Canned) -> None:
    error = OPENAI.error("invalid_request_error", "context_length_exceeded")
    server.on(f"POST {OPENAI.online}", Reply(400, error))
    with pytest.raises(PermanentError) as caught:
        asking(OPENAI, adapter("openai", server.url))()
    assert caught.value.code == "too_large"


@EVERY
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


@EVERY
def test_an_input_that_is_too_large_says_so_even_in_html(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"POST {wire.create}", Reply(413, b"<html>413</html>", {"content-type": "text/html"}))
    with pytest.raises(PermanentError) as caught:
        creating(wire, server, tmp_path)()
    assert caught.value.code == "too_large"


@EVERY
def test_a_wrong_key_is_named_by_its_variable(wire: Wire, server: Canned) -> None:
    server.on(f"POST {wire.online}", Reply(401, wire.error("authentication_error", "invalid_api_key")))
    with pytest.raises(BlockedError, match=r"refused the key \(401 invalid_api_key.*\): check TEST_LLM_KEY"):
        asking(wire, adapter(wire.protocol, server.url))()


@EVERY
def test_the_sdk_logs_no_mail_even_when_debugging(
    wire: Wire, server: Canned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger(wire.protocol).setLevel(logging.DEBUG)
    server.on(f"POST {wire.online}", Reply(200, wire.online_answer("{}")))
    asking(wire, fresh_adapter(wire.protocol, server.url))()
    assert "4400-1234" not in caplog.text and KEY not in caplog.text


@EVERY
def test_an_unknown_batch_is_not_gone_but_unknown(wire: Wire, server: Canned) -> None:
    server.on(f"GET {wire.one}", Reply(404, wire.error("not_found_error")))
    assert adapter(wire.protocol, server.url).look(wire.batch_id).look is Look.UNKNOWN


@EVERY
def test_a_proxy_that_knows_no_such_address_is_not_taken_for_an_unknown_batch(
    wire: Wire, server: Canned
) -> None:
    server.on(f"GET {wire.one}", Reply(404, b"<html>nginx</html>", {"content-type": "text/html"}))
    with pytest.raises(BlockedError, match="base URL"):
        adapter(wire.protocol, server.url).look(wire.batch_id)


@EVERY
def test_a_gateway_that_answers_500_for_an_unknown_batch_is_asked_again(wire: Wire, server: Canned) -> None:
    server.on(f"GET {wire.one}", Reply(500, wire.error("api_error")))
    with pytest.raises(TransientError):
        adapter(wire.protocol, server.url).look(wire.batch_id)
    assert len(server.calls(f"GET {wire.one}")) == 1


@EVERY
def test_an_unknown_status_is_an_error_with_the_batchs_id(wire: Wire, server: Canned) -> None:
    provider = adapter(wire.protocol, server.url)
    lenient = type(provider)(provider.profile, timeout_seconds=5)
    server.on(f"GET {wire.one}", Reply(200, wire.batch("hibernating")))
    with pytest.raises(ContractError, match=f"{wire.batch_id}.*hibernating"):
        lenient.look(wire.batch_id)


@EVERY
def test_strict_mode_has_the_sdk_check_every_answer(wire: Wire, server: Canned) -> None:
    broken = wire.batch()
    del (broken["metadata"] if wire is GEMINI else broken)["createTime" if wire is GEMINI else "created_at"]
    server.on(f"GET {wire.one}", Reply(200, broken))
    with pytest.raises(ContractError):
        adapter(wire.protocol, server.url).look(wire.batch_id)


@EVERY
def test_cancelling_what_has_ended_is_no_error(wire: Wire, server: Canned) -> None:
    ended = wire.batch(wire.ended)
    server.on(f"POST {wire.cancels}", Reply(400, wire.error("invalid_request_error")))
    server.on(f"GET {wire.one}", Reply(200, ended))
    adapter(wire.protocol, server.url).cancel(wire.batch_id)
    assert len(server.calls(f"POST {wire.cancels}")) == 1


@EVERY
def test_cancelling_what_still_runs_and_is_refused_is_an_error(wire: Wire, server: Canned) -> None:
    server.on(f"POST {wire.cancels}", Reply(400, wire.error("invalid_request_error")))
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    with pytest.raises(PermanentError):
        adapter(wire.protocol, server.url).cancel(wire.batch_id)


@EVERY
def test_planning_needs_no_key_but_the_first_call_does(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TEST_LLM_KEY")
    provider = fresh_adapter(wire.protocol, server.url)
    assert provider.line(request(wire.protocol), "id-1")
    with pytest.raises(ConfigurationError, match="set TEST_LLM_KEY"):
        provider.look(wire.batch_id)
    assert server.asked == []


@EVERY
def test_an_emulated_profile_never_sends_a_real_key(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setenv("GEMINI_API_KEY", KEY)
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    fresh_adapter(wire.protocol, server.url, emulated=True, api_key_env=None).look(wire.batch_id)
    sent = server.asked[0].headers
    assert (sent.get("authorization") or f"Bearer {sent['x-goog-api-key']}") == "Bearer emulator"


@EVERY
def test_an_emulated_profile_without_an_address_reaches_no_real_provider(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    monkeypatch.delenv("ANTHROPIC_BASE_URL", raising=False)
    monkeypatch.delenv("GOOGLE_GEMINI_BASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="start the emulator"):
        fresh_adapter(wire.protocol, None, emulated=True).look(wire.batch_id)


@EVERY
def test_a_profiles_own_address_wins_over_the_sdks_variable(
    wire: Wire, server: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, name = server.url, PROTOCOLS[wire.protocol].base_url_env
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    monkeypatch.setenv(name, closed_port())
    assert fresh_adapter(wire.protocol, own).look(wire.batch_id).look is Look.RUNNING
    monkeypatch.setenv(name, f"{own}/v1" if wire is OPENAI else own)
    assert fresh_adapter(wire.protocol, None).look(wire.batch_id).look is Look.RUNNING


@EVERY
def test_an_address_that_is_none_is_a_configuration_error(wire: Wire) -> None:
    with pytest.raises(ConfigurationError, match="base_url of profile"):
        fresh_adapter(wire.protocol, "llm.house.example").look(wire.batch_id)
