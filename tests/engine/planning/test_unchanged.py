"""A rerun renders and masks only what has changed since its request was made, and finds everything that has."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.prompt import Prompt
from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import Table
from llm_assets.domain.mail.document import Address, Case, Document, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.domain.requests.outcome import Outcome
from llm_assets.engine.night.night import Night
from llm_assets.engine.rounds.progress import Progress
from llm_assets.engine.rounds.work import work
from tests.support.nights.engine_night import DAY, PROFILE, Desk, Echo
from tests.support.providers.fake_provider import FakeProvider

ECHO = Step(
    "echo", Echo, Prompt("echo", "Echo for $name.", "$case"), queue_variables=lambda q: {"name": q.name}
)
QUEUE = Queue(name="bank", default=True, categories=(Category(name="other"),))
MORNING = datetime(2026, 11, 20, 4, tzinfo=UTC)


@dataclass
class Rows:
    """A lake that holds the day's documents."""

    documents: list[Document]
    without_digests: bool = False

    def read(
        self,
        table: Table,
        day: date,
        columns: Sequence[str] | None = None,
        cases: Collection[str] | None = None,
    ) -> Iterator[dict[str, Any]]:
        for document in self.documents:
            row = document_row(document, "1")
            if self.without_digests:
                row["message_digest"] = None
            if cases is None or row["case_id"] in cases:
                yield {name: row[name] for name in columns or row}

    def write(
        self, table: Table, day: date, rows: Iterable[Mapping[str, object]], made_from: str | None = None
    ) -> int:
        raise NotImplementedError

    def rows_made_from(self, table: Table, day: date, made_from: str | None) -> int | None:
        raise NotImplementedError

    def version(self, table: Table, day: date) -> str | None:
        raise NotImplementedError

    def has(self, table: Table, day: date) -> bool:
        return True


@dataclass(frozen=True)
class Veiled:
    text: str
    originals: Mapping[str, str]

    def hide(self, text: str) -> str:
        return text


@dataclass
class Masker:
    """Masks nothing, and knows whose case it was asked to mask."""

    masked: list[str] = field(default_factory=list)
    bare_names: set[bool] = field(default_factory=set)

    def __call__(self, case: Case, *, bare_names: bool, after: str = "") -> Veiled:
        self.masked.append(case.case_id)
        self.bare_names.add(bare_names)
        return Veiled("\n".join(d.message.text for d in case.documents), {})


def document(number: int) -> Document:
    message = Message(
        path="", index=0, kind="mail", ok=True, error=None, record_id=f"r{number}", content_hash=f"c{number}",
        message_id=None, in_reply_to=None, references=(), subject="", sender=Address("Ann", "ann@mail.example"),
        to=(), cc=(), delivered_to=(), date=None, text=f"mail {number}", new_text="", language="en",
    )  # fmt: skip
    received = Received("inbox", f"{number}", DAY, f"{number:064}", "mail", MORNING)
    return Document(received, message, "bank", Priority.NORMAL, f"case-{number}", Role.FIRST)


@dataclass
class Office:
    """A night of documents, worked again and again."""

    desk: Desk
    lake: Rows
    masker: Masker = field(default_factory=Masker)
    step: Step = ECHO
    queue: Queue = QUEUE
    rules_version: str | None = "1"
    model: str = "small"

    def work(self, rework: Rework = Rework.STALE) -> tuple[Progress, list[str]]:
        """How the night ended, and whose cases were masked for it."""
        self.masker.masked.clear()
        night = Night(
            day=DAY,
            engine=replace(self.desk.engine(), max_attempts=1),
            lake=self.lake,
            queues=Queues(queues=(self.queue,)),
            steps={self.step.name: self.step},
            mask=self.masker,
            rules_version=self.rules_version,
        )
        progress = work(night.engine, DAY, [night.plan(self.step)], rework, pause=self._later)
        return progress, sorted(self.masker.masked)

    def _later(self, _: Progress) -> bool:
        self.desk.clock.advance(60)
        return True

    def reword(self, number: int, **changes: Any) -> None:
        known = self.lake.documents[number - 1]
        self.lake.documents[number - 1] = replace(known, message=replace(known.message, **changes))


