"""Settle: turn one answer into what the ledger writes. Pure, so every outcome is tested without a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError

from llm_assets.domain.money import Usage
from llm_assets.domain.outcome import Answer, Outcome, next_after
from llm_assets.domain.profile import Mode, Profile
from llm_assets.engine.ports import Member, Prices, Settlement


@dataclass(frozen=True)
class Judge:
    """What it takes to judge an answer of one batch."""

    outputs: Mapping[str, type[BaseModel]]
    prices: Prices
    profile: Profile
    max_attempts: int

    def settlement(self, step: str, model: str, mode: Mode, member: Member, answer: Answer) -> Settlement:
        """The answer checked against the step's output model, priced, and with what happens next."""
        checked, output = self._checked(step, answer)
        return Settlement(
            request_id=member.request_id,
            attempt=member.attempt,
            answer=checked,
            next=next_after(checked.outcome, member.tries, max_attempts=self.max_attempts),
            provider=self.profile.name,
            mode=mode,
            cost_usd=self.prices.usd(self.profile, model, mode, checked.usage),
            output=output,
        )

    def _checked(self, step: str, answer: Answer) -> tuple[Answer, str | None]:
        if answer.outcome is not Outcome.SUCCEEDED:
            return answer, None
        try:
            output = self.outputs[step].model_validate_json(answer.text)
        except ValidationError as err:
            # Only the places: the values are the model's words about a customer, and so is a key it made up.
            places = sorted(
                {_place(e["loc"], e["type"]) for e in err.errors(include_input=False, include_url=False)}
            )
            detail = f"breaks the schema at {', '.join(places[:5])}"
            return replace(answer, outcome=Outcome.INVALID, detail=detail), None
        return answer, output.model_dump_json()


def _place(loc: tuple[int | str, ...], kind: str) -> str:
    known = loc[:-1] if kind == "extra_forbidden" else loc
    return ".".join(map(str, known)) or kind


def without_answer(custom_id: str, outcome: Outcome, detail: str = "") -> Answer:
    """An answer for a request the provider returned nothing for."""
    return Answer(custom_id=custom_id, outcome=outcome, text="", usage=Usage(), detail=detail)
