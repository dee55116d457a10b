"""The scenario file: which faults a user may ask for, and when each of them applies.

    calls:                      # faults of single HTTP calls
      - when: {protocol: openai, operation: create_batch, calls: [1]}
        drop: after             # the batch exists, the answer never arrives
    batches:                    # faults of whole batches, decided when a batch is created
      - when: {share: 0.1}
        fail: token_limit_exceeded
    requests:                   # outcomes of single requests, in batches and sync calls
      - when: {keyword: "lawsuit"}
        outcome: refusal

Shares are drawn by hash from the seed, so a scenario does the same on every run. All rules of a list are tried in
order: every matching batch rule applies, but only the first matching rule for a call or a request. Matching is in
`fault_rules.py`; `docs/reference/emulator.md` has the reference.
"""

import os
import re
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.errors import ApiError, Protocol

Operation = Literal[
    "create_batch",
    "retrieve_batch",
    "list_batches",
    "cancel_batch",
    "delete_batch",
    "batch_results",
    "create_message",
    "count_tokens",
    "upload_file",
    "list_files",
    "retrieve_file",
    "file_content",
    "delete_file",
    "chat_completion",
    "response",
    "retrieve_response",
    "cancel_response",
    "delete_response",
    "list_models",
    "retrieve_model",
    "start_upload",
    "generate_content",
]
Outcome = Literal[
    "refusal",
    "cut",
    "thinking_cut",
    "empty",
    "invalid_json",
    "wrong_schema",
    "fenced",
    "parts",
    "other_finish",
    "no_finish",
    "no_usage",
    "error",
    "expired",
    "cancelled",
]
Spoil = Literal["surrogate", "invalid_utf8", "nan", "bom", "trailing_null", "unreadable", "nameless", "cut"]
FailCode = Literal[
    "invalid_json_line",
    "duplicate_custom_id",
    "url_mismatch",
    "model_mismatch",
    "empty_file",
    "too_many_tasks",
    "token_limit_exceeded",
    "INVALID_ARGUMENT",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "UNAVAILABLE",
    "billing_hard_limit_reached",
    "insufficient_quota",
    "account_deactivated",
    "content_filter",
    "file_too_large",
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(Strict):
    """All given conditions must hold; without conditions a rule matches everything."""

    protocol: Protocol | None = None
    share: float = Field(1.0, ge=0, le=1)


class CallWhen(When):
    operation: Operation | None = None
    calls: tuple[int, ...] = ()
    """Ordinals of the call among calls of this operation (1 is the first), counted since the rule was loaded."""
    times: int | None = None
    """The rule applies at most so often."""


class BatchWhen(When):
    model: str | None = None
    batches: tuple[int, ...] = ()
    """Ordinals of the batch at its provider since the rule was loaded; 1 is the first."""
    times: int | None = None


class RequestWhen(When):
    model: str | None = None
    custom_id: str | None = None
    """Regular expression that must match somewhere in the custom_id."""
    keyword: str | None = None
    """Text that must occur in the user's part; upper and lower case are the same."""
    parameter: str | None = None
    """A parameter that the request's body holds; a dot leads into an object, as in response_format.json_schema."""
    requests: tuple[int, ...] = ()
    """Ordinals among the different requests (by body), in the order they were first executed."""
    tries: tuple[int, ...] = ()
    """Which execution of the same request; 1 is the first."""

    @property
    def needs_history(self) -> bool:
        return bool(self.requests or self.tries)

    @field_validator("custom_id")
    @classmethod
    def _compiles(cls, pattern: str | None) -> str | None:
        try:
            re.compile(pattern or "")
        except re.error as err:
            raise ValueError(f"{pattern!r} is not a regular expression: {err}") from err
        return pattern


class CallFault(Strict):
    when: CallWhen = CallWhen()
    status: int | None = Field(None, ge=400, le=599)
    type: str | None = None
    code: str | None = None
    message: str | None = None
    details: dict[str, Any] | None = None
    headers: dict[str, str] = {}
    body: str | None = None
    """Sent as it is, as text/html, instead of the provider's JSON."""
    side_effect: bool = False
    """The call does its work first; only the answer is replaced."""
    stranger: bool = False
    """Anthropic, create_batch: creates a batch of another application instead, with as many requests."""
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the work is done."""
    delay_seconds: float = Field(0, ge=0)
    hold_seconds: float = Field(0, ge=0)
    """Real seconds by which the client's answer is delayed after the work was done or left undone."""

    def error(self, status: int) -> ApiError:
        message = self.message or f"Scenario fault with status {status}."
        return ApiError(status, message, self.type, self.code, None, self.details, dict(self.headers))


class BatchFault(Strict):
    when: BatchWhen = BatchWhen()
    fail: FailCode | None = None
    """OpenAI, and Gemini for the codes in capitals: the batch ends `failed` with this code."""
    expire_after_share: float | None = Field(None, ge=0, le=1)
    """The completion window ends when this share of the requests has run."""
    cancel_after_share: float | None = Field(None, ge=0, le=1)
    """Somebody else cancels the batch when this share of the requests has run."""
    all_requests: Literal["error"] | None = None
    """Every request fails; OpenAI then has no output file, only an error file."""
    status: str | None = None
    """A status the contract does not name, shown instead of the true one."""
    status_seconds: float | None = Field(None, ge=0)
    """Seconds after the creation for which `status` is shown; always when not given."""
    extra_fields: dict[str, Any] = {}
    null_output: bool = False
    """Hide output_file_id, results_url or the output although results exist."""
    null_seconds: float = Field(0, ge=0)
    """The same, but only for so many seconds after the batch has ended."""
    elsewhere_seconds: float = Field(0, ge=0)
    """Anthropic: for so many seconds after the end `results_url` points to another host, which asks for the key."""
    latency: float | None = Field(None, ge=0)
    stuck: Literal["validating", "in_progress", "finalizing"] | None = None
    """The batch stays in this state for ever, unless it is cancelled."""
    stuck_share: float = Field(1.0, ge=0, le=1)
    """The share of its requests that have run by then."""
    cancel_never_ends: bool = False
    """A cancel is accepted, and the batch stays `cancelling` for ever."""
    unlisted_seconds: float = Field(0, ge=0)
    """Seconds after the creation for which lists leave the batch out."""
    missing_seconds: float = Field(0, ge=0)
    """Seconds after the creation for which reading the batch by id answers 404."""
    missing_looks: int = Field(0, ge=0)
    """How many times reading the batch by id answers 404."""
    missing_results: int = Field(0, ge=0)
    duplicate_results: int = Field(0, ge=0)
    unknown_results: int = Field(0, ge=0)
    truncate_after_lines: int | None = Field(None, ge=0)
    """The results stop after so many whole lines, as if they were complete."""
    truncate_times: int = Field(1, ge=1)
    """How many downloads are cut; later ones are whole."""
    inline_output: bool | None = None
    """Gemini: whether the answers are in the batch itself or in a file; as the input was, when not given."""
    keep_partial: bool = True
    """Gemini: whether a cancelled batch has the answers of the requests that have run. An expired one has none."""
    truncate_seconds: float = Field(0, ge=0)
    """Downloads are cut for at least so many seconds after the batch has ended."""
    truncate_inside: bool = False
    """The cut is inside the line that follows."""
    absent_seconds: float = Field(0, ge=0)
    """For so many seconds after the end, downloading the results answers 404."""
    spoil: Spoil | None = None
    """What is wrong with the first line of the results, or with the last one, in every download."""


class RequestFault(Strict):
    when: RequestWhen = RequestWhen()
    outcome: Outcome
    status: int = Field(500, ge=400, le=599)
    type: str | None = None
    code: str | None = None
    message: str = "Scenario fault."

    def error(self) -> ApiError:
        return ApiError(self.status, self.message, type=self.type, code=self.code)


class Limits(Strict):
    """How much the account may have waiting; None is no limit."""

    enqueued_tokens: int | None = Field(None, gt=0)
    """OpenAI and Gemini, per model: prompt tokens of unfinished batches. Above it a batch fails with token_limit_exceeded;
    Gemini refuses the create with 429."""
    queued_requests: int | None = Field(None, gt=0)
    """Anthropic: requests of unfinished batches. Above it a create is refused with 429."""


class Lists(Strict):
    """How lists of batches look at a gateway that does not do it as its protocol says."""

    oldest_first: bool = False
    pages: bool = True
    """When False, one answer holds everything, without `has_more`, `first_id` and `last_id`."""
    page_size: int | None = Field(None, ge=1)
    """Pages hold no more, whatever the client asks for."""
    repeats: bool = False
    """Every page is the first one, and says that there is more."""
    created_at: Literal["native", "float", "iso", "missing"] = "native"
    """The spelling of the time: the protocol's own, seconds with a fraction, ISO 8601, or none."""
    nulls: int = Field(0, ge=0)
    """So many null entries at the beginning of each page."""
    older: int = Field(0, ge=0)
    """So many batches of other applications are in the list, made on the days before."""


class Flex(Strict):
    """How OpenAI's flex calls fare (`service_tier: flex`)."""

    refused: bool = False
    """429 `resource_unavailable`: there is no room now."""
    times: int | None = Field(None, ge=1)
    """So many calls are refused at most."""
    share: float = Field(1.0, ge=0, le=1)
    """The share of calls that is refused."""
    as_default: bool = False
    """Answered by the ordinary tier, at its price."""
    delay_seconds: float = Field(0, ge=0)
    """Real seconds that a call waits for room before it is answered."""


class Streams(Strict):
    """How answers that are asked for with `stream: true` come."""

    pause_seconds: float = Field(0, ge=0)
    """Real seconds before each event but the first."""
    characters: int = Field(16, ge=1)
    """Of the text, in each piece."""
    break_after: int | None = Field(None, ge=0)
    """The connection breaks after so many events."""
    fail_after: int | None = Field(None, ge=0)
    """After so many events comes an error in their place."""
    whole: bool = False
    """Answers come whole, as from a server that ignores `stream`."""
    refused: bool = False
    """OpenAI: `stream_options` is refused, as by a server that does not know it."""


class Webhooks(Strict):
    """Where OpenAI's webhooks about batches that have ended go."""

    url: str = Field(pattern=r"^http://(127\.0\.0\.1|localhost|\[::1\])[:/]")
    secret_env: str = "OPENAI_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
    times: int = Field(1, ge=1)
    """How often each is sent, with the same id."""

    @field_validator("secret_env")
    @classmethod
    def _is_set(cls, name: str) -> str:
        if not os.environ.get(name):
            raise ValueError(f"{name} is not set for the emulator")
        return name


class Background(Strict):
    """How OpenAI's background responses are answered."""

    latency_seconds: float | None = Field(None, ge=0)
    """Seconds until each is answered; as long as a batch when not given."""
    stuck: bool = False
    """Those created now stay `queued` for ever, unless they are cancelled."""
    cancel_ignored: bool = False
    """A cancel is answered and changes nothing."""


class Scenario(Strict):
    limits: Limits = Limits()
    lists: Lists = Lists()
    flex: Flex = Flex()
    background: Background = Background()
    streams: Streams = Streams()
    webhooks: Webhooks | None = None
    clock_seconds: float = 0
    """The provider's clock is ahead of the client's by so much; behind it when negative."""
    calls: tuple[CallFault, ...] = ()
    batches: tuple[BatchFault, ...] = ()
    requests: tuple[RequestFault, ...] = ()


def load(path: Path) -> Scenario:
    """Reads a scenario file. Raises ConfigurationError that names the place of the mistake."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as err:
        raise ConfigurationError(
            f"Cannot read the scenario {path}: {err.strerror}; check --scenario."
        ) from err
    return parse(text, str(path))


def parse(text: str, origin: str) -> Scenario:
    try:
        return Scenario.model_validate(yaml.safe_load(text) or {})
    except yaml.YAMLError as err:
        raise ConfigurationError(f"{origin} is not YAML: {err}") from err
    except ValidationError as err:
        first = err.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{origin}: {place}: {first['msg']}; see docs/reference/emulator.md."
        ) from err


def as_yaml(scenario: Scenario) -> str:
    """A scenario as a file that `load` reads."""
    return yaml.safe_dump(scenario.model_dump(mode="json", exclude_defaults=True), allow_unicode=True)
