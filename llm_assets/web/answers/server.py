"""The online door as a process. Run by `answers`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

import structlog

from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.web.answers.app import application
from llm_assets.web.endpoint.process import Listening, run

log = structlog.get_logger()

CLIENT_SECONDS = 15
SWEEP_SECONDS = 60
READERS = 2


def serve(assembly: Assembly, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Answers until SIGTERM, then finishes the requests under way.

    Raises ConfigurationError: the profile cannot work, the port is taken, the ledger is unreachable.
    """
    assembly.check_provider()
    readers = Readers(READERS, assembly.scratch)
    try:
        door = Door(assembly, readers)
        with _swept(door):
            run(application(door, CLIENT_SECONDS), Listening(host, port, CLIENT_SECONDS), announce)
        door.under_way.owner.close()
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
