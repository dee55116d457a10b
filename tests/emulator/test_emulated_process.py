"""The emulator as a process: started once per folder, durable, ended with its parent, recording every request."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llm_assets.domain.errors import ConfigurationError
from llm_assets.emulator import find, start
from llm_assets.emulator.process.parent import is_alive
from llm_assets.emulator.scenario import parse
from tests.support.providers.emulator_kit import chat, chat_line, message, message_item, played


def until(condition: "object", seconds: float = 10.0) -> bool:
    assert callable(condition)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


def test_batches_files_and_results_survive_a_kill(home: Path) -> None:
    first = start(home, latency=1000.0)
    desk = played(first)
    finished = desk.openai_batch([chat_line("a")])
    desk.advance(1001)
    done = desk.openai.batches.retrieve(finished.id)
    before = desk.lines(done.output_file_id)
    open_one = desk.anthropic.messages.batches.create(requests=[message_item("b"), message_item("c")])
    os.kill(first.pid, signal.SIGKILL)
    first.stop()
    second = start(home, latency=1000.0)
    try:
        desk = played(second)
        assert desk.lines(desk.openai.batches.retrieve(finished.id).output_file_id) == before
        assert desk.anthropic.messages.batches.retrieve(open_one.id).processing_status == "in_progress"
        desk.advance(1001)
        assert desk.anthropic.messages.batches.retrieve(open_one.id).request_counts.succeeded == 2
        assert sorted(r.custom_id for r in desk.anthropic.messages.batches.results(open_one.id)) == ["b", "c"]
    finally:
        second.stop()


def test_a_second_start_finds_the_running_emulator_and_other_options_are_refused(home: Path) -> None:
    running = start(home, latency=0.0)
    try:
        assert start(home, latency=0.0) == running == find(home)
        with pytest.raises(ConfigurationError, match="another latency"):
            start(home, latency=5.0)
        again = subprocess.run(
            [sys.executable, "-m", "llm_assets.emulator", "--state", str(home)],
            capture_output=True, text=True, timeout=20,
        )  # fmt: skip
        assert again.returncode == 2 and "already using" in again.stderr
    finally:
        running.stop()
    assert not is_alive(running.pid) and find(home) is None


def test_it_ends_by_itself_when_its_parent_dies(home: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    running = start(home, exit_with_parent=parent.pid)
    parent.kill()
    parent.wait()
    assert until(lambda: find(home) is None)
    running.stop()


def test_it_lives_on_for_the_second_process_that_relies_on_it(home: Path) -> None:
    parents = [subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) for _ in range(2)]
    running = [start(home, exit_with_parent=parent.pid) for parent in parents]
    assert running[0] == running[1]
    parents[0].kill()
    parents[0].wait()
    assert not until(lambda: find(home) is None, seconds=1.2)
    parents[1].kill()
    parents[1].wait()
    assert until(lambda: find(home) is None)
    running[0].stop()


def test_the_command_line_writes_the_port_prints_the_url_and_ends_cleanly_on_sigterm(tmp_path: Path) -> None:
    port_file = tmp_path / "port"
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "llm_assets.emulator",
            "--state",
            str(tmp_path / "home"),
            "--port-file",
            str(port_file),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert until(port_file.exists)
        process.send_signal(signal.SIGTERM)
        printed, _ = process.communicate(timeout=10)
    finally:
        process.kill()
    assert printed == f"http://127.0.0.1:{port_file.read_text().strip()}\n"
    assert process.returncode == 0


def test_a_missing_scenario_file_is_a_usage_error_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "faults.yaml"
    done = subprocess.run(
        [sys.executable, "-m", "llm_assets.emulator", "--state", str(tmp_path), "--scenario", str(path)],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == f"Cannot read the scenario {path}: No such file or directory; check --scenario.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("calls: 5", "faults.yaml: calls: Input should be a valid"),
        ("{", "faults.yaml is not YAML"),
        ("faults: []", "faults: Extra inputs"),
        ("requests: [{outcome: boom}]", "requests.0.outcome"),
        ('requests: [{when: {custom_id: "("}, outcome: empty}]', "not a regular expression"),
    ],
)
def test_a_wrong_scenario_says_where(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(text, "faults.yaml")
    assert said in str(refused.value)


def test_the_recorder_keeps_bodies_files_and_ids_but_no_key(home: Path, tmp_path: Path) -> None:
    record = tmp_path / "requests.jsonl"
    running = start(home, latency=0.0, record=record)
    try:
        desk = played(running)
        batch = desk.openai_batch([chat_line("a")], metadata={"n": "1"})
        desk.openai.batches.retrieve(batch.id)
        desk.openai.chat.completions.create(**chat())
        desk.anthropic.messages.create(**message())
        list(desk.anthropic.messages.batches.list(limit=5))
    finally:
        running.stop()
    raw = record.read_text()
    assert "Bearer test" not in raw
    upload, create, _, sync, claude, listing = map(json.loads, raw.splitlines())
    assert upload["headers"]["authorization"] == "Bearer ***"
    assert upload["form"] == {"purpose": "batch"}
    assert upload["files"]["file"]["filename"] == "requests.jsonl" and upload["files"]["file"]["content_b64"]
    assert create["body"]["input_file_id"] == upload["response"]["body"]["id"]
    assert sync["path"] == "/v1/chat/completions" and sync["response"]["status"] == 200
    assert (claude["provider"], claude["headers"]["anthropic-version"]) == ("anthropic", "2026-10-21")
    assert listing["query"] == {"limit": "5"}


def test_importing_the_package_loads_no_server() -> None:
    code = "import sys, llm_assets.emulator; print([m for m in ('uvicorn', 'yaml', 'orjson') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
