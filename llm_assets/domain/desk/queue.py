"""Queues: mailboxes that share categories, a department and a reply language. The shape of queues.yaml."""

from collections.abc import Iterable
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Language = Literal["en", "ru", "kk"]


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Category(_Border):
    name: str = Field(min_length=1, max_length=120)
    description: str = ""
    needs_reply: bool = True
    department: str = ""
    reply_guidance: str = ""
    """Approved facts; a draft may state nothing of substance beyond them and the case."""


class Urgent(_Border):
    senders: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Queue(_Border):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    mailboxes: tuple[str, ...] = ()
    default: bool = False
    reply_language: Literal["same", "en", "ru", "kk"] = "same"
    mask: bool = True
    mask_bare_names: bool = True
    """Where masking is on, whether people are masked too whom no word beside the name tells from a product or place."""
    review_below: float = Field(default=0.7, ge=0, le=1)
    review_injection_above: float = Field(default=0.5, ge=0, le=1)
    """A case goes to a person when the certainty that it instructs the model is above this; 1 sends none."""
    urgent: Urgent = Urgent()
    reviewers: tuple[str, ...] = ()
    allowed_regions: tuple[str, ...] = ()
    greeting: dict[Language, str] = Field(default_factory=dict)
    signature: dict[Language, str] = Field(default_factory=dict)
    categories: tuple[Category, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _categories_are_distinct(self) -> "Queue":
        names = [c.name for c in self.categories]
        if len(set(names)) != len(names):
            raise ValueError(f"queue {self.name} names a category twice")
        return self

    def category(self, name: str) -> Category | None:
        return next((c for c in self.categories if c.name == name), None)


class Queues(_Border):
    queues: tuple[Queue, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _one_default_and_distinct_names(self) -> "Queues":
        names = [q.name for q in self.queues]
        if len(set(names)) != len(names):
            raise ValueError("two queues share a name")
        defaults = [q.name for q in self.queues if q.default]
        if len(defaults) != 1:
            raise ValueError(f"exactly one queue must have `default: true`, found {len(defaults)}")
        boxes = [box.lower() for q in self.queues for box in q.mailboxes]
        if len(set(boxes)) != len(boxes):
            raise ValueError("a mailbox belongs to two queues")
        return self

    @cached_property
    def _by_mailbox(self) -> dict[str, Queue]:
        """Queues by mailbox, and by their own name, which records of other systems give instead of a mailbox."""
        names = {q.name: q for q in self.queues}
        return names | {box.lower(): q for q in self.queues for box in q.mailboxes}

    @property
    def default(self) -> Queue:
        return next(q for q in self.queues if q.default)

    def for_addresses(self, addresses: Iterable[str]) -> Queue:
        """The queue of the first address that is configured, in the order given; the default queue when none is."""
        for address in addresses:
            queue = self._by_mailbox.get(address.lower())
            if queue is not None:
                return queue
        return self.default

    def named(self, name: str) -> Queue:
        """The queue of this name. Raises KeyError when queues.yaml does not have it."""
        for queue in self.queues:
            if queue.name == name:
                return queue
        raise KeyError(name)
