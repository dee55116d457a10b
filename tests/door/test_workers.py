"""Several processes at one address: they answer, are replaced when they die, and end with their parent."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from llm_assets.web.answers.workers import WorkerError, Workers
from llm_assets.web.listening import listen

SERVES = """
import os, socket, sys
listener = socket.socket(fileno=int(sys.argv[1]))
listener.setblocking(True)
print("ready", flush=True)
while True:
    connection, _ = listener.accept()
    connection.sendall(str(os.getpid()).encode())
    connection.close()
"""
BREAKS = "import sys; sys.exit(3)"


def command(script: str) -> tuple[str, ...]:
    return (sys.executable, "-c", script)


def pid_at(address: tuple[str, int]) -> int:
    with socket.create_connection(address, timeout=10) as connection:
        return int(connection.recv(100))


def until(right: Callable[[], bool], seconds: float) -> None:
    ends = time.monotonic() + seconds
    while not right():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_worker_that_dies_is_replaced_and_a_stop_ends_all() -> None:
    listener = listen("127.0.0.1", 0)
    workers, announced = Workers(2, listener, command(SERVES)), threading.Event()
    running = threading.Thread(target=lambda: workers.run(announced.set))
    running.start()
    assert announced.wait(10)
    address = listener.getsockname()
    seen = {pid_at(address)}
    killed = next(iter(seen))
    os.kill(killed, signal.SIGKILL)
    until(lambda: _is_dead(killed), 5)
    assert all(pid_at(address) != killed for _ in range(3)), "the other one answers meanwhile"
    until(lambda: not seen.add(pid_at(address)) and len(seen - {killed}) == 2, 20)
    workers.stop()
    running.join(60)
    assert not running.is_alive()
    assert not [pid for pid in seen if Path(f"/proc/{pid}").exists()]


def test_workers_that_cannot_start_are_an_error() -> None:
    with pytest.raises(WorkerError, match="ended with code 3"):
        Workers(2, listen("127.0.0.1", 0), command(BREAKS)).run(lambda: None)


@pytest.mark.soak
def test_two_real_workers_share_limits_and_numbers(tmp_path: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("LLM_ASSETS_")}
    environment |= {
        "LLM_ASSETS_HOME": str(tmp_path / "home"),
        "LLM_ASSETS_PROVIDER": "emulator",
        "TMPDIR": str(tmp_path),  # a killed process leaves its folder
    }
    program = (sys.executable, "-m", "llm_assets.cli")
    made = (*program, "keys", "add", "crm", "--steps", "categories", "--rpm", "6")
    key = subprocess.run(made, env=environment, check=True, capture_output=True, text=True).stdout.strip()
    words = ("answers", "--port", "0", "--workers", "2", "--metrics-port", "0")
    door = subprocess.Popen(
        [*program, *words], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert door.stdout is not None
    url, metrics = door.stdout.readline().strip(), door.stdout.readline().strip()
    body = json.dumps({"text": "Where is my card?"}).encode()
    head = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    for _ in range(6):
        with urlopen(Request(f"{url}/v1/steps/categories", body, head)) as answer:
            assert answer.status == 200
    with pytest.raises(OSError, match="429"):
        urlopen(Request(f"{url}/v1/steps/categories", body, head))
    workers = [pid for pid in _children(door.pid) if "--worker" in _command_of(pid)]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    until(lambda: len([p for p in _children(door.pid) if "--worker" in _command_of(p)]) == 2, 30)
    with urlopen(metrics) as page:
        counted = re.findall(r'requests_total\{key="crm",status="(\d+)".*\} (\d+)', page.read().decode())
    assert dict(counted) == {"200": "6", "429": "1"}, "a dead worker's numbers count on"
    door.kill()
    _, said = door.communicate(timeout=60)
    until(lambda: not [p for p in workers[1:] if "--worker" in _command_of(p)], 60)
    assert key.rpartition("_")[2] not in said


def _is_dead(pid: int) -> bool:
    """Also while its parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _children(pid: int) -> list[int]:
    found = subprocess.run(("ps", "--ppid", str(pid), "-o", "pid="), capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


def _command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""
