"""Receive a webhook: a signed message that a batch or one of its responses has ended makes the batch due to be looked at.

It is a hint and no result: what the batch became is what the next look finds. A message that never comes costs the pause
between two looks, and a forged or repeated one changes nothing.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from llm_assets.usecases.desk.assembly import Assembly
from resources.providers.openai.webhooks import SECRET_ENV, SignedEvents, UnreadableError, UnsignedError

__all__ = ["Received", "UnreadableError", "UnsignedError", "WebhookReceiver", "webhook_receiver_of"]


class WakeupLedger(Protocol):
    def note(self, webhook_id: str, kind: str, about: str) -> bool:
        """Stores a webhook once and makes the open batch due to be looked at whose id it names, or the id of one of its
        responses; one transaction. False when it was stored before."""


class Received(StrEnum):
    STORED = "stored"
    KNOWN = "known"
    """It came before, with the same id."""
    IGNORED = "ignored"
    """Nothing ends with it."""


@dataclass(frozen=True)
class WebhookReceiver:
    events: SignedEvents
    ledger: WakeupLedger

    def receive(self, body: bytes, headers: Mapping[str, str]) -> Received:
        """`headers`: by lower-case names. Raises UnsignedError and UnreadableError."""
        event = self.events.event(body, headers)
        if event is None:
            return Received.IGNORED
        return Received.STORED if self.ledger.note(*event) else Received.KNOWN


def webhook_receiver_of(assembly: Assembly) -> WebhookReceiver:
    """Raises ConfigurationError without a signing secret."""
    return WebhookReceiver(SignedEvents(os.environ.get(SECRET_ENV, "")), assembly.ledger.wakeups)
