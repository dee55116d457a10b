"""Probe: what a profile's server takes, found out by asking it a few tiny questions and giving it one batch of one request.

It is asked for by name, because it costs a cent or two; they are printed and are in no night's bill. What it finds is
printed as lines of providers.yaml and never written there. A process that dies in between leaves one batch of one request at
the provider, under an id that no night has: it is never taken for a batch of ours.
"""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from llm_assets.domain.desk.step import strict_schema
from llm_assets.domain.dialect import AnswerFormat, Dialect
from llm_assets.domain.effort import Effort, with_room_to_think
from llm_assets.domain.errors import (
    BlockedError,
    DeskError,
    MisconfiguredError,
    PermanentError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.profile import Lane, Mode, Profile, Tier
from llm_assets.domain.requests.batch import Batch, BatchState, Look
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import CustomId, Request, digest_of_lines
from llm_assets.engine.ports.provider import Provider
from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.doctor import Finding
from resources.providers import provider_for
from resources.settings.environment import load_settings

MOST_CALLS = 8
"""Calls of the search at one model, at most."""
ANSWER_TOKENS, PROMPT_TOKENS = 256, 300
LONGEST_CALL = 60.0
LISTED_WITHIN = 10.0
"""Seconds a new batch may take to appear in the list."""
ENDS_WITHIN = 120.0
"""Seconds the batch gets; then it is cancelled, and what is not known is said."""
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 8.0


class Probed(BaseModel):
    """The answer that is asked for."""

    model_config = ConfigDict(extra="forbid")
    word: str


def question(profile: Profile, tier: Tier) -> Request:
    ask = "Is the sky blue on a clear day? Answer yes or no, in the field word."
    schema, effort = strict_schema(Probed), profile.effort_of("probe", Effort.NONE, tier)
    longest = with_room_to_think(ANSWER_TOKENS, effort, profile.limits.output_tokens)
    asked = Request("probe", profile.models[tier], tier, "Answer the question.", ask, schema, longest, "v1")
    return replace(asked, effort=effort)


def search(first: Dialect, takes: Callable[[Dialect], bool], *, says_effort: bool = False) -> Dialect | None:
    """The strictest dialect that a server takes, from the profile's own; None when it takes none. Pure.

    First the profile's own is tried; then the plainest, which is made stricter one setting after the other. `says_effort`:
    the profile names efforts, so that it matters whether the server takes them.
    """
    if takes(first):
        return first
    silent = {"effort": False} if says_effort else {}
    plain = first.model_copy(update={"answer_format": AnswerFormat.PROMPT, "prompt_cache": False, **silent})
    other = "max_tokens" if first.answer_limit == "max_completion_tokens" else "max_completion_tokens"
    spellings = (plain, plain.model_copy(update={"answer_limit": other}))
    found = next((spelling for spelling in spellings if takes(spelling)), None)
    if found is None:
        return None
    stricter: list[dict[str, Any]] = [
        {"answer_format": f} for f in AnswerFormat if f is not AnswerFormat.PROMPT
    ]
    found = next((d for d in (found.model_copy(update=s) for s in stricter) if takes(d)), found)
    more = ["prompt_cache", *(["effort"] if says_effort and first.effort else [])]
    for name in more:
        with_it = found.model_copy(update={name: True})
        found = with_it if takes(with_it) else found
    return found


def yaml_lines(before: Profile, after: Profile) -> str:
    """What has to be written into providers.yaml; empty when nothing has."""
    parts = []
    for name in ("dialect", "capabilities"):
        now, then = (getattr(p, name).model_dump(mode="json", exclude_defaults=True) for p in (before, after))
        if now != then:
            parts.append(f"    {name}: {_flow(then)}")
    return "\n".join(parts)


def _flow(values: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{name}: {json.dumps(value)}" for name, value in values.items()) + "}"


@dataclass
class Probe:
    """One run. What it finds is in `profile`, and what it paid in `spent`."""

    assembly: Assembly
    profile: Profile
    pause: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.monotonic
    spent: Decimal = Decimal(0)
    silent: DeskError | None = None
    """Why the server could not be asked at all."""
    refusals: list[str] = field(default_factory=list)

    @cached_property
    def most_usd(self) -> Decimal:
        """What it may cost at most, by the price list."""
        longest = max(question(self.profile, tier).max_tokens for tier in self.profile.models)
        usage = Usage(input_tokens=PROMPT_TOKENS, output_tokens=longest)
        models = list(dict.fromkeys(self.profile.models.values()))
        calls = [*[models[0]] * MOST_CALLS, *models[1:]]
        online = sum((self._usd(model, Mode.ONLINE, usage) for model in calls), Decimal(0))
        return online + (self._usd(models[0], Mode.BATCH, usage) if self.profile.capabilities.batch else 0)

    def findings(self) -> Iterator[Finding]:
        before = self.profile
        yield Finding("probe", f"costs at most {self.most_usd:.4f} USD and takes about two minutes at most")
        yield self._forms()
        if self.silent is not None:
            return
        yield from self._other_models()
        if self.profile.capabilities.batch:
            yield from self._batches()
        else:
            yield Finding("probe batch", "not tried: the profile says `batch: false`")
        written = yaml_lines(before, self.profile)
        told = f"write into profile {before.name}:\n{written}" if written else "the profile says all of it"
        yield Finding("probe result", f"{told}\n     it cost {self.spent:.4f} USD", warns=bool(written))

    # Online

    def _forms(self) -> Finding:
        tier = next(iter(self.profile.models))
        found = search(
            self.profile.dialect,
            lambda dialect: self._takes(dialect, tier),
            says_effort=tier in self.profile.least_effort,
        )
        if self.silent is not None:
            return Finding("probe online", str(self.silent), fails=True)
        if found is None:
            why = self.refusals[-1] if self.refusals else "it answers, but not in the form that is asked for"
            return Finding(
                "probe online", f"no way of asking {self.profile.models[tier]} works: {why}", fails=True
            )
        self.profile = self.profile.model_copy(update={"dialect": found})
        cache = "takes" if found.prompt_cache else "refuses"
        says = f"{self.profile.models[tier]} takes {found.answer_limit} and answer_format {found.answer_format.value}"
        return Finding("probe online", f"{says}, and {cache} what concerns the prompt cache")

    def _takes(self, dialect: Dialect, tier: Tier) -> bool:
        if self.silent is not None:
            return False
        asked = self.profile.model_copy(update={"dialect": dialect})
        if dialect.answer_format is AnswerFormat.JSON_OBJECT and self._is_plain(asked, tier):
            return False
        try:
            answer = self._asked(asked, tier)
        except (MisconfiguredError, PermanentError) as err:
            self.refusals.append(str(err))
            return False
        except DeskError as err:
            self.silent = err
            return False
        return dialect.answer_format is AnswerFormat.PROMPT or _fits(answer)

    def _is_plain(self, profile: Profile, tier: Tier) -> bool:
        """Whether this protocol has no word for JSON alone, so that the request is the plainest one."""
        plain = profile.dialect.model_copy(update={"answer_format": AnswerFormat.PROMPT})
        both = (profile, profile.model_copy(update={"dialect": plain}))
        first, second = (self._provider(p).line(question(p, tier), "probe") for p in both)
        return first == second

    def _asked(self, profile: Profile, tier: Tier) -> Answer:
        provider = self._provider(profile)
        custom_id = str(CustomId(secrets.token_hex(6), question(profile, tier).request_id, 1))
        answer = provider.ask(provider.line(question(profile, tier), custom_id))
        self.spent += self._usd(profile.models[tier], Mode.ONLINE, answer.usage)
        return answer

    def _other_models(self) -> Iterator[Finding]:
        """The dialect is the profile's: what one model takes, the others have to take as well."""
        first, *others = self.profile.models
        seen = {self.profile.models[first]}
        for tier in others:
            model = self.profile.models[tier]
            if model in seen:
                continue
            seen.add(model)
            try:
                fits = _fits(self._asked(self.profile, tier))
            except DeskError as err:
                yield Finding(f"probe {tier.value}", f"{model}: {err}", fails=True)
            else:
                says = "takes the same" if fits else "answers, but not in the form that is asked for"
                yield Finding(f"probe {tier.value}", f"{model} {says}", warns=not fits)

    # In a batch

    def _batches(self) -> Iterator[Finding]:
        try:
            batch, provider_batch_id = self._created()
        except (BlockedError, PermanentError) as err:
            self._know(batch=False)
            yield Finding("probe batch", f"no batch could be made: {err}", warns=True)
            return
        except DeskError as err:
            yield Finding("probe batch", f"whether batches work is not known: {err}", warns=True)
            return
        ended = False
        try:
            yield self._listing(batch, provider_batch_id)
            ended = self._until(lambda: self._look(provider_batch_id), ENDS_WITHIN)
            yield (
                self._results(replace(batch, provider_batch_id=provider_batch_id))
                if ended
                else Finding(
                    "probe batch",
                    f"taken, and cancelled because it did not end within {ENDS_WITHIN:.0f} seconds",
                )
            )
        except DeskError as err:
            yield Finding("probe batch", f"taken as {provider_batch_id}, but: {err}", warns=True)
        finally:
            if not ended:
                with suppress(DeskError):  # it has one request, and ends by itself
                    self._provider(self.profile).cancel(provider_batch_id)

    def _created(self) -> tuple[Batch, str]:
        """A batch of one request, without metadata where the server refuses it."""
        for _ in range(2):
            provider = self._provider(self.profile)
            batch, spool = self._spooled(provider)
            try:
                batch = replace(batch, provider_file_id=provider.upload(batch, spool))
                return batch, provider.create(batch, spool)
            except MisconfiguredError as err:
                if "`metadata: false`" not in str(err) or not self.profile.capabilities.metadata:
                    raise
                self._know(metadata=False)
            finally:
                spool.unlink()
        raise AssertionError("metadata cannot be refused twice")

    def _spooled(self, provider: Provider) -> tuple[Batch, Any]:
        tier = next(iter(self.profile.models))
        asked, batch_id = question(self.profile, tier), secrets.token_hex(6)
        custom_id = CustomId(batch_id, asked.request_id, 1)
        spool = self.assembly.scratch / f"{batch_id}.probe"
        spool.write_bytes(provider.line(asked, str(custom_id)))
        at = self.assembly.clock()
        batch = Batch(
            batch_id,
            at.date(),
            asked.step,
            Lane.NIGHTLY,
            self.profile.name,
            asked.model,
            BatchState.CREATING,
            1,
            spool.stat().st_size,
            digest_of_lines([custom_id]),
            at,
            creating_at=at,
        )
        return batch, spool

    def _listing(self, batch: Batch, provider_batch_id: str) -> Finding:
        """What finds a batch whose create was not answered: its metadata, its file, or time and size alone."""
        if not self.profile.capabilities.list:
            return Finding("probe list", "not tried: the profile says `list: false`")
        nameless = replace(batch, provider_file_id=None)

        def listed(of: Batch) -> list[bool]:
            found = self._provider(self.profile).candidates(of)
            return [c.proven for c in found if c.provider_batch_id == provider_batch_id]

        try:
            seen = self._until(lambda: bool(listed(nameless)), LISTED_WITHIN)
            proven, by_file = (any(listed(nameless)), listed(batch)) if seen else (False, [])
        except DeskError as err:
            self._know(list=False)
            return Finding("probe list", f"batches are not listed: {err}", warns=True)
        if not seen:
            self._know(list=False)
            return Finding("probe list", "the list does not name the batch that was just made", warns=True)
        if proven:
            return Finding("probe list", "names our batch, with its metadata")
        if self.profile.keeps_metadata:
            self._know(metadata=False)
        if self.profile.wire.keeps_metadata and not by_file:
            self._know(file_ids=False)
        proof = "its input file" if any(by_file) else "time and size alone"
        return Finding("probe list", f"names our batch without metadata; it is known by {proof}")

    def _results(self, batch: Batch) -> Finding:
        found: list[Answer] = []

        def read() -> bool:
            with suppress(TransientError, UnknownBatchError):
                found[:] = self._provider(self.profile).answers(batch, self.assembly.scratch)
            return bool(found)

        if not self._until(read, LISTED_WITHIN):
            self._know(batch=False)
            return Finding("probe batch", "taken and ended, but its results cannot be read", warns=True)
        [answer] = found
        self.spent += self._usd(batch.model, Mode.BATCH, answer.usage)
        if not _fits(answer):
            self._know(batch=False)
            detail = answer.detail or answer.outcome.value
            return Finding(
                "probe batch", f"its request was not answered as it is online: {detail}", warns=True
            )
        unpriced = "" if answer.usage.input_tokens else "; it states no usage, so costs are estimated"
        return Finding("probe batch", f"taken, answered and read{unpriced}", warns=bool(unpriced))

    def _look(self, provider_batch_id: str) -> bool:
        return self._provider(self.profile).look(provider_batch_id).look is Look.ENDED

    # Both

    def _until(self, true: Callable[[], bool], seconds: float) -> bool:
        """Whether it becomes true within so many seconds, asked with growing pauses."""
        end, pause = self.now() + seconds, FIRST_PAUSE
        while not true():
            if self.now() + pause > end:
                return False
            self.pause(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        return True

    def _know(self, **capabilities: bool) -> None:
        found = self.profile.capabilities.model_copy(update=capabilities)
        self.profile = self.profile.model_copy(update={"capabilities": found})

    def _provider(self, profile: Profile) -> Provider:
        limit = min(self.assembly.settings.http_timeout_seconds, LONGEST_CALL)
        return provider_for(profile, timeout_seconds=limit)

    def _usd(self, model: str, mode: Mode, usage: Usage) -> Decimal:
        return self.assembly.prices.usd(self.profile, model, mode, usage)


def _fits(answer: Answer) -> bool:
    """Whether the answer has the form that was asked for; one that was cut says nothing against it."""
    if answer.outcome is Outcome.CUT:
        return True
    try:
        Probed.model_validate_json(answer.text)
    except ValidationError:
        return False
    return answer.outcome is Outcome.SUCCEEDED


def probe_server() -> Iterator[Finding]:
    """Findings in the order in which they are made; the first one says what it may cost."""
    try:
        assembly = Assembly(load_settings(), STEPS)
        profile = assembly.profile
    except DeskError as err:
        yield Finding("probe", str(err), fails=True)
        return
    try:
        yield from Probe(assembly, profile).findings()
    finally:
        assembly.close()
