"""The webhooks' endpoint: what it takes, what it refuses, and what a night notices of it."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from llm_assets.domain.errors import ConfigurationError
from llm_assets.domain.profile import Mode, SoldRoutes
from llm_assets.domain.requests.batch import BatchState
from llm_assets.engine.rounds.nudge import nudge
from llm_assets.usecases.wakeups.receive_webhook import WebhookReceiver
from llm_assets.web.webhooks.app import MAX_BYTES, application
from resources.ledger import SqlLedger
from resources.providers.openai.webhooks import SignedEvents
from tests.support.nights.engine_night import DAY, PROFILE, Desk, tasks
from tests.support.providers.fake_provider import FakeProvider, Ticking
from tests.support.providers.fake_window import WindowProvider

SECRET = "whsec_" + "aW52ZW50ZWQtc2VjcmV0LWludmVudGVk"
OTHER = "whsec_" + "YW5vdGhlci1pbnZlbnRlZC1zZWNyZXQ="


def signed(
    body: bytes, *, secret: str = SECRET, webhook_id: str = "wh_1", age: timedelta = timedelta()
) -> Mapping[str, str]:
    at = datetime.now(UTC) - age
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(webhook_id, at, body.decode()),
    }


def event(kind: str = "batch.completed", about: str = "remote-1") -> bytes:
    return orjson.dumps(
        {"object": "event", "id": "evt_1", "type": kind, "created_at": 1, "data": {"id": about}}
    )


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    clock = Ticking()
    desk = Desk(tmp_path, f"sqlite:///{tmp_path}/ledger.db", clock, FakeProvider(PROFILE, clock))
    desk.ledger().migrate()
    return desk


def client_of(ledger: SqlLedger) -> TestClient:
    app = application(WebhookReceiver(SignedEvents(SECRET), ledger.wakeups), client_seconds=5)
    return TestClient(app, raise_server_exceptions=False)


def test_a_signed_webhook_makes_the_next_tick_look_and_polling_finds_the_end_without_it(desk: Desk) -> None:
    desk.provider.looks_until_end = 3
    desk.start(tasks(3))
    desk.clock.advance(1800)
    client, (batch,) = client_of(desk.ledger()), desk.ledger().batches.open_batches(DAY)
    assert not nudge(desk.engine(), DAY, None)
    looks = desk.provider.calls["look"]
    assert not nudge(desk.engine(), DAY, None)
    assert desk.provider.calls["look"] == looks, "not due"
    body = event(about=str(batch.provider_batch_id))
    for _ in range(2):
        assert client.post("/webhooks", content=body, headers=signed(body)).status_code == 204
    assert not nudge(desk.engine(), DAY, None)
    assert not nudge(desk.engine(), DAY, None)
    assert desk.provider.calls["look"] == looks + 1, "one webhook, sent twice, is one look"
    for _ in range(3):
        desk.clock.advance(200)
        nudge(desk.engine(), DAY, None)
    assert desk.state(batch) is BatchState.ENDED


@pytest.mark.parametrize("how", ["completed", "failed", "incomplete", "cancelled"])
def test_a_webhook_about_a_response_makes_the_next_tick_look_at_its_batch(desk: Desk, how: str) -> None:
    sold = PROFILE.model_copy(update={"routes": SoldRoutes(window={"8h": Decimal("0.6")})})
    desk.provider = WindowProvider(sold, desk.clock)
    desk.provider.looks_until_end = 3
    desk.plan(tasks(2, mode=Mode.WINDOW))
    nudge(desk.engine(), DAY, None)
    desk.clock.advance(1800)
    assert not nudge(desk.engine(), DAY, None)
    [batch] = desk.ledger().batches.open_batches(DAY)
    assert batch.look_from is not None and batch.look_from > desk.clock(), "not due"
    client = client_of(desk.ledger())
    [first, _] = desk.ledger().receipts.receipts(batch.batch_id).values()
    for about in ("resp-of-another-application", str(first.response_id)):
        body = event(f"response.{how}", about)
        assert (
            client.post("/webhooks", content=body, headers=signed(body, webhook_id=about)).status_code == 204
        )
        is_due = desk.ledger().batches.batch(batch.batch_id).look_from is None
        assert is_due is (about == first.response_id)
    for _ in range(9):
        desk.clock.advance(200)
        nudge(desk.engine(), DAY, None)
    assert desk.state(batch) is BatchState.ENDED


def test_what_is_not_signed_recent_and_small_is_refused_and_changes_nothing(desk: Desk) -> None:
    client, body = client_of(desk.ledger()), event()
    hour = timedelta(hours=1)
    refused = [
        (body, {}, 401),
        (body, signed(body, secret=OTHER), 401),
        (event(about="remote-2"), signed(body), 401),
        (body, signed(body, age=hour), 401),
        (body, signed(body, age=-hour), 401),
        (body, {**signed(body), "webhook-id": "wh_2"}, 401),
        (body, {**signed(body), "webhook-signature": "v1"}, 401),
        (body, {**signed(body), "webhook-signature": "v1,!"}, 401),
        (b"\xff", signed(body), 401),
        (b"x" * (MAX_BYTES + 1), signed(body), 413),
        (b"[]", signed(b"[]"), 422),
        (event(about="r" * 300), signed(event(about="r" * 300)), 422),
    ]
    for content, headers, status in refused:
        answer = client.post("/webhooks", content=content, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert answer.json()["detail"].endswith(".")
    other = event("fine_tuning.job.succeeded")
    assert client.post("/webhooks", content=other, headers=signed(other)).status_code == 204
    assert client.get("/health").status_code == 204
    assert client.get("/webhooks").status_code == 405
    assert desk.ledger().wakeups.note("wh_1", "batch.completed", "x"), "none of these was stored"


def test_a_ledger_that_cannot_be_reached_asks_for_the_message_again(desk: Desk, tmp_path: Path) -> None:
    ledger = desk.ledger()
    ledger.close()
    (tmp_path / "ledger.db").unlink()
    (tmp_path / "ledger.db").mkdir()
    body = event()
    answer = client_of(ledger).post("/webhooks", content=body, headers=signed(body))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    shutil.rmtree(tmp_path / "ledger.db")


@pytest.mark.parametrize(
    "secret", ["", "whsec_", "whsec_%", "abc", "sk-invented", SECRET.removeprefix("whsec_")]
)
def test_without_a_signing_secret_nothing_listens(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_WEBHOOK_SECRET"):
        SignedEvents(secret)
