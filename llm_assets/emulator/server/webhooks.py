"""Webhooks that the emulator sends when a batch of OpenAI's protocol has ended, signed as Standard Webhooks says."""

import asyncio
import json
import logging
import os
import urllib.request
from collections import Counter
from datetime import UTC, datetime

from standardwebhooks import Webhook

from llm_assets.emulator.batches.phase import ENDED, phase
from llm_assets.emulator.batches.store import BatchRecord
from llm_assets.emulator.operations.context import Context
from llm_assets.emulator.scenario import Webhooks

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 0.2
TIMEOUT_SECONDS = 5.0


async def send_webhooks(context: Context) -> None:
    """Runs beside the server. What is not answered with 2xx is sent again, with the same id."""
    sent: Counter[str] = Counter()
    while True:
        await asyncio.sleep(PAUSE_SECONDS)
        place = context.fault_rules.scenario.webhooks
        if place is None:
            continue
        now = context.clock.now()
        for record in context.store.batches("openai"):
            ended = phase(record, now)
            if ended in ENDED and sent[record.id] < place.times and await _sent(place, record, ended):
                sent[record.id] += 1


async def _sent(place: Webhooks, record: BatchRecord, ended: str) -> bool:
    try:
        await asyncio.to_thread(_post, _request(place, record, ended))
    except OSError as err:
        LOG.warning("webhook about %s was not taken: %s", record.id, err)
        return False
    return True


def _request(place: Webhooks, record: BatchRecord, ended: str) -> urllib.request.Request:
    webhook_id, at = f"wh_{record.id}", datetime.now(UTC)
    event = {
        "object": "event",
        "id": f"evt_{record.id}",
        "type": f"batch.{ended}",
        "created_at": int(at.timestamp()),
        "data": {"id": record.id},
    }
    body = json.dumps(event)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": webhook_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(os.environ[place.secret_env]).sign(webhook_id, at, body),
    }
    return urllib.request.Request(place.url, body.encode(), headers, method="POST")  # noqa: S310 - http alone, see Webhooks


def _post(request: urllib.request.Request) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=TIMEOUT_SECONDS):
        return
