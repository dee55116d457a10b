"""A provider of models, behind one protocol whatever its wire form."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

from llm_assets.domain.profile import Mode, Profile
from llm_assets.domain.requests.batch import Batch, BatchView, Candidate, StoredFile
from llm_assets.domain.requests.outcome import Answer
from llm_assets.domain.requests.request import Request


class Background(Protocol):
    """Answers within a completion window: each request is posted, and its answer fetched hours later.

    Every method raises BlockedError, TransientError or ContractError where that fits.
    """

    def post(self, line: bytes) -> str:
        """Sends one request, never repeated here, and returns the id of its response. `line` is what `Provider.line` rendered.

        Raises TransientError only when it was certainly not taken, PermanentError when it was refused for good, UnansweredError
        when that is unknown.
        """

    def is_over(self, response_id: str) -> bool:
        """Whether the provider is done with it, however that ended, or does not know it."""

    def answer(self, response_id: str, custom_id: str) -> Answer:
        """The answer of one that is over. Raises UnknownBatchError for an unknown id, and ContractError for a response of another
        request."""

    def cancel(self, response_id: str) -> None:
        """That it is over already, or unknown, is no error."""

    def remove(self, response_id: str) -> None:
        """Removes a response whose answer was read. That it is gone is no error."""


class Listener(Protocol):
    """Whoever reads an answer while the model writes it."""

    @property
    def left(self) -> bool:
        """Whether nobody reads any more."""

    def hear(self, text: str) -> None:
        """The next piece of the answer's text, exactly as the model wrote it. Raises nothing."""


class Provider(Protocol):
    """One profile's two endpoints, batch and online. Errors are classified here, once.

    Every method raises BlockedError (key, quota), TransientError or ContractError where that fits.
    """

    @property
    def profile(self) -> Profile: ...

    @property
    def background(self) -> Background | None:
        """The calls of the route `window`; None where it is not sold."""
        return None

    def line(self, request: Request, custom_id: str, *, cached: bool = False) -> bytes:
        """The request in the provider's wire form as one JSON line with its newline; what is spooled. `cached` marks
        what it shares with others of its step and queue, where a provider caches only what is marked.

        Raises PermanentError for a scan that cannot be read: `too_large` goes to a person, the rest is a dead letter.
        """

    def upload(self, batch: Batch, spool: Path) -> str | None:
        """Sends the input file and returns its id; None where the protocol carries the input in the create.
        An upload found at the provider under the same name and size is reused."""

    def create(self, batch: Batch, spool: Path) -> str:
        """Creates the batch and returns the provider's id; one POST, never retried here.

        Raises TransientError only when it certainly was not created, PermanentError when it was refused for
        good, UnansweredError when that is unknown.
        """

    def look(self, provider_batch_id: str) -> BatchView: ...

    def candidates(self, batch: Batch) -> list[Candidate]:
        """Batches at the provider that may be this one, created since its intent."""

    def cancel(self, provider_batch_id: str) -> None: ...

    def remove(self, batch: Batch) -> None:
        """Removes what a batch that is over left here: input, output and error file, or the batch itself where that holds
        the results. What is gone already is no error.

        Raises TransientError while the batch still runs here.
        """

    def stored_files(self) -> Iterable[StoredFile]:
        """The input files of batches that are here, whoever uploaded them."""

    def answers(self, batch: Batch, into: Path, *, partial: bool = False) -> Iterator[Answer]:
        """Downloads the results once into the folder `into`, then yields each line; one that cannot be read too.

        Raises ShortResultsError when they are not whole: fewer lines than the provider counts, no file, or one that ends
        inside a line. With `partial` what is there is yielded instead. Raises UnknownBatchError for an unknown batch.
        """

    def ask(self, line: bytes, mode: Mode = Mode.ONLINE, within: float | None = None) -> Answer:
        """One call, one try, by a route whose answers are waited for, at most `within` seconds where that is less than the
        route's own time. `line` is what `line()` rendered, so that a spooled
        request can be asked too. The answer names the route that it is billed by, where that is not `mode`."""

    def ask_streaming(self, line: bytes, mode: Mode, listener: Listener) -> Answer:
        """The same call, whose text the listener hears while it is written. The answer is the one that `ask` would give: what
        was heard counts for nothing before it.

        When the listener has left, the stream is closed, and the answer is CANCELLED with `LEFT` as its detail and the usage
        as far as it is known. A provider that cannot stream answers whole, and nothing is heard.
        """
        return self.ask(line, mode)