@pytest.fixture
def office(desk: Desk) -> Office:
    desk.provider = FakeProvider(PROFILE, desk.clock)
    return Office(desk, Rows([document(n) for n in (1, 2, 3)]))


@pytest.mark.parametrize("wanted", [True, False])
def test_a_queue_says_whether_names_that_stand_alone_are_masked(office: Office, wanted: bool) -> None:
    office.queue = office.queue.model_copy(update={"mask_bare_names": wanted})
    office.work()
    assert office.masker.bare_names == {wanted}


def test_a_rerun_with_nothing_changed_masks_and_sends_nothing(office: Office) -> None:
    first, masked = office.work()
    assert (first.sent, first.done, masked) == (3, 3, ["case-1", "case-2", "case-3"])
    again, masked = office.work()
    assert (again.sent, again.reused, again.done, masked) == (0, 3, 3, [])


CHANGES: dict[str, Callable[[Office], None]] = {
    "its text": lambda o: o.reword(2, text="another mail"),
    "its date, which the model sees": lambda o: o.reword(2, date=MORNING),
    "the sender's name, which is masked": lambda o: o.reword(2, sender=Address("Bob", "ann@mail.example")),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_record_alone_is_rendered_again(office: Office, change: Callable[[Office], None]) -> None:
    office.work()
    change(office)
    assert office.work()[1] == ["case-2"]
    assert office.work()[1] == []


def test_a_request_that_turns_out_the_same_is_not_sent_again(office: Office) -> None:
    office.work()
    office.reword(2, date=MORNING)
    progress, masked = office.work()
    assert (progress.sent, masked) == (0, ["case-2"])


REWORDINGS: dict[str, Callable[[Office], Office]] = {
    "prompt": lambda o: replace(o, step=replace(ECHO, prompt=Prompt("echo", "Say.", "$case"))),
    "token limit": lambda o: replace(o, step=replace(ECHO, max_tokens=99)),
    "queue": lambda o: replace(o, step=replace(ECHO, queue_variables=lambda q: {"name": "a bank"})),
    "schema": lambda o: replace(o, step=replace(ECHO, narrow=lambda s, _: {**s, "description": "narrow"})),
    "code": lambda o: replace(o, rules_version="2"),
}


@pytest.mark.parametrize("reworded", REWORDINGS.values(), ids=REWORDINGS.keys())
def test_every_case_is_rendered_again_when_it_would_be_asked_in_another_way(
    office: Office, reworded: Callable[[Office], Office]
) -> None:
    office.work()
    assert len(reworded(office).work()[1]) == 3


@pytest.mark.parametrize("rework", Rework)
def test_code_that_renders_the_same_is_looked_at_once(office: Office, rework: Rework) -> None:
    office.work()
    newer = replace(office, rules_version="2")
    assert len(newer.work(rework)[1]) == 3
    progress, masked = newer.work(rework)
    assert (progress.sent, masked) == (0, [])


def test_without_a_version_of_the_rules_every_case_is_rendered_again(office: Office) -> None:
    office.work()
    unversioned = replace(office, rules_version=None)
    assert len(unversioned.work()[1]) == 3
    assert len(unversioned.work()[1]) == 3


def test_rows_written_before_they_had_a_digest_are_rendered_again(office: Office) -> None:
    office.work()
    office.lake.without_digests = True
    progress, masked = office.work()
    assert (progress.sent, len(masked)) == (0, 3)


def test_what_is_put_back_by_a_person_is_rendered_and_sent(office: Office) -> None:
    office.desk.provider.script = {"mail 2": [Outcome.FAILED_PERMANENT]}
    office.work()
    assert office.work()[1] == []
    office.desk.ledger().review.requeue(DAY)
    progress, masked = office.work()
    assert (progress.sent, masked) == (1, ["case-2"])


def test_a_case_that_left_the_night_is_forgotten_and_the_unchanged_ones_stay(office: Office) -> None:
    office.work()
    office.lake.documents.pop()
    progress, masked = office.work()
    assert (progress.done, masked) == (2, [])
