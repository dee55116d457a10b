"""Serving: opens the socket, locks the home folder, builds the application and runs uvicorn until SIGTERM.

Starting a server in another process belongs in `process/launch.py`.
"""

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from pathlib import Path
from typing import IO, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator.batches.background import BackgroundJobs
from llm_assets.emulator.batches.store import Store
from llm_assets.emulator.clock import Clock
from llm_assets.emulator.fault_rules import FaultRules
from llm_assets.emulator.journal import Journal
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.process.options import EmulatorOptions
from llm_assets.emulator.process.parent import Parents
from llm_assets.emulator.scenario import Scenario, load
from llm_assets.emulator.server.app import Emulator
from llm_assets.emulator.server.recorder import Recorder
from llm_assets.emulator.server.webhooks import send_webhooks

LOCK, RUNNING = "emulator.lock", "emulator.json"


class DroppableProtocol(HttpToolsProtocol):
    """Puts the connection into the scope, so that a fault can cut it without an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["emulator.transport"] = self.transport  # type: ignore[typeddict-unknown-key]


class Server(uvicorn.Server):
    def capture_signals(self) -> Any:
        """SIGTERM ends this process in the ordinary way: with exit code 0, not as killed by a signal."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        return _Nothing()


class _Nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *exc: object) -> None:
        return None


def serve(options: EmulatorOptions) -> None:
    """Serve until SIGTERM. Raises ConfigurationError when the scenario is unreadable or the port or home folder taken."""
    scenario = load(options.scenario) if options.scenario is not None else Scenario()
    options.home.mkdir(parents=True, exist_ok=True)
    lock = _lock(options.home)
    listener = _listen(options)
    port = listener.getsockname()[1]
    url = f"http://{options.host}:{port}"
    # SIGTERM may come before uvicorn has installed its handler; the process must end as quietly then.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    _announce(options, url, port)
    parents = Parents()
    if options.exit_with_parent is not None:
        parents.add(options.exit_with_parent)
    try:
        asyncio.run(_run(options, scenario, url, listener, parents))
    finally:
        (options.home / RUNNING).unlink(missing_ok=True)
        lock.close()


async def _run(
    options: EmulatorOptions, scenario: Scenario, url: str, listener: socket.socket, parents: Parents
) -> None:
    store = Store(options.home)
    clock = Clock(store.setting("clock.offset"), scenario.clock_seconds)
    journal = Journal(options.home)
    background = BackgroundJobs(store, clock, options.seed, journal)
    context = Context(
        options, store, clock, FaultRules(scenario, options.seed), background, parents, journal, url
    )
    recorder = Recorder(options.record) if options.record is not None else None
    config = uvicorn.Config(
        Emulator(context, recorder),
        http=DroppableProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        date_header=False,  # ours shows the emulator's clock
        timeout_graceful_shutdown=1,
        timeout_keep_alive=60,
    )
    background.resume()
    webhooks = asyncio.create_task(send_webhooks(context))
    try:
        await Server(config).serve(sockets=[listener])
    finally:
        webhooks.cancel()
        background.close()
        store.close()
        journal.close()
        if recorder is not None:
            recorder.close()


def _lock(home: Path) -> IO[str]:
    """One emulator per home folder; the kernel frees the lock when the process dies."""
    handle = (home / LOCK).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        handle.close()
        message = f"Another emulator is already using {home}; stop it or choose another --state folder."
        raise ConfigurationError(message) from err
    return handle


def _listen(options: EmulatorOptions) -> socket.socket:
    # asyncio sets TCP_NODELAY only on sockets that name the protocol; answers took 40 ms more without it.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
    except OSError as err:
        listener.close()
        message = f"Cannot listen on {options.host}:{options.port}: {err.strerror}; choose another --port."
        raise ConfigurationError(message) from err
    listener.listen(1024)
    listener.setblocking(False)
    return listener


def _announce(options: EmulatorOptions, url: str, port: int) -> None:
    """Publishes the address. The port is already open: calls wait in its queue until the server accepts them."""
    _write_whole(options.home / RUNNING, json.dumps({"pid": os.getpid(), "url": url}))
    if options.port_file is not None:
        _write_whole(options.port_file, f"{port}\n")
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


def _write_whole(path: Path, text: str) -> None:
    beside = path.with_name(path.name + ".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
