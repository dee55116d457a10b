"""Callers that ask at a fixed rate, whatever is still unanswered, and note what became of each request."""

import http.client
import json
import random
import re
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, NamedTuple

TOPICS = (
    ("card", "Hello, when will my new card arrive? I ordered it two weeks ago."),
    ("refund", "I sent the kettle back and the refund has not come."),
    ("charge", "My card was charged twice for the same purchase."),
    ("pin", "I forgot the PIN of my card; how can I change it?"),
)
_TIMING = re.compile(r"(\w+);dur=([0-9.]+)")


class Case(NamedTuple):
    step: str
    number: int
    """Names the case in its subject and as an amount."""
    topic: int

    @property
    def body(self) -> bytes:
        name, text = TOPICS[self.topic]
        told = {
            "subject": f"{name} {self.number}",
            "text": f"{text} It was {self.number} USD.",
            "from": "Ada",
        }
        return json.dumps(told).encode()


class Seen(NamedTuple):
    """What became of a request; seconds."""

    case: Case
    status: int
    total: float
    """From the moment at which it was to be sent."""
    provider: float
    door: float
    """As the door says, without the time in which it has not looked at the request yet."""
    answer: Mapping[str, Any]


@dataclass
class Caller:
    port: int
    token: str

    def ask(self, case: Case, due: float | None = None) -> Seen:
        due = due if due is not None else time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request("POST", f"/v1/steps/{case.step}?wait=60", case.body, headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        took = dict(_TIMING.findall(answer.getheader("server-timing") or ""))
        spent = [float(took.get(name, 0)) / 1000 for name in ("provider", "door")]
        return Seen(case, answer.status, time.perf_counter() - due, *spent, content)


@dataclass
class Load:
    """`rate` requests a second for so many seconds: categories, and of `drafts` and `fields` so many of a hundred."""

    rate: float
    seconds: float
    connections: int
    drafts: int
    fields: int
    seed: int
    seen: list[Seen] = field(default_factory=list)
    defects: list[str] = field(default_factory=list)

    def cases(self) -> Sequence[Case]:
        chance = random.Random(self.seed)
        steps = ["drafts"] * self.drafts + ["extracted_fields"] * self.fields
        steps += ["categories"] * (100 - len(steps))
        numbers = range(1_000, 1_000 + round(self.rate * self.seconds))
        return [Case(chance.choice(steps), number, chance.randrange(len(TOPICS))) for number in numbers]

    def send(self, ask: Callable[[Case, float], Seen]) -> None:
        began = time.perf_counter()
        with ThreadPoolExecutor(self.connections) as pool:
            for position, case in enumerate(self.cases()):
                due = began + position / self.rate
                time.sleep(max(0.0, due - time.perf_counter()))
                pool.submit(self._one, ask, case, due)

    def _one(self, ask: Callable[[Case, float], Seen], case: Case, due: float) -> None:
        try:
            self.seen.append(ask(case, due))
        except (OSError, http.client.HTTPException, ValueError) as err:
            self.defects.append(f"{case.step} {case.number}: {type(err).__name__}: {err}")


def is_its_own(seen: Seen, categories: Sequence[str]) -> bool:
    """Whether an answer is for the case that was sent. `categories`: of each topic."""
    answer, case = seen.answer, seen.case
    output = answer["output"]
    if answer["step"] != case.step or answer["status"] not in ("ok", "review"):
        return False
    if case.step == "categories":
        return bool(output["category"] == categories[case.topic])
    if case.step == "drafts":
        return output["subject"] is None or str(case.number) in output["subject"]
    return output["amount"] is not None and float(output["amount"]) == case.number
