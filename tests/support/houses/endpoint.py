"""The forms' endpoint in a process of its own, what a client says to it, and what lies in its house afterwards."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from llm_assets.steps import STEPS
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.mail.read_day import read_day
from resources.settings.environment import Settings

TOKEN = "an-invented-token-0123456789"
FORMS: Sequence[Mapping[str, Any]] = (
    {
        "name": "contact",
        "token_env": "CONTACT_TOKEN",
        "mailbox": "orders@altyn.example",
        "per_minute": 10_000,
    },
    {
        "name": "claims",
        "token_env": "CLAIMS_TOKEN",
        "fields": {"text": "story", "id": "claim"},
        "max_bytes": 500,
    },
)
TOKENS = {"CONTACT_TOKEN": TOKEN, "CLAIMS_TOKEN": TOKEN[::-1]}
COMMAND = (sys.executable, "-m", "llm_assets.cli", "forms", "--port", "0")
SECONDS = 30
NOONDAY = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"
"""Where it is about noon now, so that no test runs from one day into the next."""


@dataclass(frozen=True)
class Said:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def is_problem(self, status: int) -> bool:
        """One sentence of problem+json with that status."""
        if self.status != status or self.headers["content-type"] != "application/problem+json":
            return False
        told = self.json
        return told["status"] == status and told["detail"].endswith(".") and "\n" not in told["detail"]


@dataclass(frozen=True)
class Endpoint:
    """A running endpoint."""

    place: "Place"
    process: "subprocess.Popen[str]"
    url: str

    def connect(self) -> http.client.HTTPConnection:
        place = urlsplit(self.url)
        return http.client.HTTPConnection(place.hostname or "", place.port, timeout=SECONDS)

    def socket(self) -> socket.socket:
        place = urlsplit(self.url)
        return socket.create_connection((place.hostname, place.port), timeout=SECONDS)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Said:
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}), **options)
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Said(answer.status, named, answer.read())
        finally:
            connection.close()

    def post(
        self,
        content: Mapping[str, Any] | bytes,
        *,
        form: str = "contact",
        key: str | None = None,
        content_type: str = "application/json",
        token: str | None = None,
    ) -> Said:
        body = content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode()
        own = TOKENS[f"{form.upper()}_TOKEN"] if token is None else token
        headers = {"Authorization": f"Bearer {own}", "Content-Type": content_type}
        return self.ask("POST", f"/forms/{form}", body, headers | ({"Idempotency-Key": key} if key else {}))

    def row(self, said: Said) -> dict[str, Any]:
        """The document that an answer names."""
        (row,) = (row for row in self.place.documents() if row["record_id"] == said.json["record_id"])
        return row

    def stop(self) -> str:
        """Ends it as a service manager would; what it said on stderr."""
        self.process.terminate()
        _, err = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0
        return err


@dataclass(frozen=True)
class Place:
    """A folder for an endpoint's settings and its house."""

    folder: Path
    forms: Sequence[Mapping[str, Any]] = FORMS
    started: "list[subprocess.Popen[str]]" = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home", config=self.folder / "config", timezone=NOONDAY)

    def start(
        self, *words: str, command: Sequence[str] = COMMAND, tokens: Mapping[str, str] = TOKENS
    ) -> "subprocess.Popen[str]":
        config = self.folder / "config"
        config.mkdir(exist_ok=True)
        content = {"forms": [dict(form) for form in self.forms]}
        (config / "sources.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("LLM_ASSETS_")}
        own = {"LLM_ASSETS_HOME": str(self.folder / "home"), "LLM_ASSETS_CONFIG": str(config)}
        own["LLM_ASSETS_TIMEZONE"] = NOONDAY
        process = subprocess.Popen(
            [*command, *words],
            env=kept | own | dict(tokens),
            cwd=self.folder,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def endpoint(self, *words: str, command: Sequence[str] = COMMAND) -> Endpoint:
        process = self.start(*words, command=command)
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url, process.communicate(timeout=SECONDS)
        return Endpoint(self, process, url)

    def documents(self) -> list[dict[str, Any]]:
        """What a night finds today."""
        assembly = Assembly(self.settings, STEPS)
        try:
            day = self.settings.calendar.day_of(assembly.clock())
            read_day(assembly, day)
            return list(assembly.lake.read(assembly.tables[0], day))
        finally:
            assembly.close()

    def registered(self, day: date) -> int:
        assembly = Assembly(self.settings, STEPS)
        try:
            return len(assembly.ledger.register.received(day))
        finally:
            assembly.close()

    def close(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()
