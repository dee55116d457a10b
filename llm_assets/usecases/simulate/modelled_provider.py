"""A provider that answers by a model of latencies, limits and failures, on a virtual clock and in this process.

Every draw is a digest of the seed and of what is drawn for, so that two simulations of one night, such as with and without
the ladder, meet the same provider. Online calls: the engine asks one at a time, and the model gives each call the first of
`online_concurrency` places that is free, so that as many run side by side in virtual time.
"""

import heapq
import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from statistics import NormalDist

import orjson

from llm_assets.domain.digest import digest
from llm_assets.domain.errors import (
    RouteFullError,
    ShortResultsError,
    TransientError,
    UnknownBatchError,
    UnreachableError,
)
from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate, Look, StoredFile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.domain.requests.request import Request
from llm_assets.domain.traffic.survival import PUBLISHED
from llm_assets.engine.ports.provider import Provider
from llm_assets.usecases.simulate.scenario import Lives, Modelled, Trouble
from llm_assets.usecases.simulate.virtual_clock import VirtualClock

MINUTE = timedelta(minutes=1)
EXPIRES = timedelta(hours=24)
USUAL_SHARE = 0.9
FINISHED_IN = timedelta(minutes=30)
"""In which a stuck batch finishes what it finishes at all."""


@dataclass
class _Remote:
    """A batch at the provider."""

    lines: list[bytes]
    created_at: datetime
    ours: str
    ends_at: datetime | None
    """By itself; None for one that never does."""
    cancelled_at: datetime | None = None

    @property
    def over_at(self) -> datetime:
        ends = [self.created_at + EXPIRES, self.ends_at, self.cancelled_at]
        return min(at for at in ends if at is not None)


