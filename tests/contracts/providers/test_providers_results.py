"""Where answers lie and how they are fetched: hosts, downloads, lists, uploads, against a loopback server."""

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from llm_assets.domain.errors import (
    ConfigurationError,
    ContractError,
    ShortResultsError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.outcome import Answer, Outcome
from tests.support.providers.provider_kit import (
    ANTHROPIC,
    EVERY,
    GEMINI,
    MAIL,
    OPENAI,
    Wire,
    adapter,
    spooled,
    under,
)
from tests.support.providers.provider_server import Canned, Reply, canned_server

pytestmark = pytest.mark.usefixtures("key")


def test_results_on_another_host_are_refused_before_the_key_is_sent(server: Canned, tmp_path: Path) -> None:
    with canned_server() as stranger:
        url = f"{stranger.url}/v1/messages/batches/msgbatch_1/results"
        server.on(f"GET {ANTHROPIC.one}", Reply(200, ANTHROPIC.batch("ended", results_url=url)))
        provider = adapter("anthropic", server.url)
        batch, _, _ = spooled(provider, tmp_path, [MAIL])
        with pytest.raises(ContractError, match="the key is not sent there"):
            list(provider.answers(under(batch, "msgbatch_1"), tmp_path))
        assert stranger.asked == []


def test_results_that_redirect_to_another_host_are_not_followed(server: Canned, tmp_path: Path) -> None:
    with canned_server() as stranger:
        path = f"{ANTHROPIC.one}/results"
        server.on(f"GET {ANTHROPIC.one}", Reply(200, ANTHROPIC.batch("ended", results_url=server.url + path)))
        server.on(f"GET {path}", Reply(302, None, {"location": f"{stranger.url}/elsewhere"}))
        provider = adapter("anthropic", server.url)
        batch, _, _ = spooled(provider, tmp_path, [MAIL])
        with pytest.raises(ConfigurationError, match="redirects us to another host"):
            list(provider.answers(under(batch, "msgbatch_1"), tmp_path))
        assert stranger.asked == []


@pytest.mark.parametrize(
    ("archived", "said"), [(None, "names none"), ("2026-12-20T00:00:00Z", "kept for 29 days")]
)
def test_results_that_are_not_there_are_late_or_gone(
    archived: str | None, said: str, server: Canned, tmp_path: Path
) -> None:
    server.on(f"GET {ANTHROPIC.one}", Reply(200, ANTHROPIC.batch("ended", archived_at=archived)))
    provider = adapter("anthropic", server.url)
    batch, _, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(UnknownBatchError, match=said):
        list(provider.answers(under(batch, "msgbatch_1"), tmp_path))


@EVERY
def test_a_batch_that_still_runs_is_not_collected(wire: Wire, server: Canned, tmp_path: Path) -> None:
    server.on(f"GET {wire.one}", Reply(200, wire.batch()))
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, [MAIL])
    with pytest.raises(TransientError, match=wire.running):
        list(provider.answers(under(batch, wire.batch_id), tmp_path))


def finished(wire: Wire, server: Canned, *downloads: Reply, counted: bool = True) -> None:
    """A batch of two answers whose results are downloaded so."""
    if wire is OPENAI:
        counts = {"total": 2, "completed": 2, "failed": 0} if counted else None
        ended = wire.batch("completed", output_file_id="file-out", request_counts=counts)
        server.on("GET /v1/files/file-out/content", *downloads)
    elif wire is GEMINI:
        counts = {"requestCount": "2", "successfulRequestCount": "2"} if counted else {}
        where = {"response": {"responsesFile": "files/out"}, "done": True}
        ended = wire.batch(wire.ended, batchStats=counts, **where)
        server.on("GET /v1beta/files/out:download", *downloads)
    else:
        none = {"processing": 0, "errored": 0, "canceled": 0, "expired": 0}
        url = f"{server.url}{wire.one}/results"
        counts = {**none, "succeeded": 2 if counted else 0}
        ended = wire.batch("ended", results_url=url, request_counts=counts)
        server.on(f"GET {wire.one}/results", *downloads)
    server.on(f"GET {wire.one}", Reply(200, ended))


def collected(wire: Wire, server: Canned, folder: Path, *, partial: bool = False) -> list[Answer]:
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, folder, ["a", "b"])
    return list(provider.answers(under(batch, wire.batch_id), folder, partial=partial))


def downloads(wire: Wire, server: Canned) -> int:
    """How often results were asked for."""
    own = {OPENAI: "/v1/files/file-out/content", GEMINI: "/v1beta/files/out:download"}
    return len(server.calls(f"GET {own.get(wire, f'{wire.one}/results')}"))


