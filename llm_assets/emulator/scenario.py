"""What goes wrong and when: the scenario file, checked, and the decision which fault meets which call.

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
order: every matching batch rule applies, of calls and requests only the first. `docs/reference/emulator.md` has the reference.
"""

import re
from hashlib import blake2b
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.errors import ApiError, Protocol
from llm_assets.emulator.journal import History, request_digest

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
    "list_models",
    "retrieve_model",
]
Outcome = Literal["refusal", "cut", "empty", "invalid_json", "wrong_schema", "error", "expired", "cancelled"]
FailCode = Literal[
    "invalid_json_line",
    "duplicate_custom_id",
    "url_mismatch",
    "model_mismatch",
    "empty_file",
    "too_many_tasks",
    "token_limit_exceeded",
]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class When(Strict):
    """All given conditions must hold; none given matches everything."""

    protocol: Protocol | None = None
    share: float = Field(1.0, ge=0, le=1)


class CallWhen(When):
    operation: Operation | None = None
    calls: tuple[int, ...] = ()
    """Ordinals of the call among calls of this operation (1 is the first), counted since the rule was loaded."""
    times: int | None = None
    """At most so often."""


class BatchWhen(When):
    model: str | None = None
    batches: tuple[int, ...] = ()
    """Ordinals of the batch at its provider since the rule was loaded; 1 is the first."""
    times: int | None = None


class RequestWhen(When):
    model: str | None = None
    custom_id: str | None = None
    """Regular expression, searched."""
    keyword: str | None = None
    """Text in the user's part, case ignored."""
    requests: tuple[int, ...] = ()
    """Ordinals among the different requests, known by their bodies, in the order they were first executed."""
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
    """Anthropic, create_batch: what is made is another application's batch, of as many requests."""
    drop: Literal["before", "after"] | None = None
    """Close the connection without an answer, before or after the work is done."""
    delay_seconds: float = Field(0, ge=0)
    hold_seconds: float = Field(0, ge=0)
    """The work is done, or not, as the other words say; the client hears of it so much later in real time."""

    def error(self, status: int) -> ApiError:
        message = self.message or f"Scenario fault with status {status}."
        return ApiError(status, message, self.type, self.code, None, self.details, dict(self.headers))


class BatchFault(Strict):
    when: BatchWhen = BatchWhen()
    fail: FailCode | None = None
    """OpenAI: the batch ends `failed` with this code."""
    expire_after_share: float | None = Field(None, ge=0, le=1)
    """The window closes when this share of the requests has run."""
    cancel_after_share: float | None = Field(None, ge=0, le=1)
    """Somebody else cancels the batch when this share of the requests has run."""
    all_requests: Literal["error"] | None = None
    """Every request fails; OpenAI then has no output file, only an error file."""
    status: str | None = None
    """A status the contract does not name, shown instead of the true one."""
    status_seconds: float | None = Field(None, ge=0)
    """For so long after the creation; always when not given."""
    extra_fields: dict[str, Any] = {}
    null_output: bool = False
    """Hide output_file_id or results_url although results exist."""
    null_seconds: float = Field(0, ge=0)
    """The same, but only for so long after the end."""
    elsewhere_seconds: float = Field(0, ge=0)
    """Anthropic: for so long after the end `results_url` leads to another host, which asks for the key."""
    latency: float | None = Field(None, ge=0)
    unlisted_seconds: float = Field(0, ge=0)
    """The batch does not appear in lists for so long."""
    missing_seconds: float = Field(0, ge=0)
    """Reading the batch by id answers 404 for so long."""
    missing_looks: int = Field(0, ge=0)
    """Reading the batch by id answers 404 so many times."""
    missing_results: int = Field(0, ge=0)
    duplicate_results: int = Field(0, ge=0)
    unknown_results: int = Field(0, ge=0)
    truncate_after_lines: int | None = Field(None, ge=0)
    """Results end at a line end after so many lines, as if complete."""
    truncate_times: int = Field(1, ge=1)
    """How many downloads are cut; later ones are whole."""


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
    """What the account may have waiting; none given means no limit."""

    enqueued_tokens: int | None = Field(None, gt=0)
    """OpenAI, per model: prompt tokens of unfinished batches. Above it a batch fails with token_limit_exceeded."""
    queued_requests: int | None = Field(None, gt=0)
    """Anthropic: requests of unfinished batches. Above it a create is refused with 429."""


