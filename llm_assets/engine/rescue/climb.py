"""Climb: acts on what the ladder decides about the open batches of a night, and says how what is due is sent.

That a batch is to be cancelled is stored before the provider is asked; looking at it asks. What it has finished is collected
as ever, and the rest is due again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import inf

import structlog

from llm_assets.domain.profile import Mode
from llm_assets.domain.requests.batch import Batch, BatchState
from llm_assets.domain.requests.money import Usage
from llm_assets.domain.traffic.at_once import AT_ONCE
from llm_assets.domain.traffic.ladder import FOR_THE_DEADLINE, MODE_OF, Act, Facts, Standing, decide, times_of
from llm_assets.domain.traffic.survival import Curve
from llm_assets.engine.engine import Engine
from llm_assets.engine.planning.rescued import TOO_DEAR, Rescue
from llm_assets.engine.ports.rescue import RescueCosts
from llm_assets.engine.rescue.forecast import Curves, WindowOf, forecast_of, keep
from llm_assets.engine.rescue.pace import needs_seconds, other_seconds, other_usd, paused_seconds
from llm_assets.engine.standing_in import engine_of

RESCUED = "its night may miss the deadline"
"""Why a request goes by a rung; without figures, so that usage is summed by it."""
USUALLY = 0.9
"""Share of batches within whose duration a step that follows is expected to be done."""
HARDLY_ANY = 0.001
"""Seconds that are left where the steps that follow need more than there are: before the deadline something is."""
FULL_AFTER = 3
"""Goes in a row in which no flex call was answered, so that flex counts as full: one refused call is usual."""
HISTORY = 200
"""Newest answers from which it is estimated how long one is."""
ANSWER_TOKENS = 500
"""Of one answer, assumed where a price is only compared."""

log = structlog.get_logger()


def climb(engine: Engine, day: date, steps: Sequence[str] | None) -> None:
    """Marks what is to be cancelled of the night's own batches, also at the profile that stands in, and keeps what is forecast
    of it. May be repeated after a crash, at any moment."""
    night = _night_of(engine, day)
    if night is None:
        return
    ledger = engine.ledger
    forecast = forecast_of(
        ledger, day, night.now, night.deadline, rounds_after=engine.steps_after, window_of=_window_of(engine)
    )
    keep(ledger, day, forecast)
    for batch in ledger.batches.open_batches(day, steps):
        theirs = engine_of(engine, batch.provider)
        if batch.route_why in AT_ONCE or batch.route_why == TOO_DEAR:
            continue
        standing = _standing(theirs, batch)
        if standing is None:
            continue
        facts = _facts(theirs, night, [batch.step], standing, batch)
        _act(theirs, night, batch, decide(facts), facts)


def rescue_of(engine: Engine, day: date, steps: Sequence[str]) -> Rescue | None:
    """How what is due of these steps is sent; None while the night is in time, and where nothing faster can be paid."""
    night = _night_of(engine, day)
    if night is None:
        return None
    facts = replace(_facts(engine, night, steps, Standing.DUE, None), other_seconds=None)
    act, left = decide(facts), facts.seconds_left
    assert left is not None
    if act is Act.STOP:
        return Rescue(None, "the report is written now")
    mode = MODE_OF.get(act)
    return None if mode is None else Rescue(mode, RESCUED, facts.left_usd)


def handed_over(engine: Engine, day: date, steps: Sequence[str]) -> Engine | None:
    """The profile that is asked for lack of time what is due of these steps and may go there; None for this one."""
    night = _night_of(engine, day) if engine.fallback is not None else None
    if night is None or decide(_facts(engine, night, steps, Standing.DUE, None)) is not Act.HAND_OVER:
        return None
    return engine.fallback


def is_over(engine: Engine, day: date, steps: Sequence[str]) -> bool:
    """Whether nothing may be asked any more, because the report is about to be written."""
    rescue = rescue_of(engine, day, steps)
    return rescue is not None and rescue.mode is None


def flex_until(engine: Engine, batch: Batch) -> datetime | None:
    """Until when an answer by flex is waited for, so that online is still in time; None where only the route says."""
    night = _night_of(engine, batch.day) if batch.mode is Mode.FLEX else None
    if night is None:
        return None
    facts = _facts(engine, night, [batch.step], Standing.WAITING, batch)
    return night.now + timedelta(seconds=facts.flex_seconds)


@dataclass(slots=True)
class _Night:
    """What all decisions about a night before its deadline have in common, read once and kept true to what is done."""

    day: date
    now: datetime
    deadline: datetime
    curves: Curves
    costs: RescueCosts
    climbed: bool
    """Whether a batch was cancelled for the deadline."""
    flex_is_full: bool
    """Whether flex had no room or no time: a late night does not try it again and again."""
    cancelling: timedelta = timedelta()
    """How long the provider took to confirm the longest of these cancels."""

    def cancelled(self, batch: Batch) -> None:
        self.climbed = True
        self.flex_is_full = self.flex_is_full or batch.mode is Mode.FLEX
        if batch.cancel_asked_at is not None and batch.ended_at is not None:
            self.cancelling = max(self.cancelling, batch.ended_at - batch.cancel_asked_at)


def _night_of(engine: Engine, day: date) -> _Night | None:
    """None after its deadline, and where there is none."""
    now = engine.clock()
    if engine.deadline_of is None or now >= (deadline := engine.deadline_of(day)):
        return None
    ledger = engine.ledger
    night = _Night(
        day, now, deadline, Curves(ledger, now, _window_of(engine)), ledger.rescue.costs(day), False, False
    )
    for batch in ledger.batches.listed(day):
        if batch.cancel_why.startswith(FOR_THE_DEADLINE):
            night.cancelled(batch)
        elif batch.mode is Mode.FLEX and batch.creates >= FULL_AFTER:
            night.flex_is_full = True
    return night


def _window_of(engine: Engine) -> WindowOf:
    """The completion windows of the engine's profile and of the one that stands in."""
    both = (engine,) if engine.fallback is None else (engine, engine.fallback)
    known = {e.provider.profile.name: e.provider.profile.routes.window_seconds for e in both}
    return known.get


