"""The table of refusals: each row by itself, and words as providers and gateways put them together."""

from collections import Counter

import pytest

from llm_assets.domain.reason import OF_THE_ACCOUNT, Reason
from llm_assets.domain.refusals import (
    ACCOUNT,
    CURES,
    UNCODED,
    Refused,
    classify,
    kind_of,
    reason_of_code,
    rows,
)


@pytest.mark.parametrize(("place", "word", "kind"), list(rows()), ids=lambda value: str(value))
def test_each_row_means_what_it_says(place: str, word: str | int, kind: Refused) -> None:
    if place == "status":
        assert classify(status=int(word)) is kind
        return
    text = str(word)
    match place:
        case "code":
            for spelled in (text, text.upper(), text.lower(), text.replace("_", "-")):
                assert classify(codes=[spelled], status=400) is kind
            assert classify(kind=text, status=400) is kind
        case "part":
            assert classify(codes=[f"monthly_{text}_reached"], status=429) is kind
        case "sentence":
            for told in (
                text,
                text.capitalize(),
                f"litellm.BadRequestError: OpenAIException - {text}, sorry.",
            ):
                assert classify(message=told, status=400) is kind


def test_no_word_stands_in_its_part_of_the_table_twice() -> None:
    words = Counter((place, str(word).lower().replace("_", "").replace("-", "")) for place, word, _ in rows())
    assert [word for word, count in words.items() if count > 1] == []


AS_TOLD = [
    (Refused.MONEY, {"kind": "invalid_request_error", "message": "Your credit balance is too low to access the API.", "status": 400}),
    (Refused.MONEY, {"codes": ["insufficient_quota"], "kind": "insufficient_quota", "status": 429}),
    (Refused.MONEY, {"codes": ["enforced_spend_limit_reached"], "kind": "rate_limit_error", "status": 429}),
    (Refused.MONEY, {"kind": "budget_exceeded", "codes": ["429"], "status": 429}),
    (Refused.MONEY, {"kind": "auth_error", "codes": ["400"], "message": "ExceededBudget: End User=u over budget.", "status": 400}),
    (Refused.MONEY, {"codes": ["blocked_api_access"], "status": 400}),
    (Refused.MONEY, {"codes": ["402"], "message": "Insufficient credits. Add more to continue.", "status": 402}),
    (Refused.MONEY, {"codes": ["QuotaExceeded"], "status": 403}),
    (Refused.MONEY, {"message": "litellm.BadRequestError: AnthropicException - b'{\"type\":\"error\",\"error\":{\"message\":\"Your credit balance is too low\"}}'", "status": 400}),
    (Refused.KEY, {"codes": ["organization_restricted"], "kind": "invalid_request_error", "status": 400}),
    (Refused.KEY, {"message": "Unauthorized", "status": 401}),
    (Refused.KEY, {"codes": ["AccessDenied"], "status": 400}),
    (Refused.KEY, {"kind": "PERMISSION_DENIED", "status": 403}),
    (Refused.KEY, {"codes": ["unsupported_country_region_territory"], "kind": "request_forbidden", "status": 403}),
    (Refused.KEY, {"codes": ["access_terminated"], "status": 403}),
    (Refused.KEY, {"kind": "invalid_request_error", "message": "This organization has been disabled.", "status": 400}),
    (Refused.CONFIGURATION, {"codes": ["DeploymentNotFound"], "status": 404}),
    (Refused.CONTENT_FILTER, {"codes": ["403"], "message": "That model requires moderation. Your input was flagged for spam.", "status": 403}),
    (Refused.CONTENT_FILTER, {"codes": ["ResponsibleAIPolicyViolation", "content_filter"], "status": 400}),
    (Refused.TOO_LARGE, {"message": "File is too large. Max file size is 512 MB.", "status": 400}),
    (Refused.TRANSIENT, {"codes": ["RESOURCE_EXHAUSTED"], "message": "You exceeded your current quota, please check your plan and billing details.", "status": 429}),
    (Refused.TRANSIENT, {"kind": "tokens", "codes": ["rate_limit_exceeded"], "message": "Request too large for gpt on tokens per min.", "status": 429}),
    (None, {"kind": "invalid_request_error", "message": "Invalid value: 'File is too large'.", "status": 400}),
    (None, {"kind": "invalid_request_error", "codes": ["invalid_value"], "status": 400}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "told"), AS_TOLD, ids=lambda value: str(value)[:60])
def test_refusals_as_they_are_told(kind: Refused | None, told: dict[str, object]) -> None:
    assert classify(**told) is kind  # type: ignore[arg-type]


def test_a_request_that_quotes_a_refusal_far_down_is_not_taken_for_one() -> None:
    told = "Unrecognized request argument supplied: " + "x" * 400 + ": your credit balance is too low"
    assert classify(message=told, status=400) is None


def test_what_blocks_has_a_cure_and_uses_up_no_try() -> None:
    assert set(CURES) == ACCOUNT
    for _, word, kind in rows():
        reason = reason_of_code(str(word))
        if kind in ACCOUNT and kind_of(str(word)) is kind:
            assert reason in OF_THE_ACCOUNT
    assert {kind_of(code) for code in UNCODED.values()} == set(UNCODED)
    assert reason_of_code("model_not_found") is Reason.MISCONFIGURED