class Scenario(Strict):
    limits: Limits = Limits()
    calls: tuple[CallFault, ...] = ()
    batches: tuple[BatchFault, ...] = ()
    requests: tuple[RequestFault, ...] = ()


def load(path: Path) -> Scenario:
    """Read a scenario file. Raises ConfigurationError that names the place."""
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


def drawn(share: float, *key: str) -> bool:
    """True for this share of keys, always for the same ones."""
    if share >= 1:
        return True
    number = int.from_bytes(blake2b("\0".join(key).encode(), digest_size=6).digest())
    return number < share * (1 << 48)


class Casting:
    """Counts calls and batches, and says which rule meets which. State is in memory: a restart starts anew."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.applied: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def call(self, protocol: Protocol, operation: str) -> CallFault | None:
        """The first rule that strikes. Every rule counts every call it is about, struck or not."""
        struck: CallFault | None = None
        for index, fault in enumerate(self.scenario.calls):
            when = fault.when
            if when.operation not in (None, operation) or when.protocol not in (None, protocol):
                continue
            rule = f"calls[{index}]"
            if self._due(rule, when.calls, when.times, when.share) and struck is None:
                self._note(rule)
                struck = fault
        return struck

    def batch(self, protocol: Protocol, model: str | None) -> list[BatchFault]:
        found = []
        for index, fault in enumerate(self.scenario.batches):
            when = fault.when
            if when.protocol not in (None, protocol) or when.model not in (None, model):
                continue
            rule = f"batches[{index}]"
            if self._due(rule, when.batches, when.times, when.share):
                self._note(rule)
                found.append(fault)
        return found

    def _due(self, rule: str, ordinals: tuple[int, ...], times: int | None, share: float) -> bool:
        nth = self._seen[rule] = self._seen.get(rule, 0) + 1
        if ordinals and nth not in ordinals:
            return False
        if times is not None and self.applied.get(rule, 0) >= times:
            return False
        return drawn(share, str(self.seed), rule, str(nth))

    def _note(self, rule: str) -> None:
        self.applied[rule] = self.applied.get(rule, 0) + 1


class RequestCasting:
    """Which outcome a scenario forces on one request. Depends on the request and on what was executed before."""

    def __init__(
        self, faults: tuple[RequestFault, ...], protocol: Protocol, seed: int, history: History | None = None
    ) -> None:
        self._seed = str(seed)
        self._history = history if history is not None else History()
        self._rules = [
            (f"requests[{index}]", fault, re.compile(fault.when.custom_id) if fault.when.custom_id else None)
            for index, fault in enumerate(faults)
            if fault.when.protocol in (None, protocol)
        ]

    def __bool__(self) -> bool:
        return bool(self._rules)

    def outcome(self, custom_id: str, model: str, user: str, body: Any) -> RequestFault | None:
        """Ask once per execution: it counts as a try of this request."""
        nth = again = 0
        if any(fault.when.needs_history for _, fault, _ in self._rules):
            request = request_digest(body)
            nth, again = self._history.ordinal(request), self._history.next_try(request)
            self._history.add(request)
        for name, fault, pattern in self._rules:
            when = fault.when
            if when.model not in (None, model) or (pattern is not None and not pattern.search(custom_id)):
                continue
            if when.keyword is not None and when.keyword.lower() not in user.lower():
                continue
            if (when.requests and nth not in when.requests) or (when.tries and again not in when.tries):
                continue
            if drawn(when.share, self._seed, name, custom_id):
                return fault
        return None


def as_yaml(scenario: Scenario) -> str:
    """A scenario as a file that `load` reads."""
    return yaml.safe_dump(scenario.model_dump(mode="json", exclude_defaults=True), allow_unicode=True)