def _standing(engine: Engine, batch: Batch) -> Standing | None:
    """None where nothing can be done about it: another profile's, or one that may or may not have been created."""
    if batch.provider != engine.provider.profile.name:
        return None
    match batch.state:
        case BatchState.INTENT:
            return None if batch.cancel_why else Standing.WAITING
        case BatchState.CREATING if batch.mode is Mode.WINDOW:
            return None if batch.cancel_why else Standing.WAITING
        case BatchState.SUBMITTED if not batch.mode.one_by_one:
            return Standing.CANCELLING if batch.cancel_asked_at is not None else Standing.RUNNING
        case BatchState.ENDED if batch.short_since is not None:
            return Standing.SHORT
        case BatchState.ENDED if batch.troubled_since is not None:
            return Standing.UNREADABLE
        case _:
            return None


def _act(engine: Engine, night: _Night, batch: Batch, act: Act, facts: Facts) -> None:
    match act:
        case Act.CANCEL if not batch.cancel_why:
            assert facts.seconds_left is not None
            why = (
                f"{FOR_THE_DEADLINE}: {_minutes(facts.seconds_left)} minutes are left, and it ends in time with "
                f"{facts.probability:.0%}"
            )
            if engine.ledger.batches.want_cancelled(batch.batch_id, why):
                night.cancelled(batch)
                log.warning(
                    "too late", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=why
                )
        case Act.COLLECT:
            settled = engine.clock() - timedelta(seconds=engine.settle_seconds)
            engine.ledger.batches.transition(
                batch.batch_id, batch.state, batch.state, short_since=settled, not_before=None
            )
        case Act.RACE:
            with engine.ledger.locks.owner(f"batch:{batch.batch_id}") as mine:
                if mine and engine.ledger.batches.batch(batch.batch_id) == batch:
                    _race(engine, night, batch, facts)
        case _:
            return


def _race(engine: Engine, night: _Night, batch: Batch, facts: Facts) -> None:
    why = (
        f"{batch.provider} has not confirmed its cancel: its requests are asked again, and may be paid twice"
    )
    most = engine.lanes.rescue.double_usd
    if engine.ledger.rescue.race(batch, facts.double_usd, most, why):
        night.costs = engine.ledger.rescue.costs(night.day)
        engine.spool.discard(batch.batch_id)
        log.warning("raced", batch=batch.batch_id, step=batch.step, requests=batch.requests, why=why)


