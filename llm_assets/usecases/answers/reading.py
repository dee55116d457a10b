"""Reading: a caller that reads a text while the model writes it, and may leave before the end."""

from collections.abc import Callable
from threading import Event

from llm_assets.domain.desk.live_text import LiveReader
from llm_assets.domain.errors import HungUpError


class Reading:
    """The port `Listener`. One thread works and hears, another may leave."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show
        self._left = Event()
        self._reader: LiveReader | None = None

    @property
    def left(self) -> bool:
        return self._left.is_set()

    def leave(self) -> None:
        """Nobody reads any more: what is under way for this caller alone is given up."""
        self._left.set()

    def check(self) -> None:
        """Raises HungUpError when the caller has left."""
        if self.left:
            raise HungUpError("The caller has left.")

    def begin(self, reader: LiveReader | None) -> None:
        """What is heard next is an answer of which the reader knows what may be shown; None: nothing of it."""
        self._reader = reader

    def hear(self, text: str) -> None:
        words = self._reader.feed(text) if self._reader is not None else ""
        if words:
            self._show(words)

    def finish(self, whole: str) -> str | None:
        """What is left to show of the whole text; None when another text was shown."""
        return whole if self._reader is None else self._reader.finish(whole)
