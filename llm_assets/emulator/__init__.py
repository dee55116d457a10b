"""The provider emulator: Anthropic's and OpenAI's wire protocols in one process, answered by rules.

A shipped tool for the demo, the tests and the benchmark. Importing this is light; `serve` loads the server.
"""

from llm_assets.emulator.process.launch import RunningEmulator, find, start
from llm_assets.emulator.process.options import EmulatorOptions

__all__ = ["EmulatorOptions", "RunningEmulator", "find", "serve", "start"]


def serve(options: EmulatorOptions) -> None:
    """Answer in this process until SIGTERM; see `server.serve`."""
    from llm_assets.emulator.server.serve import serve as run

    run(options)
