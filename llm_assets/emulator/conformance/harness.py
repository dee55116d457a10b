"""The harness: starts a client, kills it at the moment a case names, starts it again. It judges nothing."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol as Shape

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.conformance.case import Case
from llm_assets.emulator.conformance.judge import ClientRun
from llm_assets.emulator.errors import Protocol
from llm_assets.emulator.journal import calls
from llm_assets.emulator.process.launch import RunningEmulator

STEP = 0.01


class Client(Shape):
    """A running client process."""

    def poll(self) -> int | None:
        """Its exit code; None while it runs."""

    def kill(self) -> None:
        """Kills it and everything it started with SIGKILL; returns when it is gone."""


def conduct(case: Case, home: Path, launch: Callable[[], Client], timeout: float) -> ClientRun:
    """Runs a client through a case until it exits with 0, has failed as often as the case allows, or the time is over."""
    until = time.monotonic() + timeout
    exits: list[int] = []
    killed = False
    while len(exits) < case.starts:
        client = launch()
        while (code := client.poll()) is None:
            if time.monotonic() > until:
                client.kill()
                return ClientRun(tuple(exits), in_time=False, killed=killed)
            if not killed and _has_come(case.kill, home):
                client.kill()
                killed = True
                break
            time.sleep(STEP)
        if code is not None:
            exits.append(code)
        if code == 0:
            break
    return ClientRun(tuple(exits), killed=killed)


def _has_come(moments: Sequence[str], home: Path) -> bool:
    return bool(moments) and any(call.operation in moments for call in calls(home / "journal"))


class Command:
    """A client that is a command line. Its environment holds the address and the number of requests to send."""

    def __init__(self, words: Sequence[str], environment: dict[str, str]) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own client
                words, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, start_new_session=True
            )
        except OSError as err:
            raise ConfigurationError(f"Cannot start the client {words[0]}: {err.strerror}.") from err

    def poll(self) -> int | None:
        return self._process.poll()

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def environment(case: Case, protocol: Protocol, running: RunningEmulator, state: Path) -> dict[str, str]:
    """The environment variables of a client under test. Both SDKs read the address and the key from them."""
    return {
        "OPENAI_BASE_URL": running.openai_base_url,
        "OPENAI_API_KEY": "conformance",
        "ANTHROPIC_BASE_URL": running.anthropic_base_url,
        "ANTHROPIC_API_KEY": "conformance",
        "GOOGLE_GEMINI_BASE_URL": running.gemini_base_url,
        "GEMINI_API_KEY": "conformance",
        "CONFORMANCE_CASE": case.name,
        "CONFORMANCE_PROTOCOL": protocol,
        "CONFORMANCE_REQUESTS": str(case.requests),
        "CONFORMANCE_STATE": str(state),
    }
