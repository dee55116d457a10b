"""The command `webhooks` as a process of its own, told by the emulator that a batch has ended."""

import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from llm_assets.domain.requests.batch import BatchState
from llm_assets.emulator.process.launch import start
from resources.ledger import SqlLedger
from tests.support.nights.ledger_night import LATER, plan, send, work
from tests.support.providers.emulator_kit import chat_line, played

SECRET = "whsec_aW52ZW50ZWQtc2VjcmV0LWludmVudGVk"
COMMAND = [sys.executable, "-m", "llm_assets.cli", "webhooks", "--port", "0"]


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LLM_ASSETS_", "OPENAI_WEBHOOK"))}
    return kept | {"LLM_ASSETS_HOME": str(tmp_path / "home"), "LLM_ASSETS_PROVIDER": "emulator"} | more


def test_the_end_of_an_emulated_batch_makes_ours_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_WEBHOOK_SECRET", SECRET)
    (tmp_path / "home").mkdir()
    ledger = SqlLedger(f"sqlite:///{tmp_path}/home/ledger.db", tmp_path / "home")
    running = start(tmp_path / "emulator", latency=0.3, exit_with_parent=os.getpid())
    endpoint = subprocess.Popen(
        COMMAND, env=environment(tmp_path, OPENAI_WEBHOOK_SECRET=SECRET), text=True, stdout=subprocess.PIPE
    )
    try:
        assert endpoint.stdout is not None
        url = endpoint.stdout.readline().strip()
        assert url.endswith("/webhooks")
        emulator = played(running)
        emulator.scenario(f"webhooks: {{url: '{url}', times: 2}}")
        ours = send(ledger, plan(ledger, work([1]))).batch_id
        ledger.batches.transition(ours, BatchState.INTENT, BatchState.CREATING)
        theirs = emulator.openai_batch([chat_line("a")]).id
        ledger.batches.transition(
            ours,
            BatchState.CREATING,
            BatchState.SUBMITTED,
            provider_batch_id=theirs,
            look_from=LATER + timedelta(days=1),
        )
        until = time.monotonic() + 20
        while ledger.batches.batch(ours).look_from is not None:
            assert time.monotonic() < until, "the endpoint was never told"
            time.sleep(0.05)
        endpoint.terminate()
        assert endpoint.wait(20) == 0
    finally:
        endpoint.kill()
        running.stop()
        ledger.close()


def test_without_its_secret_the_command_says_which_variable_to_set(tmp_path: Path) -> None:
    said = subprocess.run(
        COMMAND, env=environment(tmp_path), text=True, capture_output=True, timeout=60, check=False
    )
    assert said.returncode == 2
    assert "OPENAI_WEBHOOK_SECRET" in said.stderr and said.stderr.count("\n") == 1
