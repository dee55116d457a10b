"""A provider's list of batches in every form it may have, and what a batch leaves there. Lists are pages in memory here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import ContractError, DeskError, PermanentError, TransientError
from llm_assets.domain.profile import Files, Lane
from llm_assets.domain.requests.batch import Batch, BatchState, Candidate
from llm_assets.engine.ports.provider import Provider
from resources.providers import listing
from tests.support.providers.provider_kit import (
    ANTHROPIC,
    EVERY,
    GEMINI,
    OPENAI,
    Wire,
    adapter,
    fresh_adapter,
    rpc_error,
    spooled,
    under,
)
from tests.support.providers.provider_server import Canned, Reply

NOW = datetime(2026, 11, 21, 1, 0, tzinfo=UTC)
BATCH = Batch(
    "b" * 12, date(2026, 11, 20), "echo", Lane.NIGHTLY, "p", "m", BatchState.CREATING, 3, 100, "", NOW, creating_at=NOW
)  # fmt: skip
HOUR = timedelta(hours=1)


def entry(name: str, at: object, *, ours: bool = False) -> dict[str, Any]:
    return {"id": name, "created_at": at, "ours": ours}


def read(listed: Mapping[str, Any]) -> Candidate:
    return Candidate(listed["id"], listing.moment(listed.get("created_at")), 3, listed["ours"])


class Pages:
    """A list that is asked for page by page; counts how often."""

    def __init__(self, *pages: list[Any], at: datetime | None = None, endless: bool = False) -> None:
        self._pages, self._at, self._endless, self.calls = pages, at, endless, 0

    def __call__(self, after: str | None) -> listing.Page:
        page = self._pages[min(self.calls, len(self._pages) - 1)]
        self.calls += 1
        more = self._endless or self.calls < len(self._pages)
        return listing.Page({"data": page, "has_more": more}, self._at)


def found(pages: Pages, now: datetime = NOW, batch: Batch = BATCH, most: int = 10) -> list[str]:
    return [c.provider_batch_id for c in listing.candidates(pages, read, batch, now, most=most)]


def seconds(at: datetime) -> int:
    return int(at.timestamp())


NEW, OLD, OLDER = (seconds(t) for t in (NOW + timedelta(seconds=5), NOW - HOUR, NOW - 2 * HOUR))


def test_a_list_from_new_to_old_is_left_where_it_is_too_old() -> None:
    pages = Pages([entry("a", NEW), entry("b", OLD)], [entry("c", OLDER)], [entry("d", OLDER)])
    assert (found(pages), pages.calls) == (["a"], 1)


def test_a_list_from_old_to_new_is_read_to_its_end() -> None:
    pages = Pages([entry("d", OLDER), entry("c", OLD)], [entry("b", OLD + 1), entry("a", NEW)])
    assert (found(pages), pages.calls) == (["a"], 2)


def test_one_old_entry_a_page_tells_no_order() -> None:
    assert found(Pages([entry("d", OLDER)], [entry("c", OLD)], [entry("a", NEW)])) == ["a"]


def test_what_is_proven_ours_counts_whatever_its_time() -> None:
    pages = Pages([entry("a", OLDER, ours=True), entry("b", OLDER), entry("c", None, ours=True)])
    assert found(pages) == ["a", "c"]


def test_entries_without_a_time_may_be_ours_and_are_tried_last() -> None:
    pages = Pages([entry("z", None), {"id": "y", "ours": False}], [entry("a", NEW)])
    assert found(pages) == ["a", "y", "z"]


def test_entries_that_are_no_batches_are_left_out() -> None:
    odd: list[Any] = [None, 7, "x", {}, {"id": None}, {"id": ""}, entry("a", NEW), entry("a", NEW)]
    assert found(Pages(odd)) == ["a"]


@pytest.mark.parametrize("body", [{}, {"data": None}, {"data": {}, "has_more": True}])
def test_a_list_without_entries_ends(body: dict[str, Any]) -> None:
    assert listing.candidates(lambda _: listing.Page(body), read, BATCH, NOW) == []


def test_a_list_that_repeats_itself_ends() -> None:
    pages = Pages([entry("a", NEW), entry("b", NEW)], endless=True)
    assert (found(pages), pages.calls) == (["a", "b"], 2)


class Endless:
    """A list of new batches without an end."""

    def __init__(self, *, ours: int | None = None) -> None:
        self.calls, self._ours = 0, ours

    def __call__(self, after: str | None) -> listing.Page:
        self.calls += 1
        data = [entry(f"{self.calls}", NEW, ours=self.calls == self._ours)]
        return listing.Page({"data": data, "has_more": True})


def test_a_list_without_an_end_is_an_error_that_names_the_cure() -> None:
    pages = Endless()
    with pytest.raises(
        ContractError, match="does not end within 10 pages.*nothing is sent again.*`batch: false`"
    ):
        listing.candidates(pages, read, BATCH, NOW, most=10)
    assert pages.calls <= 11


def test_a_list_without_an_end_that_holds_the_proof_is_enough() -> None:
    assert "7" in [
        c.provider_batch_id for c in listing.candidates(Endless(ours=7), read, BATCH, NOW, most=10)
    ]


@pytest.mark.parametrize(
    ("now", "theirs", "margin"),
    [
        pytest.param(NOW, None, timedelta(minutes=5), id="no Date header"),
        pytest.param(NOW, NOW + timedelta(minutes=4), timedelta(minutes=5), id="clocks agree"),
        pytest.param(NOW, NOW + 3 * HOUR, timedelta(days=1), id="theirs is ahead"),
        pytest.param(NOW, NOW - 3 * HOUR, timedelta(days=1, hours=3), id="theirs is behind"),
        pytest.param(NOW - 3 * HOUR, NOW - 3 * HOUR, timedelta(days=1, hours=3), id="ours was put back"),
        pytest.param(NOW + 48 * HOUR, NOW + 48 * HOUR, timedelta(minutes=5), id="two days later"),
    ],
)
def test_how_far_back_a_batch_may_be_ours(now: datetime, theirs: datetime | None, margin: timedelta) -> None:
    assert listing.earliest(BATCH, now, theirs) == NOW - margin


@pytest.mark.parametrize(
    "given",
    [
        1_795_222_800, 1_795_222_800.0, 1_795_222_800_000, "1795222800", "2026-11-21T01:00:00Z", "2026-11-21T01:00:00",
        "2026-11-21T06:00:00+05:00", "2026-11-21 01:00:00+00:00",
    ],
)  # fmt: skip
def test_a_time_in_any_spelling_is_read(given: object) -> None:
    assert listing.moment(given) == NOW


@pytest.mark.parametrize(
    "given", [None, "", "yesterday", True, [], 0, -5, float("inf"), float("nan"), 1e300, "nan"]
)
def test_what_is_no_time_is_none(given: object) -> None:
    assert listing.moment(given) is None


def test_the_clock_of_an_answer_is_its_date_header() -> None:
    assert listing.told_by({"date": "Sat, 21 Nov 2026 01:00:00 GMT"}) == NOW
    assert listing.told_by({"date": "soon"}) is listing.told_by({}) is None


# What a batch leaves


def file(name: str, file_id: str = "file-1") -> dict[str, Any]:
    return {
        "id": file_id, "object": "file", "bytes": 5, "created_at": 1, "filename": name, "purpose": "batch",
        "status": "processed",
    }  # fmt: skip


def gone(file_id: str) -> Reply:
    return Reply(200, {"id": file_id, "object": "file", "deleted": True})


def ended(tmp_path: Path, wire: Wire, server: Canned) -> tuple[Provider, Batch]:
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    return provider, under(batch, wire.batch_id)


def deleted(server: Canned) -> list[str]:
    return [asked.path for asked in server.asked if asked.method == "DELETE"]


def test_at_openai_three_files_are_removed_and_one_that_is_gone_is_no_error(
    server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = ended(tmp_path, OPENAI, server)
    state = OPENAI.batch("completed", output_file_id="file-out", error_file_id="file-err")
    server.on(f"GET {OPENAI.one}", Reply(200, state))
    server.on("DELETE /v1/files/file-1", gone("file-1"))
    server.on("DELETE /v1/files/file-out", Reply(404, OPENAI.error("invalid_request_error")))
    server.on("DELETE /v1/files/file-err", gone("file-err"))
    provider.remove(batch)
    assert deleted(server) == [f"/v1/files/file-{name}" for name in ("1", "out", "err")]


def test_a_batch_that_openai_no_longer_knows_leaves_its_input_file(
    server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = ended(tmp_path, OPENAI, server)
    server.on(f"GET {OPENAI.one}", Reply(404, OPENAI.error("invalid_request_error")))
    server.on("DELETE /v1/files/file-1", gone("file-1"))
    provider.remove(batch)
    assert deleted(server) == ["/v1/files/file-1"]


def test_nothing_is_taken_from_a_batch_that_still_runs(server: Canned, key: None, tmp_path: Path) -> None:
    provider, batch = ended(tmp_path, OPENAI, server)
    server.on(f"GET {OPENAI.one}", Reply(200, OPENAI.batch("cancelling")))
    with pytest.raises(TransientError, match="still runs"):
        provider.remove(batch)
    assert deleted(server) == []


def test_at_anthropic_the_batch_is_removed(server: Canned, key: None, tmp_path: Path) -> None:
    provider, batch = ended(tmp_path, ANTHROPIC, server)
    done = Reply(200, {"id": ANTHROPIC.batch_id, "type": "message_batch_deleted"})
    missing = Reply(404, ANTHROPIC.error("not_found_error"))
    running = Reply(400, ANTHROPIC.error("invalid_request_error"))
    server.on(f"DELETE {ANTHROPIC.one}", done, missing, running)
    provider.remove(batch)
    provider.remove(batch)
    with pytest.raises(PermanentError):
        provider.remove(batch)
    assert list(provider.stored_files()) == []


FILES = ["files/in", "files/out", "batches/b-1"]


def gemini_batch(server: Canned, tmp_path: Path, **state: Any) -> tuple[Provider, Batch]:
    provider, batch = ended(tmp_path, GEMINI, server)
    answers = {"response": {"responsesFile": "files/out"}, "done": True}
    server.on(f"GET {GEMINI.one}", Reply(200, GEMINI.batch(GEMINI.ended, **{**answers, **state})))
    for name in FILES:
        server.on(f"DELETE /v1beta/{name}", Reply(200, {}))
    return provider, replace(batch, provider_file_id="files/in")


def test_at_gemini_both_files_and_the_batch_are_removed_and_what_is_gone_is_no_error(
    server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = gemini_batch(server, tmp_path)
    told = "You do not have permission to access the File in or it may not exist."
    gone = {"error": rpc_error("PERMISSION_DENIED", None, told, 403)}
    server.on("DELETE /v1beta/files/in", Reply(403, gone))
    server.on("DELETE /v1beta/files/out", Reply(404, {"error": rpc_error("NOT_FOUND", None, "gone", 404)}))
    provider.remove(batch)
    assert deleted(server) == [f"/v1beta/{name}" for name in FILES]


def test_at_gemini_inlined_answers_are_removed_with_their_batch(
    server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = gemini_batch(server, tmp_path, response={"inlinedResponses": {"inlinedResponses": []}})
    provider.remove(replace(batch, provider_file_id=None))
    assert deleted(server) == ["/v1beta/batches/b-1"]


def test_a_batch_that_gemini_no_longer_knows_leaves_its_input_file(
    server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = gemini_batch(server, tmp_path)
    server.on(f"GET {GEMINI.one}", Reply(404, {"error": rpc_error("NOT_FOUND", None, "gone", 404)}))
    provider.remove(batch)
    assert deleted(server) == ["/v1beta/files/in"]


def test_at_gemini_nothing_is_taken_from_a_batch_that_still_runs(
    server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = gemini_batch(server, tmp_path)
    server.on(f"GET {GEMINI.one}", Reply(200, GEMINI.batch()))
    with pytest.raises(TransientError, match="still runs"):
        provider.remove(batch)
    assert deleted(server) == []


def test_the_files_stored_at_gemini_are_read_over_all_pages(server: Canned, key: None) -> None:
    files = [
        {"name": f"files/{n}", "displayName": f"{n}.jsonl", "sizeBytes": "1", "state": "ACTIVE"}
        for n in "abc"
    ]
    nameless = {"name": "files/d", "sizeBytes": "1", "state": "ACTIVE"}
    pages = [{"files": files[:2], "nextPageToken": "two"}, {"files": [files[2], nameless]}]
    server.on("GET /v1beta/files", *(Reply(200, page) for page in pages))
    found = adapter("gemini", server.url).stored_files()
    assert [(f.file_id, f.name) for f in found] == [(f"files/{n}", f"{n}.jsonl") for n in "abc"]


@EVERY
def test_a_gateway_that_removes_nothing_says_so_in_one_sentence(
    wire: Wire, server: Canned, key: None, tmp_path: Path
) -> None:
    provider, batch = ended(tmp_path, wire, server)
    server.on(f"GET {wire.one}", Reply(200, wire.batch(wire.ended)))
    route = "/v1/files/file-1" if wire is OPENAI else wire.one
    server.on(f"DELETE {route}", Reply(405, b"<h1>Method Not Allowed</h1>", {"content-type": "text/html"}))
    with pytest.raises(DeskError, match="refused to remove"):
        provider.remove(batch)


@pytest.mark.parametrize(("days", "seconds"), [(None, None), (14, b"1209600"), (1.5, b"129600")])
def test_an_input_file_expires_by_itself_where_the_profile_says_so(
    days: float | None, seconds: bytes | None, server: Canned, key: None, tmp_path: Path
) -> None:
    provider = fresh_adapter("openai", server.url, files=Files(expire_days=days))
    batch, spool, _ = spooled(provider, tmp_path, ["a"])
    server.on("GET /v1/files", Reply(200, {"object": "list", "data": [], "has_more": False}))
    server.on("POST /v1/files", Reply(200, file(f"{batch.batch_id}.jsonl")))
    assert provider.upload(batch, spool) == "file-1"
    [asked] = server.calls("POST /v1/files")
    assert (b"expires_after[anchor]" in asked.body) is (seconds is not None)
    assert seconds is None or (b"expires_after[seconds]" in asked.body and seconds in asked.body)


def test_the_stored_files_are_read_over_all_pages(server: Canned, key: None) -> None:
    pages = [[file("a.jsonl", "f1"), file("b.jsonl", "f2")], [file("c.jsonl", "f3")]]
    replies = [
        Reply(
            200, {"object": "list", "data": page, "has_more": page is pages[0], "first_id": "", "last_id": ""}
        )
        for page in pages
    ]
    server.on("GET /v1/files", *replies)
    found = adapter("openai", server.url).stored_files()
    assert [(f.file_id, f.name) for f in found] == [("f1", "a.jsonl"), ("f2", "b.jsonl"), ("f3", "c.jsonl")]
    assert "after=f2" in server.asked[-1].path