def _facts(
    engine: Engine, night: _Night, steps: Sequence[str], standing: Standing, batch: Batch | None
) -> Facts:
    profile, rules, costs = engine.provider.profile, engine.lanes.rescue, night.costs
    whole = (night.deadline - engine.since).total_seconds() if engine.since is not None else None
    times = times_of(rules, whole, engine.report_seconds)
    after = max((engine.steps_after.get(step, 0) for step in steps), default=0)
    tokens, requests = _size(engine, night.day, steps, batch)
    needs = needs_seconds(engine, requests, tokens)
    curve = _curve(engine, night, batch, requests)
    usual = curve.quantile(0, USUALLY)  # what follows goes in batches, too, where asking online takes longer
    each = min(needs, usual) if usual is not None else needs
    following = after * max(each, times.online)
    left = (night.deadline - night.now).total_seconds() - following
    flex = profile.routes.flex
    facts = Facts(
        standing=standing,
        seconds_left=max(left, HARDLY_ANY),
        times=times,
        probability=curve.ends_within(_age(batch, night.now), left),
        wanted=rules.probability,
        sold=frozenset(profile.sold) - ({Mode.FLEX} if night.flex_is_full else set()),
        climbed=night.climbed,
        needs_seconds=needs,
        paused_seconds=paused_seconds(engine, night.now) if engine.fallback is not None else 0,
        other_seconds=other_seconds(engine, night.now, requests, tokens),
        other_usd=_other_usd(engine, batch, requests, tokens),
        flex_timeout=flex.timeout_seconds if flex is not None else 0,
        uncounted_seconds=following + night.cancelling.total_seconds(),
        extra_usd=_extra_usd(engine, batch.model if batch is not None else None, requests, tokens),
        left_usd=rules.budget_usd - costs.extra_usd,
    )
    if batch is None:
        return facts
    known = replace(facts, mode=batch.mode, proven=not batch.provisional)
    if standing not in (Standing.CANCELLING, Standing.UNREADABLE):
        return known
    asked = batch.cancel_asked_at
    return replace(
        known,
        asked_seconds=(night.now - asked).total_seconds() if asked is not None else inf,
        double_usd=_batch_usd(engine, batch, requests, tokens),
        double_left_usd=rules.double_usd - costs.double_usd,
    )


def _batch_usd(engine: Engine, batch: Batch, requests: int, tokens: int) -> Decimal:
    """The most that so many requests cost in their batch, by the longest answers there were."""
    profile, spending = engine.provider.profile, engine.ledger.spending
    billed = spending.billed(profile.name, batch.step, batch.model, HISTORY)
    answer = max((b.output_tokens for b in billed), default=ANSWER_TOKENS)
    usage = Usage(input_tokens=tokens, output_tokens=requests * answer)
    return engine.prices.usd(profile, batch.model, Mode.BATCH, usage)


def _age(batch: Batch | None, now: datetime) -> float:
    sent = None if batch is None else batch.creating_at or batch.submitted_at
    return (now - sent).total_seconds() if sent is not None else 0.0


def _curve(engine: Engine, night: _Night, batch: Batch | None, requests: int) -> Curve:
    """Of the batch, or of a new one for what is due."""
    if batch is not None:
        return night.curves.of(batch)
    return night.curves.like(engine.provider.profile.name, Mode.BATCH, max(requests, 1))


def _size(engine: Engine, day: date, steps: Sequence[str], batch: Batch | None) -> tuple[int, int]:
    """Prompt tokens and number of the requests that are open."""
    if batch is None:
        counts = engine.ledger.work.counts(day)
        return 0, sum(c["due"] for step, c in counts.items() if step in steps)
    members = engine.ledger.batches.members(batch.batch_id, unsettled=True)
    return sum(m.estimated_tokens or 0 for m in members.values()), len(members)


def _extra_usd(engine: Engine, model: str | None, requests: int, tokens: int) -> Mapping[Mode, Decimal]:
    """What one of them costs by each route beyond its price in a batch. Of what is due it is not known yet: planning looks
    at the money for each."""
    if model is None or not requests:
        return {}
    profile = engine.provider.profile
    usage = Usage(input_tokens=tokens // requests, output_tokens=ANSWER_TOKENS)
    usual = engine.prices.usd(profile, model, Mode.BATCH, usage)
    return {mode: engine.prices.usd(profile, model, mode, usage) - usual for mode in profile.sold}


def _other_usd(engine: Engine, batch: Batch | None, requests: int, tokens: int) -> Decimal:
    if batch is None or not requests or engine.fallback is None:
        return Decimal(0)
    usage = Usage(input_tokens=tokens // requests, output_tokens=ANSWER_TOKENS)
    usual = engine.prices.usd(engine.provider.profile, batch.model, Mode.BATCH, usage)
    return other_usd(engine, batch.model, usual, usage)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f}"