class ModelledProvider(Provider):
    """`clock` is moved by online calls, and by nothing else here."""

    def __init__(self, profile: Profile, model: Modelled, seed: int, clock: VirtualClock) -> None:
        self._profile = profile
        self._model = model
        self._seed = seed
        self._clock = clock
        self._places = [clock()] * profile.limits.online_concurrency
        self._minute: deque[tuple[datetime, int]] = deque()
        self._remotes: dict[str, _Remote] = {}
        self._stuck: set[str] = set()
        self.refused_calls = 0
        """Online calls over the rate limit, without capacity, or while the provider was down."""
        self.timed_out = 0

    @property
    def profile(self) -> Profile:
        return self._profile

    def next_event(self) -> datetime | None:
        """When the next batch ends; None when none is open."""
        now = self._clock()
        return min((r.over_at for r in self._remotes.values() if r.over_at > now), default=None)

    def drain(self) -> None:
        """Moves the clock to the end of the last call under way."""
        self._clock.reach(max(self._places))

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        body = {
            "custom_id": custom_id,
            "step": request.step,
            "user": request.user,
            "answer": request.max_tokens,
            "tokens": len(request.user.split()),
        }
        return orjson.dumps(body) + b"\n"

    def upload(self, batch: Batch, spool: Path) -> str | None:
        self._answering()
        return f"file-{batch.batch_id}"

    def create(self, batch: Batch, spool: Path) -> str:
        self._answering()
        provider_id = f"simulated-{batch.batch_id}-{batch.creates}"
        lines = spool.read_bytes().splitlines()
        self._remotes[provider_id] = _Remote(lines, self._clock(), batch.batch_id, self._end_of(batch))
        return provider_id

    def look(self, provider_batch_id: str) -> BatchView:
        self._answering()
        remote = self._remotes.get(provider_batch_id)
        if remote is None:
            return BatchView(Look.UNKNOWN, "unknown")
        over = self._clock() >= remote.over_at
        cancelling = remote.cancelled_at is not None and not over
        status = "ended" if over else "cancelling" if cancelling else "in_progress"
        look = Look.ENDED if over else Look.RUNNING
        return BatchView(look, status, len(remote.lines), cancelling=cancelling)

    def candidates(self, batch: Batch) -> list[Candidate]:
        self._answering()
        return [
            Candidate(provider_id, remote.created_at, len(remote.lines), True)
            for provider_id, remote in self._remotes.items()
            if remote.ours == batch.batch_id
        ]

    def cancel(self, provider_batch_id: str) -> None:
        self._answering()
        remote = self._remotes[provider_batch_id]
        if remote.cancelled_at is None:
            remote.cancelled_at = self._clock.after(self._model.cancel_minutes * 60)

    def remove(self, batch: Batch) -> None:
        self._remotes.pop(batch.provider_batch_id or "", None)

    def stored_files(self) -> list[StoredFile]:
        return []

    def answers(self, batch: Batch, into: Path, *, partial: bool = False) -> Iterator[Answer]:
        self._answering()
        remote = self._remotes.get(batch.provider_batch_id or "")
        if remote is None:
            raise UnknownBatchError(f"no batch {batch.provider_batch_id}")
        over = self._clock() >= remote.over_at
        if not over and not partial:
            raise ShortResultsError(f"batch {batch.provider_batch_id} is not over")
        until = min(remote.over_at, self._clock())
        for line in remote.lines:
            answer = self._line_answer(remote, line, until)
            if over or answer.outcome is Outcome.SUCCEEDED:
                yield answer

    def ask(self, line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        self._clock.reach(self._places[0])
        began, trouble = self._clock(), self._trouble()
        body = orjson.loads(line)
        who = (body["custom_id"], str(mode), len(self._minute), began.isoformat())
        try:
            self._admit(trouble, mode, body["tokens"], who)
            seconds = self._seconds(trouble, who)
        except TransientError:
            self.refused_calls += 1
            self.drain()
            raise
        most = self._model.timeout_seconds if within is None else min(self._model.timeout_seconds, within)
        late = seconds > most or self._draw("lost", *who) < self._model.timeouts
        heapq.heapreplace(self._places, began + timedelta(seconds=most if late else seconds))
        if late:
            self.timed_out += 1
            self.drain()
            raise TransientError(f"no answer within {most:g} s", reason=Reason.TIMEOUT)
        return self._answered(body, self._draw("fails", *who))

    def _admit(self, trouble: Trouble | None, mode: Mode, tokens: int, who: tuple[object, ...]) -> None:
        """Counts a call, or raises as a provider refuses it."""
        self._answering()
        if mode is Mode.FLEX and self._draw("flex", *who) < self._model.flex_refused:
            raise RouteFullError("no capacity for flex", reason=Reason.OVERLOADED)
        now = self._clock()
        while self._minute and self._minute[0][0] + MINUTE <= now:
            self._minute.popleft()
        requests, most = self._model.requests_per_minute, self._model.tokens_per_minute
        if trouble is not None and trouble.requests_per_minute is not None:
            requests = trouble.requests_per_minute
        full = requests is not None and len(self._minute) >= requests
        full = full or (most is not None and sum(used for _, used in self._minute) + tokens > most)
        if full and self._minute:
            pause = (self._minute[0][0] + MINUTE - now).total_seconds()
            raise TransientError("rate limit reached", retry_after=max(1.0, pause), reason=Reason.RATE_LIMIT)
        self._minute.append((now, tokens))

    def _seconds(self, trouble: Trouble | None, who: tuple[object, ...]) -> float:
        spread = NormalDist().inv_cdf(self._draw("seconds", *who))
        slower = trouble.slower if trouble is not None else 1.0
        return self._model.online_seconds * math.exp(self._model.online_spread * spread) * slower

    def _trouble(self) -> Trouble | None:
        now = self._clock()
        for trouble in self._model.troubles:
            begins = datetime.combine(now.date(), trouble.begins, now.tzinfo)
            if begins <= now < begins + timedelta(minutes=trouble.minutes):
                return trouble
        return None

    def _answering(self) -> None:
        trouble = self._trouble()
        if trouble is not None and trouble.down:
            raise UnreachableError("the provider is down")

    def _end_of(self, batch: Batch) -> datetime | None:
        first = f"{batch.day} {batch.step}"
        if batch.step in self._model.stuck_steps and first not in self._stuck:
            self._stuck.add(first)
            return None
        p = self._draw("life", batch.batch_id, batch.creates)
        if self._model.lives is Lives.USUAL:
            p *= USUAL_SHARE
        seconds = PUBLISHED.quantile(0, p)
        return None if seconds is None else self._clock.after(seconds * self._model.batch_slower)

    def _line_answer(self, remote: _Remote, line: bytes, until: datetime) -> Answer:
        body = orjson.loads(line)
        drawn = self._draw("line", body["custom_id"])
        if remote.ends_at is not None:
            finished = remote.created_at + drawn * (remote.ends_at - remote.created_at) <= until
        else:
            share = self._model.finished_share
            finished = drawn < share and remote.created_at + drawn / share * FINISHED_IN <= until
        if finished:
            return self._answered(body, self._draw("fails", body["custom_id"]))
        cancelled = remote.cancelled_at is not None and remote.over_at == remote.cancelled_at
        outcome = Outcome.CANCELLED if cancelled else Outcome.EXPIRED
        return Answer(body["custom_id"], outcome, "", Usage(), "not run")

    def _answered(self, body: dict[str, object], drawn: float) -> Answer:
        tokens, most = body["tokens"], body["answer"]
        assert isinstance(tokens, int) and isinstance(most, int)
        usage = Usage(input_tokens=tokens, output_tokens=most // 2)
        answer = Answer(str(body["custom_id"]), Outcome.SUCCEEDED, '{"value":"simulated"}', usage)
        if drawn >= self._model.failing:
            return answer
        return replace(answer, outcome=Outcome.FAILED_TRANSIENT, text="", usage=Usage(), detail="500")

    def _draw(self, *what: object) -> float:
        """Between 0 and 1, both excluded."""
        drawn = int(digest([str(self._seed), *map(str, what)])[:12], 16)
        return (drawn + 0.5) / 16**12
