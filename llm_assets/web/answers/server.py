"""The online door as a process, or as several behind one address. Run by `answers`."""

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Thread

import structlog

from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.web.answers.app import STOP_SECONDS, Application
from llm_assets.web.answers.metrics import Metrics, counted_together, shown
from llm_assets.web.answers.workers import Workers, end_with_parent, say_ready
from llm_assets.web.endpoint.process import Listening, run

log = structlog.get_logger()

CLIENT_SECONDS = 15
SWEEP_SECONDS = 60
READERS = 2
SETTLE_SECONDS = 20
"""For calls to the provider that are under way when nobody is served any more; a paid answer is worth some waiting."""


@dataclass(frozen=True)
class Serving:
    host: str
    port: int
    workers: int = 1
    metrics_port: int | None = None

    @property
    def listening(self) -> Listening:
        return Listening(
            self.host, self.port, CLIENT_SECONDS, keeps_connections=True, stop_seconds=STOP_SECONDS + 5
        )


def serve(assembly: Assembly, serving: Serving, announce: Callable[[str], None]) -> None:
    """Answers until SIGTERM, then finishes the requests under way. `announce` is called with the address, and with that of the
    metrics.

    Raises ConfigurationError: the profile cannot work, a port is taken, the ledger is unreachable.
    """
    assembly.check_provider()
    if serving.workers > 1:
        _serve_by_workers(assembly, serving, announce)
        return
    metrics = Metrics()
    with shown(metrics.registry, serving.metrics_port) as address:
        _answer(assembly, serving.listening, _both(announce, address), metrics)


def serve_as_worker(assembly: Assembly, descriptor: int) -> None:
    """The same at a socket of the process that started this one."""
    end_with_parent()
    listener = socket.socket(fileno=descriptor)
    listener.setblocking(False)
    listening = Serving("", 0).listening
    _answer(assembly, listening, lambda _: say_ready(), Metrics(), listener)


def _serve_by_workers(assembly: Assembly, serving: Serving, announce: Callable[[str], None]) -> None:
    _ = assembly.ledger  # its tables are made before several ask for them
    listener = serving.listening.open()
    with counted_together() as registry, shown(registry, serving.metrics_port) as address:
        told = _both(announce, address)
        workers = Workers(serving.workers, listener)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, workers.stop)
        workers.run(lambda: told(serving.listening.url(listener)))


def _both(announce: Callable[[str], None], metrics: str | None) -> Callable[[str], None]:
    def told(url: str) -> None:
        announce(url)
        if metrics is not None:
            announce(metrics)

    return told


def _answer(
    assembly: Assembly,
    listening: Listening,
    announce: Callable[[str], None],
    metrics: Metrics,
    listener: socket.socket | None = None,
) -> None:
    with _readers(assembly) as readers:
        door = Door(assembly, readers)
        app = Application(door, CLIENT_SECONDS, metrics)
        with _swept(door):
            run(app, listening, announce, listener=listener, on_stop=app.stop)
            settled = app.settle(SETTLE_SECONDS)
        door.under_way.owner.close()
        if not settled:
            log.warning("calls to the provider are left under way, which the ledger finds again")
            readers.close()
            sys.stdout.flush()
            os._exit(0)  # their threads would keep this process for as long as a call may take


@contextmanager
def _readers(assembly: Assembly) -> Iterator[Readers]:
    readers = Readers(READERS, assembly.scratch)
    try:
        yield readers
    finally:
        readers.close()


@contextmanager
def _swept(door: Door) -> Iterator[None]:
    """Sweeps at once, and then every minute beside the callers."""
    stopped = Event()
    thread = Thread(target=_sweep_until, args=(door, stopped), name="sweep", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _sweep_until(door: Door, stopped: Event) -> None:
    while True:
        try:
            door.under_way.sweep()
        except Exception as err:  # noqa: BLE001 the thread's one net: the next sweep tries the same again
            log.error("the sweep failed and is tried again", defect=type(err).__name__)
        if stopped.wait(SWEEP_SECONDS):
            return
