"""Account trouble, inputs that are too large and unfit content, in the forms in which providers and gateways tell them:
as an answer to a call, inside a result line, as the error of a failed batch. The words themselves are in the table, with
its own test."""

from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import BlockedError, DeskError, PermanentError
from llm_assets.domain.reason import Reason
from llm_assets.domain.refusals import Refused
from llm_assets.domain.requests.batch import Look
from llm_assets.domain.requests.outcome import Outcome, reason_of
from resources.providers.anthropic import wire as anthropic_wire
from resources.providers.gemini import answers as gemini_answers
from resources.providers.gemini import wire as gemini_wire
from resources.providers.openai import wire as openai_wire
from tests.support.providers.provider_kit import (
    ANTHROPIC,
    EVERY,
    GEMINI,
    MAIL,
    OPENAI,
    Wire,
    adapter,
    request,
    spooled,
)
from tests.support.providers.provider_server import Canned, Reply

pytestmark = pytest.mark.usefixtures("key")

CREDIT = "Your credit balance is too low to access the Anthropic API."
TOLD = [
    (400, {"error": {"type": "invalid_request_error", "message": CREDIT}}, Refused.MONEY),
    (400, {"error": {"type": "invalid_request_error", "code": "billing_hard_limit_reached"}}, Refused.MONEY),
    (402, {"error": {"code": 402, "message": "Insufficient credits."}}, Refused.MONEY),
    (429, {"error": {"type": "insufficient_quota", "code": "insufficient_quota"}}, Refused.MONEY),
    (400, {"error": {"type": "budget_exceeded", "code": "400", "message": "Budget has been exceeded! x"}}, Refused.MONEY),
    (500, {"error": {"type": None, "code": "500", "message": f"litellm.APIError: {CREDIT}"}}, Refused.MONEY),
    (403, {"error": {"code": "QuotaExceeded", "message": "m"}}, Refused.MONEY),
    (401, {"error": "Unauthorized"}, Refused.KEY),
    (401, {"object": "error", "message": "Unauthorized", "type": "error", "code": None}, Refused.KEY),
    (401, {"error": {"code": "account_deactivated", "type": "invalid_request_error"}}, Refused.KEY),
    (400, {"error": {"type": "invalid_request_error", "message": "This organization has been disabled."}}, Refused.KEY),
    (400, {"error": {"type": "invalid_request_error", "code": "organization_restricted"}}, Refused.KEY),
    (403, {"error": {"type": "request_forbidden", "code": "unsupported_country_region_territory"}}, Refused.KEY),
    (403, {"error": {"type": "access_terminated", "code": "access_terminated"}}, Refused.KEY),
    (403, {"error": {"message": "You have insufficient permissions for this operation. Missing scopes: x."}}, Refused.KEY),
    (403, {"message": "User is not authorized", "type": "AccessDeniedException"}, Refused.KEY),
    (404, {"error": {"code": "DeploymentNotFound", "message": "m"}}, Refused.CONFIGURATION),
]  # fmt: skip


