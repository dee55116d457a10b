"""A house of its own for each test: the real command in a process of its own, against the session's emulator."""

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from llm_assets.emulator.process.launch import RunningEmulator
from tests.support.houses import warm
from tests.support.mail.invented_inbox import ZONE

COMMAND = (str(Path(sys.executable).with_name("llm-assets")),)
"""The console script of this environment."""
TODAY = datetime.now(ZONE).date()
"""Its night is open until tomorrow's deadline."""
LONG_AGO = TODAY - timedelta(days=5)
"""Its deadline has passed."""
SECONDS = 120


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def report(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.out.splitlines()[-1])
        return found

    def written(self, name: str) -> str:
        """Text of a file beside the report that the output names."""
        html = next(line for line in self.out.splitlines() if line.startswith("report: ")).removeprefix(
            "report: "
        )
        return Path(html).with_name(name).read_text(encoding="utf-8")

    def said_one_sentence(self, *words: str) -> bool:
        """True when stderr is one line without a traceback, and names every word."""
        lines = self.err.strip().splitlines()
        return (
            len(lines) == 1
            and lines[0].startswith("llm-assets: ")
            and "Traceback" not in self.err
            and all(word in self.err for word in words)
        )


def runs(process: "subprocess.Popen[str]") -> bool:
    """Whether it still runs, asked a few times a second."""
    try:
        process.wait(timeout=0.1)
    except subprocess.TimeoutExpired:
        return True
    return False


@dataclass(frozen=True)
class House:
    home: Path
    emulator: RunningEmulator
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {
            k: v
            for k, v in os.environ.items()
            if not k.startswith(("LLM_ASSETS_", "OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_GEMINI_"))
        }
        return kept | {
            "LLM_ASSETS_HOME": str(self.home),
            "LLM_ASSETS_PROVIDER": "openai",
            "LLM_ASSETS_POLL_SECONDS": "0.1",
            "LLM_ASSETS_FIRST_DAY": (TODAY - timedelta(days=40)).isoformat(),
            "OPENAI_BASE_URL": self.emulator.openai_base_url,
            "OPENAI_API_KEY": "invented-key",
            "ANTHROPIC_BASE_URL": self.emulator.anthropic_base_url,
            "ANTHROPIC_API_KEY": "invented-key",
            "GOOGLE_GEMINI_BASE_URL": self.emulator.gemini_base_url,
            "GEMINI_API_KEY": "invented-key",
            "DAGSTER_DISABLE_TELEMETRY": "1",
            **self.settings,
        }  # fmt: skip

    def start(self, *words: str, **settings: str) -> "subprocess.Popen[str]":
        """The console script under way. A setting given as "" is not set at all."""
        environment = {k: v for k, v in (self.environment | settings).items() if v != ""}
        return subprocess.Popen(
            [*COMMAND, *words],
            env=environment,
            cwd=self.home.parent,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, *words: str, **settings: str) -> Ran:
        """The command and its end. As with `start`, a setting given as "" is not set."""
        environment = {k: v for k, v in (self.environment | settings).items() if v != ""}
        return Ran(*warm.call(words, environment, self.home.parent, SECONDS))

    def night(self, *words: str, day: date = TODAY, **settings: str) -> Ran:
        return self.run("night", "--day", day.isoformat(), "--json", *words, **settings)


@dataclass(frozen=True)
class Worked:
    """A house after its first night."""

    house: House
    first: Ran


@dataclass(frozen=True)
class Emulated:
    """The session's emulator and what may be asked of it."""

    running: RunningEmulator

    def ask(self, method: str, path: str, body: str | None = None) -> Any:
        place = urlsplit(self.running.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=10)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status < 300, content
        return json.loads(content)

    def scenario(self, text: str) -> None:
        self.ask("POST", "/_emulator/scenario", text)

    def answered(self) -> int:
        """Requests it has answered since it started, in batches and one by one."""
        stats = self.ask("GET", "/_emulator/stats")
        single = sum(stats["calls"].get(f"{p}.{o}", 0) for p, o in SINGLE)
        return int(stats["executed"]) + single

    def batches(self) -> int:
        """Batches it has accepted since it started, whatever became of them."""
        return sum(self.ask("GET", "/_emulator/stats")["batches"].values())


SINGLE = (
    ("openai", "chat_completion"),
    ("openai", "response"),
    ("anthropic", "create_message"),
    ("gemini", "generate_content"),
)
