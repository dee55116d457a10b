"""Scans in a night: sent where they may be and nowhere else, priced by their pages, and no reason to stop where one cannot
be had."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.audit import pictures_in
from llm_assets.domain.desk.night import Rework
from llm_assets.domain.desk.queue import Category, Queue, Queues
from llm_assets.domain.desk.tables import DOCUMENTS
from llm_assets.domain.errors import PermanentError
from llm_assets.domain.mail.document import Attachment, Document, Message, Priority, Received, Role
from llm_assets.domain.mail.document_rows import document_row
from llm_assets.domain.profile import Capabilities, Mode, Tier
from llm_assets.domain.protocol import PROTOCOLS
from llm_assets.domain.requests.outcome import RequestState, Status
from llm_assets.domain.requests.request import Picture, Request
from llm_assets.domain.traffic.lanes import ReadingRules
from llm_assets.engine.night.night import Night
from llm_assets.engine.planning.estimate import (
    Calibration,
    Counter,
    Spread,
    calibrate,
    most_usd,
    prompt_tokens,
)
from llm_assets.engine.planning.task import Task
from llm_assets.engine.rounds.work import work
from llm_assets.intake.pii.masking import mask_case
from llm_assets.steps.extracted_fields.step import EXTRACTED_FIELDS
from resources.lake.lake import CORE_TABLES, Lake
from tests.support.nights.engine_night import DAY, STEP, Desk, PerToken, request, task, tasks
from tests.support.providers.fake_provider import FakeProvider

PAGE = Picture("r" * 64, "a" * 64, 2, 500)


class Blind(FakeProvider):
    """Cannot render what shows a scan that is gone."""

    gone = "scan_missing"

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        if request.pictures:
            raise PermanentError("restore the raw mail from a backup", code=self.gone)
        return super().line(request, custom_id, cached=cached)


def showing(number: int, **changes: Any) -> Task:
    return task(number, request=request(f"mail {number}", pictures=(PAGE,)), **changes)


@pytest.mark.parametrize("mode", [Mode.BATCH, Mode.ONLINE])
@pytest.mark.parametrize(
    ("code", "state"), [("scan_missing", RequestState.DEAD), ("too_large", RequestState.REVIEW)]
)
def test_a_scan_that_cannot_be_had_costs_its_own_request_and_no_other(
    desk: Desk, mode: Mode, code: str, state: RequestState
) -> None:
    desk.provider = provider = Blind(desk.provider.profile, desk.clock)
    provider.gone = code
    assert desk.work([showing(1, mode=mode), *tasks(3, mode=mode)[1:]]).finished
    found = {s.case_id: s for s in desk.ledger().work.standings(DAY, STEP)}
    assert found["case-0001"].state is state and "backup" in found["case-0001"].detail
    assert {s.state for case_id, s in found.items() if case_id != "case-0001"} == {RequestState.DONE}
    assert set(desk.provider.executed) == {"mail 2", "mail 3"}
    assert desk.open_batches() == [] and list((desk.home / "spool").glob("*.jsonl")) == []


def test_a_death_before_the_refusal_is_carried_out_loses_nothing(desk: Desk) -> None:
    desk.provider = Blind(desk.provider.profile, desk.clock)
    desk.plan([showing(1)])
    assert desk.batch().refusal is not None
    desk.tasks = [showing(1)]
    assert desk.advance().finished
    [dead] = desk.ledger().review.dead_letters(DAY)
    assert dead.outcome == "failed_permanent" and "scan_missing" in dead.detail


def test_pages_are_counted_at_half_to_twice_their_usual_tokens() -> None:
    plain, shown = request("mail"), request("mail", pictures=(PAGE,))
    text = Counter()(plain)
    assert Counter()(shown) == text + 3000
    for protocol in PROTOCOLS.values():
        known = calibrate(protocol, [])
        words = prompt_tokens(plain, text, known)
        whole = prompt_tokens(shown, text + 3000, known)
        assert whole.ends == pytest.approx((words.low + 1500, words.typical + 3000, words.high + 6000))


def test_the_most_that_a_shown_scan_may_cost_is_twice_its_pages(desk: Desk) -> None:
    exact = Calibration(Spread(1, 1, 1), None, 0)
    shown = request("mail", pictures=(PAGE,), max_tokens=0)
    usd = most_usd(PerToken(), desk.provider.profile, shown, Mode.ONLINE, 3100, exact)
    assert usd == Decimal(6100) / 1_000_000


def test_the_pace_of_online_calls_goes_by_what_was_counted_not_by_base64(desk: Desk) -> None:
    class Wordy(FakeProvider):
        def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
            return super().line(request, custom_id).replace(b"{", b'{"image": "' + b"A" * 90_000 + b'", ', 1)

    profile = desk.provider.profile
    limits = profile.limits.model_copy(update={"online_tokens_per_minute": 20_000})
    desk.provider = Wordy(profile.model_copy(update={"limits": limits}), desk.clock)
    desk.start([showing(n, mode=Mode.ONLINE) for n in (1, 2, 3)])
    assert sum(desk.provider.executed.values()) == 3


# From the day's documents to the requests and back to the rows


def scanned(number: int, sha256: str) -> Document:
    at = datetime(2026, 11, 20, 9, number, tzinfo=UTC)
    scan = Attachment("a.png", "image/png", 500, sha256, "lNV0lCE", "ocr", 1, 31.0, ("poor_scan",))
    name = f"record-{number}"
    message = Message(
        path="a.eml", index=0, kind="mail", ok=True, error=None, record_id=name, content_hash=name,
        message_id=None, in_reply_to=None, references=(), subject="Invoice", sender=None, to=(), cc=(),
        delivered_to=(), date=at, text=f"see {number}", new_text=f"see {number}", language="en",
        attachments=(scan,), flags=("poor_scan",),
    )  # fmt: skip
    place = Received("inbox", f"{number}.eml", DAY, f"{number:064}", "mail", at)
    return Document(place, message, "open", Priority.NORMAL, name, Role.FIRST)


class House:
    """Two cases with a poor scan each, in a queue that may be masked."""

    def __init__(self, desk: Desk, home: Path) -> None:
        self.desk = desk
        self.lake = Lake(home, (*CORE_TABLES, EXTRACTED_FIELDS.table))
        documents = [scanned(1, "a" * 64), scanned(2, "b" * 64)]
        self.lake.write(DOCUMENTS, DAY, [document_row(d, "1") for d in documents])
        models = {tier: f"m-{tier}" for tier in Tier}
        profile = desk.provider.profile.model_copy(
            update={"models": models, "capabilities": Capabilities(vision=True)}
        )
        self.sent = Sent(profile, desk.clock)

    def night(self, *, mask: bool) -> Night:
        queue = Queue(name="open", default=True, mask=mask, categories=(Category(name="any"),))
        engine = replace(
            self.desk.engine(provider=self.sent), outputs={EXTRACTED_FIELDS.name: EXTRACTED_FIELDS.output}
        )
        steps = {EXTRACTED_FIELDS.name: EXTRACTED_FIELDS}
        return Night(DAY, engine, self.lake, Queues(queues=(queue,)), steps, mask_case, rules_version="1")

    def work(self, *, mask: bool, rework: Rework = Rework.STALE) -> list[dict[str, Any]]:
        night = self.night(mask=mask)
        work(night.engine, DAY, [night.plan(EXTRACTED_FIELDS)], rework, pause=lambda _: True)
        return list(night.rows(EXTRACTED_FIELDS))


class Sent(FakeProvider):
    """Keeps what it was asked, and finds no field anywhere."""

    def __init__(self, *known: Any) -> None:
        super().__init__(*known)
        self.requests: list[Request] = []

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        self.requests.append(request)
        nothing = {"value": None, "quote": None}
        fields = EXTRACTED_FIELDS.output.model_fields
        answer = EXTRACTED_FIELDS.output.model_validate(dict.fromkeys(fields, nothing))
        self.script.setdefault(request.user, [answer.model_dump_json()])
        return super().line(request, custom_id, cached=cached)


@pytest.fixture
def house(desk: Desk, tmp_path: Path) -> Iterator[House]:
    yield House(desk, tmp_path)


def told(rows: list[dict[str, Any]]) -> set[tuple[Any, ...]]:
    return {(r["tier"], r["tier_reason"], r["model"], r["status"], r["doubt_reason"]) for r in rows}


def test_with_masking_on_no_request_of_a_night_has_a_picture(house: House) -> None:
    rows = house.work(mask=True)
    assert len(house.sent.requests) == 2 and not any(r.pictures for r in house.sent.requests)
    assert told(rows) == {
        ("cheap", "unreadable_scan 31 masked", "m-cheap", Status.REVIEW, "poor_scan"),
    }
    assert all("masked" in r["doubt_detail"] for r in rows)


def test_a_queue_without_masking_shows_its_scans_to_the_strong_model(house: House) -> None:
    rows = house.work(mask=False)
    assert {(p.sha256, p.raw_sha256) for r in house.sent.requests for p in r.pictures} == {
        ("a" * 64, f"{1:064}"),
        ("b" * 64, f"{2:064}"),
    }
    assert told(rows) == {("strong", "vision_scan 31", "m-strong", Status.OK, None)}


def test_the_trail_says_how_many_scans_went_along(house: House) -> None:
    house.work(mask=False)
    masked = [
        row[2]
        for entry in house.desk.ledger().trail.entries()
        if entry.action == "intended"
        for row in entry.rows
    ]
    assert masked == ["plain+1", "plain+1"]
    assert [pictures_in(m) for m in (*masked, "plain", "3@abc", "?")] == [1, 1, None, None, None]


def test_an_older_answer_that_is_kept_has_seen_no_scan(house: House) -> None:
    house.work(mask=True)
    rows = house.work(mask=False, rework=Rework.MISSING)
    assert not any(r.pictures for r in house.sent.requests)
    assert told(rows) == {
        ("cheap", "unreadable_scan 31 not_shown", "m-cheap", Status.REVIEW, "poor_scan"),
    }


def test_whatever_decides_about_showing_makes_records_be_looked_at_again(house: House) -> None:
    plain = house.night(mask=False)
    none = house.desk.lanes.model_copy(update={"reading": ReadingRules(vision_pages=0)})
    made_from = [
        night.made_from(EXTRACTED_FIELDS)
        for night in (plain, house.night(mask=True), replace(plain, engine=replace(plain.engine, lanes=none)))
    ]
    house.sent.change(capabilities=Capabilities())
    made_from.append(plain.made_from(EXTRACTED_FIELDS))
    assert None not in made_from and len(set(made_from)) == 4
