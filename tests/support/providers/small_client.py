"""A small OpenAI batch client over plain HTTP, careful unless told to be bad in one way. Its custom_ids are its own."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

MODEL, ENDPOINT = "gpt-6-luna", "/v1/chat/completions"
SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string"}},
    "required": ["topic"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "json_schema": {"name": "topic", "strict": True, "schema": SCHEMA}}
TRIES = 3


def body(number: int) -> dict[str, Any]:
    text = f"What is letter {number} about?"
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], "response_format": FORMAT}


@dataclass
class SmallClient:
    """Works in the emulator's time: waiting moves its clock."""

    url: str
    resends_blindly: bool = False
    """After an answer that never came, without looking into the list."""
    ignores_missing: bool = False
    """What has no line in the results is given up."""
    believes_short_downloads: bool = False
    resends_permanent: bool = False
    ignores_retry_after: bool = False
    tries: dict[int, int] = field(default_factory=dict)
    done: dict[int, str] = field(default_factory=dict)
    failed: set[int] = field(default_factory=set)
    rounds: int = 0

    def __post_init__(self) -> None:
        self.http = httpx2.Client(base_url=self.url, headers={"Authorization": "Bearer test"}, timeout=5)

    def work(self, requests: int) -> None:
        todo = list(range(requests))
        while todo:
            self.rounds += 1
            for number in todo:
                self.tries[number] = self.tries.get(number, 0) + 1
            self._round(todo)
            left = set(range(requests)) - self.done.keys() - self.failed
            todo = sorted(number for number in left if self.tries[number] < TRIES)
        self.http.close()

    def _round(self, numbers: list[int]) -> None:
        batch = self._ended(self._created(numbers))
        if batch["status"] == "failed":
            if not self.resends_permanent:
                self.failed.update(numbers)
            return
        seen = {self._settle(line) for name in ("output", "error") for line in self._lines(batch, name)}
        if self.ignores_missing:
            self.failed.update(set(numbers) - seen)

    def _created(self, numbers: list[int]) -> str:
        lines = "".join(
            json.dumps({"custom_id": f"letter {n}", "method": "POST", "url": ENDPOINT, "body": body(n)})
            + "\n"
            for n in numbers
        )
        files = {"file": ("letters.jsonl", lines.encode())}
        file = self._call("POST", "/v1/files", data={"purpose": "batch"}, files=files)["id"]
        mark = {"round": str(self.rounds)}
        asked = {
            "input_file_id": file, "endpoint": ENDPOINT, "completion_window": "24h", "metadata": mark
        }  # fmt: skip
        try:
            return str(self._call("POST", "/v1/batches", json=asked)["id"])
        except httpx2.TransportError:
            listed = [] if self.resends_blindly else self._call("GET", "/v1/batches")["data"]
            known = [batch["id"] for batch in listed if batch["metadata"] == mark]
            return str(known[0] if known else self._call("POST", "/v1/batches", json=asked)["id"])

    def _ended(self, batch_id: str) -> dict[str, Any]:
        while True:
            batch = self._call("GET", f"/v1/batches/{batch_id}")
            if batch["status"] in ("completed", "expired", "cancelled", "failed"):
                return batch
            self._wait(1)

    def _lines(self, batch: dict[str, Any], name: str) -> list[dict[str, Any]]:
        file, counted = batch[f"{name}_file_id"], "completed" if name == "output" else "failed"
        lines: list[str] = []
        for _ in range(1 if self.believes_short_downloads else 2):
            if file is not None and len(lines) < batch["request_counts"][counted]:
                lines = self.http.get(f"/v1/files/{file}/content").text.splitlines()
        return [json.loads(line) for line in lines]

    def _settle(self, line: dict[str, Any]) -> int:
        number = int(line["custom_id"].removeprefix("letter "))
        status = line["response"]["status_code"]
        if status == 200:
            self._read(number, line["response"]["body"]["choices"][0])
        elif status < 500 and not self.resends_permanent:
            self.failed.add(number)
        return number

    def _read(self, number: int, choice: dict[str, Any]) -> None:
        try:
            self.done[number] = json.loads(choice["message"]["content"])["topic"]
        except (ValueError, KeyError, TypeError):
            return

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        for _ in range(5):
            answer = self.http.request(method, path, **options)
            if answer.status_code != 429:
                break
            if not self.ignores_retry_after:
                self._wait(float(answer.headers.get("retry-after", 1)))
        answer.raise_for_status()
        return dict(answer.json())

    def _wait(self, seconds: float) -> None:
        self.http.post("/_emulator/advance", json={"seconds": seconds})
