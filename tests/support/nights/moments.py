"""The moments at which a process is killed: before and after each write and each call, and inside some of them."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Engine as SqlEngine
from sqlalchemy import event

from llm_assets.domain.requests.batch import BatchState
from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.engine.engine import Engine
from resources.ledger import SqlLedger
from tests.support.nights.real_night import MODELS, STEP, Place, Protocol, executed, tasks

REQUESTS = 4


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


Arms = Callable[[Engine], Engine]
"""Puts the deadly moment into a process's engine."""


class Deadly:
    """A port whose process dies before or after one of its calls, when `fits` accepts the arguments."""

    def __init__(self, target: Any, call: str, when: str, fits: Callable[..., bool]) -> None:
        self._target, self._call, self._when, self._fits = target, call, when, fits

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name != self._call:
            return value

        def struck(*args: Any, **kwargs: Any) -> Any:
            if self._fits(*args, **kwargs) and self._when == "before":
                die()
            result = value(*args, **kwargs)
            if self._fits(*args, **kwargs):
                die()
            return result

        return struck


def around(port: str, call: str, when: str, fits: Callable[..., bool] = lambda *_, **__: True) -> Arms:
    """`port` is a field of the engine or, as `ledger.<field>`, of its ledger."""

    def arm(engine: Engine) -> Engine:
        if not port.startswith("ledger."):
            return replace(engine, **{port: Deadly(getattr(engine, port), call, when, fits)})
        name = port.removeprefix("ledger.")
        deadly: Any = Deadly(getattr(engine.ledger, name), call, when, fits)
        return replace(engine, ledger=replace(engine.ledger, **{name: deadly}))

    return arm


def becomes(state: BatchState, when: str) -> Arms:
    return around("ledger.batches", "transition", when, lambda _, __, after, **___: after is state)


class HalfSent(type(Path())):  # type: ignore[misc]
    """Spooled lines whose reader is dead once it has read some of them."""

    def open(self, *args: Any, **kwargs: Any) -> IO[Any]:
        file = super().open(*args, **kwargs)
        if args[:1] != ("rb",):
            return file

        class Reader:
            def read(self, size: int = -1) -> bytes:
                file.read(100)
                die()
                raise AssertionError

            def __iter__(self) -> Iterator[bytes]:
                yield file.readline()
                die()

            def __getattr__(self, name: str) -> Any:
                return getattr(file, name)

            def __enter__(self) -> "Reader":
                return self

            def __exit__(self, *_: object) -> None:
                file.close()

        return Reader()  # type: ignore[return-value]


def while_sending(engine: Engine) -> Engine:
    """In the middle of the request that carries the lines: the upload, or the create that streams them."""

    class Sends:
        def __getattr__(self, name: str) -> Any:
            value = getattr(engine.provider, name)
            carries = name in ("upload", "create")
            return (lambda batch, spool: value(batch, HalfSent(spool))) if carries else value

    return replace(engine, provider=Sends())  # type: ignore[arg-type]


def before_the_answer_is_read(engine: Engine) -> Engine:
    """The provider has taken the batch and says so; the process dies with the answer in its hands."""
    import httpx2

    send = httpx2.Client.send

    def struck(self: Any, request: Any, **kwargs: Any) -> Any:
        answer = send(self, request, **kwargs)
        if request.method == "POST" and request.url.path.endswith(("/batches", ":batchGenerateContent")):
            die()
        return answer

    httpx2.Client.send = struck  # in a process that is about to die
    return engine


def mid_results(engine: Engine) -> Engine:
    """Some result lines are read, none is settled."""

    class Reads:
        def __getattr__(self, name: str) -> Any:
            value = getattr(engine.provider, name)
            if name != "answers":
                return value

            def answers(*args: Any, **options: Any) -> Iterator[Any]:
                for number, answer in enumerate(value(*args, **options)):
                    if number == REQUESTS // 2:
                        die()
                    yield answer

            return answers

    return replace(engine, provider=Reads())  # type: ignore[arg-type]


def between_two_settlements(engine: Engine) -> Engine:
    """Some of a batch's requests are settled for good, the others not."""
    from llm_assets.engine.chunks import chunks

    chunks.__defaults__ = (2,)
    return around("ledger.batches", "settle", "after")(engine)


