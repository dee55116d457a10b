"""The provider emulator: one process that serves Anthropic's and OpenAI's batch and sync APIs and answers by rules.

It is shipped for the demo, the tests and the benchmark, and knows nothing of our engine. Importing this package is
cheap; only `serve` loads the server.

Rooms: `process/` starts and ends the process, `server/` listens and routes calls, `operations/` implements each
provider's API, `requests/` checks what a client sends, `batches/` answers batches in the background, `rules/` stands in
for the model, `conformance/` tests a client of any language. Beside them: `scenario.py` and `fault_rules.py` (faults),
`journal.py` (what happened, for judging a client).
"""

from llm_assets.emulator.process.launch import RunningEmulator, find, start
from llm_assets.emulator.process.options import EmulatorOptions

__all__ = ["EmulatorOptions", "RunningEmulator", "find", "serve", "start"]


def serve(options: EmulatorOptions) -> None:
    """Serve in this process until SIGTERM; see `server/serve.py`."""
    from llm_assets.emulator.server.serve import serve as run

    run(options)
