"""The fake provider with background responses: posted one by one, answered later, listed nowhere."""

import json
from dataclasses import dataclass, replace

from llm_assets.domain.clock import Clock
from llm_assets.domain.errors import ContractError, UnansweredError, UnknownBatchError
from llm_assets.domain.profile import Profile
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome
from llm_assets.engine.ports.provider import Background
from tests.support.providers.fake_provider import FakeProvider


@dataclass
class Posted:
    """A response at the provider."""

    user: str
    answer: Answer
    looks: int = 0
    cancelled: bool = False
    removed: bool = False


class FakeBackground(Background):
    def __init__(self, provider: "WindowProvider") -> None:
        self._provider = provider

    def post(self, line: bytes) -> str:
        provider = self._provider
        with provider._call("post"):
            response_id = f"resp-{len(provider.responses) + 1}"
            provider.responses[response_id] = Posted(json.loads(line)["user"], provider._executed(line))
            if provider.unanswered:
                provider.unanswered -= 1
                raise UnansweredError("the post was not answered")
        return response_id

    def is_over(self, response_id: str) -> bool:
        with self._provider._call("is_over"):
            posted = self._provider.responses[response_id]
            posted.looks += 1
            return posted.cancelled or posted.looks > self._provider.looks_until_end

    def answer(self, response_id: str, custom_id: str) -> Answer:
        with self._provider._call("answer"):
            posted = self._provider.responses[response_id]
            if posted.removed:
                raise UnknownBatchError(f"no response {response_id}")
            if posted.answer.custom_id != custom_id:
                raise ContractError("another request's")
            return posted.answer

    def cancel(self, response_id: str) -> None:
        with self._provider._call("cancel"):
            posted = self._provider.responses[response_id]
            if not posted.cancelled and posted.looks <= self._provider.looks_until_end:
                posted.cancelled = True
                self._provider.executed[posted.user] -= 1
                posted.answer = replace(posted.answer, outcome=Outcome.CANCELLED, text="", usage=Usage())

    def remove(self, response_id: str) -> None:
        with self._provider._call("remove"):
            self._provider.responses[response_id].removed = True


class WindowProvider(FakeProvider):
    def __init__(self, profile: Profile, clock: Clock) -> None:
        super().__init__(profile, clock)
        self.responses: dict[str, Posted] = {}
        self.unanswered = 0
        """So many posts are taken and not answered."""

    @property
    def background(self) -> FakeBackground | None:
        return FakeBackground(self) if self.profile.routes.window else None