def before_statement(beginning: str) -> Arms:
    """Inside the transaction that settles: its receipts are written and not yet committed."""

    def arm(engine: Engine) -> Engine:
        settling: list[bool] = []

        class Settles:
            def __getattr__(self, name: str) -> Any:
                if name == "settle":
                    settling.append(True)
                return getattr(engine.ledger.batches, name)

        def struck(_: Any, __: Any, statement: str, *___: Any) -> None:
            if settling and statement.startswith(beginning):
                die()

        event.listen(SqlEngine, "before_cursor_execute", struck)
        settles: Any = Settles()
        return replace(engine, ledger=replace(engine.ledger, batches=settles))

    return arm


@dataclass(frozen=True)
class Moment:
    name: str
    arm: Arms
    protocols: tuple[Protocol, ...] = ("openai", "anthropic")


MOMENTS = [
    Moment("before the plan is written", around("ledger.work", "plan", "before")),
    Moment("after the plan", around("ledger.work", "plan", "after")),
    Moment("before the intent", around("ledger.batches", "intend", "before")),
    Moment("after the intent", around("ledger.batches", "intend", "after")),
    Moment("before the upload", around("provider", "upload", "before"), ("openai",)),
    Moment("while the lines are sent", while_sending),
    Moment("after the upload, before it is noted", around("provider", "upload", "after"), ("openai",)),
    Moment("before the create is noted", becomes(BatchState.CREATING, "before")),
    Moment("after the create is noted, before it is sent", becomes(BatchState.CREATING, "after")),
    Moment("after the provider accepted, before its answer is read", before_the_answer_is_read),
    Moment("before the provider's id is stored", becomes(BatchState.SUBMITTED, "before")),
    Moment("after the provider's id is stored", becomes(BatchState.SUBMITTED, "after")),
    Moment("before looking", around("provider", "look", "before")),
    Moment("after looking", around("provider", "look", "after")),
    Moment("before the end is noted", becomes(BatchState.ENDED, "before")),
    Moment("after the end is noted", becomes(BatchState.ENDED, "after")),
    Moment("while results are read", mid_results),
    Moment("before the first settlement", around("ledger.batches", "settle", "before")),
    Moment("between receipt and result", before_statement("UPDATE requests")),
    Moment("between two settlements", between_two_settlements),
    Moment("after the last settlement", becomes(BatchState.COLLECTED, "before")),
    Moment("after the batch is collected", becomes(BatchState.COLLECTED, "after")),
    Moment("after its lines are thrown away", around("spool", "discard", "after")),
    Moment("before its files are removed", around("provider", "remove", "before")),
    Moment("after its files are removed, before that is noted", around("provider", "remove", "after")),
]
CORE = {
    "after the intent",
    "while the lines are sent",
    "after the create is noted, before it is sent",
    "after the provider accepted, before its answer is read",
    "before the provider's id is stored",
    "after looking",
    "while results are read",
    "between receipt and result",
    "between two settlements",
}
"""What `make test` kills with the ledger on Postgres too; `make soak` kills at all."""
BETWEEN_INTENT_AND_ID = {
    "after the intent",
    "after the create is noted, before it is sent",
    "after the provider accepted, before its answer is read",
    "before the provider's id is stored",
}


def assert_each_ran_once(place: Place, running: RunningEmulator, day: date) -> None:
    """What emulator and ledger say of a night of REQUESTS that is over."""
    wanted = {t.request.request_id for t in tasks(MODELS[place.profile.protocol], REQUESTS, day)}
    times = {i: n for i, n in executed(running).items() if i in wanted}
    assert times == dict.fromkeys(wanted, 1)
    ledger = SqlLedger(place.url, place.home)
    counts = ledger.work.counts(day)[STEP]
    [usage] = ledger.spending.usage(day)
    assert {k: v for k, v in counts.items() if v} == {"ok": REQUESTS}
    assert (usage.requests, usage.succeeded, usage.retried) == (REQUESTS, REQUESTS, 0)
    assert ledger.batches.open_batches(day) == []
    ledger.close()
