"""What a provider may answer, as scenarios of the emulator, and what becomes of a night of three requests.

`docs/explanation/crash-safety.md` has a line for each; a test compares them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.nights.real_night import Protocol

BOTH: tuple[Protocol, ...] = ("openai", "anthropic")
OPENAI: tuple[Protocol, ...] = ("openai",)
ANTHROPIC: tuple[Protocol, ...] = ("anthropic",)

FIRST = 'custom_id: "-1$"'
"""Requests in their first attempt."""


@dataclass(frozen=True)
class Case:
    name: str
    scenario: str
    """One rule: `part: {…}`."""
    states: Mapping[str, int] = field(default_factory=lambda: {"ok": 3})
    reasons: Mapping[str, int] = field(default_factory=dict)
    """Failed attempts by reason, as the ledger counts them."""
    creates: int = 1
    executed: int = 3
    protocols: tuple[Protocol, ...] = BOTH


def batch(rule: str, when: str = "times: 1") -> str:
    return f"batches:\n  - when: {{{when}}}\n    {rule}\n"


def request(outcome: str, when: str = FIRST, **more: object) -> str:
    rest = "".join(f"\n    {name}: {value}" for name, value in more.items())
    return f"requests:\n  - when: {{{when}}}\n    outcome: {outcome}{rest}\n"


def call(rule: str, operation: str, times: int = 1) -> str:
    return f"calls:\n  - when: {{operation: {operation}, times: {times}}}\n    {rule}\n"


def again(reason: str, count: int = 3) -> dict[str, object]:
    """All of a first attempt fail and succeed when they are asked again."""
    return {"reasons": {reason: count}, "creates": 2, "executed": 3 + count}


def given_up(reason: str) -> dict[str, object]:
    return {"states": {"review": 3}, "reasons": {reason: 9}, "creates": 3, "executed": 9}


CODES = ("invalid_json_line", "duplicate_custom_id", "url_mismatch", "model_mismatch", "empty_file")
TRANSIENT = {
    "error 408: timeout": (408, "timeout"),
    "error 429: rate limit": (429, "rate_limit"),
    "error 500: server error": (500, "server_error"),
    "error 503: overloaded": (503, "overloaded"),
}
KINDS = {
    "timeout_error": "timeout",
    "rate_limit_error": "rate_limit",
    "api_error": "server_error",
    "overloaded_error": "overloaded",
}


def of_the_account(**error: object) -> dict[str, object]:
    """All of a first try are refused for the account: no attempt of a request. One is asked online when it is time, which
    is not counted here, and the others follow in a batch."""
    return {"scenario": request("error", "tries: [1]", **error), "creates": 2, "executed": 5}


VALIDATION = [
    Case(
        f"validation: {code}",
        batch(f"fail: {code}"),
        {"dead": 3},
        {"rejected": 3},
        executed=0,
        protocols=OPENAI,
    )
    for code in CODES
] + [
    *(
        Case(f"validation: {code}", batch(f"fail: {code}"), creates=2, executed=2, protocols=OPENAI)
        for code in ("billing_hard_limit_reached", "account_deactivated")
    ),
    Case(
        "validation: file too large, without a code",
        batch("fail: file_too_large"),
        creates=3,
        protocols=OPENAI,
    ),
    Case("validation: too_many_tasks", batch("fail: too_many_tasks"), creates=3, protocols=OPENAI),
    Case(
        "validation: too_many_tasks, even of one",
        batch("fail: too_many_tasks", ""),
        {"review": 3},
        {"too_large": 3},
        creates=5,
        executed=0,
        protocols=OPENAI,
    ),
    Case("token_limit_exceeded", batch("fail: token_limit_exceeded"), creates=2, protocols=OPENAI),
    Case(
        "token_limit_exceeded, twice",
        batch("fail: token_limit_exceeded", "times: 2"),
        creates=4,
        protocols=OPENAI,
    ),
]

WHOLE_BATCHES = [
    Case("only an error file", batch("all_requests: error"), **again("server_error")),  # type: ignore[arg-type]
    Case(
        "expired, partly run and paid",
        batch("expire_after_share: 0.34"),
        reasons={"expired": 2},
        creates=2,
        executed=3,
    ),
    Case(
        "expired before anything ran",
        batch("expire_after_share: 0"),
        reasons={"expired": 3},
        creates=2,
    ),
    Case("null output file", batch("null_output: true"), **again("missing")),  # type: ignore[arg-type]
    Case("missing custom_id", batch("missing_results: 1"), reasons={"missing": 1}, creates=2, executed=4),
    Case("duplicate custom_id", batch("duplicate_results: 2")),
    Case("unknown custom_id", batch("unknown_results: 2")),
    Case("stream cut at a line end", batch("truncate_after_lines: 1")),
    Case("stream cut at a line end, twice", batch("truncate_after_lines: 2\n    truncate_times: 2")),
    Case("stream cut inside a line", batch("truncate_after_lines: 1\n    truncate_inside: true")),
    Case("results short for some minutes", batch("truncate_after_lines: 1\n    truncate_seconds: 300")),
    Case(
        "results short for good",
        batch("truncate_after_lines: 1\n    truncate_seconds: 1000000"),
        reasons={"missing": 2},
        creates=2,
        executed=5,
    ),
    Case("results 404 for some minutes", batch("absent_seconds: 300")),
    Case("results 404 for good", batch("absent_seconds: 1000000"), **again("missing")),  # type: ignore[arg-type]
    *(
        Case(f"result line: {kind}", batch(f"spoil: {kind}"))
        for kind in ("surrogate", "invalid_utf8", "nan", "bom", "trailing_null")
    ),
    Case(
        "result line: unreadable",
        batch("spoil: unreadable"),
        reasons={"unreadable": 1},
        creates=2,
        executed=4,
    ),
    Case("result line: cut for good", batch("spoil: cut"), reasons={"unreadable": 1}, creates=2, executed=4),
    Case("result line: nameless", batch("spoil: nameless"), reasons={"missing": 1}, creates=2, executed=4),
    Case("unknown field", batch("extra_fields: {mood: sunny, counts: {a: 1}}")),
    Case("404 for a new batch", batch("missing_looks: 2")),
    Case("404 for longer than the settle time, but listed", batch("missing_seconds: 1200")),
]

ANSWERS = [
    Case("refusal", request("refusal", ""), {"review": 3}, {"refused": 3}),
    Case("token limit, once", request("cut"), **again("cut")),  # type: ignore[arg-type]
    Case("token limit, always", request("cut", ""), **given_up("cut")),  # type: ignore[arg-type]
    Case("thinking, once", request("thinking_cut"), **again("cut_by_thinking")),  # type: ignore[arg-type]
    Case(
        "thinking, always",
        request("thinking_cut", ""),
        {"review": 3},
        {"cut_by_thinking": 6},
        creates=2,
        executed=6,
    ),
    Case("empty answer, once", request("empty"), **again("empty")),  # type: ignore[arg-type]
    Case("empty answer, always", request("empty", ""), **given_up("empty")),  # type: ignore[arg-type]
    Case("invalid JSON, once", request("invalid_json"), **again("invalid_json")),  # type: ignore[arg-type]
    Case("invalid JSON, always", request("invalid_json", ""), **given_up("invalid_json")),  # type: ignore[arg-type]
    Case("schema broken, once", request("wrong_schema"), **again("schema")),  # type: ignore[arg-type]
    Case("schema broken, always", request("wrong_schema", ""), **given_up("schema")),  # type: ignore[arg-type]
    Case("JSON in a Markdown fence", request("fenced")),
    Case("text in parts", request("parts")),
    Case("another word for the end", request("other_finish")),
    Case("no word for the end", request("no_finish")),
    Case("no usage", request("no_usage")),
    Case("request expired", request("expired"), reasons={"expired": 3}, creates=2),
    Case("request cancelled", request("cancelled"), reasons={"cancelled": 3}, creates=2),
    *(
        Case(name, request("error", status=status), protocols=OPENAI, **again(reason))  # type: ignore[arg-type]
        for name, (status, reason) in TRANSIENT.items()
    ),
    *(
        Case(f"errored: {kind}", request("error", type=kind), protocols=ANTHROPIC, **again(reason))  # type: ignore[arg-type]
        for kind, reason in KINDS.items()
    ),
    Case("error 401: not allowed", protocols=OPENAI, **of_the_account(status=401)),  # type: ignore[arg-type]
    Case(
        "error 429: no quota",
        protocols=OPENAI,
        **of_the_account(status=429, code="insufficient_quota"),  # type: ignore[arg-type]
    ),
    Case("errored: billing_error", protocols=ANTHROPIC, **of_the_account(type="billing_error")),  # type: ignore[arg-type]
    Case(
        "errored: credit balance too low",
        protocols=ANTHROPIC,
        **of_the_account(type="invalid_request_error", message="Your credit balance is too low."),  # type: ignore[arg-type]
    ),
    Case(
        "content filter",
        request("error", "", status=400, code="content_filter"),
        {"review": 3},
        {"refused": 3},
        protocols=OPENAI,
    ),
    Case(
        "content filter, as a sentence",
        request(
            "error", "", type="invalid_request_error", message="Output blocked by content filtering policy"
        ),
        {"review": 3},
        {"refused": 3},
        protocols=ANTHROPIC,
    ),
    Case(
        "server error, always",
        request("error", ""),
        {"dead": 3},
        {"server_error": 9},
        creates=3,
        executed=9,
    ),
    Case(
        "invalid request",
        request("error", "", status=400, type="invalid_request_error"),
        {"dead": 3},
        {"rejected": 3},
    ),
    Case(
        "request too large",
        request("error", "", status=413, type="request_too_large"),
        {"review": 3},
        {"too_large": 3},
    ),
]

CALLS = [
    Case("429 at the create", call("status: 429", "create_batch"), creates=2),
    Case("401 at the create", call("status: 401", "create_batch"), creates=3),
    Case("403 at the create", call("status: 403", "create_batch"), creates=3),
    Case("409 at the create", call("status: 409", "create_batch"), creates=2),
    Case("400 at the create", call("status: 400", "create_batch"), {"dead": 3}, {"rejected": 3}, executed=0),
    Case("413 at the create", call("status: 413", "create_batch"), creates=3),
    Case("413 at the upload", call("status: 413", "upload_file"), creates=2, protocols=OPENAI),
    Case(
        "500 at the create, accepted",
        call("status: 500\n    side_effect: true", "create_batch"),
    ),
    Case("500 at the create, not accepted", call("status: 500", "create_batch"), creates=2),
    Case("dropped connection after the create", call("drop: after", "create_batch")),
    Case("dropped connection before the create", call("drop: before", "create_batch"), creates=2),
    Case("dropped connection after the upload", call("drop: after", "upload_file"), protocols=OPENAI),
    Case("500 while polling", call("status: 500", "retrieve_batch", 2)),
    Case("dropped connection while polling", call("drop: before", "retrieve_batch", 2)),
    Case("503 for the list", call("status: 503", "list_batches", 2)),
    Case(
        "500 for the results",
        call("status: 500", "batch_results", 2),
        protocols=ANTHROPIC,
    ),
    Case("500 for the output file", call("status: 500", "file_content", 2), protocols=OPENAI),
]

CASES = [*VALIDATION, *WHOLE_BATCHES, *ANSWERS, *CALLS]
CORE = {
    "token_limit_exceeded",
    "only an error file",
    "expired, partly run and paid",
    "null output file",
    "missing custom_id",
    "duplicate custom_id",
    "results short for good",
    "results 404 for some minutes",
    "result line: surrogate",
    "result line: unreadable",
    "result line: nameless",
    "no usage",
    "refusal",
    "empty answer, once",
    "invalid request",
    "500 at the create, accepted",
    "dropped connection after the create",
}
"""What `make test` plays on Postgres too; `make soak` plays all."""
