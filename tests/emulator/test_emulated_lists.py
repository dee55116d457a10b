"""Lists, clocks and batches that do not end, as a scenario distorts them; and what a deleted batch leaves in the counts."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_assets.emulator import start
from tests.support.providers.emulator_kit import Played, chat_line, message_item, played, raw_call

BOTH = pytest.mark.parametrize("protocol", ["openai", "anthropic"])
HEADERS = {
    "openai": {"authorization": "Bearer test"},
    "anthropic": {"x-api-key": "test", "anthropic-version": "2023-06-01"},
}
PATHS = {"openai": "/v1/batches", "anthropic": "/v1/messages/batches"}


@pytest.fixture
def fresh(home: Path) -> Iterator[Played]:
    """An emulator of its own, because lists show what other tests made; batches take 1000 s of its clock."""
    running = start(home, latency=1000.0, exit_with_parent=os.getpid())
    yield played(running)
    running.stop()


def made(at: Played, protocol: str) -> str:
    if protocol == "openai":
        return str(at.openai_batch([chat_line(f"a{n}") for n in range(4)]).id)
    return str(at.anthropic.messages.batches.create(requests=[message_item(f"a{n}") for n in range(4)]).id)


def get(at: Played, protocol: str, rest: str = "") -> Any:
    return orjson.loads(raw_call(at, "GET", PATHS[protocol] + rest, HEADERS[protocol]).body)


def cancel(at: Played, protocol: str, name: str) -> None:
    raw_call(at, "POST", f"{PATHS[protocol]}/{name}/cancel", HEADERS[protocol], b"")


def status(at: Played, protocol: str, name: str) -> str:
    found = get(at, protocol, f"/{name}")
    return str(found.get("status", found.get("processing_status")))


@BOTH
def test_a_list_may_run_from_old_to_new_in_small_pages(protocol: str, fresh: Played) -> None:
    fresh.scenario("lists: {oldest_first: true, page_size: 2, older: 3}")
    names = [made(fresh, protocol) for _ in range(2)]
    after = "after" if protocol == "openai" else "after_id"
    seen: list[str] = []
    page = get(fresh, protocol)
    seen += [entry["id"] for entry in page["data"]]
    while page["has_more"]:
        page = get(fresh, protocol, f"?{after}={page['last_id']}")
        assert len(page["data"]) <= 2
        seen += [entry["id"] for entry in page["data"]]
    assert seen[-2:] == names and len(seen) == 5


@BOTH
def test_a_list_may_have_neither_pages_nor_times_and_null_entries(protocol: str, fresh: Played) -> None:
    fresh.scenario("lists: {pages: false, nulls: 1, created_at: missing}")
    name = made(fresh, protocol)
    page = get(fresh, protocol)
    assert "has_more" not in page and page["data"][0] is None
    assert [(entry["id"], "created_at" in entry) for entry in page["data"][1:]] == [(name, False)]


@BOTH
def test_a_list_may_repeat_itself(protocol: str, fresh: Played) -> None:
    fresh.scenario("lists: {repeats: true}")
    name = made(fresh, protocol)
    after = "after" if protocol == "openai" else "after_id"
    pages = [get(fresh, protocol), get(fresh, protocol, f"?{after}={name}")]
    assert all(page["has_more"] and [e["id"] for e in page["data"]] == [name] for page in pages)


@pytest.mark.parametrize(
    ("protocol", "spelling", "kind"), [("openai", "iso", str), ("anthropic", "float", float)]
)
def test_times_may_be_spelled_otherwise(protocol: str, spelling: str, kind: type, fresh: Played) -> None:
    fresh.scenario(f"lists: {{created_at: {spelling}}}")
    made(fresh, protocol)
    assert isinstance(get(fresh, protocol)["data"][0]["created_at"], kind)


@BOTH
@pytest.mark.parametrize("hours", [-3, 3])
def test_the_clock_may_be_wrong_and_the_date_header_says_so(protocol: str, hours: int, fresh: Played) -> None:
    fresh.scenario(f"clock_seconds: {hours * 3600}")
    found = get(fresh, protocol, f"/{made(fresh, protocol)}")["created_at"]
    told = found if isinstance(found, int) else datetime.fromisoformat(found).timestamp()
    shift = (told - datetime.now(UTC).timestamp()) / 3600
    assert hours - 0.1 < shift < hours + 0.1
    raw = fresh.openai.models.with_raw_response.list()
    assert abs(parsedate_to_datetime(raw.headers["date"]).timestamp() - told) < 60
    assert raw.headers.get_list("date") == [raw.headers["date"]]


@BOTH
@pytest.mark.parametrize(("stage", "shown"), [("finalizing", "in_progress"), ("validating", "in_progress")])
def test_a_batch_may_be_stuck_until_it_is_cancelled(
    protocol: str, stage: str, shown: str, fresh: Played
) -> None:
    fresh.scenario(f"batches: [{{stuck: {stage}, stuck_share: 0.5}}]")
    name = made(fresh, protocol)
    fresh.advance(40 * 3600)
    assert status(fresh, protocol, name) == (stage if protocol == "openai" else shown)
    cancel(fresh, protocol, name)
    fresh.advance(3600)
    found = get(fresh, protocol, f"/{name}")
    counts = found["request_counts"]
    done = counts.get("completed", counts.get("succeeded"))
    assert (found.get("status", found.get("processing_status")), done) == (
        "cancelled" if protocol == "openai" else "ended", 2,
    )  # fmt: skip


@BOTH
def test_a_cancel_may_never_end(protocol: str, fresh: Played) -> None:
    fresh.scenario("batches: [{stuck: in_progress, cancel_never_ends: true}]")
    name = made(fresh, protocol)
    cancel(fresh, protocol, name)
    fresh.advance(40 * 3600)
    assert status(fresh, protocol, name) == ("cancelling" if protocol == "openai" else "canceling")


def test_a_deleted_batch_still_counts_as_executed(fresh: Played) -> None:
    name = made(fresh, "anthropic")
    fresh.advance(3600)
    assert status(fresh, "anthropic", name) == "ended"
    before = fresh.get("/_emulator/stats?requests=true")
    fresh.anthropic.messages.batches.delete(name)
    after = fresh.get("/_emulator/stats?requests=true")
    assert (after["executed"], after["requests"]) == (before["executed"], before["requests"])
    assert len(before["requests"]) == 4
