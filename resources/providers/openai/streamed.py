"""A chat completion of OpenAI's protocol, put together from the chunks of its stream. Pure."""

from collections.abc import Mapping
from typing import Any

from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer
from resources.providers.bodies import given_up, items, mapping


class FoldedCompletion:
    """The completion as far as it has come, in the form of one that comes whole."""

    def __init__(self) -> None:
        self._body: dict[str, Any] = {}
        self._message: dict[str, str] = {}
        self._finish: object = None
        self.written = 0

    def take(self, event: Mapping[str, Any]) -> str:
        for name, value in event.items():
            if name != "choices" and value is not None:
                self._body[name] = value
        choices = items(event.get("choices"))
        choice = mapping(choices[0]) if choices else {}
        delta = mapping(choice.get("delta"))
        if choice.get("finish_reason") is not None:
            self._finish = choice["finish_reason"]
        for name in ("content", "refusal"):
            text = delta.get(name)
            if isinstance(text, str):
                self._message[name] = self._message.get(name, "") + text
                self.written += len(text)
        text = delta.get("content")
        return text if isinstance(text, str) else ""

    @property
    def whole(self) -> Mapping[str, Any]:
        return {**self._body, "choices": [{"message": self._message, "finish_reason": self._finish}]}

    def given_up(self, custom_id: str) -> Answer:
        """The usage comes last, so that nothing is known of it."""
        return given_up(custom_id, Usage(), self.written)
