"""A running emulator with both real SDKs in front of it, and the requests these tests send."""

import json
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import anthropic
import openai

from llm_assets.emulator import RunningEmulator

MODEL, CLAUDE = "gpt-6-luna", "claude-haiku-5-5"
CHAT = "/v1/chat/completions"


@dataclass(frozen=True)
class Played:
    """A running emulator with both SDKs, retries off and answers checked strictly."""

    running: RunningEmulator
    openai: openai.OpenAI
    anthropic: anthropic.Anthropic

    def get(self, path: str) -> Any:
        with urlopen(self.running.url + path, timeout=10) as answer:
            return json.loads(answer.read())

    def post(self, path: str, data: bytes) -> Any:
        with urlopen(Request(self.running.url + path, data, method="POST"), timeout=10) as answer:
            return json.loads(answer.read())

    def scenario(self, text: str) -> None:
        self.post("/_emulator/scenario", text.encode())

    def advance(self, seconds: float) -> None:
        self.post("/_emulator/advance", json.dumps({"seconds": seconds}).encode())

    def calls(self, name: str) -> int:
        return int(self.get("/_emulator/stats")["calls"].get(name, 0))

    def openai_batch(self, lines: list[dict[str, Any]], **options: Any) -> Any:
        return self.openai.batches.create(
            input_file_id=self.upload(lines).id, endpoint=CHAT, completion_window="24h", **options
        )

    def upload(self, lines: list[dict[str, Any]]) -> Any:
        raw = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
        return self.openai.files.create(file=("requests.jsonl", raw), purpose="batch")

    def lines(self, file_id: str | None) -> list[dict[str, Any]]:
        assert file_id is not None
        return [json.loads(line) for line in self.openai.files.content(file_id).text.splitlines()]


def played(running: RunningEmulator) -> Played:
    return Played(
        running,
        openai.OpenAI(
            base_url=running.openai_base_url, api_key="test", max_retries=0, _strict_response_validation=True
        ),
        anthropic.Anthropic(
            base_url=running.anthropic_base_url,
            api_key="test",
            max_retries=0,
            _strict_response_validation=True,
        ),
    )


def chat(text: str = "Where is my card?", **body: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **body}


def chat_line(custom_id: str, text: str = "Where is my card?", **body: Any) -> dict[str, Any]:
    return {"custom_id": custom_id, "method": "POST", "url": CHAT, "body": chat(text, **body)}


def message(text: str = "Where is my card?", **params: Any) -> dict[str, Any]:
    return {"model": CLAUDE, "max_tokens": 500, "messages": [{"role": "user", "content": text}], **params}


def message_item(custom_id: str, text: str = "Where is my card?", **params: Any) -> Any:
    return {"custom_id": custom_id, "params": message(text, **params)}


class Answer(NamedTuple):
    status: int
    body: bytes


def raw_call(
    played: Played, method: str, path: str, headers: dict[str, str], body: bytes | None = None
) -> Answer:
    """A call without an SDK: exactly these headers."""
    place = urlsplit(played.running.url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=10)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read())
    finally:
        connection.close()
