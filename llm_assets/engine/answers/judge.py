"""Judge: turn one answer into what the ledger writes. Pure, so every outcome is tested without a provider."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import NamedTuple

from pydantic import BaseModel, ValidationError

from llm_assets.domain.lenient_json import unwrapped
from llm_assets.domain.profile import Limits, Mode, Profile
from llm_assets.domain.reason import Reason
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.requests.outcome import Answer, Outcome, next_after, reason_of
from llm_assets.engine.ports.batches import Member, Settlement
from llm_assets.engine.ports.prices import Prices

CONTEXT_FULL = "model_context_window_exceeded"
"""Cut by the model's whole context: a higher limit changes nothing."""
PROMPT_TOKENS = 1000
"""Assumed where neither the provider nor planning counted them."""
CHARACTERS_A_TOKEN = 3
"""For estimates of what a model wrote: on the safe side for English (5.7) and for JSON, about right for Cyrillic."""


class Metered(NamedTuple):
    """What an answer is booked with."""

    usage: Usage
    estimated: bool


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
        if cut_by_thinking(checked):
            checked = replace(checked, reason=Reason.CUT_BY_THINKING)
        usage, estimated = self.metered(answer, member.estimated_tokens)
        billed = answer.billed_as if answer.billed_as is not None else mode
        if estimated:
            checked = replace(checked, usage=usage)
        thought = member.thought if checked.reason is Reason.CUT_BY_THINKING else 0
        room = thought == 0 and has_room(checked, self.profile.limits)
        return Settlement(
            request_id=member.request_id,
            attempt=member.attempt,
            answer=_explained(checked),
            next=next_after(checked.outcome, member.tries, max_attempts=self.max_attempts, has_room=room),
            provider=self.profile.name,
            mode=billed,
            cost_usd=self.usd(model, billed, usage),
            output=output,
            estimated=estimated,
            usual_usd=None if member.extra_usd is None else self.usd(model, Mode.BATCH, usage),
        )

    def metered(self, answer: Answer, prompt_tokens: int | None) -> Metered:
        """The usage that the provider named, else an estimate: the prompt as it was counted before sending, and as many
        output tokens as the text may have had. Thinking that no text shows is not in an estimate."""
        named = answer.usage
        if answer.unmetered is None:
            return Metered(named, estimated=False)
        prompt = prompt_tokens if prompt_tokens is not None else PROMPT_TOKENS
        written = answer.unmetered // CHARACTERS_A_TOKEN + 1
        known = named.input_tokens > 0
        estimate = replace(
            named,
            input_tokens=named.input_tokens if known else prompt,
            output_tokens=named.output_tokens or min(written, self.profile.limits.output_tokens),
        )
        return Metered(estimate, estimated=True)

    def usd(self, model: str, mode: Mode, usage: Usage) -> Decimal:
        return self.prices.usd(self.profile, model, mode, usage)

    def _checked(self, step: str, answer: Answer) -> tuple[Answer, str | None]:
        if answer.outcome is not Outcome.SUCCEEDED:
            return answer, None
        model = self.outputs[step]
        try:
            return answer, model.model_validate_json(answer.text).model_dump_json()
        except ValidationError as err:
            bare = unwrapped(answer.text)
            if bare == answer.text:
                return _broken(answer, err), None
        try:
            output = model.model_validate_json(bare).model_dump_json()
        except ValidationError as err:
            return _broken(answer, err), None
        return replace(answer, odd=answer.odd or "JSON in a wrapping"), output


def has_room(answer: Answer, limits: Limits) -> bool:
    """Whether a cut answer may be asked for again with a higher limit. Pure."""
    return answer.detail != CONTEXT_FULL and answer.usage.output_tokens < limits.output_tokens


def cut_by_thinking(answer: Answer) -> bool:
    """Whether thinking and no long answer has used up the token limit: most of the tokens were thought, or nothing was
    written. Pure."""
    if answer.outcome is not Outcome.CUT or answer.detail == CONTEXT_FULL:
        return False
    usage = answer.usage
    return not answer.text.strip() or 0 < usage.output_tokens <= 2 * usage.thinking_tokens


def _explained(answer: Answer) -> Answer:
    """The answer with its reason in front of the detail, where people read it."""
    reason = reason_of(answer)
    if reason is None:
        return answer
    detail = reason.value if answer.detail in ("", reason) else f"{reason}: {answer.detail}"
    return replace(answer, reason=reason, detail=detail)


def _broken(answer: Answer, err: ValidationError) -> Answer:
    """An answer that cannot be used, and whose end the model did not name, is unfinished.

    Of a break of the schema only the places: the values are the model's words about a customer, and so is a key it made
    up."""
    if answer.odd.endswith(":none"):
        return replace(answer, outcome=Outcome.INVALID, reason=Reason.UNFINISHED, detail=answer.odd, odd="")
    errors = err.errors(include_input=False, include_url=False, include_context=False)
    if any(e["type"] == "json_invalid" for e in errors):
        reason, detail = (Reason.INVALID_JSON if answer.text.strip() else Reason.EMPTY), ""
    else:
        places = sorted({_place(e["loc"], e["type"]) for e in errors})
        reason, detail = Reason.SCHEMA, f"breaks the schema at {', '.join(places[:5])}"
    return replace(answer, outcome=Outcome.INVALID, reason=reason, detail=detail, odd="")


def _place(loc: tuple[int | str, ...], kind: str) -> str:
    known = loc[:-1] if kind == "extra_forbidden" else loc
    return ".".join(map(str, known)) or kind


def without_answer(
    custom_id: str, outcome: Outcome, detail: str = "", reason: Reason | None = None
) -> Answer:
    """An answer for a request the provider returned nothing for."""
    return Answer(custom_id, outcome, text="", usage=Usage(), detail=detail, reason=reason)
