"""Gemini's answers and refusals, as its SDK names them and its users have seen them."""

from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import BlockedError, PermanentError, TransientError
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Outcome, reason_of
from resources.providers.gemini import answers
from resources.providers.gemini.answers import Finish
from tests.support.providers.provider_kit import GEMINI, MAIL, adapter, generated, request, rpc_error, spooled
from tests.support.providers.provider_server import Canned, Reply

pytestmark = pytest.mark.usefixtures("key")


def finish(reason: str | None) -> dict[str, Any]:
    body = generated('{"category": "card"}')
    body["candidates"][0]["finishReason"] = reason
    return body


REFUSED = ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "ESCALATION", "MODEL_ARMOR"]
REFUSED += ["IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "IMAGE_RECITATION"]


@pytest.mark.parametrize("reason", Finish)
def test_every_finish_reason_has_an_outcome(reason: Finish) -> None:
    expected = {"STOP": Outcome.SUCCEEDED, "MAX_TOKENS": Outcome.CUT, "CONTINUATION": Outcome.CUT}
    expected |= {"PUP_LIMITED_DISABLED": Outcome.FAILED_TRANSIENT, **dict.fromkeys(REFUSED, Outcome.REFUSED)}
    assert answers.generated("a", finish(reason)).outcome is expected.get(reason, Outcome.INVALID)


def test_thoughts_are_no_answer_and_are_billed_as_output() -> None:
    answer = answers.generated("a", generated("{}"))
    assert answer.text == "{}"
    assert answer.usage == Usage(input_tokens=1200, cached_tokens=1000, output_tokens=30, thinking_tokens=10)


def test_a_blocked_prompt_is_refused_although_it_has_no_candidate() -> None:
    body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 9}}
    answer = answers.generated("a", body)
    assert (answer.outcome, answer.detail) == (Outcome.REFUSED, "PROHIBITED_CONTENT")
    assert answer.usage == Usage(input_tokens=9)


def test_a_finish_reason_nobody_named_is_invalid() -> None:
    answer = answers.generated("a", finish("NEW_REASON"))
    assert (answer.outcome, answer.detail) == (Outcome.INVALID, "finishReason:NEW_REASON")


def test_no_candidate_and_no_reason_is_invalid() -> None:
    assert answers.generated("a", {"candidates": []}).outcome is Outcome.INVALID


@pytest.mark.parametrize("where", ["error", "status"])
@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        ({"code": 3, "message": "bad"}, Outcome.FAILED_PERMANENT, Reason.REJECTED),
        ({"code": 400, "status": "INVALID_ARGUMENT"}, Outcome.FAILED_PERMANENT, Reason.REJECTED),
        ({"code": 11}, Outcome.FAILED_PERMANENT, Reason.REJECTED),
        ({"code": 5, "message": "models/x is not found"}, Outcome.FAILED_TRANSIENT, Reason.MISCONFIGURED),
        (
            {
                "code": 3,
                "message": "The input token count exceeds the maximum number of tokens allowed 1048576.",
            },
            Outcome.TOO_LARGE,
            Reason.TOO_LARGE,
        ),
        ({"code": 8}, Outcome.FAILED_TRANSIENT, Reason.RATE_LIMIT),
        ({"code": 429, "status": "RESOURCE_EXHAUSTED"}, Outcome.FAILED_TRANSIENT, Reason.RATE_LIMIT),
        ({"code": 13}, Outcome.FAILED_TRANSIENT, Reason.SERVER_ERROR),
        ({"code": 14}, Outcome.FAILED_TRANSIENT, Reason.OVERLOADED),
        ({"code": 7}, Outcome.FAILED_TRANSIENT, Reason.NOT_ALLOWED),
        ({"code": 16}, Outcome.FAILED_TRANSIENT, Reason.NOT_ALLOWED),
        ({"code": 9, "message": "Enable billing to go on."}, Outcome.FAILED_TRANSIENT, Reason.NOT_ALLOWED),
        (
            {"code": 8, "message": "Your prepayment credits are depleted. Please go elsewhere."},
            Outcome.FAILED_TRANSIENT,
            Reason.NOT_ALLOWED,
        ),
        ({"code": 1}, Outcome.CANCELLED, Reason.CANCELLED),
        ({"code": 4}, Outcome.EXPIRED, Reason.EXPIRED),
        ({"code": 77}, Outcome.FAILED_TRANSIENT, Reason.OTHER),
    ],
)
def test_an_error_of_a_line_is_classified_in_either_place(
    where: str, error: dict[str, Any], outcome: Outcome, reason: Reason
) -> None:
    answer = answers.answer_of({"key": "a", where: error})
    assert (answer.custom_id, answer.outcome, reason_of(answer)) == ("a", outcome, reason)


def test_the_key_of_an_inlined_answer_is_in_its_metadata() -> None:
    line = {"metadata": {"key": "id-1"}, "response": generated("{}")}
    assert answers.answer_of(line).custom_id == "id-1"
    assert answers.answer_of({"response": generated("{}")}).custom_id == ""
    assert answers.answer_of({"key": "a"}).outcome is Outcome.FAILED_TRANSIENT


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, rpc_error("INVALID_ARGUMENT", "API_KEY_INVALID", "API key not valid."), BlockedError),
        (400, rpc_error("FAILED_PRECONDITION", None, "User location is not supported."), BlockedError),
        (400, rpc_error("FAILED_PRECONDITION", None, "Please enable billing."), BlockedError),
        (
            400,
            rpc_error("FAILED_PRECONDITION", None, "The File f1 is not in an ACTIVE state."),
            TransientError,
        ),
        (404, rpc_error("NOT_FOUND", None, "models/x is not found for API version v1beta"), BlockedError),
        (429, rpc_error("RESOURCE_EXHAUSTED", None, "Your prepayment credits are depleted."), BlockedError),
        (429, rpc_error("RESOURCE_EXHAUSTED", None, "You exceeded your current quota."), TransientError),
        (400, rpc_error("INVALID_ARGUMENT", None, "Invalid value"), PermanentError),
    ],
    ids=["key", "region", "billing", "file", "model", "credit", "quota", "input"],
)
def test_google_says_with_one_status_what_is_told_apart_here(
    status: int, error: dict[str, Any], kind: type[Exception], server: Canned, tmp_path: Path
) -> None:
    for body in ({"error": error}, [{"error": error}]):
        server.on(f"POST {GEMINI.create}", Reply(status, body))
        provider = adapter("gemini", server.url)
        batch, spool, _ = spooled(provider, tmp_path, [MAIL])
        with pytest.raises(kind):
            provider.create(batch, spool)


def test_a_body_says_when_to_come_back(server: Canned) -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37.5s"}
    error = {**rpc_error("RESOURCE_EXHAUSTED", None, "quota", 429), "details": [retry]}
    server.on(f"POST {GEMINI.online}", Reply(429, {"error": error}))
    provider = adapter("gemini", server.url)
    with pytest.raises(TransientError) as caught:
        provider.ask(provider.line(request("gemini"), "id-1"))
    assert caught.value.retry_after == 37.5
