"""OpenAI's webhooks: whether one is signed, recent and about something that ends. What follows is the use case's."""

import binascii
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError
from standardwebhooks import Webhook, WebhookVerificationError
from standardwebhooks.webhooks import EmptyWebhookSecretError

from llm_assets.domain.errors import ConfigurationError, DeskError

SECRET_ENV = "OPENAI_WEBHOOK_SECRET"  # noqa: S105 - the variable's name
ENDS = frozenset(
    f"{what}.{how}"
    for what, ways in {
        "batch": ("completed", "failed", "expired", "cancelled"),
        "response": ("completed", "failed", "incomplete", "cancelled"),
    }.items()
    for how in ways
)
LONGEST_ID = 200
PREFIX = "whsec_"


class UnsignedError(DeskError):
    """The signature is missing or wrong, or the message is older or newer than five minutes."""


class UnreadableError(DeskError):
    """It is signed, and is no event."""


class Event(NamedTuple):
    webhook_id: str
    kind: str
    about: str
    """Id of a batch or response at the provider."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="ignore")
    id: str


class _Event(BaseModel):
    model_config = ConfigDict(extra="ignore")
    type: str
    data: _Data


class SignedEvents:
    """Checks webhooks against the secret that OpenAI shows once, when the endpoint is registered there."""

    def __init__(self, secret: str) -> None:
        """Raises ConfigurationError for a secret that is missing or cannot be one."""
        try:
            if not secret.strip().startswith(
                PREFIX
            ):  # another word, such as an API key, would refuse every message
                raise ValueError
            self._webhook = Webhook(secret.strip())
        except (binascii.Error, ValueError, EmptyWebhookSecretError):
            raise ConfigurationError(
                f"{SECRET_ENV} is missing or is no signing secret; set it to the one that the provider shows for the "
                f"webhook, which begins with {PREFIX}."
            ) from None

    def event(self, body: bytes, headers: Mapping[str, str]) -> Event | None:
        """None for an event that ends nothing. Raises UnsignedError, and UnreadableError for what is signed and no event."""
        try:
            self._webhook.verify(body, dict(headers), json_parse=False)
        except (WebhookVerificationError, ValueError):  # what is no text, base64 or pair of words
            raise UnsignedError(
                f"The signature is missing, wrong or not of these five minutes; compare {SECRET_ENV} and the clock."
            ) from None
        webhook_id = headers["webhook-id"]
        try:
            event = _Event.model_validate_json(body)
        except ValidationError:
            raise UnreadableError(
                "The message is signed and is no event with `type` and `data.id`."
            ) from None
        if len(webhook_id) > LONGEST_ID or len(event.data.id) > LONGEST_ID:
            raise UnreadableError(f"An id of the message has more than {LONGEST_ID} characters.")
        return Event(webhook_id, event.type, event.data.id) if event.type in ENDS else None
