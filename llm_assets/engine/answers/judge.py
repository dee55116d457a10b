"""Judge: turn one answer into what the ledger writes. Pure, so every outcome is tested without a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError

from llm_assets.domain.profile import Limits, Mode, Profile
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome, next_after, reason_of
from llm_assets.engine.ports.batches import Member, Settlement
from llm_assets.engine.ports.prices import Prices

CONTEXT_FULL = "model_context_window_exceeded"
"""Cut by the model's whole context: a higher limit changes nothing."""


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
        room = has_room(checked, self.profile.limits)
        return Settlement(
            request_id=member.request_id,
            attempt=member.attempt,
            answer=_explained(checked),
            next=next_after(checked.outcome, member.tries, max_attempts=self.max_attempts, has_room=room),
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
            return _broken(answer, err), None
        return answer, output.model_dump_json()


def has_room(answer: Answer, limits: Limits) -> bool:
    """Whether a cut answer may be asked for again with a higher limit. Pure."""
    return answer.detail != CONTEXT_FULL and answer.usage.output_tokens < limits.output_tokens


def _explained(answer: Answer) -> Answer:
    """The answer with its reason in front of the detail, where people read it."""
    reason = reason_of(answer)
    if reason is None:
        return answer
    detail = reason.value if answer.detail in ("", reason) else f"{reason}: {answer.detail}"
    return replace(answer, reason=reason, detail=detail)


def _broken(answer: Answer, err: ValidationError) -> Answer:
    """Only the places: the values are the model's words about a customer, and so is a key it made up."""
    errors = err.errors(include_input=False, include_url=False, include_context=False)
    if any(e["type"] == "json_invalid" for e in errors):
        reason, detail = (Reason.INVALID_JSON if answer.text.strip() else Reason.EMPTY), ""
    else:
        places = sorted({_place(e["loc"], e["type"]) for e in errors})
        reason, detail = Reason.SCHEMA, f"breaks the schema at {', '.join(places[:5])}"
    return replace(answer, outcome=Outcome.INVALID, reason=reason, detail=detail)


def _place(loc: tuple[int | str, ...], kind: str) -> str:
    known = loc[:-1] if kind == "extra_forbidden" else loc
    return ".".join(map(str, known)) or kind


def without_answer(
    custom_id: str, outcome: Outcome, detail: str = "", reason: Reason | None = None
) -> Answer:
    """An answer for a request the provider returned nothing for."""
    return Answer(custom_id, outcome, text="", usage=Usage(), detail=detail, reason=reason)
