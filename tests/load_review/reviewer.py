"""One simulated reviewer: sends what the page's script sends, one case after the other, and notes every answer."""

import http.client
import json
import random
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from llm_assets.web.review.guard import COOKIE

AHEAD = 3
_NEXT, _SEEN, _CLUSTER = (re.compile(f'data-{name}="([^"]*)"') for name in ("next", "seen", "cluster"))
_BEGIN = re.compile(r'id="begin"[^>]*href="([^"]+)"')
_CHOICES = re.compile(r'<option value="([^"]+)">')


class Sent(NamedTuple):
    """A decision that was acknowledged, as the ledger has to hold it."""

    case_id: str
    step: str
    by: str
    at: str
    kind: str
    number: int
    seen: int


@dataclass
class Noted:
    """What reviewers have measured and been told."""

    seconds: dict[str, list[float]] = field(default_factory=dict)
    """By kind of request."""
    sent: list[Sent] = field(default_factory=list)
    conflicts: list[Sent] = field(default_factory=list)
    """Decisions that were refused because of a colleague's; their number is the colleague's."""
    defects: list[str] = field(default_factory=list)
    """Answers that no reviewer should get."""

    def __add__(self, other: "Noted") -> "Noted":
        kinds = self.seconds.keys() | other.seconds.keys()
        return Noted(
            {k: self.seconds.get(k, []) + other.seconds.get(k, []) for k in kinds},
            self.sent + other.sent,
            self.conflicts + other.conflicts,
            self.defects + other.defects,
        )


@dataclass
class Reviewer:
    """Decides until nothing is left. `think`: mean seconds between two decisions, drawn anew for each."""

    name: str
    port: int
    think: float
    chance: random.Random
    arrives: float
    """Seconds until this reviewer signs in."""
    ends: float
    """By time.monotonic: stops then, whatever is left."""
    noted: Noted = field(default_factory=Noted)
    _parts: dict[str, str] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _cookie: str = ""
    _connection: http.client.HTTPConnection | None = None

    def work(self, password: str) -> None:
        time.sleep(self.arrives)
        self._sign_in(password)
        key = self._begin()
        page = self._get("case", f"/case/{key}") if key is not None else ""
        while key is not None and time.monotonic() < self.ends:
            self._prefetch(page)
            page = self._look(key, page)
            time.sleep(min(5 * self.think, self.chance.expovariate(1 / self.think)) if self.think else 0)
            self._decide(key, page)
            key, page = self._following(key, page)
        self._get("done", f"/done?day={datetime.now(UTC).date()}")

    def _sign_in(self, password: str) -> None:
        form = urlencode({"name": self.name, "password": password})
        answer, _ = self._ask("signin", "POST", "/signin", form.encode(), "application/x-www-form-urlencoded")
        self._cookie = str(answer.getheader("Set-Cookie")).partition(";")[0]
        assert self._cookie.startswith(COOKIE), f"{self.name} could not sign in: {answer.status}"

    def _begin(self) -> str | None:
        begin = _BEGIN.search(self._get("start", "/"))
        if begin is None:
            return None
        answer, _ = self._ask("begin", "GET", begin[1])
        return str(answer.getheader("Location")).removeprefix("/case/") if answer.status == 303 else None

    def _prefetch(self, page: str) -> None:
        for key in _words(_NEXT, page)[:AHEAD]:
            if key not in self._parts and key not in self._settled:
                self._parts[key] = self._get("part", f"/case/{key}?part=1")

    def _look(self, key: str, page: str) -> str:
        """What the script asks when it shows a case; where somebody has decided it since, the page is fetched anew."""
        day, case, step = key.split("/")
        told = json.loads(self._post("looking", "/looking", {"day": day, "case_id": case, "step": step})[1])
        if str(told["seen"]) != _one(_SEEN, page):
            return self._get("case", f"/case/{key}?part=1")
        return page

    def _decide(self, key: str, page: str) -> None:
        day, case, step = key.split("/")
        members = [{"case_id": case, "seen": int(_one(_SEEN, page))}]
        alike = [word.rpartition(":") for word in _words(_CLUSTER, page)]
        if len(alike) > 1 and self.chance.random() < 0.5:
            members = [{"case_id": one, "seen": int(seen)} for one, _, seen in alike]
        kind, values = "approve", {}
        choices = _CHOICES.findall(page)
        if step == "categories" and choices and self.chance.random() < 0.15:
            kind, values = "correct", {"category": self.chance.choice(choices)}
        made = self._store(kind, values, day, step, members)
        if made and self.chance.random() < 0.05:
            self._store("undo", {}, day, step, made)
            self._store(kind, values, day, step, [{**m, "seen": m["seen"] + 1} for m in made])
        self._settled.update(f"{day}/{m['case_id']}/{step}" for m in members)

    def _store(
        self, kind: str, values: dict[str, str], day: str, step: str, members: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Sends it, one in twenty times twice, as after a lost answer. Returns what was stored, with its numbers."""
        at = datetime.now(UTC).isoformat()
        given = {"kind": kind, "values": values, "day": day, "step": step, "at": at, "members": members}
        for _ in range(2 if self.chance.random() < 0.05 else 1):
            status, text = self._post("decide", "/decide", given)
        if status not in (200, 409):
            self.noted.defects.append(f"decide {status}: {text[:200]}")
            return []
        told, seen = json.loads(text), {m["case_id"]: m["seen"] for m in members}
        self.noted.sent += [
            Sent(m["case_id"], step, self.name, at, kind, m["seen"], seen[m["case_id"]]) for m in told["made"]
        ]
        self.noted.conflicts += [
            Sent(c["case_id"], step, self.name, at, kind, c["seen"], seen[c["case_id"]])
            for c in told["conflicts"]
        ]
        return [{"case_id": m["case_id"], "seen": m["seen"]} for m in told["made"]]

    def _following(self, key: str, page: str) -> tuple[str | None, str]:
        for known in _words(_NEXT, page):
            if known not in self._settled:
                return known, self._shown(known)
        told = json.loads(self._get("next", f"/next?after={quote(key)}"))
        found = next((each for each in told["next"] if each not in self._settled), None)
        return found, self._shown(found) if found is not None else ""

    def _shown(self, key: str) -> str:
        return self._parts.pop(key, None) or self._get("part", f"/case/{key}?part=1")

    def _get(self, kind: str, path: str) -> str:
        answer, text = self._ask(kind, "GET", path)
        if answer.status != 200:
            self.noted.defects.append(f"{kind} {answer.status}: {text[:200]}")
        return text

    def _post(self, kind: str, path: str, given: dict[str, Any]) -> tuple[int, str]:
        answer, text = self._ask(kind, "POST", path, json.dumps(given).encode(), "application/json")
        return answer.status, text

    def _ask(
        self, kind: str, method: str, path: str, body: bytes | None = None, content: str = ""
    ) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Cookie": self._cookie, "Origin": f"http://127.0.0.1:{self.port}"}
        if content:
            headers["Content-Type"] = content
        began = time.perf_counter()
        for fresh in (False, True):  # a server may close a connection that thought for long
            if self._connection is None or fresh:
                self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                text = answer.read().decode()
                break
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                if fresh:
                    raise
        self.noted.seconds.setdefault(kind, []).append(time.perf_counter() - began)
        return answer, text


def _words(pattern: "re.Pattern[str]", page: str) -> list[str]:
    return _one(pattern, page).split()


def _one(pattern: "re.Pattern[str]", page: str) -> str:
    found = pattern.search(page)
    return found[1] if found is not None else ""
