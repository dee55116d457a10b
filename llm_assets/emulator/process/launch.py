"""Starts the emulator as a process of its own, and finds the one that already serves a folder."""

import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.process.options import EmulatorOptions
from llm_assets.emulator.process.parent import is_alive

START_SECONDS = 30.0
STOP_SECONDS = 10.0
BEHAVIOUR = ("latency", "seed", "scenario", "record")


@dataclass(frozen=True, slots=True)
class RunningEmulator:
    url: str
    pid: int

    @property
    def openai_base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def anthropic_base_url(self) -> str:
        return self.url

    @property
    def gemini_base_url(self) -> str:
        return self.url

    def stop(self) -> None:
        """Ends the process and waits until it is gone."""
        if not is_alive(self.pid):
            return
        os.kill(self.pid, signal.SIGTERM)
        if not _wait_until_gone(self.pid):
            os.kill(self.pid, signal.SIGKILL)
            _wait_until_gone(self.pid)


def start(home: Path, **options: Any) -> RunningEmulator:
    """The emulator of this folder: the running one, or a new one with these `EmulatorOptions`.

    Raises ConfigurationError when it does not start, or when the running one was started with other options.
    """
    wanted = EmulatorOptions(home=home, **options)
    home.mkdir(parents=True, exist_ok=True)
    with (home / "start.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        running = find(home)
        if running is None:
            return _launch(wanted)
        other = _differences(wanted, _health(running.url) or {})
        if other:
            raise ConfigurationError(
                f"An emulator (pid {running.pid}) already serves {home} with another {', '.join(other)};"
                " stop it first or use another folder."
            )
        if wanted.exit_with_parent is None or _adopt(running.url, wanted.exit_with_parent):
            return running
        _wait_until_gone(running.pid)
        return _launch(wanted)


def _differences(wanted: EmulatorOptions, health: dict[str, Any]) -> list[str]:
    given = health.get("options", {})
    return [name for name in BEHAVIOUR if given.get(name) != behaviour(wanted)[name]]


def behaviour(options: EmulatorOptions) -> dict[str, Any]:
    """The options that change what a client sees, as the health endpoint shows them."""
    shown = {name: getattr(options, name) for name in BEHAVIOUR}
    return {name: str(value) if isinstance(value, Path) else value for name, value in shown.items()}


def find(home: Path) -> RunningEmulator | None:
    """The emulator that serves this folder now, confirmed by its health endpoint; None when there is none."""
    try:
        known = json.loads((home / "emulator.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    running = RunningEmulator(known["url"], known["pid"])
    health = _health(running.url)
    if health is None or health.get("pid") != running.pid or health.get("home") != str(home.resolve()):
        return None
    return running


def _adopt(url: str, pid: int) -> bool:
    """Registers one more process that relies on a running emulator; False when that is already ending."""
    kept = _ask(url, "POST", "/_emulator/parent", json.dumps({"pid": pid}))
    return kept is not None and kept.get("kept") is True


def _health(url: str) -> dict[str, Any] | None:
    return _ask(url, "GET", "/_emulator/health")


def _ask(url: str, method: str, path: str, body: str | None = None) -> dict[str, Any] | None:
    """The JSON answer of an admin endpoint; None when no server answers."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=5)
    try:
        connection.request(method, path, body)
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return answer


def _launch(options: EmulatorOptions) -> RunningEmulator:
    log = options.home / "emulator.log"
    (options.home / "emulator.json").unlink(missing_ok=True)
    with log.open("wb") as sink:
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-m", "llm_assets.emulator", *arguments(options)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        running = find(options.home)
        if running is not None and running.pid == process.pid:
            return running
        if process.poll() is not None:
            break
        time.sleep(0.02)
    process.kill()
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-500:]
    raise ConfigurationError(f"The emulator did not start; {log} says: {said or 'nothing'}")


def arguments(options: EmulatorOptions) -> list[str]:
    """These options as a command line of `python -m llm_assets.emulator`."""
    names = {"home": "--state"}
    words: list[str] = []
    for item in fields(options):
        value = getattr(options, item.name)
        if value is not None:
            words += [names.get(item.name, "--" + item.name.replace("_", "-")), str(value)]
    return words


def _wait_until_gone(pid: int) -> bool:
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        if not _running(pid):
            return True
        time.sleep(0.02)
    return False


def _running(pid: int) -> bool:
    """False once the process is gone. Reaps it when it is a child of ours."""
    try:
        done, _ = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return is_alive(pid)
    return done == 0
