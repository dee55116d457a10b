"""The tables of a night's steps: written from the ledger as it is now, also while the last batches still run."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

from llm_assets.domain.desk.merged import members_of
from llm_assets.domain.desk.step import Step
from llm_assets.domain.desk.tables import LLM_USAGE
from llm_assets.engine.night.night import Night
from llm_assets.usecases.desk.assembly import Assembly

EARLY_SHARE = 20
"""A round of steps spends at most one part in this many of its time on writing its tables early."""


def write_step_table(assembly: Assembly, night: Night, step: Step) -> int:
    """Writes the step's table, unless it is up to date, publishes the lake, and returns the table's row count."""
    lake = assembly.lake
    with assembly.ledger.locks.owner(f"write:{step.name}:{night.day}", wait=True):
        made_from = night.made_from(step)
        rows = lake.rows_made_from(step.table, night.day, made_from)
        if rows is None:
            rows = lake.write(step.table, night.day, night.rows(step), made_from)
        write_usage(assembly, night.day)
        lake.publish()
    return rows


def write_usage(assembly: Assembly, day: date) -> None:
    """Rewrites the night's `llm_usage` from the ledger."""
    rows = [{"day": day.isoformat(), **asdict(row)} for row in assembly.ledger.spending.usage(day)]
    assembly.lake.write(LLM_USAGE, day, rows)


def step_costs(assembly: Assembly, day: date, step: Step) -> Mapping[str, float]:
    """USD, requests and tokens that a step of the night has cost so far, and the seconds from its first batch to its last
    answer. What several steps were asked in one request counts for the first of them."""
    usage = [u for u in assembly.ledger.spending.usage(day) if members_of(u.step)[0] == step.name]
    return {
        "cost_usd": float(sum(u.cost_usd for u in usage)),
        "requests": sum(u.requests for u in usage),
        "input_tokens": sum(u.input_tokens for u in usage),
        "output_tokens": sum(u.output_tokens for u in usage),
        "duration_seconds": seconds_between(assembly, day, [step.name]),
    }


def seconds_between(assembly: Assembly, day: date, steps: Sequence[str]) -> float:
    """From the first batch of these steps to their last answer; 0 before there is one."""
    spans = [
        span
        for step, span in assembly.ledger.batches.spans(day).items()
        if set(members_of(step)) & set(steps)
    ]
    if not spans:
        return 0.0
    return (max(last for _, last in spans) - min(first for first, _ in spans)).total_seconds()


class EarlyRows:
    """Writes what the first batches of a round of steps have brought while its last ones still run."""

    def __init__(self, assembly: Assembly, night: Night, steps: Sequence[Step]) -> None:
        self._assembly = assembly
        self._night = night
        self._steps = steps
        self._not_before = assembly.clock()
        self._answered = self._count()

    def __call__(self) -> None:
        begun = self._assembly.clock()
        if begun < self._not_before:
            return
        answered = self._count()
        fresh = [s for s in self._steps if answered[s.name] > self._answered[s.name]]
        for step in fresh:
            write_step_table(self._assembly, self._night, step)
        self._answered = answered
        self._not_before = begun + EARLY_SHARE * (self._assembly.clock() - begun)

    def _count(self) -> Counter[str]:
        counts = self._assembly.ledger.work.counts(self._night.day)
        return Counter({name: c["ok"] + c["review"] + c["dead"] for name, c in counts.items()})
