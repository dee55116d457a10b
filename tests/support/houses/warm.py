"""The command in a process of its own that finds its libraries imported; half of a small night's time is imports.

Each call is forked from a server that has imported them and done nothing else. `House.start` runs the console script.
"""

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.unsynced import unsynced

LIBRARIES = [
    *("llm_assets.cli", "llm_assets.definitions", "llm_assets.defs.in_process"),
    *("llm_assets.usecases.night.process_night", "openai", "anthropic", "duckdb", "babel"),
]
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(LIBRARIES)


def call(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, seconds: float
) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `llm-assets WORDS` in this folder with just this environment. Raises TimeoutError
    after killing it."""
    with tempfile.TemporaryDirectory() as place:
        out, err = Path(place, "out"), Path(place, "err")
        process = PROCESSES.Process(target=work, args=(words, environment, folder, out, err))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise TimeoutError(f"llm-assets {' '.join(words)} took more than {seconds} s")
        return process.exitcode, out.read_text("utf-8"), err.read_text("utf-8")


def work(words: Sequence[str], environment: Mapping[str, str], folder: Path, out: Path, err: Path) -> None:
    for number, path in ((1, out), (2, err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.argv = ["llm-assets", *words]
    from llm_assets.cli import main

    with unsynced():
        main()