@EVERY
@pytest.mark.parametrize("counted", [True, False])
def test_short_results_are_downloaded_once_and_left_for_later(
    counted: bool, wire: Wire, server: Canned, tmp_path: Path
) -> None:
    first, second = wire.result_line("one", "{}"), wire.result_line("two", "{}")
    finished(wire, server, Reply(200, first), Reply(200, first + second), counted=counted)
    with pytest.raises(ShortResultsError, match="1 lines of 2"):
        collected(wire, server, tmp_path)
    assert downloads(wire, server) == 1
    assert [a.custom_id for a in collected(wire, server, tmp_path)] == ["one", "two"]
    assert list(tmp_path.glob("*-*.jsonl")) == []


@EVERY
def test_what_is_there_of_short_results_is_read_when_they_are_believed(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    finished(wire, server, Reply(200, wire.result_line("one", "{}")))
    assert [a.custom_id for a in collected(wire, server, tmp_path, partial=True)] == ["one"]


@EVERY
def test_results_cut_inside_the_last_line_are_short_until_they_are_believed(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    whole = wire.result_line("one", "{}") + wire.result_line("two", "{}")
    finished(wire, server, Reply(200, whole[:-9]))
    with pytest.raises(ShortResultsError, match="the last of them cut"):
        collected(wire, server, tmp_path)
    answers = collected(wire, server, tmp_path, partial=True)
    assert [(a.custom_id, a.outcome) for a in answers] == [
        ("one", Outcome.SUCCEEDED),
        ("two", Outcome.INVALID),
    ]


@EVERY
def test_results_the_provider_does_not_know_are_short(wire: Wire, server: Canned, tmp_path: Path) -> None:
    finished(wire, server, Reply(404, wire.error("not_found_error")))
    with pytest.raises(UnknownBatchError):
        collected(wire, server, tmp_path)
    assert collected(wire, server, tmp_path, partial=True) == []


@EVERY
def test_results_shorter_than_announced_are_transient(wire: Wire, server: Canned, tmp_path: Path) -> None:
    line = wire.result_line("one", "{}")
    finished(wire, server, Reply(200, line, announced=len(line) * 2))
    with pytest.raises(TransientError):
        collected(wire, server, tmp_path)


@EVERY
def test_a_line_that_is_no_json_names_nobody_and_has_a_mark(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    finished(wire, server, Reply(200, b"\n<oops>\n" + wire.result_line("two", "{}")))
    bad, good = collected(wire, server, tmp_path)
    assert (bad.custom_id, bad.outcome, bad.reason) == ("", Outcome.INVALID, Reason.UNREADABLE)
    assert (bad.unmetered, len(bad.mark)) == (len(b"<oops>\n"), 64)
    assert (good.custom_id, good.outcome) == ("two", Outcome.SUCCEEDED)


ODD_FILES = {
    "bom": lambda one, two: b"\xef\xbb\xbf" + one + two,
    "surrogate": lambda one, two: one.replace(b"{", b'{"x":"\\ud83d",', 1) + two,
    "no UTF-8": lambda one, two: one.replace(b"{", b'{"x":"\xff",', 1) + two,
    "NaN": lambda one, two: one.replace(b"{", b'{"x":NaN,"y":-Infinity,', 1) + two,
    "null after": lambda one, two: one + two + b"null\n",
    "null behind": lambda one, two: one + two.rstrip() + b"null\n",
    "two on a line": lambda one, two: one.rstrip() + b" " + two + b"\n{}\n",
    "no newline": lambda one, two: one + two.rstrip(),
    "control character": lambda one, two: one.replace(b"{", b'{"x":"\x01",', 1) + two,
}


@EVERY
@pytest.mark.parametrize("kind", ODD_FILES)
def test_lines_that_only_a_strict_parser_refuses_are_read(
    kind: str, wire: Wire, server: Canned, tmp_path: Path
) -> None:
    spoiled = ODD_FILES[kind](wire.result_line("one", "{}"), wire.result_line("two", "{}"))
    finished(wire, server, Reply(200, spoiled))
    answers = collected(wire, server, tmp_path, partial=kind == "two on a line")
    assert [(a.custom_id, a.outcome, a.text) for a in answers] == [
        ("one", Outcome.SUCCEEDED, "{}"),
        ("two", Outcome.SUCCEEDED, "{}"),
    ]


@EVERY
def test_of_an_unreadable_line_id_and_usage_are_told_and_no_word_of_the_model_is_taken_for_them(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    trap = '{"custom_id": "trap", "prompt_tokens": 9, "input_tokens": 9, "output_tokens": 9}'
    line, other = wire.result_line("one", trap), wire.result_line("two", "{}")
    finished(wire, server, Reply(200, line + other), Reply(200, line.rstrip()[:-1] + b"\n" + other))
    whole, _ = collected(wire, server, tmp_path)
    bad, _ = collected(wire, server, tmp_path)
    assert (bad.custom_id, bad.outcome, bad.reason) == ("one", Outcome.INVALID, Reason.UNREADABLE)
    assert bad.usage == whole.usage and bad.usage.input_tokens > 0
    assert (bad.unmetered, bad.text) == (None, "")


@pytest.mark.parametrize("counts", [{"total": 2, "completed": 2, "failed": 0}, None], ids=["counted", "not"])
def test_completed_requests_without_an_output_file_are_waited_for(
    counts: dict[str, int] | None, server: Canned, tmp_path: Path
) -> None:
    server.on(f"GET {OPENAI.one}", Reply(200, OPENAI.batch("completed", request_counts=counts)))
    with pytest.raises(UnknownBatchError, match="no output file"):
        collected(OPENAI, server, tmp_path)


def test_an_upload_whose_answer_was_lost_is_found_again(server: Canned, tmp_path: Path) -> None:
    provider = adapter("openai", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    file = {
        "id": "file-7",
        "object": "file",
        "bytes": batch.bytes,
        "created_at": int(batch.created_at.timestamp()) + 1,
        "filename": f"{batch.batch_id}.jsonl",
        "purpose": "batch",
        "status": "processed",
    }
    listed = {"object": "list", "has_more": False, "first_id": "", "last_id": ""}
    server.on("GET /v1/files", Reply(200, {**listed, "data": [{**file, "bytes": 1, "id": "file-6"}, file]}))
    assert provider.upload(batch, spool) == "file-7"
    assert server.calls("POST /v1/files") == []


@pytest.mark.parametrize("status", [404, 405, 500, 501])
def test_a_gateway_that_lists_no_files_gets_the_upload(status: int, server: Canned, tmp_path: Path) -> None:
    provider = adapter("openai", server.url)
    batch, spool, _ = spooled(provider, tmp_path, [MAIL])
    file = {
        "id": "file-7",
        "object": "file",
        "bytes": 1,
        "created_at": 1,
        "filename": "x",
        "purpose": "batch",
    }
    server.on("GET /v1/files", Reply(status, OPENAI.error("not_supported")))
    server.on("POST /v1/files", Reply(200, {**file, "status": "processed"}))
    assert provider.upload(batch, spool) == "file-7"
    assert spool.read_bytes() in server.calls("POST /v1/files")[0].body


def test_a_profile_without_metadata_sends_none(server: Canned, tmp_path: Path) -> None:
    server.on("POST /v1/batches", Reply(200, OPENAI.batch("validating")))
    for keeps in (True, False):
        provider = adapter("openai", server.url, capabilities={"metadata": keeps})
        batch, spool, _ = spooled(provider, tmp_path, [MAIL])
        assert provider.create(batch, spool) == "batch_1"
    marked, unmarked = (json.loads(a.body) for a in server.calls("POST /v1/batches"))
    assert marked["metadata"]["batch_id"] == batch.batch_id and len(marked["metadata"]["sha256"]) == 64
    assert "metadata" not in unmarked


@EVERY
def test_the_list_is_read_back_to_the_intent_and_no_further(
    wire: Wire, server: Canned, tmp_path: Path
) -> None:
    def aged(number: int, hours: int) -> dict[str, Any]:
        made = 1_795_222_801 - 3600 * hours
        spelled = datetime.fromtimestamp(made, UTC).isoformat()
        if wire is GEMINI:
            return {**wire.batch(displayName="", createTime=spelled), "name": f"batches/b{number}"}
        return {**wire.batch(id=f"b{number}"), "created_at": made if wire is OPENAI else spelled}

    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    batch = dataclasses.replace(batch, provider_file_id=None)  # which would prove them ours at any age
    pages = [[aged(1, 0), aged(2, 0)], [aged(3, 0), aged(4, 1)], [aged(5, 1)]]
    server.on(f"GET {wire.batches}", *(Reply(200, wire.page(*page, more=True)) for page in pages))
    assert [c.provider_batch_id for c in provider.candidates(batch)] == ["b1", "b2", "b3"]
    assert len(server.calls(f"GET {wire.batches}")) == 2


@EVERY
def test_a_list_that_repeats_its_first_page_ends(wire: Wire, server: Canned, tmp_path: Path) -> None:
    provider = adapter(wire.protocol, server.url)
    batch, _, _ = spooled(provider, tmp_path, ["a", "b"])
    nameless = wire.batch(displayName="") if wire is GEMINI else wire.batch()
    server.on(f"GET {wire.batches}", Reply(200, wire.page(nameless, more=True)))
    assert [c.provider_batch_id for c in provider.candidates(batch)] == [wire.batch_id]
