"""Queues: mailboxes that share categories, a department and a reply language. The shape of queues.yaml."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from functools import cached_property
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, model_validator

from llm_assets.domain.desk.reply_by import QueueDeadline, ReplyBy, reply_by
from llm_assets.domain.traffic.patience import Patience

Language = Literal["en", "ru", "kk"]


def _one_or_more(given: Any) -> Any:  # what the file holds; the field decides about it
    return (given,) if isinstance(given, str) else given


FormerNames = Annotated[tuple[str, ...], BeforeValidator(_one_or_more)]
"""Names that it had before: one, or a list when it was renamed more than once."""


class _Border(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Category(_Border):
    name: str = Field(min_length=1, max_length=120)
    was: FormerNames = ()
    description: str = ""
    needs_reply: bool = True
    department: str = ""
    reply_guidance: str = ""
    """Approved facts; a draft may state nothing of substance beyond them and the case."""
    may_ask: tuple[str, ...] = ()
    """What a draft may ask the customer for, besides what the guidance names."""
    product: str = ""
    """The product that its cases are about; cases of a product have a text of their own for an editor."""


class Urgent(_Border):
    senders: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


class Queue(_Border):
    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    was: FormerNames = ()
    mailboxes: tuple[str, ...] = ()
    default: bool = False
    reply_language: Literal["same", "en", "ru", "kk"] = "same"
    mask: bool = True
    mask_bare_names: bool = True
    """Where masking is on, whether people are masked too whom no word beside the name tells from a product or place."""
    merge_steps: bool = False
    """Whether fields and category are asked for in one request."""
    escalate: bool = False
    """Whether an answer in doubt is asked for once more, of the strong model, while a caller of the online door waits."""
    review_below: float = Field(default=0.7, ge=0, le=1)
    review_precision: float | None = Field(default=None, gt=0, lt=1)
    """The share of right categories among those that no person sees; once people have decided enough, the confidence below
    which cases go to a person is fitted to it and takes the place of `review_below`."""
    review_sample: float = Field(default=0.05, ge=0, le=1)
    """The share of confident categories that people see all the same, so that it is known how many of them are right."""
    review_injection_above: float = Field(default=0.5, ge=0, le=1)
    """A case goes to a person when the certainty that it instructs the model is above this; 1 sends none."""
    urgent: Urgent = Urgent()
    triage: bool = False
    """Whether a model is asked about each new mail that `urgent` does not name."""
    patience: Patience | None = None
    """How long its mail may wait for an answer; None leaves it to the lane."""
    deadline: QueueDeadline | None = None
    """How soon after arrival its cases should be answered; a nearer date in the mail comes first."""
    reviewers: tuple[str, ...] = ()
    allowed_regions: tuple[str, ...] = ()
    greeting: dict[Language, str] = Field(default_factory=dict)
    signature: dict[Language, str] = Field(default_factory=dict)
    acknowledgement: dict[Language, str] = Field(default_factory=dict)
    """The whole reply to a case whose category has no guidance; without one it goes to a person."""
    branch: str = ""
    """The branch that it belongs to; queues of a branch have a text together for an editor."""
    categories: tuple[Category, ...] = Field(min_length=1)
    _past: tuple[Category, ...] = PrivateAttr(default=())
    """Categories that were removed; answers of closed nights still name them."""

    @model_validator(mode="after")
    def _categories_are_distinct(self) -> "Queue":
        names = [c.name for c in self.categories]
        if len(set(names)) != len(names):
            raise ValueError(f"queue {self.name} names a category twice")
        _check_former_names(f"queue {self.name}: category", self.categories)
        return self

    def category(self, name: str) -> Category | None:
        """The category of this name; else the one that had it before, else a removed one that this queue remembers."""
        current = next((c for c in self.categories if c.name == name), None)
        renamed = next((c for c in self.categories if name in c.was), None)
        return current or renamed or next((c for c in self._past if c.name == name), None)

    def remembering(self, past: Sequence[Category]) -> Self:
        """The same queue, which also knows these removed categories. No prompt names them."""
        known = {name for c in self.categories for name in (c.name, *c.was)}
        copy = self.model_copy()
        copy._past = tuple(c for c in past if c.name not in known)
        return copy


class Queues(_Border):
    queues: tuple[Queue, ...] = Field(min_length=1)
    _gone: tuple[Queue, ...] = PrivateAttr(default=())
    """Queues that were removed; records of closed nights are still theirs."""

    @model_validator(mode="after")
    def _one_default_and_distinct_names(self) -> "Queues":
        names = [q.name for q in self.queues]
        if len(set(names)) != len(names):
            raise ValueError("two queues share a name")
        _check_former_names("queue", self.queues)
        defaults = [q.name for q in self.queues if q.default]
        if len(defaults) != 1:
            raise ValueError(f"exactly one queue must have `default: true`, found {len(defaults)}")
        boxes = [box.lower() for q in self.queues for box in q.mailboxes]
        if len(set(boxes)) != len(boxes):
            raise ValueError("a mailbox belongs to two queues")
        return self

    @cached_property
    def _by_mailbox(self) -> dict[str, Queue]:
        """Queues by mailbox, and by their names, which records of other systems give instead of a mailbox."""
        return self._by_name | {box.lower(): q for q in self.queues for box in q.mailboxes}

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

    @cached_property
    def _by_name(self) -> dict[str, Queue]:
        """By present and former names."""
        return {name: q for q in self.queues for name in (*q.was, q.name)}

    @cached_property
    def _known_by_name(self) -> dict[str, Queue]:
        return {**self.gone, **self._by_name}

    @property
    def known(self) -> tuple[Queue, ...]:
        """The removed queues that are remembered, and those of queues.yaml."""
        return (*self._gone, *self.queues)

    @property
    def gone(self) -> Mapping[str, Queue]:
        """The removed queues that are remembered, by name."""
        return {q.name: q for q in self._gone}

    def remembering(self, past: Iterable[tuple[Queue, Sequence[Category]]]) -> "Queues":
        """These queues as a closed night needs them: with removed queues, and with the categories removed from each.

        `past` holds each queue as it was last known, with the categories that it had lost by then.
        """
        was = {queue.name: (queue, lost) for queue, lost in past}
        current = [
            q.remembering([c for name in (q.name, *q.was) if name in was for c in _ever(*was[name])])
            for q in self.queues
        ]
        known = {name for q in self.queues for name in (q.name, *q.was)}
        found = Queues(queues=tuple(current))
        found._gone = tuple(
            q.remembering(lost) for name, (q, lost) in sorted(was.items()) if name not in known
        )
        return found

    def reviewed_below(self, thresholds: Mapping[str, float]) -> "Queues":
        """The same queues, of which some send a case to a person below another confidence. By present name."""
        copies = [
            q.model_copy(update={"review_below": thresholds[q.name]}) if q.name in thresholds else q
            for q in self.queues
        ]
        found = Queues(queues=tuple(copies))
        found._gone = self._gone
        return found

    def reviewers(self, name: str) -> tuple[str, ...]:
        return self._known_by_name[name].reviewers if name in self._known_by_name else ()

    def named(self, name: str) -> Queue:
        """The queue that has this name, had it before, or is remembered by it. Raises KeyError for any other name."""
        return self._known_by_name[name]

    def named_or_default(self, name: str) -> Queue:
        """The same; the default queue for a name that nobody knows any more."""
        return self._known_by_name.get(name, self.default)

    def reply_by(
        self, name: str, arrived: datetime | None, found: Iterable[date], zone: tzinfo
    ) -> ReplyBy | None:
        """The nearest deadline of a case: of the dates found in its mail, and by the rule of this queue."""
        return reply_by(self.named_or_default(name).deadline, arrived, found, zone)

    def has(self, name: str) -> bool:
        """Whether queues.yaml has it, under this name or a later one."""
        return name in self._by_name

    def current(self, name: str) -> str:
        """The name by which a queue is known now; the name itself where it was not renamed."""
        found = self._by_name.get(name)
        return found.name if found is not None else name

    @property
    def former_names(self) -> "FormerNamesOf":
        """What every reader of stored rows translates by."""
        return FormerNamesOf(
            {old: q.name for q in self.queues for old in q.was},
            {
                name: renamed
                for q in self.queues
                if (renamed := {old: c.name for c in q.categories for old in c.was})
                for name in (*q.was, q.name)
            },
        )


class FormerNamesOf(NamedTuple):
    """The present names of what was renamed. Stored rows keep the names they were written with."""

    queues: Mapping[str, str] = {}
    """Former name -> present name."""
    categories: Mapping[str, Mapping[str, str]] = {}
    """Any name of a queue -> former name of a category -> present name."""

    def present(self, row: Mapping[str, Any]) -> Mapping[str, Any]:  # a row of the lake
        """A row with a queue, and perhaps a category, under the names of today."""
        queue = row["queue"]
        renamed = self.categories.get(queue, {})
        changed = {
            name: renamed.get(row[name], row[name]) for name in CATEGORY_COLUMNS if renamed and name in row
        }
        return {**row, **changed, "queue": self.queues.get(queue, queue)}

    def __bool__(self) -> bool:
        return bool(self.queues or self.categories)


CATEGORY_COLUMNS = ("category", "runner_up")
"""Columns that hold a name of a category, in tables whose rows name their queue."""


def _ever(queue: Queue, lost: Sequence[Category]) -> list[Category]:
    return [*queue.categories, *lost]


def _check_former_names(what: str, named: Sequence[Queue] | Sequence[Category]) -> None:
    """Raises ValueError where a former name would be read in two ways."""
    owners = {each.name: each.name for each in named}
    for each in named:
        for old in each.was:
            owner = owners.setdefault(old, each.name)
            if old in {other.name for other in named}:
                raise ValueError(
                    f"{what} {each.name} says `was: {old}`, but {old} is the name of another one now or its own: "
                    "remove the `was`, or give the present one another name"
                )
            if owner != each.name:
                raise ValueError(
                    f"{what} {each.name} says `was: {old}`, and so does {owner}: only one can carry its history over"
                )
