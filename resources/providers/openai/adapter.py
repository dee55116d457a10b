"""Calls OpenAI's batch and chat endpoints, or a gateway that has them, through the official SDK."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from llm_assets.domain.errors import DeskError, UnknownBatchError
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.requests.request import Request
from resources.providers import bodies, json_lines
from resources.providers.errors import Call
from resources.providers.openai import wire
from resources.providers.rate_limits import rest_seconds
from resources.providers.sdk import PAGE, SKEW, SdkProvider

if TYPE_CHECKING:
    from openai import OpenAI


class OpenAIProvider(SdkProvider["OpenAI"]):
    """The port `Provider` for OpenAI's protocol."""

    sdk = "openai"

    def _connect(self, **options: Any) -> "OpenAI":
        import openai

        return openai.OpenAI(**options, http_client=openai.DefaultHttpxClient(**self._http()))

    def _sdk_error(self) -> type[Exception]:
        import openai

        return openai.OpenAIError

    def _view(self, state: Mapping[str, Any]) -> BatchView:
        return wire.view_of(state)

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        return wire.line_of(request, custom_id, self._shown(request), self._profile.dialect)

    def upload(self, batch: Batch, spool: Path) -> str | None:
        name = f"{batch.batch_id}.jsonl"
        found = self._uploaded(name, spool.stat().st_size, batch.created_at - SKEW)
        if found is not None:
            return found
        call = Call("upload the input file")
        with spool.open("rb") as source, self._edge(call):
            raw = self._client.files.with_raw_response.create(
                file=(name, source, "application/jsonl"), purpose="batch"
            )
            return self._id(self._body(raw, call), call)

    def _uploaded(self, name: str, size: int, since: datetime) -> str | None:
        """The id of an earlier upload of the same bytes, so that a lost answer leaves no second file.

        Also None where the files cannot be listed, as at some gateways: a second file costs nothing, and the upload
        itself reports what is wrong with a key or a host.
        """
        call = Call("list the uploaded files")
        try:
            with self._edge(call):
                raw = self._client.files.with_raw_response.list(purpose="batch", limit=PAGE, order="desc")
                listed = self._body(raw, call)
        except DeskError:
            return None
        for file in map(bodies.mapping, bodies.items(listed.get("data"))):
            recent = bodies.count(file.get("created_at")) >= since.timestamp()
            if recent and file.get("filename") == name and file.get("bytes") == size:
                return self._id(file, call)
        return None

    def create(self, batch: Batch, spool: Path) -> str:
        if batch.provider_file_id is None:
            raise ValueError(f"batch {batch.batch_id} has no uploaded input file")
        call = Call("create the batch", about="file", creates=True)
        marks = {"batch_id": batch.batch_id, "sha256": batch.sha256, "step": batch.step}
        metadata: dict[str, Any] = {"metadata": marks} if self._profile.keeps_metadata else {}
        with self._edge(call):
            raw = self._client.batches.with_raw_response.create(
                input_file_id=batch.provider_file_id,
                endpoint=cast(Any, self._profile.dialect.batch_endpoint),  # the SDK lists its owner's only
                completion_window=cast(Any, self._profile.dialect.completion_window),
                **metadata,
            )
            return self._id(self._body(raw, call), call)

    def _retrieve(self, provider_batch_id: str) -> Mapping[str, Any]:
        call = Call(f"look at batch {provider_batch_id}", about="batch")
        with self._edge(call):
            return self._body(self._client.batches.with_raw_response.retrieve(provider_batch_id), call)

    def _cancel(self, provider_batch_id: str) -> None:
        with self._edge(Call(f"cancel batch {provider_batch_id}", about="batch")):
            self._client.batches.with_raw_response.cancel(provider_batch_id)

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Batches created since the intent that are or may be this one, oldest first."""
        if not self._profile.capabilities.list:
            return []
        if not self._profile.capabilities.file_ids:
            batch = replace(batch, provider_file_id=None)
        since = batch.sent_since - SKEW
        found = [wire.candidate_of(listed, batch) for listed in self._listed(since)]
        fitting = [c for c in found if c is not None and c.created_at >= since]
        return sorted(fitting, key=lambda c: (c.created_at, c.provider_batch_id))

    def _listed(self, since: datetime) -> Iterator[Mapping[str, Any]]:
        """Reads pages of the list until one has no batch since then. Newest first is likely, but not documented."""
        from openai import Omit, omit

        call = Call("list the batches")
        seen: set[str] = set()
        after: str | Omit = omit
        while True:
            with self._edge(call):
                page = self._body(self._client.batches.with_raw_response.list(limit=PAGE, after=after), call)
            fresh = [
                b for b in map(bodies.mapping, bodies.items(page.get("data"))) if b.get("id") not in seen
            ]
            yield from fresh
            recent = any(bodies.count(b.get("created_at")) >= since.timestamp() for b in fresh)
            if not page.get("has_more") or not recent:
                return
            seen.update(str(b.get("id")) for b in fresh)
            after = str(fresh[-1].get("id"))

    def _answer_of(self, line: Mapping[str, Any]) -> Answer:
        return wire.answer_of(line)

    def _results(self, batch: Batch, state: Mapping[str, Any], into: Path) -> list[Path]:
        name, counts = str(state.get("id")), wire.counts_of(state)
        if counts.lacks_output:
            raise UnknownBatchError(f"Batch {name} is completed but names no output file.")
        output, error = (into / f"{batch.batch_id}-{kind}.jsonl" for kind in ("output", "error"))
        refused = partial(self._download, state.get("error_file_id"), error)
        failed = json_lines.download_whole(refused, counts.failed, name)
        succeeded = max(counts.completed, batch.requests - failed.number if counts.is_all else 0)
        json_lines.download_whole(
            partial(self._download, state.get("output_file_id"), output), succeeded, name
        )
        return [output, error]

    def _download(self, file_id: object, path: Path) -> json_lines.Lines:
        """Downloads one result file; the file stays empty where the batch has none of this kind."""
        path.write_bytes(b"")
        if isinstance(file_id, str) and file_id:
            call = Call("download the results", about="batch")
            with self._edge(call), self._client.files.with_streaming_response.content(file_id) as response:
                json_lines.save(response.iter_bytes(json_lines.CHUNK), path)
        return json_lines.lines_of(path)

    def ask(self, line: bytes) -> Answer:
        asked = orjson.loads(line)
        call = Call("answer a request", about="model")
        with self._edge(call):
            raw = self._client.chat.completions.with_raw_response.create(**asked["body"])
            body = self._body(raw, call)
        return replace(wire.completion(asked["custom_id"], body), rest_seconds=rest_seconds(raw.headers))
