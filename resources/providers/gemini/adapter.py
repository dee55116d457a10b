"""Calls Gemini's batch, file and generateContent endpoints over REST."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from llm_assets.domain.errors import (
    ContractError,
    DeskError,
    ShortResultsError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate, Look, StoredFile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.requests.request import Request
from resources.providers import bodies, json_lines, listing
from resources.providers.errors import Call, unreadable
from resources.providers.gemini import answers, shapes, wire
from resources.providers.gemini.client import GeminiClient, GeminiError
from resources.providers.listing import PAGE
from resources.providers.rate_limits import rest_seconds
from resources.providers.sdk import SdkProvider

V1BETA: Final = "/v1beta"


class GeminiProvider(SdkProvider[GeminiClient]):
    """The port `Provider` for Gemini's protocol. A batch's id here is its name without `batches/`."""

    sdk = "gemini"  # there is none, and its client logs nothing

    def _connect(self, **options: Any) -> GeminiClient:
        return GeminiClient(
            api_key=options["api_key"],
            base_url=options["base_url"],
            timeout=options["timeout"],
            headers=options.get("default_headers") or {},
            query=options.get("default_query") or {},
            http=self._http(),
        )

    def _sdk_error(self) -> type[Exception]:
        return GeminiError

    def _view(self, state: Mapping[str, Any]) -> BatchView:
        return wire.view_of(state)

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        return wire.line_of(request, custom_id, self._shown(request), self._profile.dialect)

    def upload(self, batch: Batch, spool: Path) -> str | None:
        """None for a batch that fits into its create; the same lines give the same choice after a crash."""
        if wire.is_inline(batch, spool, self._profile.dialect):
            return None
        name, size = f"{batch.batch_id}.jsonl", spool.stat().st_size
        found = self._uploaded(name, size)
        return found if found is not None else self._upload(name, size, spool)

    def _upload(self, name: str, size: int, spool: Path) -> str:
        call = Call("upload the input file")
        kind = {
            "Content-Type": "application/json",
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(size),
            "X-Goog-Upload-Header-Content-Type": "application/jsonl",
        }
        start = orjson.dumps({"file": {"displayName": name}})
        whole = {
            "Content-Length": str(size),
            "X-Goog-Upload-Offset": "0",
            "X-Goog-Upload-Command": "upload, finalize",
        }
        with self._edge(call):
            begun = self._client.send(f"/upload{V1BETA}/files", shapes.Nothing, start, kind)
            address = begun.headers.get("x-goog-upload-url", "")
            if not address:
                raise unreadable(self._caller, call)
            with spool.open("rb") as source:
                lines = iter(partial(source.read, json_lines.CHUNK), b"")
                raw = self._client.send(self._client.at_home(address), shapes.Uploaded, lines, whole)
            stored = bodies.mapping(self._body(raw, call).get("file")).get("name")
        if not isinstance(stored, str) or not stored:
            raise unreadable(self._caller, call)
        return stored

    def _uploaded(self, name: str, size: int) -> str | None:
        """The name of an earlier upload of the same bytes, so that a lost answer leaves no second file.

        Also None where the files cannot be listed: a second file costs nothing, and the upload itself reports what is
        wrong with a key or a host.
        """
        try:
            files = listing.entries(self._pages("files", shapes.FileList, "list the uploaded files"))
            found = (wire.file_of(one, name, size) for one in files)
            return next(filter(None, found), None)
        except DeskError:
            return None

    def create(self, batch: Batch, spool: Path) -> str:
        by_file = batch.provider_file_id is not None
        call = Call("create the batch", about="file" if by_file else "model", creates=True)
        path = f"{V1BETA}/models/{batch.model}:batchGenerateContent"
        with self._edge(call):
            if by_file:
                source = {"fileName": batch.provider_file_id}
                body = wire.batch_of(batch, source, self._profile.dialect)
                raw = self._client.post(path, shapes.Operation, body)
            else:
                lines = wire.InlineBody(batch, spool, self._profile.dialect)
                headers = {"Content-Type": "application/json", "Content-Length": str(lines.length)}
                raw = self._client.send(path, shapes.Operation, lines, headers)
            return self._id({"id": wire.id_of(self._body(raw, call))}, call)

    def _retrieve(self, provider_batch_id: str) -> Mapping[str, Any]:
        call = Call(f"look at batch {provider_batch_id}", about="batch")
        with self._edge(call):
            return self._body(self._client.get(_path(provider_batch_id), shapes.Operation), call)

    def _cancel(self, provider_batch_id: str) -> None:
        with self._edge(Call(f"cancel batch {provider_batch_id}", about="batch")):
            self._client.post(f"{_path(provider_batch_id)}:cancel", shapes.Nothing, {})

    def remove(self, batch: Batch) -> None:
        """Removes the input file, the file of answers, and the batch, which holds inline answers."""
        names = [batch.provider_file_id]
        if batch.provider_batch_id is not None:
            with suppress(UnknownBatchError):
                state = self._retrieve(batch.provider_batch_id)
                if self._view(state).look is Look.RUNNING:
                    raise TransientError(f"Batch {batch.provider_batch_id} still runs: its files are kept.")
                names += [wire.output_of(state).file, f"batches/{batch.provider_batch_id}"]
        for name in filter(None, names):
            with suppress(UnknownBatchError), self._edge(Call(f"remove {name}", about="batch")):
                self._client.delete(f"{V1BETA}/{name}", shapes.Nothing)

    def stored_files(self) -> Iterator[StoredFile]:
        for file in listing.entries(self._pages("files", shapes.FileList, "list the uploaded files")):
            if isinstance(name := file.get("displayName"), str):
                yield StoredFile(str(file["id"]), name)

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Batches that are this one by their name, or may be it by time and count, oldest first."""
        if not self._profile.capabilities.list:
            return []
        return listing.candidates(
            self._pages("batches", shapes.OperationList, "list the batches", "operations"),
            lambda listed: wire.candidate_of(listed, batch),
            batch,
            self._clock(),
        )

    def _pages(
        self, kind: str, shape: type[shapes.Shape], doing: str, field: str | None = None
    ) -> listing.Fetch:
        """Reads a list page by page: the next page has a token of its own here, not the id of what was read last. A page
        may be empty although others follow it (AIP-158), which ends no list."""
        token, call = "", Call(doing)

        def read() -> listing.Page:
            nonlocal token
            following = {"pageToken": token} if token else {}
            with self._edge(call):
                raw = self._client.get(f"{V1BETA}/{kind}", shape, pageSize=str(PAGE), **following)
                body = self._body(raw, call)
            told = body.get("nextPageToken")
            token = told if isinstance(told, str) else ""
            data = [wire.listed(bodies.mapping(one)) for one in bodies.items(body.get(field or kind))]
            return listing.Page(
                {"data": list(filter(None, data)), "has_more": bool(token)}, listing.told_by(raw.headers)
            )

        def fetch(after: str | None) -> listing.Page:
            nonlocal token
            token = token if after is not None else ""
            for _ in range(listing.MOST_PAGES):
                if (page := read()).body["data"] or not token:
                    return page
            raise ContractError(f"The list of {kind} at {self._caller.host} does not end: look at its pages.")

        return fetch

    def _answer_of(self, line: Mapping[str, Any]) -> Answer:
        return answers.answer_of(line)

    def _results(self, batch: Batch, state: Mapping[str, Any], into: Path) -> list[Path]:
        name = wire.id_of(state)
        expected = wire.expected_lines(state, batch.requests)
        if not _has_output(state):
            if not expected:
                return []
            raise ShortResultsError(f"Batch {name} has ended but holds no answers and names no file of them.")
        path = into / f"{batch.batch_id}-results.jsonl"
        json_lines.download_whole(lambda: self._download(state, path), expected, name)
        return [path]

    def _usage_in(self, numbers: Mapping[str, int]) -> Usage:
        return answers.usage_of(numbers)

    def _download(self, state: Mapping[str, Any], path: Path) -> json_lines.Lines:
        """Writes the answers as lines, whether they are in the batch itself or in a file."""
        output = wire.output_of(state)
        if output.file is None:
            lines = (orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in output.inlined or ())
            json_lines.save(lines, path)
            return json_lines.lines_of(path)
        call = Call("download the results", about="batch")
        address = f"{V1BETA}/{output.file}:download"
        with self._edge(call), self._client.stream(address, alt="media") as response:
            json_lines.save(response.iter_bytes(json_lines.CHUNK), path)
        return json_lines.lines_of(path)

    def ask(self, line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        asked = orjson.loads(line)
        body = dict(asked["request"])
        path = f"{V1BETA}/{body.pop('model')}:generateContent"
        call = Call("answer a request", about="model")
        with self._edge(call):
            raw = self._client.post(path, shapes.Generated, body, self._seconds(within))
            answer = answers.generated(asked["key"], self._body(raw, call))
        return replace(answer, rest_seconds=rest_seconds(raw.headers), billed_as=Mode.ONLINE)


def _path(provider_batch_id: str) -> str:
    return f"{V1BETA}/batches/{provider_batch_id}"


def _has_output(state: Mapping[str, Any]) -> bool:
    output = wire.output_of(state)
    return output.file is not None or output.inlined is not None
