"""Progress: the state of a night's steps after a round."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """The state of a night's steps after a round."""

    open_batches: int = 0
    in_flight: int = 0
    due: int = 0
    """Cases whose request waits for its next try."""
    sent: int = 0
    reused: int = 0
    done: int = 0
    under_way: int = 0
    """Open batches that were sent and can be asked about: what waiting is for, even when nothing more can be sent."""
    held: int = 0
    """Requests that the budget or a queue's regions hold back."""
    blocked: str | None = None
    """Why nothing more can be sent until a person acts."""
    next_try: datetime | None = None
    """When a provider that is blocked for the account is tried again by itself; None where nothing is blocked for it."""
    failure: str | None = None
    """What went wrong in this round and will be tried again."""
    unreachable: bool = False
    """Whether the provider was not reached."""
    answered: bool = False
    """Whether the provider answered anything in this round."""
    retry_after: float = 0
    """Seconds that the provider asked us to wait."""

    @property
    def finished(self) -> bool:
        return self.open_batches == 0 and self.due == 0 and self.in_flight == 0

    @property
    def halted(self) -> bool:
        """Nothing is under way and nothing more may be sent: waiting would change nothing."""
        return self.open_batches == 0 and self.blocked is not None and self.next_try is None
