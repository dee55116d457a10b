"""The base of all adapters: makes the SDK's client at the first call, reads answers as JSON, classifies errors."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from llm_assets.domain.clock import Clock, system_clock
from llm_assets.domain.errors import BlockedError, PermanentError, TransientError, UnknownBatchError
from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.requests.batch import Batch, BatchView, Look, StoredFile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.requests.request import Request
from llm_assets.engine.ports.provider import Background, Listener
from llm_assets.intake.scans import Shown
from resources.providers import access, bodies, json_lines, proxies
from resources.providers.errors import Call, Caller, classified, unreadable

if TYPE_CHECKING:
    import httpx2

CONNECT_SECONDS = 10.0
LEAST_SECONDS = 1.0
"""What a call gets whose run has to end now."""


class _Addressed(Protocol):
    """The part of an SDK's client that all SDKs have."""

    @property
    def base_url(self) -> Any: ...  # each SDK's own URL type; it has a host


Client = TypeVar("Client", bound=_Addressed)


def timeouts(seconds: float) -> "httpx2.Timeout":
    """The time a call may take; connecting takes less."""
    import httpx2

    return httpx2.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))


class SdkProvider(ABC, Generic[Client]):
    """The first call needs a key; construction does not, so that planning works without one."""

    sdk: ClassVar[str]
    """The name of the SDK's package and of its logger."""

    def __init__(
        self,
        profile: Profile,
        *,
        timeout_seconds: float,
        strict: bool = False,
        show: bodies.Show = bodies.none_to_show,
        clock: Clock = system_clock,
        calls_end: datetime | None = None,
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._show = show
        self._timeout_seconds = timeout_seconds
        self._strict = strict
        self._calls_end = calls_end

    @property
    def profile(self) -> Profile:
        return self._profile

    def _seconds(self, within: float | None) -> float:
        """How long an online call may take."""
        return self._timeout_seconds if within is None else min(self._timeout_seconds, within)

    def _shown(self, request: Request) -> Sequence[Shown]:
        """Reads the scans of a request; they are in memory for its line only."""
        return self._show(request.pictures) if request.pictures else ()

    @abstractmethod
    def _connect(self, **options: Any) -> Client:
        """Makes the SDK's client with these options, which include the key."""

    @abstractmethod
    def _sdk_error(self) -> type[Exception]:
        """The base class of the SDK's errors."""

    @abstractmethod
    def _view(self, state: Mapping[str, Any]) -> BatchView: ...

    @abstractmethod
    def _retrieve(self, provider_batch_id: str) -> Mapping[str, Any]: ...

    @abstractmethod
    def _cancel(self, provider_batch_id: str) -> None: ...

    @abstractmethod
    def _answer_of(self, line: Mapping[str, Any]) -> Answer: ...

    @abstractmethod
    def _results(self, batch: Batch, state: Mapping[str, Any], into: Path) -> list[Path]:
        """Downloads the result files of a batch that has ended, checks that they are whole, and returns their paths.

        Each name starts with the batch's id and a dash: `answers` finds and deletes the files by it. Raises
        ShortResultsError after everything that is there was downloaded.
        """

    @cached_property
    def _client(self) -> Client:
        key, address = access.api_key(self._profile), access.base_url(self._profile)
        access.quiet(self.sdk)
        return self._connect(
            api_key=key,
            base_url=address,
            timeout=timeouts(self._timeout_seconds),
            max_retries=0,
            default_headers=access.extra_headers(self._profile),
            default_query=dict(self._profile.dialect.query),
            _strict_response_validation=self._strict,
        )

    def _http(self) -> dict[str, Any]:
        """Options of the HTTP client: the key stays at its origin, and a proxy is used where one is meant."""
        transport = proxies.transport_for(access.address_of(self._profile))
        hooks: dict[str, Any] = dict(access.stay_here())
        if self._calls_end is not None:
            hooks["request"] = [self._in_time]
        return {"event_hooks": hooks, "transport": transport}

    def _in_time(self, request: "httpx2.Request") -> None:
        """Shortens the timeouts of a call, so that a provider that does not answer holds up no report."""
        assert self._calls_end is not None
        left = max((self._calls_end - self._clock()).total_seconds(), LEAST_SECONDS)
        limits: Mapping[str, float | None] = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {
            part: left if limit is None else min(limit, left) for part, limit in limits.items()
        }

    @cached_property
    def _caller(self) -> Caller:
        name = self._profile.name or self._profile.protocol
        address = str(self._client.base_url)
        return Caller(
            name,
            access.key_env(self._profile),
            str(self._client.base_url.host),
            proxies.shown(proxies.proxy_for(address)),
        )

    def _edge(self, call: Call) -> AbstractContextManager[None]:
        return classified(self._sdk_error(), self._caller, call)

    def _body(
        self, raw: Any, call: Call
    ) -> Mapping[str, Any]:  # the SDK's raw response; its models check nothing
        """The answer as a JSON object; in strict mode the SDK checks it against its model first."""
        try:
            if self._strict:
                raw.parse()
            found = json_lines.objects_of(raw.http_response.content)
        except ValueError:
            found = []
        if not found:
            raise unreadable(self._caller, call)
        return found[0]

    def _id(self, body: Mapping[str, Any], call: Call) -> str:
        found = body.get("id")
        if not isinstance(found, str) or not found:
            raise unreadable(self._caller, call)
        return found

    def look(self, provider_batch_id: str) -> BatchView:
        try:
            return self._view(self._retrieve(provider_batch_id))
        except UnknownBatchError as err:
            return BatchView(Look.UNKNOWN, "unknown", detail=str(err))

    def cancel(self, provider_batch_id: str) -> None:
        """Cancels a batch; that it has ended already is no error."""
        try:
            self._cancel(provider_batch_id)
        except (PermanentError, TransientError, BlockedError) as err:
            if self.look(provider_batch_id).look is Look.RUNNING:
                raise err from None

    @abstractmethod
    def ask(self, line: bytes, mode: Mode = Mode.ONLINE) -> Answer: ...

    def ask_streaming(self, line: bytes, mode: Mode, listener: Listener) -> Answer:
        """Whole, where a protocol's streams are not read."""
        return self.ask(line, mode)

    @property
    def background(self) -> Background | None:
        return None

    def remove(self, batch: Batch) -> None:
        """Nothing, where a protocol keeps neither files nor results of ours."""

    def stored_files(self) -> Iterable[StoredFile]:
        """None, where a protocol knows no files."""
        return ()

    def answers(self, batch: Batch, into: Path, *, partial: bool = False) -> Iterator[Answer]:
        state = self._ended(batch.provider_batch_id)
        _discard(batch, into)
        try:
            paths = self._there(batch, state, into) if partial else self._results(batch, state, into)
            for line in chain.from_iterable(map(json_lines.read_lines, paths)):
                if isinstance(line, json_lines.Unreadable):
                    yield bodies.unreadable(line.raw, self._usage_in, self._profile.wire.line_id)
                else:
                    yield self._answer_of(line)
        finally:
            _discard(batch, into)

    def _there(self, batch: Batch, state: Mapping[str, Any], into: Path) -> list[Path]:
        """The result files as far as they are there."""
        try:
            return self._results(batch, state, into)
        except UnknownBatchError:
            return sorted(into.glob(f"{batch.batch_id}-*"))

    def _usage_in(self, numbers: Mapping[str, int]) -> Usage:
        """The usage among the numbers of a line that cannot be read, by their names."""
        return Usage()

    def _ended(self, provider_batch_id: str | None) -> Mapping[str, Any]:
        """The state of a batch that has ended. Raises TransientError for one that has not."""
        state = self._retrieve(provider_batch_id or "")
        view = self._view(state)
        if view.look is not Look.ENDED:
            raise TransientError(
                f"Batch {provider_batch_id} is {view.status}: look again before collecting it."
            )
        return state


def _discard(batch: Batch, folder: Path) -> None:
    for path in folder.glob(f"{batch.batch_id}-*"):
        path.unlink(missing_ok=True)
