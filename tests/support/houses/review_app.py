"""The review app as a process beside a house, and what a browser without pages sends it."""

import http.client
import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode, urlsplit

from argon2 import PasswordHasher

from llm_assets.domain.people import Person, PersonRole
from resources.ledger import SqlLedger
from tests.support.houses.house import TODAY, House

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def cookie(self) -> str:
        return self.headers.get("set-cookie", "").partition(";")[0]


@dataclass(frozen=True)
class ReviewApp:
    url: str
    """As announced: a link that signs in once where nobody has an account."""
    process: "subprocess.Popen[str]"

    @property
    def base(self) -> str:
        place = urlsplit(self.url)
        return f"{place.scheme}://{place.netloc}"

    def ask(
        self, method: str, path: str, body: str | None = None, *, cookie: str = "", **headers: str
    ) -> Answer:
        place = urlsplit(self.url)
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if cookie:
            sent["Cookie"] = cookie
        try:
            connection.request(method, path, body.encode() if body is not None else None, sent)
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", "replace")
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, text)
        finally:
            connection.close()

    def sign_in(self, name: str, password: str = PASSWORD) -> Answer:
        form = urlencode({"name": name, "password": password})
        return self.ask(
            "POST", "/signin", form, Origin=self.base, Content_Type="application/x-www-form-urlencoded"
        )

    def post(self, cookie: str, given: dict[str, Any], path: str = "/decide", **headers: str) -> Answer:
        origin = {"Origin": self.base} | headers
        return self.ask(
            "POST", path, json.dumps(given), cookie=cookie, Content_Type="application/json", **origin
        )

    def look(self, cookie: str, case_id: str, step: str, day: date = TODAY, **headers: str) -> Answer:
        """Says that a case is shown which was fetched before."""
        given = {"day": day.isoformat(), "case_id": case_id, "step": step}
        return self.post(cookie, given, "/looking", **headers)


@contextmanager
def review_app(house: House, *words: str, **settings: str) -> Iterator[ReviewApp]:
    process = house.start("review", "--port", "0", *words, **settings)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url.startswith("http://"), process.stderr.read() if process.stderr else ""
        yield ReviewApp(url, process)
    finally:
        process.terminate()
        assert process.wait(30) == 0, "SIGTERM is its ordinary end"
        process.stdout.close()
        if process.stderr is not None:
            process.stderr.close()


def add_user(
    house: House, name: str, role: PersonRole, *queues: str, ledger: SqlLedger | None = None
) -> None:
    """As `users add` does, without a process for it; `ledger`: another one than the house's own file."""
    own = ledger or SqlLedger(f"sqlite:///{house.home / 'ledger.db'}", house.home)
    with closing(own):
        assert own.people.add(Person(name, role, queues), _HASH)


_HASH = PasswordHasher().hash(PASSWORD)
