"""Waiting: a caller that waits for an answer, may hang up before it comes, and wants to know what the provider took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event, Lock
from typing import Any, cast

from llm_assets.domain.requests.outcome import Answer
from llm_assets.engine.engine import Engine
from llm_assets.engine.ports.provider import Provider


@dataclass
class Waiting:
    """Several threads may use it at once."""

    now: Callable[[], float] = time.monotonic
    provider_seconds: float = 0.0
    """In which at least one call to the provider was under way."""
    _gone: Event = field(default_factory=Event)
    _guard: Lock = field(default_factory=Lock)
    _calls: int = 0
    _since: float = 0.0

    @property
    def is_over(self) -> bool:
        """Nobody waits any more: no request is begun."""
        return self._gone.is_set()

    def leave(self) -> None:
        self._gone.set()

    def timed(self, engine: Engine) -> Engine:
        """The same engine, with its calls to the provider timed."""
        return replace(engine, provider=cast(Provider, _Timed(engine.provider, self)))

    @contextmanager
    def calling(self) -> Iterator[None]:
        with self._guard:
            self._since = self._since if self._calls else self.now()
            self._calls += 1
        try:
            yield
        finally:
            with self._guard:
                self._calls -= 1
                if not self._calls:
                    self.provider_seconds += self.now() - self._since


class _Timed:
    """A provider whose calls that are waited for are timed; else it is the provider."""

    def __init__(self, provider: Provider, waiting: Waiting) -> None:
        self._provider = provider
        self._waiting = waiting

    def __getattr__(self, name: str) -> Any:  # whatever a provider has
        found = getattr(self._provider, name)
        return self._while_calling(found) if name in _CALLS else found

    def _while_calling(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        def timed(*given: Any, **named: Any) -> Answer:
            with self._waiting.calling():
                return call(*given, **named)

        return timed


_CALLS = ("ask", "ask_streaming")
