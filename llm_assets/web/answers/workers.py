"""Workers: the processes that answer side by side behind one address. Each has its own readers; limits are in the ledger."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog

from llm_assets.domain.errors import DeskError

log = structlog.get_logger()

COMMAND = (sys.executable, "-m", "llm_assets.cli", "answers", "--worker")
READY = "ready"
LOOK_SECONDS = 0.2
END_SECONDS = 60.0
"""What a worker may take to end; then it is killed, which the ledger is made for."""
SHORT_LIFE = 5.0
"""A worker that lived no longer is replaced after a pause that grows."""
LONGEST_PAUSE = 30.0


class WorkerError(DeskError):
    """The first workers cannot start."""


@dataclass
class _Worker:
    process: "subprocess.Popen[str]"
    began: float = field(default_factory=time.monotonic)


class Workers:
    """Started and replaced from one thread."""

    def __init__(self, size: int, listener: socket.socket, command: Sequence[str] = COMMAND) -> None:
        self._size = size
        self._command = command
        self._listener = listener
        self._running: list[_Worker] = []
        self._stop = threading.Event()
        self._pause = 0.0

    def run(self, announce: Callable[[], None]) -> None:
        """Until `stop`. `announce` is called when all of them answer. Raises WorkerError when one of the first ends instead."""
        try:
            self._running = [self._start() for _ in range(self._size)]
            for worker in self._running:
                self._await_ready(worker)
            if not self._stop.is_set():
                announce()
            while not self._stop.wait(LOOK_SECONDS):
                self._replace_dead()
        finally:
            self._end()

    def stop(self, *_: object) -> None:
        """May be the receiver of a signal."""
        self._stop.set()
        for worker in list(self._running):
            worker.process.terminate()

    def _start(self) -> _Worker:
        fd = self._listener.fileno()
        process = subprocess.Popen(  # noqa: S603 our own command
            [*self._command, str(fd)],
            pass_fds=(fd,),
            stdin=subprocess.PIPE,  # which ends with this process, and the worker with it
            stdout=subprocess.PIPE,
            text=True,
        )
        return _Worker(process)

    def _await_ready(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        if worker.process.stdout.readline().strip() != READY and not self._stop.is_set():
            raise WorkerError(f"a worker ended with code {worker.process.wait()}: see what it wrote above")

    def _replace_dead(self) -> None:
        for worker in list(self._running):
            code = worker.process.poll()
            if code is None:
                continue
            self._running.remove(worker)
            _close(worker)
            short = time.monotonic() - worker.began < SHORT_LIFE
            self._pause = min(LONGEST_PAUSE, max(1.0, 2 * self._pause)) if short else 0.0
            log.error("a worker ended and is replaced", code=code, seconds=self._pause)
            if self._stop.wait(self._pause):
                return
            self._running.append(self._start())

    def _end(self) -> None:
        for worker in self._running:
            worker.process.terminate()
        ends = time.monotonic() + END_SECONDS
        for worker in self._running:
            try:
                worker.process.wait(max(0.1, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                log.error("a worker did not end and is killed", seconds=END_SECONDS)
                worker.process.kill()
                worker.process.wait()
            _close(worker)


def _close(worker: _Worker) -> None:
    for stream in (worker.process.stdin, worker.process.stdout):
        if stream is not None:
            stream.close()


def say_ready() -> None:
    """To the process that started this one."""
    sys.stdout.write(f"{READY}\n")
    sys.stdout.flush()


def end_with_parent() -> None:
    """Ends this process in an orderly way when the one that started it is gone, however that came about."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()
