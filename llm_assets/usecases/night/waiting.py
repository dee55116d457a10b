"""Waiting: what a parked night waits for at the provider, and what keeps nights from continuing until somebody acts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import floor
from zoneinfo import ZoneInfo

from llm_assets.domain.desk.step import Step
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.engine import blocking
from llm_assets.engine.rescue.forecast import NightForecast, forecast_of, keep
from llm_assets.usecases.desk.assembly import Assembly
from llm_assets.usecases.night.continue_nights import unfinished_nights

NIGHTS_NAMED = 10
"""Nights whose trouble is reported at once: a sentence is read, not searched."""

BATCH_COLUMNS = ("batch", "step", "state", "requests", "provider", "at_provider")


@dataclass(frozen=True, slots=True)
class WaitsFor:
    """The open batches of steps of a night. Ids and counts: no personal data."""

    batches: Sequence[Batch]
    expected: str = ""
    """When the last of them is expected and how probable it is in time, e.g. `expected 04:10, 97 %`."""

    @property
    def requests(self) -> int:
        return sum(b.requests for b in self.batches)

    @property
    def in_words(self) -> str:
        """E.g. `2 batches with 4 requests: categories, extracted_fields`."""
        if not self.batches:
            return "the provider to take its requests"
        steps = ", ".join(sorted({b.step for b in self.batches}))
        return f"{_counted(len(self.batches), 'batch', 'batches')} with {_counted(self.requests, 'request')}: {steps}"

    @property
    def until(self) -> str:
        """E.g. `parked until batch_7, expected 04:10, 97 %`."""
        ids = [b.provider_batch_id or b.batch_id for b in self.batches]
        named = ", ".join(ids[:3]) + (f" and {len(ids) - 3} more" if len(ids) > 3 else "")
        return f"parked until {named}, {self.expected}" if ids and self.expected else ""

    @property
    def rows(self) -> list[dict[str, object]]:
        """A row for each batch, as it may be shown."""
        return [
            {
                "batch": b.batch_id,
                "step": b.step,
                "state": b.state.value,
                "requests": b.requests,
                "provider": b.provider,
                "at_provider": b.provider_batch_id,
            }
            for b in self.batches
        ]


def waits_for(assembly: Assembly, day: date, steps: Sequence[str]) -> WaitsFor:
    """The open batches of these steps, those of other nights that hold the same requests included; names of other assets
    make no difference."""
    known = [s.name for s in assembly.steps if s.name in steps]
    batches = assembly.ledger.batches
    found = [*batches.open_batches(day, known), *batches.holders(day, known)]
    forecast = forecast_for(assembly, day)
    keep(assembly.ledger.ports, day, forecast)
    return WaitsFor(found, in_words(forecast, assembly.settings.calendar.zone))


def forecast_for(assembly: Assembly, day: date) -> NightForecast:
    """Of the whole night; from the ledger alone."""
    deadline = assembly.deadline_of(day)
    after = rounds_after(assembly.steps)
    ports = assembly.ledger.ports

    def window_of(name: str) -> float | None:
        """Read only where requests wait within a window: a status needs no profile."""
        if not assembly.settings.provider:
            return None
        both = (assembly.configured_profile, assembly.fallback_profile)
        found = next((p for p in both if p is not None and p.name == name), None)
        return found.routes.window_seconds if found is not None else None

    return forecast_of(ports, day, assembly.clock(), deadline, rounds_after=after, window_of=window_of)


def in_words(forecast: NightForecast, zone: ZoneInfo) -> str:
    """E.g. `expected 04:10, 97 %`; empty without open batches."""
    if not forecast.batches:
        return ""
    end = forecast.expected_end
    return expected_in_words(end.astimezone(zone) if end is not None else None, forecast.probability)


def expected_in_words(end: datetime | None, probability: float) -> str:
    """E.g. `expected 04:10, 97 %`; the time as `end` has it."""
    when = f"expected {end:%H:%M}" if end is not None else "no end expected"
    return f"{when}, {floor(probability * 100)} %"


def rounds_after(steps: Sequence[Step]) -> dict[str, int]:
    """How many rounds of batches follow each step: one for what another step reads, two for what that step's reader reads."""

    def after(name: str) -> int:
        return max((1 + after(s.name) for s in steps if name in s.reads), default=0)

    return {step.name: after(step.name) for step in steps}


def troubles_of_nights(assembly: Assembly) -> str:
    """Why open batches do not continue by themselves, a sentence for each cause; empty when they do. It changes only when
    the trouble does."""
    block = blocking.block_of(assembly.engine)
    places: dict[str, list[str]] = {block.sentence: []} if block is not None else {}
    for night in unfinished_nights(assembly, NIGHTS_NAMED):
        for batch in assembly.ledger.batches.open_batches(night.day):
            place = f"{night.day} {batch.step}"
            if _is_troubled(batch) and place not in places.setdefault(batch.detail, []):
                places[batch.detail].append(place)
    return "; ".join(f"{why} ({', '.join(found)})" if found else why for why, found in places.items())


def _is_troubled(batch: Batch) -> bool:
    """Whether its detail tells trouble. Of a batch that works it is empty or the provider's status, one word; one that
    the provider turned away for lack of room only waits for its turn, and one whose results are short waits for the rest."""
    if batch.state is BatchState.ENDED:
        return batch.troubled_since is not None and batch.short_since is None
    return " " in batch.detail and batch.turned_away == 0


def _counted(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun if number == 1 else nouns or noun + 's'}"
