"""Asks the online door in processes of its own, which end themselves at given moments as kill -9 would.

Arguments: folder of the desk, base URL of the emulator, database URL or "", and moments as `<before|after>:<what>:<how many
times>`. For each moment another case is told and its process dies; prints as JSON whether each came to its moment. The
processes are forked from this one, which has imported everything and done nothing.
"""

import json
import os
import signal
import sys
from pathlib import Path

from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.usecases.answers.readers import Readers
from resources.ledger.callers.answers import SqlAnswers
from resources.ledger.callers.told_work import SqlToldWork
from resources.ledger.transactions.batches import SqlBatches
from resources.providers.openai.adapter import OpenAIProvider
from tests.support.dying import arm
from tests.support.houses.desk_with_door import DeskWithDoor
from tests.support.houses.small_desk import settings

CALLS: dict[str, tuple[type, str]] = {
    "admit": (SqlAnswers, "admit"),
    "plan": (SqlToldWork, "plan"),
    "begin": (SqlBatches, "begin"),
    "ask": (OpenAIProvider, "ask"),
    "end": (SqlBatches, "end"),
    "answered": (SqlAnswers, "answered"),
}


def text_of(moment: str) -> str:
    """Gets a draft; another one for each moment."""
    return f"I lost my card, please block it now. Card ends with 4412. Ref {moment}"


def main() -> None:
    folder, address, database, *moments = sys.argv[1:]
    print(json.dumps({moment: _dies(folder, address, database, moment) for moment in moments}))


def _dies(folder: str, address: str, database: str, moment: str) -> bool:
    child = os.fork()
    if child == 0:
        arm(moment, CALLS)
        _ask(folder, address, database, moment)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _ask(folder: str, address: str, database: str, moment: str) -> None:
    emulator = RunningEmulator(address, 0)
    given = settings(Path(folder), emulator, database_url=database or None)
    with DeskWithDoor(given, Readers(1)).open() as door:
        door.ask(text_of(moment), "drafts", key=moment)


if __name__ == "__main__":
    main()
