"""Metrics of the online door, in Prometheus's words. Labels are names of keys, steps and codes; nothing that was sent."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from llm_assets.domain.errors import ConfigurationError

LOOPBACK = "127.0.0.1"
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Where the library lets several processes count together; it looks when it is imported."""
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_WHOSE = ("key", "step")
disable_created_metrics()  # type: ignore[no-untyped-call]  # twice as many numbers that nobody asks for


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as it is counted."""

    key: str
    step: str
    status: int
    code: str | None
    seconds: float
    provider_seconds: float
    reused: bool | None
    """None where there is no answer."""
    usage: Mapping[str, Any]

    @property
    def added_seconds(self) -> float:
        """What the door took besides the provider."""
        return max(0.0, self.seconds - self.provider_seconds)


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        own: dict[str, Any] = {"namespace": "llm_assets", "subsystem": "answers", "registry": self.registry}
        self._requests = Counter("requests", "Requests answered", (*_WHOSE, "status"), **own)
        self._refused = Counter("refusals", "Requests answered with an error", (*_WHOSE, "code"), **own)
        self._reused = Counter("reused", "Answers that cost nothing, being known", _WHOSE, **own)
        self._tokens = Counter("tokens", "Tokens billed", (*_WHOSE, "kind"), **own)
        self._cost = Counter("cost_usd", "Cost of answers in USD", _WHOSE, **own)
        self._seconds = Histogram("seconds", "From a request to its answer", _WHOSE, buckets=_BOUNDS, **own)
        self._added = Histogram(
            "added_seconds", "The same without the provider's calls", _WHOSE, buckets=_BOUNDS, **own
        )

    def note(self, seen: Seen) -> None:
        whose = (seen.key, seen.step)
        self._requests.labels(*whose, str(seen.status)).inc()
        self._seconds.labels(*whose).observe(seen.seconds)
        self._added.labels(*whose).observe(seen.added_seconds)
        if seen.status >= 400:
            self._refused.labels(*whose, seen.code or str(seen.status)).inc()
        if seen.reused:
            self._reused.labels(*whose).inc()
        for kind in ("input", "cached", "output"):
            if tokens := seen.usage.get(f"{kind}_tokens"):
                self._tokens.labels(*whose, kind).inc(tokens)
        if cost := seen.usage.get("cost_usd"):
            self._cost.labels(*whose).inc(cost)


@contextmanager
def counted_together() -> Iterator[CollectorRegistry]:
    """A folder, removed in the end, in which the processes that are started meanwhile count together."""
    folder = Path(mkdtemp(prefix="llm-assets-metrics-"))
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))  # type: ignore[no-untyped-call]
    os.environ[FOLDER] = str(folder)
    try:
        yield registry
    finally:
        del os.environ[FOLDER]
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def shown(registry: CollectorRegistry, port: int | None) -> Iterator[str | None]:
    """Serves /metrics on loopback meanwhile, at the address that it yields; not at all without a port.

    Raises ConfigurationError when the port is taken.
    """
    if port is None:
        yield None
        return
    try:
        server, thread = start_http_server(port, LOOPBACK, registry)
    except OSError as err:
        raise ConfigurationError(
            f"Cannot listen on {LOOPBACK}:{port}: {err.strerror}; choose another --metrics-port."
        ) from err
    try:
        yield f"http://{LOOPBACK}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
