"""Calls OpenAI's batch and chat endpoints, or a gateway that has them, through the official SDK."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson

from llm_assets.domain.errors import (
    DeskError,
    MisconfiguredError,
    PermanentError,
    ShortResultsError,
    TransientError,
    UnknownBatchError,
)
from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate, Look, StoredFile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.requests.request import Request
from llm_assets.engine.ports.provider import Listener
from resources.providers import bodies, json_lines, listing, streams
from resources.providers.errors import Call
from resources.providers.listing import PAGE
from resources.providers.openai import wire
from resources.providers.openai.background import BackgroundCalls
from resources.providers.openai.streamed import FoldedCompletion
from resources.providers.rate_limits import rest_seconds
from resources.providers.sdk import SdkProvider, timeouts

if TYPE_CHECKING:
    from openai import Omit, OpenAI
    from openai.types.file_create_params import ExpiresAfter


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
        found = self._uploaded(name, spool.stat().st_size)
        if found is not None:
            return found
        call = Call("upload the input file")
        with spool.open("rb") as source, self._edge(call):
            raw = self._client.files.with_raw_response.create(
                file=(name, source, "application/jsonl"), purpose="batch", expires_after=self._expiry()
            )
            return self._id(self._body(raw, call), call)

    def _uploaded(self, name: str, size: int) -> str | None:
        """The id of an earlier upload of the same bytes, so that a lost answer leaves no second file. The name holds our
        batch id, so it needs no time to prove whose it is.

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
            if file.get("filename") == name and file.get("bytes") == size:
                return self._id(file, call)
        return None

    def _expiry(self) -> "ExpiresAfter | Omit":
        from openai import omit

        days = self._profile.files.expire_days
        return omit if days is None else {"anchor": "created_at", "seconds": int(days * 86_400)}

    def stored_files(self) -> Iterator[StoredFile]:
        from openai import omit

        call = Call("list the uploaded files")

        def fetch(after: str | None) -> listing.Page:
            with self._edge(call):
                raw = self._client.files.with_raw_response.list(
                    purpose="batch", limit=PAGE, after=after or omit
                )
                return listing.Page(self._body(raw, call))

        for file in listing.entries(fetch):
            if isinstance(name := file.get("filename"), str):
                yield StoredFile(str(file["id"]), name)

    def remove(self, batch: Batch) -> None:
        for file_id in (batch.provider_file_id, *self._result_files(batch)):
            if isinstance(file_id, str) and file_id:
                call = Call(f"remove file {file_id}", about="batch")
                with suppress(UnknownBatchError), self._edge(call):
                    self._client.files.with_raw_response.delete(file_id)

    def _result_files(self, batch: Batch) -> tuple[object, ...]:
        if batch.provider_batch_id is None:
            return ()
        try:
            state = self._retrieve(batch.provider_batch_id)
        except UnknownBatchError:
            return ()
        if wire.view_of(state).look is Look.RUNNING:
            raise TransientError(f"Batch {batch.provider_batch_id} still runs: its files are kept.")
        return state.get("output_file_id"), state.get("error_file_id")

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

    @property
    def background(self) -> BackgroundCalls | None:
        window = self._profile.routes.cheapest_window
        return None if window is None else BackgroundCalls(self._client, window[0], self._edge, self._body)

    def _retrieve(self, provider_batch_id: str) -> Mapping[str, Any]:
        call = Call(f"look at batch {provider_batch_id}", about="batch")
        with self._edge(call):
            return self._body(self._client.batches.with_raw_response.retrieve(provider_batch_id), call)

    def _cancel(self, provider_batch_id: str) -> None:
        with self._edge(Call(f"cancel batch {provider_batch_id}", about="batch")):
            self._client.batches.with_raw_response.cancel(provider_batch_id)

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Batches that are proven to be this one, and those created since the intent that may be it, oldest first."""
        if not self._profile.capabilities.list:
            return []
        if not self._profile.capabilities.file_ids:
            batch = replace(batch, provider_file_id=None)
        return listing.candidates(
            self._listed, lambda listed: wire.candidate_of(listed, batch), batch, self._clock()
        )

    def _listed(self, after: str | None) -> listing.Page:
        """A page of the list. Newest first is likely, but not documented."""
        from openai import omit

        call = Call("list the batches")
        with self._edge(call):
            raw = self._client.batches.with_raw_response.list(limit=PAGE, after=after or omit)
            return listing.Page(self._body(raw, call), listing.told_by(raw.headers))

    def _answer_of(self, line: Mapping[str, Any]) -> Answer:
        return wire.answer_of(line)

    def _usage_in(self, numbers: Mapping[str, int]) -> Usage:
        return wire.usage_of({**numbers, "prompt_tokens_details": numbers})

    def _results(self, batch: Batch, state: Mapping[str, Any], into: Path) -> list[Path]:
        name, counts = str(state.get("id")), wire.counts_of(state)
        output, error = (into / f"{batch.batch_id}-{kind}.jsonl" for kind in ("output", "error"))
        short: UnknownBatchError | None = None
        failed = 0
        try:
            refused = partial(self._download, state.get("error_file_id"), error)
            failed = json_lines.download_whole(refused, counts.failed, name).number
        except UnknownBatchError as err:  # the answers are fetched all the same
            short = err
        if counts.lacks_output:
            raise ShortResultsError(f"Batch {name} is {state.get('status')} but names no output file.")
        succeeded = max(counts.completed, batch.requests - failed if counts.is_all and not short else 0)
        json_lines.download_whole(
            partial(self._download, state.get("output_file_id"), output), succeeded, name
        )
        if short is not None:
            raise short
        return [output, error]

    def _download(self, file_id: object, path: Path) -> json_lines.Lines:
        """Downloads one result file; the file stays empty where the batch has none of this kind."""
        path.write_bytes(b"")
        if isinstance(file_id, str) and file_id:
            call = Call("download the results", about="batch")
            with self._edge(call), self._client.files.with_streaming_response.content(file_id) as response:
                json_lines.save(response.iter_bytes(json_lines.CHUNK), path)
        return json_lines.lines_of(path)

    def ask(self, line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        asked = orjson.loads(line)
        route = wire.route_of(mode, self._profile.routes)
        call = Call("answer a request", about="model", cheaper=route is not None and mode is Mode.FLEX)
        with self._edge(call):
            raw = self._client.chat.completions.with_raw_response.create(
                **asked["body"], **self._by(route, within)
            )
            body = self._body(raw, call)
        return self._answer(asked["custom_id"], body, raw, mode)

    def ask_streaming(self, line: bytes, mode: Mode, listener: Listener) -> Answer:
        try:
            return self._streamed(orjson.loads(line), mode, listener)
        except (PermanentError, MisconfiguredError) as err:
            if not streams.refuses_streams(err):
                raise
            return self.ask(line, mode)

    def _streamed(self, asked: Mapping[str, Any], mode: Mode, listener: Listener) -> Answer:
        route = wire.route_of(mode, self._profile.routes)
        call = Call("answer a request", about="model", cheaper=route is not None and mode is Mode.FLEX)
        with self._edge(call):
            raw = self._client.chat.completions.with_raw_response.create(
                **asked["body"], **self._by(route, None), stream=True, stream_options={"include_usage": True}
            )
            if streams.is_stream(raw):
                folded = FoldedCompletion()
                if not streams.fold(raw, folded, listener):
                    return folded.given_up(asked["custom_id"])
                body = folded.whole
            else:
                raw.http_response.read()
                body = self._body(raw, call)
        return self._answer(asked["custom_id"], body, raw, mode)

    def _answer(
        self, custom_id: str, body: Mapping[str, Any], raw: Any, mode: Mode
    ) -> Answer:  # raw: the SDK's
        return replace(
            wire.completion(custom_id, body),
            rest_seconds=rest_seconds(raw.headers),
            billed_as=wire.billed_as(body, mode),
        )

    def _by(self, route: wire.Route | None, within: float | None) -> dict[str, Any]:
        """What a call by this route says beyond its line, with the time the route may take."""
        if route is None:
            return {"timeout": timeouts(self._seconds(within))}
        limit = route.timeout_seconds
        return {
            "service_tier": route.tier,
            "timeout": timeouts(limit if within is None else min(limit, within)),
        }
