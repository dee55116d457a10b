"""A step rendered for one case: the canonical request, its id, and the id a provider sees."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from llm_assets.domain.digest import digest_text_and_shape
from llm_assets.domain.effort import Effort
from llm_assets.domain.once import once
from llm_assets.domain.profile import Tier

BATCH_ID_LENGTH = 12
_CUSTOM_ID = re.compile(r"([0-9a-f]{12})-([0-9a-f]{24})-([0-9]{1,3})")

JsonSchema = dict[str, Any]  # JSON has no closed type


@dataclass(frozen=True, slots=True)
class Picture:
    """A scan that the model is shown. It holds no bytes: they are read from the raw mail when the line is rendered."""

    raw_sha256: str
    """Digest of the raw message in which the scan is found."""
    sha256: str
    """Digest of the scan itself."""
    pages: int
    size: int


@dataclass(frozen=True)
class Request:
    """What is asked, independent of any provider's wire format. Personal data is already masked in its text.

    `system` is the part that requests of one step and queue share, so that providers can cache it; `user` holds the case.
    """

    step: str
    model: str
    tier: Tier
    system: str
    user: str
    schema: JsonSchema
    max_tokens: int
    prompt_version: str
    pictures: tuple[Picture, ...] = ()
    effort: Effort | None = None
    """How hard the model is to think; None leaves that to the model and keeps the ids of requests without effort."""

    @once
    def request_id(self) -> str:
        """Digest of everything the answer depends on; the same request is never paid for twice."""
        shown = [p.sha256 for p in self.pictures]
        thinks = [f"effort: {self.effort}"] if self.effort is not None else []
        shared: tuple[str | int, ...] = (self.step, self.model, self.max_tokens, self.system, *shown, *thinks)
        return digest_text_and_shape(shared, self.user, self.schema)

    @property
    def pages(self) -> int:
        """Pages of all its pictures."""
        return sum(p.pages for p in self.pictures)


class CustomId(NamedTuple):
    """The id of one request in one batch, as the provider returns it. It proves which request a result line answers."""

    batch_id: str
    request_id: str
    attempt: int

    def __str__(self) -> str:
        return f"{self.batch_id}-{self.request_id}-{self.attempt}"

    @classmethod
    def parse(cls, text: str) -> "CustomId | None":
        """None when the text is not an id of ours."""
        match = _CUSTOM_ID.fullmatch(text)
        return cls(match[1], match[2], int(match[3])) if match is not None else None


def digest_of_lines(custom_ids: Iterable[CustomId]) -> str:
    """64 hex digits of the SHA-256 of a batch's custom_ids in the order of its lines.

    Each custom_id holds the digest of its request, so this identifies the content of the lines without reading them.
    """
    return hashlib.sha256("\n".join(map(str, custom_ids)).encode()).hexdigest()
