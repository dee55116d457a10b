"""A message of Anthropic's protocol, put together from the events of its stream. Pure."""

from collections.abc import Mapping
from typing import Any

from llm_assets.domain.requests.outcome import Answer
from resources.providers.anthropic.wire import usage_of
from resources.providers.bodies import given_up, mapping


class FoldedMessage:
    """The message as far as it has come, in the form of one that comes whole."""

    def __init__(self) -> None:
        self.body: dict[str, Any] = {}
        self.written = 0
        self._usage: dict[str, Any] = {}
        self._texts: dict[object, str] = {}

    def take(self, event: Mapping[str, Any]) -> str:
        match event.get("type"):
            case "message_start":
                self.body = dict(mapping(event.get("message")))
                self._add_usage(self.body.get("usage"))
                self._usage["output_tokens"] = 0  # one or so, before anything is written: no count
            case "content_block_start":
                return self._add(event.get("index"), mapping(event.get("content_block")))
            case "content_block_delta":
                return self._add(event.get("index"), mapping(event.get("delta")))
            case "message_delta":
                self.body.update(_told(event.get("delta")))
                self._add_usage(event.get("usage"))
            case _:  # pings, ends of blocks, and events that this protocol may add
                pass
        return ""

    @property
    def whole(self) -> Mapping[str, Any]:
        texts = [{"type": "text", "text": text} for text in self._texts.values()]
        return {**self.body, "content": texts, "usage": self._usage}

    def given_up(self, custom_id: str) -> Answer:
        return given_up(custom_id, usage_of(self._usage), self.written)

    def _add(self, block: object, piece: Mapping[str, Any]) -> str:
        """Thinking and tools are not what a request of ours is answered by."""
        if piece.get("type") not in ("text", "text_delta"):
            return ""
        text = str(piece.get("text", ""))
        self._texts[block] = self._texts.get(block, "") + text
        self.written += len(text)
        return text

    def _add_usage(self, usage: object) -> None:
        """Its numbers are totals: later ones replace earlier ones."""
        self._usage.update(_told(usage))


def _told(fields: object) -> dict[str, Any]:
    return {name: value for name, value in mapping(fields).items() if value is not None}
