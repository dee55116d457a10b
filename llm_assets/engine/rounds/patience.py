"""Patience: how long a run that waits in process continues while nothing works. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from llm_assets.engine.retry_pauses import growing_pause

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """Since when every round has failed. A round in which the provider answered anything ends the series; one in which
    nothing was due changes nothing."""

    failing_since: datetime | None = None
    failures: int = 0
    resume_at: datetime | None = None
    """The next round is not before this: pauses grow while nothing works, and are as long as the provider asks."""
    reached: bool = False
    """Whether the provider answered anything in this run, if only with an error."""

    def after(
        self, *, answered: bool, failed: bool, unreachable: bool, now: datetime, retry_after: float = 0
    ) -> "Patience":
        """After one more round, in which the provider may have asked us to wait."""
        reached = self.reached or answered or (failed and not unreachable)
        asked = now + timedelta(seconds=retry_after) if retry_after > 0 else None
        if answered:
            return Patience(reached=True, resume_at=asked)
        if not failed:
            return replace(self, resume_at=None, reached=reached)
        pause = growing_pause(retry_after, self.failures, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        return Patience(
            failing_since=self.failing_since if self.failing_since is not None else now,
            failures=self.failures + 1,
            resume_at=now + timedelta(seconds=pause),
            reached=reached,
        )

    def is_over(self, now: datetime, *, patience_seconds: float, unreachable_seconds: float) -> bool:
        """A provider that was never reached gets less time than one that was."""
        if self.failing_since is None:
            return False
        limit = patience_seconds if self.reached else min(patience_seconds, unreachable_seconds)
        return now - self.failing_since >= timedelta(seconds=limit)
