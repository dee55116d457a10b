"""Gemini's wire form, as its reference, its SDK and its users' published answers show it."""

import json
import logging
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from llm_assets.domain.dialect import Dialect
from llm_assets.domain.errors import (
    ContractError,
    ShortResultsError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.profile import Lane
from llm_assets.domain.requests.batch import Look
from resources.providers.gemini import wire
from resources.providers.gemini.refusals import RPC_CODES
from tests.support.providers.provider_kit import (
    GEMINI,
    MAIL,
    MODELS,
    NOW,
    SCHEMA,
    adapter,
    fresh_adapter,
    generated,
    request,
    rpc_error,
    spooled,
    under,
)
from tests.support.providers.provider_server import Canned, Reply

pytestmark = pytest.mark.usefixtures("key")

MODEL = f"models/{MODELS['gemini']}"


def test_a_line_is_a_keyed_request_with_the_schema_as_it_is() -> None:
    line = orjson.loads(wire.line_of(request("gemini"), "id-1"))
    assert line["key"] == "id-1"
    assert line["request"] == {
        "model": MODEL,
        "systemInstruction": {"parts": [{"text": "Sort the mail."}]},
        "contents": [{"role": "user", "parts": [{"text": MAIL}]}],
        "generationConfig": {
            "maxOutputTokens": 500,
            "responseMimeType": "application/json",
            "responseJsonSchema": SCHEMA,
        },
    }


@pytest.mark.parametrize(
    "users", [["one"], ["a\nb", 'c\u2028d","request":', "Қайырлы таң"], ["x" * 3_000_000, "y"]]
)
def test_the_streamed_create_body_holds_exactly_the_spooled_requests(
    users: list[str], tmp_path: Path
) -> None:
    batch, spool, ids = spooled(adapter("gemini", None), tmp_path, users)
    body = wire.InlineBody(batch, spool)
    for _ in range(2):
        sent = b"".join(body)
        assert len(sent) == body.length
        asked = orjson.loads(sent)["batch"]
        items = asked["inputConfig"]["requests"]["requests"]
        assert [item["metadata"] for item in items] == [{"key": i} for i in ids]
        assert [item["request"]["contents"][0]["parts"][0]["text"] for item in items] == users
    assert asked["displayName"] == batch.batch_id


@pytest.mark.parametrize(("lane", "priority"), [(Lane.URGENT, 100), (Lane.NIGHTLY, 0), (Lane.ARCHIVE, -100)])
def test_a_lane_is_a_priority(lane: Lane, priority: int, server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    server.on(f"POST {GEMINI.create}", Reply(200, GEMINI.batch("BATCH_STATE_PENDING")))
    assert provider.create(replace(batch, lane=lane), spool) == "b-1"
    sent = json.loads(server.calls(f"POST {GEMINI.create}")[0].body)
    assert int(sent["batch"]["priority"]) == priority


@pytest.mark.parametrize("by_its_file", [False, True])
def test_a_priority_is_left_out_where_the_server_refuses_it(
    by_its_file: bool, server: Canned, tmp_path: Path
) -> None:
    provider = fresh_adapter("gemini", server.url, dialect=Dialect(priority=False))
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    batch = replace(batch, lane=Lane.URGENT, provider_file_id="files/f1" if by_its_file else None)
    server.on(f"POST {GEMINI.create}", Reply(200, GEMINI.batch("BATCH_STATE_PENDING")))
    assert provider.create(batch, spool) == "b-1"
    sent = json.loads(server.calls(f"POST {GEMINI.create}")[0].body)
    assert set(sent["batch"]) == {"displayName", "inputConfig"}


STATES = {
    "QUEUED": Look.RUNNING,
    "PENDING": Look.RUNNING,
    "RUNNING": Look.RUNNING,
    "UPDATING": Look.RUNNING,
    "PAUSED": Look.RUNNING,
    "CANCELLING": Look.RUNNING,
    "SUCCEEDED": Look.ENDED,
    "PARTIALLY_SUCCEEDED": Look.ENDED,
    "FAILED": Look.REJECTED,
    "CANCELLED": Look.ENDED,
    "EXPIRED": Look.ENDED,
}


@pytest.mark.parametrize("prefix", ["BATCH_STATE_", "JOB_STATE_"])
def test_every_state_is_named_in_both_spellings(prefix: str) -> None:
    found = {name: wire.view_of(GEMINI.batch(prefix + name)).look for name in wire.Status.__members__}
    assert found == STATES


@pytest.mark.parametrize(
    "state", ["BATCH_STATE_UNSPECIFIED", "RUNNING", "BATCH_STATE_HIBERNATING", "", None, 3]
)
def test_a_state_nobody_named_is_an_error(state: Any) -> None:
    operation = GEMINI.batch()
    operation["metadata"]["state"] = state
    with pytest.raises(ContractError, match="Batch b-1 has the unknown status"):
        wire.view_of(operation)


@pytest.mark.parametrize(
    ("code", "message", "look"),
    [
        (3, "Failed to parse line 1.", Look.REJECTED),
        (3, "Request payload size exceeds the limit: 1 bytes.", Look.TOO_LARGE),
        (8, "quota", Look.LATER),
        (7, "key", Look.BLOCKED),
        (16, "who are you?", Look.BLOCKED),
        (9, "a precondition", Look.BLOCKED),
        (13, "broke", Look.ENDED),
        (14, "busy", Look.ENDED),
    ],
)
def test_a_failed_batch_says_whether_its_input_was_wrong(code: int, message: str, look: Look) -> None:
    view = wire.view_of(GEMINI.batch("BATCH_STATE_FAILED", error={"code": code, "message": message}))
    assert (view.look, view.detail) == (look, RPC_CODES[code])


def test_a_failed_batch_that_counts_answers_is_read_because_they_are_paid() -> None:
    failed = GEMINI.batch("BATCH_STATE_FAILED", error={"code": 3}, batchStats={"successfulRequestCount": "1"})
    assert wire.view_of(failed).look is Look.ENDED


def test_counts_are_text_and_a_zero_is_left_out() -> None:
    stats = {"requestCount": "2000000000", "successfulRequestCount": "7"}
    assert wire.counts_of(GEMINI.batch(batchStats=stats)) == (2_000_000_000, 7, 0)
    assert wire.counts_of(GEMINI.batch(batchStats={"requestCount": 5})) == (5, 0, 0)


def by_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "INLINE_BYTES", 100)


def file(**changes: Any) -> dict[str, Any]:
    made = (NOW + timedelta(seconds=1)).isoformat()
    return {
        "name": "files/f1",
        "displayName": "x",
        "sizeBytes": "1",
        "createTime": made,
        "state": "ACTIVE",
        **changes,
    }


def uploading(server: Canned, listed: Reply) -> None:
    elsewhere = {"x-goog-upload-url": "https://upload.example/upload/v1beta/files?upload_id=u1"}
    server.on("GET /v1beta/files", listed)
    server.on("POST /upload/v1beta/files", Reply(200, {}, elsewhere), Reply(200, {"file": file()}))


def test_a_batch_beyond_the_inline_limit_is_uploaded_to_our_own_host(
    server: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file(monkeypatch)
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    uploading(server, Reply(200, {}))
    assert provider.upload(batch, spool) == "files/f1"
    begun, sent = server.calls("POST /upload/v1beta/files")
    assert json.loads(begun.body)["file"]["displayName"] == f"{batch.batch_id}.jsonl"
    assert begun.headers["x-goog-upload-header-content-length"] == str(batch.bytes)
    assert sent.path.endswith("?upload_id=u1") and sent.body == spool.read_bytes()
    assert sent.headers["x-goog-upload-command"] == "upload, finalize"


def test_a_batch_within_the_inline_limit_is_not_uploaded(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    assert provider.upload(batch, spool) is None
    assert server.asked == []


def test_an_upload_whose_answer_was_lost_is_found_on_a_later_page(
    server: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file(monkeypatch)
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    ours = file(displayName=f"{batch.batch_id}.jsonl", sizeBytes=str(batch.bytes))
    pages = (
        {"files": [{**ours, "name": "files/short", "sizeBytes": "1"}], "nextPageToken": "two"},
        {"files": [{**ours, "name": "files/broken", "state": "FAILED"}, {**ours, "name": "files/f7"}]},
    )
    server.on("GET /v1beta/files", *(Reply(200, page) for page in pages))
    assert provider.upload(batch, spool) == "files/f7"
    assert server.calls("POST /upload/v1beta/files") == []


@pytest.mark.parametrize("status", [404, 405, 500, 501])
def test_a_gateway_that_lists_no_files_gets_the_upload(
    status: int, server: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file(monkeypatch)
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    uploading(server, Reply(status, {"error": rpc_error("UNIMPLEMENTED", None, "no")}))
    assert provider.upload(batch, spool) == "files/f1"


def test_an_upload_without_an_address_is_an_error_and_sends_nothing(
    server: Canned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_file(monkeypatch)
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    server.on("GET /v1beta/files", Reply(200, {}))
    server.on("POST /upload/v1beta/files", Reply(200, {}))
    with pytest.raises(ContractError):
        provider.upload(batch, spool)
    assert len(server.calls("POST /upload/v1beta/files")) == 1


def test_an_input_file_that_is_not_there_yet_is_waited_for(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    told = "You do not have permission to access the File f1 or it may not exist."
    server.on(f"POST {GEMINI.create}", Reply(403, {"error": rpc_error("PERMISSION_DENIED", None, told, 403)}))
    with pytest.raises(TransientError):
        provider.create(replace(batch, provider_file_id="files/f1"), spool)
    sent = json.loads(server.calls(f"POST {GEMINI.create}")[0].body)
    assert sent["batch"]["inputConfig"] == {"fileName": "files/f1"}


def test_our_name_proves_a_batch_ours_on_any_page_and_at_any_time(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    years_off = (NOW - timedelta(days=900)).isoformat()
    named = GEMINI.batch(displayName=batch.batch_id, createTime=years_off)
    named["name"] = "batches/b-7"
    failed = GEMINI.batch("BATCH_STATE_FAILED", displayName=batch.batch_id, error={"code": 3})
    pages = ({"operations": [GEMINI.batch(), failed], "nextPageToken": "two"}, {"operations": [named]})
    server.on("GET /v1beta/batches", *(Reply(200, page) for page in pages))
    assert [(c.provider_batch_id, c.proven) for c in provider.candidates(batch)] == [("b-7", True)]
    assert "pageToken=two" in server.calls("GET /v1beta/batches")[1].path


def test_without_names_time_and_count_are_left(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    fitting, other, old = (GEMINI.batch(displayName="") for _ in range(3))
    other["metadata"]["batchStats"] = {"requestCount": "3"}
    old["metadata"]["createTime"] = (NOW - timedelta(hours=1)).isoformat()
    server.on("GET /v1beta/batches", Reply(200, {"operations": [fitting, other, old]}))
    assert [(c.provider_batch_id, c.proven) for c in provider.candidates(batch)] == [("b-1", False)]


def test_an_empty_page_ends_no_list(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    ours = GEMINI.batch(displayName=batch.batch_id)
    pages = ({"nextPageToken": "two"}, {"operations": [], "nextPageToken": "three"}, {"operations": [ours]})
    server.on("GET /v1beta/batches", *(Reply(200, page) for page in pages))
    assert [c.provider_batch_id for c in provider.candidates(batch)] == ["b-1"]
    tokens = [asked.path.partition("pageToken=")[2] for asked in server.calls("GET /v1beta/batches")]
    assert tokens == ["", "two", "three"]


def test_a_list_of_nothing_but_empty_pages_is_an_error_and_not_an_empty_one(
    server: Canned, tmp_path: Path
) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    server.on("GET /v1beta/batches", Reply(200, {"nextPageToken": "same"}))
    with pytest.raises(ContractError, match="does not end"):
        provider.candidates(batch)


def test_a_stranger_s_batch_in_a_state_nobody_named_hides_no_batch_of_ours(
    server: Canned, tmp_path: Path
) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    stranger = {**GEMINI.batch("BATCH_STATE_HIBERNATING"), "name": "batches/b-9"}
    ours = GEMINI.batch("BATCH_STATE_HIBERNATING", displayName=batch.batch_id)
    server.on("GET /v1beta/batches", Reply(200, {"operations": [stranger, ours]}))
    assert [(c.provider_batch_id, c.proven) for c in provider.candidates(batch)] == [("b-1", True)]


@pytest.mark.parametrize("place", ["response", "output"])
def test_answers_may_be_in_the_batch_itself(place: str, server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, ids = spooled(provider, tmp_path, ["a", "b"])
    lines = [{"metadata": {"key": i}, "response": generated("{}")} for i in ids]
    inlined = {"inlinedResponses": {"inlinedResponses": lines}}
    server.on(f"GET {GEMINI.one}", Reply(200, GEMINI.batch(GEMINI.ended, **{place: inlined})))
    assert [a.custom_id for a in provider.answers(under(batch, "b-1"), tmp_path)] == ids
    assert list(tmp_path.glob("*results*")) == []


def test_inlined_answers_that_come_short_are_left_for_later(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, ids = spooled(provider, tmp_path, ["a", "b"])
    lines = [{"metadata": {"key": i}, "response": generated("{}")} for i in ids]
    found = [{"inlinedResponses": {"inlinedResponses": some}} for some in (lines[:1], lines)]
    server.on(f"GET {GEMINI.one}", *(Reply(200, GEMINI.batch(GEMINI.ended, response=one)) for one in found))
    with pytest.raises(ShortResultsError, match="1 lines of 2"):
        list(provider.answers(under(batch, "b-1"), tmp_path))
    assert [a.custom_id for a in provider.answers(under(batch, "b-1"), tmp_path)] == ids


def test_a_batch_that_ended_well_without_answers_is_waited_for(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    server.on(f"GET {GEMINI.one}", Reply(200, GEMINI.batch(GEMINI.ended, batchStats={})))
    with pytest.raises(UnknownBatchError, match="holds no answers"):
        list(provider.answers(under(batch, "b-1"), tmp_path))


def test_an_expired_batch_has_no_answers_and_is_not_waited_for(server: Canned, tmp_path: Path) -> None:
    provider = adapter("gemini", server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    stats = {"requestCount": "2", "successfulRequestCount": "1"}
    server.on(f"GET {GEMINI.one}", Reply(200, GEMINI.batch("BATCH_STATE_EXPIRED", batchStats=stats)))
    assert list(provider.answers(under(batch, "b-1"), tmp_path)) == []


def test_the_http_library_logs_no_more_than_before(server: Canned, caplog: pytest.LogCaptureFixture) -> None:
    """Its lines for each call are for debugging: a batch is looked at all night."""
    server.on(f"GET {GEMINI.one}", Reply(200, GEMINI.batch()))
    before = logging.getLogger("httpx2").level
    fresh_adapter("gemini", server.url).look("b-1")
    assert logging.getLogger("httpx2").level == before
    assert caplog.records == []
