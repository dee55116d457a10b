"""`POST /v1/check` over loopback: a file is uploaded, and what is wrong with it comes back in the caller's language."""

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from threading import Event, Thread
from typing import Any, NamedTuple

import pytest
import uvicorn

from llm_assets.emulator.process.launch import RunningEmulator
from llm_assets.intake.checks.facts import PagesAsked
from llm_assets.steps import STEPS
from llm_assets.usecases.answers import check_file
from llm_assets.usecases.answers.door import Door
from llm_assets.usecases.answers.keys import Wanted, add_key
from llm_assets.usecases.answers.readers import Readers
from llm_assets.usecases.desk.desk import Desk
from llm_assets.web.answers.app import Application
from llm_assets.web.answers.check import language_of
from llm_assets.web.listening import listen
from tests.door.test_found_faults import INVOICE, pdf
from tests.support.houses.small_desk import MovableClock, settings

BOUNDARY = "an-invented-boundary"
SECOND_OF_THREE = pdf(f"{INVOICE}\nPage 2 of 3")
UNTITLED = pdf(
    "The parties have signed contract No 5520 of 3 May 2026.\nOffice paper is delivered each month."
)


class Said(NamedTuple):
    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Served:
    """A door, and how a client posts a file to it."""

    door: Door
    port: int

    def key(self, *steps: str, **limits: Any) -> str:
        name = f"caller-{len(self.door.assembly.ledger.callers.all())}"
        return add_key(self.door.assembly, Wanted(name, steps, **limits), "tests")

    def check(
        self, token: str, content: bytes, headers: Mapping[str, str] | None = None, **fields: str
    ) -> Said:
        head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
        body = b"".join(f'{head}name="{name}"\r\n\r\n{value}\r\n'.encode() for name, value in fields.items())
        body += (
            f'{head}name="file"; filename="a.pdf"\r\n\r\n'.encode()
            + content
            + f"\r\n--{BOUNDARY}--\r\n".encode()
        )
        given = {
            "Authorization": f"Bearer {token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("POST", "/v1/check", body, given | dict(headers or {}))
            answer = connection.getresponse()
            return Said(answer.status, json.loads(answer.read()), dict(answer.getheaders()))
        finally:
            connection.close()


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, answering: RunningEmulator, readers: Readers
) -> Iterator[Served]:
    made = settings(tmp_path_factory.mktemp("served"), answering)
    listener = listen("127.0.0.1", 0)
    with Desk(made, STEPS, clock=MovableClock()).open() as assembly:
        door = Door(assembly, readers)
        server = uvicorn.Server(uvicorn.Config(Application(door, 15), lifespan="off", log_config=None))
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield Served(door, listener.getsockname()[1])
        server.should_exit = True
        thread.join()


def test_what_is_wrong_with_a_file_is_said_in_the_callers_language_and_costs_nothing(served: Served) -> None:
    token = served.key("check", requests_per_minute=60, budget_usd=Decimal(0))
    said = served.check(token, SECOND_OF_THREE, {"Accept-Language": "ru-RU, en;q=0.5"}, expect="act")
    assert said.status == 200
    assert said.json["findings"] == [
        {"code": "missing_page", "page": 1, "detail": "Не хватает страницы 1 из 3."},
        {"code": "missing_page", "page": 3, "detail": "Не хватает страницы 3 из 3."},
        {"code": "other_type", "page": None, "detail": "Вид документа — счёт, а ожидался вид акт."},
    ]
    del said.json["findings"], said.json["id"]
    assert said.json == {
        "ok": False,
        "document_type": "invoice",
        "decided_by": "rules",
        "pages": 1,
        "pages_checked": 1,
    }
    assert (said.headers["content-language"], said.headers["x-ratelimit-remaining-requests"]) == ("ru", "59")


def test_the_same_idempotency_key_gives_the_same_answer_and_another_file_is_refused(served: Served) -> None:
    token, key = served.key("check"), {"Idempotency-Key": "upload-1"}
    first = served.check(token, SECOND_OF_THREE, key)
    assert served.check(token, SECOND_OF_THREE, key).json == first.json
    assert served.check(token, UNTITLED, key).status == 409


def test_the_model_names_the_type_where_no_rule_can_and_the_key_pays_for_its_step(served: Served) -> None:
    token = served.key("check", "extracted_fields")
    assert served.check(token, UNTITLED).json["decided_by"] == "none"
    asked = served.check(token, UNTITLED, expect="invoice").json
    assert (asked["decided_by"], asked["document_type"]) == ("model", "contract")
    assert [each["code"] for each in asked["findings"]] == ["other_type"]
    assert served.check(served.key("check"), UNTITLED, expect="invoice").json["decided_by"] == "none"
    poor = served.key("check", "extracted_fields", budget_usd=Decimal(0))
    assert served.check(poor, UNTITLED, model="true").json["decided_by"] == "unavailable"


@pytest.mark.parametrize(
    ("fields", "headers", "status"),
    [
        ({"expect": "poem"}, {}, 422),
        ({"model": "perhaps"}, {}, 422),
        ({"other": "1"}, {}, 422),
        ({}, {"Content-Type": "application/json"}, 415),
        ({}, {"Content-Type": "multipart/form-data; boundary=other"}, 422),
    ],
)
def test_what_cannot_be_checked_is_refused_in_one_sentence(
    served: Served, fields: dict[str, str], headers: dict[str, str], status: int
) -> None:
    said = served.check(served.key("check"), SECOND_OF_THREE, headers, **fields)
    assert said.status == status
    assert said.json["error"]["message"].endswith(".")


def test_a_caller_is_asked_to_come_back_while_every_reader_looks_into_another_file(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, free = Event(), Event()
    monkeypatch.setattr(served.door.readers, "_look", lambda _: begun.set() or free.wait(60))
    monkeypatch.setattr(check_file, "PATIENCE", 0.05)
    other = Thread(target=lambda: served.door.readers.look(b"", "a.pdf", [PagesAsked(0)], 60))
    other.start()
    assert begun.wait(60)
    said = served.check(served.key("check"), SECOND_OF_THREE)
    free.set()
    other.join()
    assert (said.status, said.json["error"]["code"], said.headers["retry-after"]) == (429, "saturated", "5")


def test_a_key_without_the_word_check_is_refused(served: Served) -> None:
    said = served.check(served.key("categories"), SECOND_OF_THREE)
    assert (said.status, said.json["error"]["code"]) == (403, "not_allowed")


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("kk", "kk"),
        ("de, ru;q=0.8, kk;q=0.9", "kk"),
        ("fr", "en"),
        ("ru;q=x, kk;q=0.1", "kk"),
        ("RU-kz", "ru"),
    ],
)
def test_a_caller_reads_its_own_language_where_we_have_it(accepted: str, language: str) -> None:
    assert language_of(accepted) == language
