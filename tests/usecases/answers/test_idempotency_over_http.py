"""What a caller meets who sends the same Idempotency-Key again over HTTP."""

import json
from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_assets.usecases.answers import answer_now
from llm_assets.usecases.answers.keys import Wanted, add_key
from llm_assets.web.answers.app import Application
from tests.support.houses.desk_with_door import OpenDoor

CASE = {"text": "The fee of 900 KZT on my account is wrong, please return it."}


@pytest.fixture
def client(crm: OpenDoor) -> Iterator[TestClient]:
    token = add_key(crm.assembly, Wanted("http", ["categories"]), "os:amina")
    headers = {"Authorization": f"Bearer {token}"}
    with TestClient(Application(crm.door, 15), headers=headers, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def goes_on(monkeypatch: pytest.MonkeyPatch) -> Iterator[Event]:
    """Until it is set, no request is asked."""
    event, real = Event(), answer_now.answer_caller

    def answer_caller(engine: Any, day: Any, task: Any) -> Any:
        assert event.wait(60)
        return real(engine, day, task)

    monkeypatch.setattr(answer_now, "answer_caller", answer_caller)
    yield event
    event.set()


def ask(client: TestClient, key: str, wait: float = 30, **case: str) -> Any:
    given = {**CASE, **case}
    return client.post(f"/v1/steps/categories?wait={wait}", json=given, headers={"Idempotency-Key": key})


def chat(client: TestClient, key: str, **more: Any) -> Any:
    messages = [{"role": "user", "content": CASE["text"]}]
    given = {"model": "step/categories", "messages": messages, **more}
    return client.post("/v1/chat/completions", json=given, headers={"Idempotency-Key": key})


def test_the_same_again_is_the_same_and_another_body_is_refused(client: TestClient) -> None:
    first = ask(client, "once")
    assert first.status_code == 200, first.text
    again = ask(client, "once")
    assert (again.status_code, again.json()) == (200, first.json())
    other = ask(client, "once", subject="and a subject")
    assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_key_reused")
    completion = chat(client, "chat")
    assert chat(client, "chat").json()["choices"] == completion.json()["choices"]
    assert json.loads(completion.json()["choices"][0]["message"]["content"]) == first.json()["output"]


def test_whoever_does_not_wait_for_the_other_gets_its_address(client: TestClient, goes_on: Event) -> None:
    first, again = ask(client, "slow", 0.1), ask(client, "slow", 0.1)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.headers["location"] == again.headers["location"]
    assert client.get(again.headers["location"]).status_code == 202
    goes_on.set()
    there = ask(client, "slow")
    assert there.status_code == 200
    assert client.get(again.headers["location"]).json() == there.json()
