"""The provider emulator as the platform starts it: in this process, beside it, or found running.

Imports of the emulator are inside the functions: a desk with a real provider never loads it.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from resources.settings.environment import load_settings

if TYPE_CHECKING:
    from llm_assets.emulator.process.launch import RunningEmulator


def emulator_url(home: Path) -> str:
    """Base URL of the emulator of this home, started on a free loopback port when none runs."""
    from llm_assets.emulator.process.launch import find, start

    folder = home / "emulator"
    running = find(folder) or start(folder, exit_with_parent=os.getpid())
    return running.url


def start_emulator(home: Path, *, latency: float) -> "RunningEmulator":
    """A new process of the emulator for this home that ends soon after this one. `latency`: seconds a batch takes."""
    from llm_assets.emulator.process.launch import start

    return start(home / "emulator", latency=latency, exit_with_parent=os.getpid())


def serve_emulator(
    *,
    state: Path | None,
    port: int,
    latency: float,
    seed: int,
    scenario: Path | None,
    record: Path | None,
    exit_with_parent: int | None,
) -> None:
    """Serves the emulator in this process until it is stopped. Without `state` its files are under the desk's home."""
    from llm_assets.emulator.process.options import EmulatorOptions
    from llm_assets.emulator.server.serve import serve

    serve(
        EmulatorOptions(
            home=state or load_settings().home / "emulator",
            port=port,
            latency=latency,
            seed=seed,
            scenario=scenario,
            record=record,
            exit_with_parent=exit_with_parent,
        )
    )
