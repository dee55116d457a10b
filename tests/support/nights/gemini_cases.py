"""What a Gemini batch may answer besides what `outcome_cases.py` plays at OpenAI and Anthropic, and what it never does.

`docs/explanation/crash-safety.md` has a line for each; a test compares them.
"""

from tests.support.nights.outcome_cases import BOTH, CASES, Case, again, batch, call, of_the_account, request
from tests.support.nights.real_night import Protocol

GEMINI: tuple[Protocol, ...] = ("gemini",)

NEVER = {
    "expired, partly run and paid": "an expired batch has no answers",
    "expired before anything ran": "an expired batch has no lines either",
}
"""Cases of both others that Gemini cannot show, with the reason."""

OWN = [
    Case(
        "the input is refused",
        batch("fail: INVALID_ARGUMENT"),
        {"dead": 3},
        {"rejected": 3},
        executed=0,
        protocols=GEMINI,
    ),
    Case("the quota for tokens is used up", batch("fail: RESOURCE_EXHAUSTED"), creates=2, protocols=GEMINI),
    Case("the key may not", batch("fail: PERMISSION_DENIED"), creates=2, executed=2, protocols=GEMINI),
    Case("billing is off", batch("fail: FAILED_PRECONDITION"), creates=2, executed=2, protocols=GEMINI),
    Case(
        "the service breaks the batch",
        batch("fail: INTERNAL"),
        reasons={"missing": 3},
        creates=2,
        protocols=GEMINI,
    ),
    Case(
        "expired, partly run",
        batch("expire_after_share: 0.34"),
        reasons={"missing": 3},
        creates=2,
        executed=4,
        protocols=GEMINI,
    ),
    Case(
        "cancelled from outside, answers kept",
        batch("cancel_after_share: 0.34"),
        reasons={"cancelled": 2},
        creates=2,
        protocols=GEMINI,
    ),
    Case(
        "cancelled from outside, answers lost",
        batch("cancel_after_share: 0.34\n    keep_partial: false"),
        reasons={"missing": 3},
        creates=2,
        executed=4,
        protocols=GEMINI,
    ),
    Case("answers in a file", batch("inline_output: false"), protocols=GEMINI),
    Case(
        "answers in a file, cut at a line end",
        batch("inline_output: false\n    truncate_after_lines: 1"),
        protocols=GEMINI,
    ),
    Case(
        "503 for the file of answers",
        call("status: 503", "file_content", 2) + batch("inline_output: false"),
        protocols=GEMINI,
    ),
    Case("line: UNAVAILABLE", request("error", status=503), protocols=GEMINI, **again("overloaded")),  # type: ignore[arg-type]
    Case("line: RESOURCE_EXHAUSTED", request("error", status=429), protocols=GEMINI, **again("rate_limit")),  # type: ignore[arg-type]
    Case("line: PERMISSION_DENIED", protocols=GEMINI, **of_the_account(status=403)),  # type: ignore[arg-type]
    Case(
        "line: no credit",
        protocols=GEMINI,
        **of_the_account(status=429, message="Your prepayment credits are depleted."),  # type: ignore[arg-type]
    ),
]

SHARED = [case for case in CASES if case.protocols == BOTH and case.name not in NEVER]
"""Cases of both others that hold at Gemini as they are."""