@EVERY
@pytest.mark.parametrize(("status", "body", "kind"), TOLD, ids=lambda value: str(value)[:70])
def test_an_answer_about_the_account_blocks_and_says_what_to_do(
    wire: Wire, status: int, body: dict[str, Any], kind: Refused, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.create}", Reply(status, body))
    server.on(f"POST {wire.online}", Reply(status, body, {"retry-after": "40"}))
    provider = adapter(wire.protocol, server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(BlockedError) as created:
        provider.create(batch, spool)
    with pytest.raises(BlockedError) as asked:
        provider.ask(provider.line(request(wire.protocol), "id-1"))
    assert (created.value.kind, asked.value.kind) == (kind, kind)
    assert asked.value.retry_after == 40 or status == 404
    assert any(
        cure in str(created.value)
        for cure in ("add credit", "check TEST_LLM_KEY", "TEST_LLM_KEY", "`models`")
    )
    assert "credit balance" not in str(created.value)


LINES = [(status, body["error"], kind) for status, body, kind in TOLD if isinstance(body.get("error"), dict)]


@pytest.mark.parametrize(("status", "error", "kind"), LINES, ids=lambda value: str(value)[:70])
def test_a_line_about_the_account_leaves_its_request_due(
    status: int, error: dict[str, Any], kind: Refused
) -> None:
    why = Reason.MISCONFIGURED if kind is Refused.CONFIGURATION else Reason.NOT_ALLOWED
    response = {"status_code": status, "request_id": "r", "body": {"error": error}}
    told = [openai_wire.answer_of({"custom_id": "c", "response": response, "error": None})]
    told.append(openai_wire.answer_of({"custom_id": "c", "response": None, "error": error}))
    errored = {"type": "errored", "error": {"type": "error", "error": error, "request_id": "r"}}
    told.append(anthropic_wire.answer_of({"custom_id": "c", "result": errored}))
    told.append(gemini_answers.answer_of({"key": "c", "error": error}))
    if status in (401, 403) and "code" not in error:
        told = told[:1]  # no other protocol tells the status of a line
    assert {(a.outcome, reason_of(a)) for a in told} == {(Outcome.FAILED_TRANSIENT, why)}


BATCHES = [
    ("billing_hard_limit_reached", "", Look.BLOCKED, Refused.MONEY),
    ("insufficient_quota", "", Look.BLOCKED, Refused.MONEY),
    ("account_deactivated", "", Look.BLOCKED, Refused.KEY),
    (None, "Billing hard limit has been reached.", Look.BLOCKED, Refused.MONEY),
    ("token_limit_exceeded", "", Look.LATER, Refused.QUEUE_FULL),
    (None, "File is too large. Max file size is 200 MB.", Look.TOO_LARGE, Refused.TOO_LARGE),
    ("too_many_tasks", "", Look.TOO_LARGE, Refused.TOO_LARGE),
    ("content_filter", "", Look.UNFIT, Refused.CONTENT_FILTER),
    ("invalid_json_line", "", Look.REJECTED, None),
]


@pytest.mark.parametrize(("code", "message", "look", "kind"), BATCHES)
def test_a_failed_batch_is_told_apart_by_its_errors(
    code: str | None, message: str, look: Look, kind: Refused | None
) -> None:
    error = {"code": code, "message": message, "line": None, "param": None}
    view = openai_wire.view_of({"id": "batch_1", "status": "failed", "errors": {"data": [error]}})
    assert (view.look, view.kind) == (look, kind)


@pytest.mark.parametrize(
    ("error", "look", "kind"),
    [
        ({"code": 8, "message": "Your prepayment credits are depleted."}, Look.BLOCKED, Refused.MONEY),
        ({"code": 9, "message": "Please enable billing on this project."}, Look.BLOCKED, Refused.MONEY),
        ({"code": 7, "message": "The caller does not have permission"}, Look.BLOCKED, Refused.KEY),
        ({"code": 16}, Look.BLOCKED, Refused.KEY),
        (
            {"code": 9, "message": "User location is not supported for the API use."},
            Look.BLOCKED,
            Refused.KEY,
        ),
        ({"code": 5, "message": "models/x is not found"}, Look.BLOCKED, Refused.CONFIGURATION),
        ({"code": 8, "message": "You exceeded your current quota."}, Look.LATER, Refused.TRANSIENT),
        ({"code": 3, "message": "Request payload size exceeds the limit"}, Look.TOO_LARGE, Refused.TOO_LARGE),
        ({"code": 3, "message": "Failed to parse line 3."}, Look.REJECTED, None),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_failed_batch_of_gemini_is_told_apart_by_its_error(
    error: dict[str, Any], look: Look, kind: Refused | None
) -> None:
    view = gemini_wire.view_of(GEMINI.batch("BATCH_STATE_FAILED", error=error))
    assert (view.look, view.kind) == (look, kind)


def test_a_failed_batch_with_several_errors_is_blocked_by_the_one_of_the_account() -> None:
    errors = [{"code": "invalid_json_line", "line": 3}, {"code": "billing_hard_limit_reached", "line": None}]
    view = openai_wire.view_of({"id": "batch_1", "status": "failed", "errors": {"data": errors}})
    assert view.look is Look.BLOCKED
    assert view.detail == "invalid_json_line (line 3), billing_hard_limit_reached"


UNFIT = [
    (
        OPENAI,
        {"code": "content_filter", "message": "m", "innererror": {"code": "ResponsibleAIPolicyViolation"}},
    ),
    (OPENAI, {"code": "content_policy_violation", "type": "invalid_request_error", "message": "m"}),
    (OPENAI, {"code": None, "message": "The response was filtered due to the prompt triggering a policy."}),
    (ANTHROPIC, {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}),
]


@pytest.mark.parametrize(("wire", "error"), UNFIT, ids=lambda value: str(value)[:60])
def test_a_content_filter_is_a_refusal_in_a_line_and_online(
    wire: Wire, error: dict[str, Any], server: Canned
) -> None:
    server.on(f"POST {wire.online}", Reply(400, {"type": "error", "error": error}))
    provider = adapter(wire.protocol, server.url)
    with pytest.raises(PermanentError) as caught:
        provider.ask(provider.line(request(wire.protocol), "id-1"))
    assert caught.value.code == "content_filter"
    if wire is OPENAI:
        answer = openai_wire.answer_of(
            {"custom_id": "c", "response": {"status_code": 400, "body": {"error": error}}}
        )
    else:
        errored = {"type": "errored", "error": {"type": "error", "error": error}}
        answer = anthropic_wire.answer_of({"custom_id": "c", "result": errored})
    assert answer.outcome is Outcome.REFUSED


@EVERY
@pytest.mark.parametrize(
    "told",
    ["File is too large.", "Maximum content size limit (26214400) exceeded.", "Request entity too large"],
)
def test_an_input_that_only_a_sentence_calls_too_large_is_so(
    wire: Wire, told: str, server: Canned, tmp_path: Path
) -> None:
    server.on(f"POST {wire.create}", Reply(400, wire.error("invalid_request_error", message=told)))
    provider = adapter(wire.protocol, server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(DeskError) as caught:
        provider.create(batch, spool)
    assert isinstance(caught.value, PermanentError) and caught.value.code == "too_large"
