"""The online door as a process. Run by `answers`."""

from collections.abc import Callable

from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.web.answers.app import application
from llm_assets.web.endpoint.process import Listening, run

CLIENT_SECONDS = 15
READERS = 2


def serve(assembly: Assembly, host: str, port: int, announce: Callable[[str], None]) -> None:
    """Answers until SIGTERM, then finishes the requests under way.

    Raises ConfigurationError: the profile cannot work, the port is taken, the ledger is unreachable.
    """
    assembly.check_provider()
    readers = Readers(READERS, assembly.scratch)
    try:
        run(
            application(Door(assembly, readers), CLIENT_SECONDS),
            Listening(host, port, CLIENT_SECONDS),
            announce,
        )
    finally:
        readers.close()
